package inject_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
	"github.com/weir-emu/weir/plugin/plugintest"
	"github.com/weir-emu/weir/plugins/inject"
)

func install(t *testing.T, args string) *plugintest.Guest {
	t.Helper()
	g := plugintest.New()
	g.Handle("getpid", func(*plugin.Call) int64 { return plugintest.PID })
	if err := g.Install("inject", inject.Info().New(), args); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestWhen(t *testing.T) {
	for _, tc := range []struct{ when, want string }{
		{"", "EEEEEEEE"},
		{":at=1", "E......."},
		{":at=3", "..E....."},
		{":at=3+", "..EEEEEE"},
		{":every=3", "..E..E.."},
		{":every=1", "EEEEEEEE"},
	} {
		g := install(t, "rule=read"+tc.when+":errno=EIO")
		var got strings.Builder
		for range 8 {
			g.Do("write", 1, 0, 0) // does not count
			if r := g.Do("read", 0, 0, 0); r.Value == abi.EIO.Result() {
				got.WriteByte('E')
			} else {
				got.WriteByte('.')
			}
		}
		if got.String() != tc.want {
			t.Errorf("%s: %s, want %s", tc.when, got.String(), tc.want)
		}
	}
}

// Only calls that match count, over all threads; the Nth is found exactly once.
func TestCountsOverThreads(t *testing.T) {
	g := install(t, "rule=read:arg0=7:at=150:errno=EIO")
	var failed atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		th := g.Thread()
		wg.Go(func() {
			for range 50 {
				th.Do("read", 8, 0, 0)
				if th.Do("read", 7, 0, 0).Value != 0 {
					failed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if failed.Load() != 1 {
		t.Errorf("%d of 200 calls failed, want 1", failed.Load())
	}
}

func TestDelay(t *testing.T) {
	g := install(t, "rule=read:delay=20ms")
	start := time.Now()
	r := g.Do("read", 0, 0, 0)
	if d := time.Since(start); d < 20*time.Millisecond || !r.Ran {
		t.Errorf("took %v, ran %v", d, r.Ran)
	}
}

func TestSignal(t *testing.T) {
	g := install(t, "rule=read:at=2:signal=USR1:errno=EINTR")
	var sent []string
	g.Handle("tgkill", func(c *plugin.Call) int64 {
		sent = append(sent, fmt.Sprint(c.Arg(0), c.Arg(1), c.Arg(2)))
		return 0
	})
	th := g.Thread()
	th.Do("read", 0, 0, 0)
	if r := th.Do("read", 0, 0, 0); r.Value != abi.EINTR.Result() {
		t.Errorf("%+v", r)
	}
	if want := fmt.Sprint(plugintest.PID, th.VCPU().TID(), 10); len(sent) != 1 || sent[0] != want {
		t.Errorf("tgkill%v, want %s", sent, want)
	}
}

func TestRulesInOrder(t *testing.T) {
	g := install(t, "rule=read:at=1:errno=EIO,rule=read:errno=EPERM")
	if a, b := g.Do("read", 0, 0, 0).Value, g.Do("read", 0, 0, 0).Value; a != abi.EIO.Result() || b != abi.EPERM.Result() {
		t.Errorf("results %d, %d", a, b)
	}
}

func TestArguments(t *testing.T) {
	for args, want := range map[string]string{
		"":                                  `no rule given: want rule=NAME[|NAME...][:path=GLOB][:argN=VALUE][:at=N|N+|every=N]:errno=E|delay=D|signal=S`,
		"x=1":                               `unknown argument "x": it takes rule`,
		"rule=read":                         `rule "read" does nothing: want errno=, delay= or signal=`,
		"rule=read:at=3":                    `rule "read:at=3" does nothing: want errno=, delay= or signal=`,
		"rule=read:at=0:errno=EIO":          `rule "read:at=0:errno=EIO": at="0": want a number from 1, or N+`,
		"rule=read:at=x:errno=EIO":          `rule "read:at=x:errno=EIO": at="x": want a number from 1, or N+`,
		"rule=read:at=-1:errno=EIO":         `rule "read:at=-1:errno=EIO": at="-1": want a number from 1, or N+`,
		"rule=read:every=0:errno=EIO":       `rule "read:every=0:errno=EIO": every="0": want a number from 1`,
		"rule=read:at=1:every=2:errno=EIO":  `rule "read:at=1:every=2:errno=EIO": want at= or every=, not both`,
		"rule=read:errno=EFOO":              `rule "read:errno=EFOO": errno="EFOO": want an error name such as EIO`,
		"rule=read:delay=5":                 `rule "read:delay=5": delay="5": want a duration such as 10ms`,
		"rule=read:delay=-1s":               `rule "read:delay=-1s": delay="-1s": want a duration such as 10ms`,
		"rule=read:signal=SIGFOO":           `rule "read:signal=SIGFOO": signal="SIGFOO": want a signal such as SIGTERM`,
		"rule=read:EIO":                     `rule "read:EIO": unknown part "EIO": want at=, every=, errno=, delay= or signal=`,
		"rule=|read:errno=EIO":              `rule "|read:errno=EIO" names no syscall: want NAME, NAME|NAME or *`,
		"rule=raed:errno=EIO":               `unknown syscall "raed" (weir syscalls lists the names)`,
		"rule=read:errno=EIO,rule=read:bad": `rule "read:bad": unknown part "bad": want at=, every=, errno=, delay= or signal=`,
	} {
		err := plugintest.New().Install("inject", inject.Info().New(), args)
		if err == nil || err.Error() != "plugin inject: "+want {
			t.Errorf("%q: %v\nwant plugin inject: %s", args, err, want)
		}
	}
}
