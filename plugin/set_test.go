package plugin

import (
	"reflect"
	"testing"

	"github.com/weir-emu/weir/abi"
)

func TestSet(t *testing.T) {
	a, b := Syscalls("openat", "read"), Numbers(7, -1)
	sum := a.Or(b)
	if sum.All() || !reflect.DeepEqual(sum.Names(), []string{"openat", "read"}) || !reflect.DeepEqual(sum.Numbers(), []abi.Sysno{7, -1}) {
		t.Errorf("Or: %+v", sum)
	}
	if a.Or(AllSyscalls).All() != true || AllSyscalls.Or(a).All() != true {
		t.Error("Or with everything is not everything")
	}
	// A sum shares nothing with its parts.
	if sum.Or(Syscalls("x")); len(sum.Names()) != 2 {
		t.Error("Or changed its receiver")
	}
	one, two := sum.Or(Syscalls("x")), sum.Or(Syscalls("y"))
	if one.Names()[2] != "x" || two.Names()[2] != "y" {
		t.Error("two sums share memory")
	}
	if z := (Set{}); z.All() || z.Names() != nil || z.Numbers() != nil {
		t.Error("the zero Set selects something")
	}
}
