package selftest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
	"github.com/weir-emu/weir/plugin/plugintest"
	"github.com/weir-emu/weir/plugins/selftest"
)

func install(t *testing.T, name, args string) *plugintest.Guest {
	t.Helper()
	g := plugintest.New()
	if err := installIn(g, name, args); err != nil {
		t.Fatal(err)
	}
	return g
}

func installIn(g *plugintest.Guest, name, args string) error {
	list := selftest.Infos()
	i := slices.IndexFunc(list, func(p plugin.Info) bool { return p.Name == name })
	return g.Install(name, list[i].New(), args)
}

// output ends the guest and returns what was printed.
func output(g *plugintest.Guest) string {
	g.Exit(plugin.ExitInfo{})
	return g.Output()
}

// failure returns what the plugin ends the run with while f runs.
func failure(f func()) (text string) {
	defer func() { text = fmt.Sprint(recover()) }()
	f()
	return ""
}

func access(addr abi.Addr, store bool, size int, v uint64) plugin.Access {
	return plugin.NewAccess(addr, plugin.NewMemInfo(size, store, false, false), v, 0)
}

// loop is a block of three instructions with a load, and a store.
func loop(g *plugintest.Guest) *plugintest.Block {
	return g.Code(0x4000,
		plugintest.Insn{Text: "ld\ta0,0(a1)", Mem: []plugin.Access{access(0x8000, false, 8, 5)}},
		plugintest.Insn{Text: "sh\ta0,2(a1)", Bytes: []byte{1, 2}, Mem: []plugin.Access{access(0x8002, true, 2, 0x1ff)}},
		plugintest.Insn{Text: "j\t-8"})
}

func TestCounts(t *testing.T) {
	for _, tc := range []struct{ name, args, want string }{
		{"bb", "", "CPU0: bb's: 250, insns: 750\nCPU1: bb's: 1, insns: 3\nTotal: bb's: 251, insns: 753\n"},
		{"bb", "inline=on", "CPU0: bb's: 250, insns: 750\nCPU1: bb's: 1, insns: 3\nTotal: bb's: 251, insns: 753\n"},
		{"bb", "idle", "Idling CPU0: bb's: 250, insns: 750\nCPU0: bb's: 250, insns: 750\nCPU1: bb's: 1, insns: 3\nTotal: bb's: 251, insns: 753\n"},
		{"insn", "", "cpu 0 insns: 750\ncpu 1 insns: 3\ntotal insns: 753\n"},
		{"insn", "inline=yes", "cpu 0 insns: 750\ncpu 1 insns: 3\ntotal insns: 753\n"},
		{"insn", "sizes=on", "len 2 bytes: 1 insns\nlen 4 bytes: 2 insns\n"},
		{"insn", "match=s,match=none", "cpu 0 insns: 750\ncpu 1 insns: 3\ntotal insns: 753\nMatch: s, hits 251\n  4004: sh\ta0,2(a1) (hits 251)\nMatch: none, hits 0\n"},
		{"mem", "inline=on", "inline mem accesses: 502\n"},
		{"mem", "callback=on,inline=on,hwaddr=on", "inline mem accesses: 502\ncallback mem accesses: 502\nio accesses: 0\n"},
		{"mem", "callback=on,track=r", "callback mem accesses: 251\n"},
		{"mem", "inline=on,track=w", "inline mem accesses: 251\n"},
		{"mem", "region-summary", "Warning: 0x0000000000008000:0 read an un-instrumented value\nRegion Base, Reads, Writes, Seen all\n0x0000000000008000, 251, 251, false\n"},
		{"empty", "", ""},
		{"inline", "", "cpu 0: tb (250, 250, 2 * 100 + 50) | insn (750, 750, 7 * 100 + 50) | mem (500, 500)\n" +
			"cpu 1: tb (1, 1, 0 * 100 + 1) | insn (3, 3, 0 * 100 + 3) | mem (2, 2)\n" +
			"tb: 251\ntb: 251 (per vcpu)\ntb: 251 (per vcpu inline)\ntb: 251 (cond cb)\n" +
			"insn: 753\ninsn: 753 (per vcpu)\ninsn: 753 (per vcpu inline)\ninsn: 753 (cond cb)\n" +
			"mem: 502\nmem: 502 (per vcpu)\nmem: 502 (per vcpu inline)\n"},
	} {
		t.Run(tc.name+","+tc.args, func(t *testing.T) {
			g := install(t, tc.name, tc.args)
			b := loop(g)
			for range 250 {
				g.Main().Exec(b)
			}
			g.Main().Blocked()
			th := g.Thread()
			th.Exec(b)
			th.Exit()
			if got := output(g); got != tc.want {
				t.Errorf("printed\n%s\nwant\n%s", got, tc.want)
			}
		})
	}
}

func TestInsnTrace(t *testing.T) {
	g := install(t, "insn", "match=sh,trace=on")
	for range 2 {
		g.Main().Exec(loop(g))
	}
	want := "0x4004, 'sh\ta0,2(a1)', 1 hits, cpu 0, 1 match hits, Δ+2 since last match, 2 avg insns/match\n" +
		"0x4004, 'sh\ta0,2(a1)', 2 hits, cpu 0, 2 match hits, Δ+3 since last match, 2 avg insns/match\n"
	if got := g.Output(); got != want {
		t.Errorf("printed\n%s\nwant\n%s", got, want)
	}
}

func TestMemPrint(t *testing.T) {
	g := install(t, "mem", "print-accesses=on")
	g.DefineSymbol(plugin.Symbol{Name: "f", Raw: "f", Addr: 0x4000, Size: 16})
	g.Main().Exec(loop(g))
	wide := plugin.NewAccess(0x9000, plugin.NewMemInfo(16, true, false, true), 1, 2)
	g.Main().Exec(g.Code(0x5000, plugintest.Insn{Mem: []plugin.Access{wide}}))
	want := "insn_vaddr,insn_symbol,mem_vaddr,mem_hwaddr,access_size,access_type,mem_value\n" +
		"0x4000,f,0x8000,0x0,64,load,0x0000000000000005\n0x4004,f,0x8002,0x0,16,store,0x01ff\n" +
		"0x5000,,0x9000,0x0,128,store,0x00000000000000020000000000000001\n"
	if got := g.Output(); got != want {
		t.Errorf("printed\n%s\nwant\n%s", got, want)
	}
}

// A region whose bytes were all seen being written is clean; an access over its end counts in both.
func TestMemRegions(t *testing.T) {
	g := install(t, "mem", "region-summary=on")
	g.Main().Exec(g.Code(0x4000, plugintest.Insn{Mem: []plugin.Access{
		access(0x3ffc, true, 8, 0x1122334455667788), access(0x3ffe, false, 4, 0x33445566), access(0x10000, false, 1, 9),
	}}))
	want := "Warning: 0x0000000000010000:0 read an un-instrumented value\nRegion Base, Reads, Writes, Seen all\n" +
		"0x0000000000000000, 1, 1, true\n0x0000000000004000, 1, 1, true\n0x0000000000010000, 1, 0, false\n"
	if got := output(g); got != want {
		t.Errorf("printed\n%s\nwant\n%s", got, want)
	}
}

func TestSyscall(t *testing.T) {
	g := install(t, "syscall", "")
	for range 2 {
		g.Do("getpid")
	}
	g.DoNumber(5000)
	if r := g.DoNumber(4096, 0x66CCFF); r.Value != 0xFFCC66 || r.Ran {
		t.Errorf("the magic call: %+v", r)
	}
	if r := g.DoNumber(4096, 1); r.Value != abi.ENOSYS.Result() {
		t.Errorf("another question: %+v", r)
	}
	want := "syscall no.  calls  errors\n172          2      0\n4096         2      1\n5000         1      1\n"
	if got := output(g); got != want {
		t.Errorf("printed\n%s\nwant\n%s", got, want)
	}

	g = install(t, "syscall", "print=on,log_writes=on")
	g.Handle("write", func(*plugin.Call) int64 { return 18 })
	g.Do("write", 1, "hello, world\x01 ....", 18)
	g.DoNumber(4096, 0x66CCFF)
	want = "syscall #64\n" +
		"68 65 6c 6c 6f 2c 20 77 6f 72 6c 64 01 20 2e 2e  | hello,.world....\n" +
		"2e 2e                                            | ..\n" +
		"syscall #64 returned -> 18\n" +
		"syscall #4096\nmagic syscall filtered, set magic return\nsyscall #4096 returned -> 16764006\n"
	if got := output(g); got != want {
		t.Errorf("printed\n%s\nwant\n%s", got, want)
	}
}

func TestReset(t *testing.T) {
	g := install(t, "reset", "")
	for range 4 {
		g.Main().Exec(loop(g))
	}
	if got := output(g); got != "reset done\nuninstall done\n" {
		t.Errorf("printed %q", got)
	}
}

func TestRegisters(t *testing.T) {
	g := install(t, "registers", "")
	if text := failure(func() { g.Thread() }); text != "<nil>" {
		t.Error(text)
	}
}

func TestSetPC(t *testing.T) {
	g := install(t, "setpc", "")
	m := g.Main()
	pc := func() abi.Addr {
		defer m.VCPU().SetAccess(m.VCPU().SetAccess(plugin.ReadRegs))
		pc, _ := m.VCPU().PC()
		return pc
	}
	if r := m.DoNumber(4096, 0, 0x7000); r.Verdict != plugin.JumpTo(0x7000) || pc() != 0x7000 {
		t.Errorf("%+v, pc %#x", r, pc())
	}
	m.Exec(g.Code(0x7000, plugintest.Insn{}))
	if r := m.DoNumber(4096, 1, 0x4004, 0x7000, 0); r.Value != 0 || r.Ran {
		t.Errorf("%+v", r)
	}
	if m.Exec(loop(g)); pc() != 0x7000 {
		t.Errorf("from an instruction to %#x", pc())
	}
	m.Exec(g.Code(0x7000, plugintest.Insn{}))
	m.DoNumber(4096, 1, 0, 0x7100, 0x8000)
	if m.Exec(loop(g)); pc() != 0x7100 {
		t.Errorf("from a load to %#x", pc())
	}
	// What does not go where it was sent to, or is never sent, is told of.
	if text := failure(func() { m.Exec(loop(g)) }); text != "plugin setpc: execution was to go on at 0x7100, and did at 0x4000" {
		t.Error(text)
	}
	m.DoNumber(4096, 1, 0x9000, 0x7000, 0)
	if text := failure(func() { g.Exit(plugin.ExitInfo{}) }); !strings.Contains(text, "has not come to instruction 0x9000") {
		t.Error(text)
	}
	if text := failure(func() { m.DoNumber(4096, 1, 0, 0x7000, 0) }); !strings.Contains(text, "want a target and one of them") {
		t.Error(text)
	}
	if r := install(t, "setpc", "").DoNumber(4096, 7); r.Value != abi.ENOSYS.Result() {
		t.Errorf("%+v", r)
	}
}

func TestDiscons(t *testing.T) {
	g := install(t, "discons", "")
	m := g.Main()
	handler := g.Code(0x6000, plugintest.Insn{})
	m.Exec(loop(g))
	m.Discontinuity(plugin.Discontinuity{Type: plugin.HostCall, From: 0x4006, To: 0x5000})
	m.Discontinuity(plugin.Discontinuity{Type: plugin.Interrupt, From: 0x5000, To: 0x6000})
	m.Exec(handler)
	m.Discontinuity(plugin.Discontinuity{Type: plugin.Exception, From: 0x6000, To: 0x4000})
	m.Exec(loop(g))
	for _, tc := range []struct {
		d    plugin.Discontinuity
		want string
	}{
		{plugin.Discontinuity{Type: plugin.HostCall, From: 0x4000, To: 0x6000}, "Discon source PC mismatch on VCPU 0\nExpected:      4006\nEncountered:   4000\nExecuted Last: 4006\nEvent type:    hostcall\n"},
		{plugin.Discontinuity{Type: plugin.Interrupt, From: 0x4000, To: 0x5000}, "Discon target PC mismatch on VCPU 0\nExpected:      5000\nEncountered:   6000\n"},
	} {
		g = install(t, "discons", "")
		m, handler = g.Main(), g.Code(0x6000, plugintest.Insn{})
		m.Exec(loop(g))
		text := failure(func() {
			m.Discontinuity(tc.d)
			m.Exec(handler)
		})
		if !strings.Contains(text, tc.want) {
			t.Errorf("%+v: %s", tc.d, text)
		}
		g = install(t, "discons", "abort=off")
		m, handler = g.Main(), g.Code(0x6000, plugintest.Insn{})
		m.Exec(loop(g))
		m.Discontinuity(tc.d)
		m.Exec(handler)
		if !strings.HasPrefix(g.Output(), tc.want) {
			t.Errorf("%+v: printed %s", tc.d, g.Output())
		}
	}
	g = install(t, "discons", "trace-all=on")
	g.Main().Exec(g.Code(0x6000, plugintest.Insn{}))
	if got := g.Output(); got != "Exec insn at 6000 on VCPU 0\n" {
		t.Errorf("printed %q", got)
	}
}

func TestPatch(t *testing.T) {
	g := install(t, "patch", "target=13000000,patch=9300a000,use_hwaddr=off")
	at := g.Alloc([]byte{0x13, 0, 0, 0})
	b := g.Code(at, plugintest.Insn{})
	for range 2 {
		g.Main().Exec(b)
	}
	if got := g.Output(); got != fmt.Sprintf("patching: @0x%x\n", at) {
		t.Errorf("printed %q", got)
	}
	v, code := g.Main().VCPU(), make([]byte, 4)
	v.SetAccess(plugin.ReadRegs)
	if err := v.ReadMem(at, code); err != nil || string(code) != "\x93\x00\xa0\x00" {
		t.Errorf("code % x, %v", code, err)
	}
}

func TestArguments(t *testing.T) {
	for _, tc := range []struct{ name, args, want string }{
		{"bb", "inline=perhaps", "inline=perhaps: want on or off"},
		{"bb", "idel=on", `unknown argument "idel": it takes inline, idle`},
		{"mem", "track=x", "track=x: want r, w or rw"},
		{"patch", "", "target=: want bytes in hexadecimal digits"},
		{"patch", "target=1300,patch=xy", "patch=xy: want bytes in hexadecimal digits"},
		{"patch", "target=1300,patch=13", "target has 2 bytes and patch 1: want as many"},
		{"empty", "x", `unknown argument "x": it takes none`},
	} {
		err := installIn(plugintest.New(), tc.name, tc.args)
		if err == nil || err.Error() != "plugin "+tc.name+": "+tc.want {
			t.Errorf("%s,%s: %v, want %s", tc.name, tc.args, err, tc.want)
		}
	}
}
