package plugin

import (
	"testing"

	"github.com/weir-emu/weir/abi"
)

func TestVerdict(t *testing.T) {
	for _, tc := range []struct {
		v     Verdict
		kind  VerdictKind
		value int64
		text  string
	}{
		{Verdict{}, VerdictPass, 0, "Pass"},
		{Pass, VerdictPass, 0, "Pass"},
		{Return(0), VerdictReturn, 0, "Return(0)"},
		{Return(-4096), VerdictReturn, -4096, "Return(-4096)"},
		{Return(-2), VerdictReturn, -2, "Fail(ENOENT)"},
		{Fail(abi.EACCES), VerdictReturn, -13, "Fail(EACCES)"},
		{Handled, VerdictHandled, 0, "Handled"},
		{Restart, VerdictRestart, 0, "Restart"},
		{JumpTo(0xffff_ffff_ffff_fff0), VerdictJump, -16, "JumpTo(0xfffffffffffffff0)"},
		{Exit(3), VerdictExit, 3, "Exit(3)"},
		{Kill(abi.SIGSYS), VerdictKill, 31, "Kill(SIGSYS)"},
		{Verdict{kind: 99}, 99, 0, "verdict 99"},
	} {
		if tc.v.Kind() != tc.kind || tc.v.Value() != tc.value || tc.v.String() != tc.text {
			t.Errorf("%v: kind %d value %d, want %s %d %d", tc.v, tc.v.Kind(), tc.v.Value(), tc.text, tc.kind, tc.value)
		}
	}
	if uint64(JumpTo(0xffff_ffff_ffff_fff0).Value()) != 0xffff_ffff_ffff_fff0 {
		t.Error("a pc does not survive")
	}
}
