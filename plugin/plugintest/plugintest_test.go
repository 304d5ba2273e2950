package plugintest_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
	"github.com/weir-emu/weir/plugin/plugintest"
)

func TestHandlerAndArguments(t *testing.T) {
	g := plugintest.New()
	g.Handle("write", func(c *plugin.Call) int64 {
		b, err := c.Bytes(1, int(c.Arg(2)))
		if err != nil || c.Arg(0) != 1 {
			return abi.EFAULT.Result()
		}
		return int64(len(strings.TrimSpace(string(b))))
	})
	r := g.Do("write", 1, []byte("hello  "), 7)
	if r.Value != 5 || !r.Ran || r.Verdict != plugin.Pass || r.By != "" {
		t.Errorf("%+v", r)
	}
	if r := g.Do("write", 1, uint64(5), 7); r.Value != abi.EFAULT.Result() {
		t.Errorf("unmapped buffer: %+v", r)
	}
	if r := g.Do("close", 3); r.Value != 0 || !r.Ran {
		t.Errorf("without a handler: %+v", r)
	}
	if r := g.DoNumber(4096); r.Value != abi.ENOSYS.Result() {
		t.Errorf("unknown number: %+v", r)
	}
	g.Define(4096, "mine", "p:path")
	g.Handle("mine", func(c *plugin.Call) int64 { return int64(len(c.Path(0))) })
	if r := g.Do("mine", "abc"); r.Value != 3 || r.Paths[0] != "abc" {
		t.Errorf("defined: %+v", r)
	}
}

func TestOrderAndResult(t *testing.T) {
	g := plugintest.New()
	var order []string
	note := func(s string) { order = append(order, s) }
	h := g.Host("p")
	getpid := plugin.Syscalls("getpid")
	h.OnSyscall(getpid, func(c *plugin.Call) {
		if _, done := c.Result(); done {
			t.Error("a result at entry")
		}
		note("entry")
	})
	h.FilterSyscalls(getpid, func(*plugin.Call) plugin.Verdict { note("low"); return plugin.Pass }, plugin.Priority(-1))
	h.FilterSyscalls(getpid, func(*plugin.Call) plugin.Verdict { note("first"); return plugin.Pass })
	h.FilterSyscalls(getpid, func(*plugin.Call) plugin.Verdict { note("last"); return plugin.Pass })
	g.Handle("getpid", func(*plugin.Call) int64 { note("kernel"); return 7 })
	h.OnSyscallReturn(getpid, func(c *plugin.Call) {
		note("return")
		v, _ := c.Result()
		c.SetResult(v + 1)
	})
	if r := g.Do("getpid"); r.Value != 8 {
		t.Errorf("%+v", r)
	}
	if got := strings.Join(order, " "); got != "entry last first low kernel return" {
		t.Errorf("order %s", got)
	}
}

func TestVerdicts(t *testing.T) {
	for _, tc := range []struct {
		name   string
		f      func(c *plugin.Call) plugin.Verdict
		value  int64
		ran    bool
		exited bool
	}{
		{"return", func(*plugin.Call) plugin.Verdict { return plugin.Return(3) }, 3, false, false},
		{"fail", func(*plugin.Call) plugin.Verdict { return plugin.Fail(abi.EPERM) }, -1, false, false},
		{"handled", func(c *plugin.Call) plugin.Verdict { c.VCPU().SetReg("a0", 9); return plugin.Handled }, 9, false, false},
		{"jump", func(*plugin.Call) plugin.Verdict { return plugin.JumpTo(0x99) }, 11, false, false},
		{"restart", func(*plugin.Call) plugin.Verdict { return plugin.Restart }, 11, false, false},
		{"exit", func(*plugin.Call) plugin.Verdict { return plugin.Exit(3) }, 11, false, true},
		{"kill", func(*plugin.Call) plugin.Verdict { return plugin.Kill(abi.SIGKILL) }, 11, false, true},
		{"invoke", func(c *plugin.Call) plugin.Verdict { return plugin.Return(c.Invoke() + 1) }, 43, true, false},
		{"other", func(c *plugin.Call) plugin.Verdict { return plugin.Return(c.InvokeOther(172)) }, 77, false, false},
	} {
		g := plugintest.New()
		g.Handle("dup", func(*plugin.Call) int64 { return 42 })
		g.Handle("getpid", func(*plugin.Call) int64 { return 77 })
		h := g.Host("p")
		exits := 0
		h.OnExit(func(plugin.ExitInfo) { exits++ })
		h.FilterSyscalls(plugin.Syscalls("dup"), tc.f)
		r := g.Do("dup", 11)
		if r.Value != tc.value || r.Ran != tc.ran || g.Exited() != tc.exited || (exits == 1) != tc.exited {
			t.Errorf("%s: %+v, exited %v", tc.name, r, g.Exited())
		}
		if r.By != "p" {
			t.Errorf("%s: by %q", tc.name, r.By)
		}
		v := g.Main().VCPU()
		v.SetAccess(plugin.ReadRegs)
		pc, _ := v.PC()
		if want := map[string]uint64{"jump": 0x99, "restart": 0x1000}[tc.name]; want != 0 && pc != want {
			t.Errorf("%s: pc %#x, want %#x", tc.name, pc, want)
		}
	}
}

// What has been read is read once; what has been set is what the kernel sees.
func TestDecodeOnce(t *testing.T) {
	g := plugintest.New()
	h := g.Host("p")
	h.FilterSyscalls(plugin.Syscalls("openat"), func(c *plugin.Call) plugin.Verdict {
		p := c.Path(1)
		if err := c.VCPU().WriteMem(c.Arg(1), []byte("/flipped")); err != nil {
			t.Error(err)
		}
		if c.Path(1) != p {
			t.Error("the path was read twice")
		}
		if p == "/set-this" {
			c.SetPath(1, "/set")
		}
		if p == "/move-it" {
			c.SetArg(1, c.Arg(1)) // drops the copy
		}
		return plugin.Pass
	})
	for in, want := range map[string]string{"/as-it-is": "/as-it-is", "/set-this": "/set", "/move-it": "/flipped"} {
		if r := g.Do("openat", -100, in, 0); r.Paths[1] != want {
			t.Errorf("%s: the kernel sees %q, want %q", in, r.Paths[1], want)
		}
	}
	g2 := plugintest.New()
	g2.Host("p").FilterSyscalls(plugin.Syscalls("write"), func(c *plugin.Call) plugin.Verdict {
		head, _ := c.Bytes(1, 2)
		first := string(head)
		c.VCPU().WriteMem(c.Arg(1), []byte("XXXX"))
		all, err := c.Bytes(1, 4)
		if err != nil || string(all) != first+"XX" {
			t.Errorf("bytes %q after %q", all, first)
		}
		if _, err := c.Bytes(1, 5000); err != plugin.ErrFault {
			t.Errorf("beyond memory: %v", err)
		}
		c.SetBytes(1, []byte("ab"))
		if _, err := c.Bytes(1, 3); err != plugin.ErrFault {
			t.Errorf("beyond what was set: %v", err)
		}
		return plugin.Pass
	})
	g2.Do("write", 1, []byte("1234"), 4)
}

func TestThreads(t *testing.T) {
	g := plugintest.New()
	h := g.Host("p")
	var log []string
	h.OnThreadStart(func(v *plugin.VCPU) { log = append(log, "start") })
	h.OnThreadExit(func(v *plugin.VCPU) { log = append(log, "exit") })
	h.OnFork(func(v *plugin.VCPU) { log = append(log, "fork") })
	a, b := g.Thread(), g.Thread()
	if a.VCPU().Index() != 1 || b.VCPU().Index() != 2 || len(h.VCPUs()) != 3 {
		t.Errorf("indices %d, %d of %d", a.VCPU().Index(), b.VCPU().Index(), len(h.VCPUs()))
	}
	a.Exit()
	c := g.Thread()
	if c.VCPU().Index() != 1 || c.VCPU().Serial() != 3 {
		t.Errorf("reused index %d, serial %d", c.VCPU().Index(), c.VCPU().Serial())
	}
	order := h.VCPUs()
	if len(order) != 3 || order[2] != c.VCPU() || order[1] != b.VCPU() {
		t.Errorf("VCPUs are not in order of creation: %v", order)
	}
	pid := h.Target().PID
	g.BecomeChild()
	if h.Target().PID == pid || g.Main().VCPU().TID() != h.Target().PID || len(h.VCPUs()) != 1 {
		t.Errorf("after fork: pid %d, tid %d, %d threads", h.Target().PID, g.Main().VCPU().TID(), len(h.VCPUs()))
	}
	if got := strings.Join(log, " "); got != "start start exit start fork" {
		t.Errorf("events %s", got)
	}
}

func TestHideRemoveExit(t *testing.T) {
	g := plugintest.New()
	h := g.Host("p")
	returns, exits := 0, 0
	f := h.FilterSyscalls(plugin.AllSyscalls, func(c *plugin.Call) plugin.Verdict { c.Hide(); return plugin.Pass })
	h.OnSyscallReturn(plugin.AllSyscalls, func(*plugin.Call) { returns++ })
	h.OnExit(func(i plugin.ExitInfo) { exits += i.Status })
	if r := g.Do("getpid"); !r.Hidden || returns != 0 {
		t.Errorf("hidden: %+v, %d return events", r, returns)
	}
	f.Remove()
	if g.Do("getpid"); returns != 1 {
		t.Errorf("%d return events", returns)
	}
	g.Do("exit_group", 300)
	g.Exit(plugin.ExitInfo{Status: 1})
	if exits != 300&0xff || !g.Exited() || returns != 1 {
		t.Errorf("exit callbacks got %d; %d returns", exits, returns)
	}
}

func TestInstallErrors(t *testing.T) {
	g := plugintest.New()
	typo := plugin.InstallFunc(func(h *plugin.Host, a plugin.Args) error {
		h.OnSyscall(plugin.Syscalls("open", a.Get("name", "")), func(*plugin.Call) {})
		return nil
	})
	if err := g.Install("x", typo, "name=opneat"); err == nil || !strings.Contains(err.Error(), `plugin x: unknown syscall "opneat"`) {
		t.Errorf("typo: %v", err)
	}
	if err := g.Install("y", typo, "=1"); err == nil || !strings.HasPrefix(err.Error(), "plugin y: argument") {
		t.Errorf("arguments: %v", err)
	}
	if err := g.Install("z", typo, "name=openat"); err != nil {
		t.Error(err)
	}
	h := g.Host("z")
	h.Log("text")
	h.Output().Write([]byte("report"))
	if g.Log() != "z: text\n" || g.Output() != "report" {
		t.Errorf("log %q, output %q", g.Log(), g.Output())
	}
	for name, f := range map[string]func(){
		"unknown syscall nope": func() { g.Do("nope") },
		"Handle of unknown":    func() { g.Handle("nope", nil) },
		"7 arguments":          func() { g.Do("read", 1, 2, 3, 4, 5, 6, 7) },
		"type float64":         func() { g.Do("read", 1.5) },
		"want NAME:KIND":       func() { g.Define(1, "a", "b") },
	} {
		func() {
			defer func() {
				if x, _ := recover().(string); !strings.Contains(x, name) {
					t.Errorf("panic %q, want %q", x, name)
				}
			}()
			f()
		}()
	}
}

func TestDecode(t *testing.T) {
	g := plugintest.New()
	g.Host("p").OnSyscall(plugin.Syscalls("openat"), func(c *plugin.Call) {
		var text []string
		for i := 0; ; i++ {
			a, ok := c.Decode(i)
			if !ok {
				break
			}
			text = append(text, a.Name+":"+a.Kind+"="+a.Text)
		}
		if got := strings.Join(text, " "); got != `dirfd:dirfd=-100 pathname:path="/x" flags:flags=2 mode:mode=0` {
			t.Errorf("decoded %s", got)
		}
	})
	g.Do("openat", -100, "/x", 2)
	if s := g.Host("p").SyscallsWith("path"); len(s.Numbers()) < 10 || len(s.Numbers()) > 60 {
		t.Errorf("%d syscalls with paths", len(s.Numbers()))
	}
}

func TestConcurrent(t *testing.T) {
	g := plugintest.New()
	var n atomic.Int64
	h := g.Host("p")
	h.FilterSyscalls(plugin.Syscalls("openat"), func(c *plugin.Call) plugin.Verdict {
		n.Add(int64(len(c.Path(1))))
		return plugin.Pass
	})
	var wg sync.WaitGroup
	for range 4 {
		th := g.Thread()
		wg.Go(func() {
			for range 100 {
				th.Do("openat", -100, "/x", 0)
			}
			th.Exit()
		})
	}
	wg.Wait()
	if n.Load() != 800 || len(h.VCPUs()) != 1 {
		t.Errorf("%d, %d threads", n.Load(), len(h.VCPUs()))
	}
}

func ExampleNew() {
	// A filter under test.
	noEtc := plugin.InstallFunc(func(h *plugin.Host, _ plugin.Args) error {
		h.FilterSyscalls(plugin.Syscalls("openat"), func(c *plugin.Call) plugin.Verdict {
			if strings.HasPrefix(c.Path(1), "/etc/") {
				return plugin.Fail(abi.EACCES)
			}
			return plugin.Pass
		})
		return nil
	})

	g := plugintest.New()
	if err := g.Install("noetc", noEtc, ""); err != nil {
		fmt.Println(err)
	}
	g.Handle("openat", func(*plugin.Call) int64 { return 3 })
	for _, path := range []string{"/etc/passwd", "/tmp/x"} {
		r := g.Do("openat", -100, path, 0)
		fmt.Println(path, r.Verdict)
	}
	// Output:
	// /etc/passwd Fail(EACCES)
	// /tmp/x Pass
}
