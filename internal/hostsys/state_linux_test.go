//go:build linux && (amd64 || arm64)

package hostsys

import (
	"strings"
	"sync/atomic"
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

// boundState returns the State bound to the calling thread, or nil.
func boundState() *cpu.State { return (*cpu.State)(hostPointer(getSlot())) }

// rewinds returns how many syscall windows of st handlers have restarted.
func rewinds(st *cpu.State) uint64 { return area(st).Rewinds }

// setSigmask sets the calling thread's host mask. It reports false, and has done nothing, if a signal is pending
// in st.
func setSigmask(st *cpu.State, mask uint64) bool {
	mask &^= Unblockable
	return SyscallFast(st, SYS_RT_SIGPROCMASK, sigSetmask, addr(&mask), 0, 8, 0, 0) != ERestart
}

// kickThread makes generated code leave with ExitPoll, and interrupts the thread if tid is not 0.
func kickThread(st *cpu.State, tid int) {
	atomic.StoreUint32(&st.Kick, 1)
	if tid != 0 {
		Kick(tid)
	}
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
