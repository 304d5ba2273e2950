package hostsys

import (
	"testing"
	"unsafe"

	"github.com/weir-emu/weir/internal/cpu"
)

// codeBuf is executable memory for tests.
type codeBuf struct {
	base, off, size uintptr
}

func newCode(t testing.TB) *codeBuf {
	t.Helper()
	mustInit(t)
	const size = 1 << 16
	p := Mmap(0, size, 7, mapPrivate|mapAnonymous, -1, 0)
	if IsErr(p) {
		t.Fatalf("mmap: errno %d", Errno(p))
	}
	t.Cleanup(func() { Munmap(p, size) })
	return &codeBuf{base: p, size: size}
}

// emit appends machine code and returns its address.
func (c *codeBuf) emit(parts ...[]byte) uintptr {
	a := c.base + c.off
	for _, p := range parts {
		copy(unsafe.Slice((*byte)(hostPointer(c.base+c.off)), len(p)), p)
		c.off += uintptr(len(p))
	}
	c.off = (c.off + 63) &^ 63
	return a
}

func le32(v int) []byte { return []byte{byte(v), byte(v >> 8), byte(v >> 16), byte(v >> 24)} }

// cat joins machine code.
func cat(parts ...[]byte) (b []byte) {
	for _, p := range parts {
		b = append(b, p...)
	}
	return b
}

// The enter stub: RSP = StackSP.
var toStack = cat([]byte{0x48, 0x8b, 0xa5}, le32(cpu.OffStackSP-bias))

// The exit stub: RSP = HostSP; ret.
var leave = cat([]byte{0x48, 0x8b, 0xa5}, le32(cpu.OffHostSP-bias), []byte{0xc3})

// clobber fills every general register but RSP and RBP, and XMM15, with garbage and sets DF.
func clobber() (b []byte) {
	for r := range 16 {
		if r == 4 || r == 5 {
			continue
		}
		b = append(b, 0x48|byte(r>>3), 0xb8+byte(r&7), 0xef, 0xbe, 0xad, 0xde, 0xef, 0xbe, 0xad, 0xde)
	}
	return append(b, 0x66, 0x45, 0x0f, 0x76, 0xff, 0xfd)
}

// incX increments State.X[i].
func incX(i int) []byte { return cat([]byte{0x48, 0xff, 0x85}, le32(cpu.OffX+8*i-bias)) }

// setExit stores e in State.Exit.
func setExit(e cpu.Exit) []byte {
	return cat([]byte{0xc7, 0x85}, le32(cpu.OffExit-bias), le32(int(e)))
}

// pollLoop increments X[1] until Pending or Kick is set, then leaves with ExitPoll.
func pollLoop() []byte {
	body := cat(incX(1), []byte{0x48, 0x83, 0xbd}, le32(cpu.OffPending-bias), []byte{0})
	body = append(body, 0x74, byte(-(len(body) + 2)))
	return cat(toStack, clobber(), body, setExit(cpu.ExitPoll), leave)
}

var (
	beyond     = Fault{0, SIKernel, sigSEGV} // of an access to 1<<63
	misaligned = Fault{0, SIKernel, sigSEGV} // of Cas128
)

// hasCode tells that generated code can run.
const hasCode = true

// runCode runs st.Entry, which a test made with pollLoop.
func runCode(st *cpu.State) { Enter(st) }
