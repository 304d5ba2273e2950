package magic_test

import (
	"testing"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin/plugintest"
	"github.com/weir-emu/weir/plugins/magic"
)

func TestMagic(t *testing.T) {
	g := plugintest.New()
	if err := g.Install("magic", magic.Info().New(), ""); err != nil {
		t.Fatal(err)
	}
	if r := g.DoNumber(4096, 0x66CCFF); r.Value != 0xFFCC66 || r.By != "magic" || r.Ran {
		t.Errorf("the question: %+v", r)
	}
	if r := g.DoNumber(4096, 1); r.Value != abi.ENOSYS.Result() {
		t.Errorf("another question: %+v", r)
	}
	if r := g.DoNumber(4097, 0x66CCFF); r.Value != abi.ENOSYS.Result() {
		t.Errorf("another number: %+v", r)
	}
	err := plugintest.New().Install("magic", magic.Info().New(), "x=1")
	if err == nil || err.Error() != `plugin magic: unknown argument "x": it takes none` {
		t.Errorf("with an argument: %v", err)
	}
}
