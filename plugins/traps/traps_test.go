package traps_test

import (
	"testing"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
	"github.com/weir-emu/weir/plugin/plugintest"
	"github.com/weir-emu/weir/plugins/traps"
)

func install(t *testing.T) *plugintest.Guest {
	t.Helper()
	g := plugintest.New()
	if err := g.Install("traps", traps.Info().New(), ""); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestTable(t *testing.T) {
	g := install(t)
	main := g.Main()
	for range 3 {
		main.Discontinuity(plugin.Discontinuity{Type: plugin.HostCall})
	}
	main.Signal(plugin.Signal{Signal: abi.SIGTERM}) // no handler: nothing goes on
	main.Signal(plugin.Signal{Signal: abi.SIGUSR1, Handler: 0x1000})
	main.Signal(plugin.Signal{Signal: abi.SIGSEGV, Handler: 0x1000, Fault: true})
	main.Signal(plugin.Signal{Signal: abi.SIGSEGV, Handler: 0x1000, Fault: true})
	th := g.Thread()
	th.Discontinuity(plugin.Discontinuity{Type: plugin.HostCall})
	th.Exit()
	g.Exit(plugin.ExitInfo{})
	const want = `VCPU, interrupts, exceptions, hostcalls
   0,          1,          2,          3
   1,          0,          0,          1
`
	if g.Output() != want {
		t.Errorf("table:\n%s\nwant:\n%s", g.Output(), want)
	}
}

// A forked child starts at zero.
func TestFork(t *testing.T) {
	g := install(t)
	g.Main().Discontinuity(plugin.Discontinuity{Type: plugin.HostCall})
	g.BecomeChild()
	g.Main().Discontinuity(plugin.Discontinuity{Type: plugin.Exception})
	g.Exit(plugin.ExitInfo{})
	const want = `VCPU, interrupts, exceptions, hostcalls
   0,          0,          1,          0
`
	if g.Output() != want {
		t.Errorf("table:\n%s\nwant:\n%s", g.Output(), want)
	}
}

func TestArguments(t *testing.T) {
	err := plugintest.New().Install("traps", traps.Info().New(), "x=1")
	if want := `plugin traps: unknown argument "x": it takes none`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}
