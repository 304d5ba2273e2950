package hostsys

import (
	"sync/atomic"
	"testing"

	"github.com/weir-emu/weir/internal/cpu"
)

// codeBuf stands for executable memory: there is no generated code on arm64.
type codeBuf struct{ base, size uintptr }

func newCode(t testing.TB) *codeBuf {
	mustInit(t)
	return new(codeBuf)
}

func (*codeBuf) emit([]byte) uintptr { return 0 }

func pollLoop() []byte { return nil }

var (
	beyond     = Fault{0, 1, sigSEGV} // of an access to 1<<63: the top byte is not part of the address
	misaligned = Fault{0, 1, sigBUS}  // of Cas128
)

const hasCode = false

// runCode runs until Pending or Kick is set, as an interpreter does.
func runCode(st *cpu.State) {
	for atomic.LoadUint32(&st.Pending)|atomic.LoadUint32(&st.Kick) == 0 {
		st.X[1]++
	}
	st.Exit = cpu.ExitPoll
}
