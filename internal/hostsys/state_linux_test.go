//go:build linux && (amd64 || arm64)

package hostsys

import (
	"strings"
	"testing"

	"github.com/weir-emu/weir/internal/cpu"
)

func mustInit(t testing.TB) {
	t.Helper()
	if err := Init(); err != nil {
		t.Fatal(err)
	}
}

// bound makes a State, binds it to this thread and gives it the code region.
func bound(t testing.TB, c *codeBuf) *cpu.State {
	t.Helper()
	st, err := NewState()
	if err != nil {
		t.Fatal(err)
	}
	if c != nil {
		st.CodeLo, st.CodeHi = uint64(c.base), uint64(c.base+c.size)
	}
	Bind(st)
	return st
}

// free undoes bound.
func free(st *cpu.State) {
	Unbind(st)
	FreeState(st)
}

//go:noinline
func nilDeref() (msg string) {
	defer func() {
		if e, ok := recover().(error); ok && strings.Contains(e.Error(), "nil pointer") {
			msg = e.Error()
		}
	}()
	var p *[4]int
	p[sink&3]++
	return ""
}
