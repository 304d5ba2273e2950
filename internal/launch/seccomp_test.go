//go:build linux

package launch

import (
	"reflect"
	"testing"

	"github.com/weir-emu/weir/internal/linux"
)

func TestSeccompText(t *testing.T) {
	for _, f := range []linux.SeccompFilter{{Program: []byte{6, 0, 0, 0, 0, 0, 0xff, 0x7f}}, {Program: []byte{1, 2, 3}, Notify: true}} {
		if got := seccompFilter(seccompText(f)); !reflect.DeepEqual(got, f) {
			t.Errorf("%v came back as %v", f, got)
		}
	}
	if got := seccompFilter("?"); len(got.Program) != 0 {
		t.Errorf("nonsense became %v", got)
	}
}
