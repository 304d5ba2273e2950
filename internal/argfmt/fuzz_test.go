package argfmt

import (
	"encoding/binary"
	"testing"
)

// Arguments of any kinds and values, with any memory behind them, print without a panic: ioctl structures, control messages,
// socket addresses, filters and all else that a guest may hand over.
func FuzzArgs(f *testing.F) {
	long := make([]byte, 200)
	for _, k := range []Kind{IoctlArg, MsghdrIn, MsghdrInOut, SeccompArg, FcntlArg, PrctlArg, Iocbs, IoEvents, UringParams, SigsetIn} {
		f.Add(byte(k-1), byte(k), uint64(0x5401), uint64(memBase), int64(3), long)
	}
	for _, req := range []uint64{0x5401, 0x5413, 0x8912, 0x8913, 0x89f0, 0xc0306201, 0xc020660b} {
		f.Add(byte(IoctlReq), byte(IoctlArg), req, uint64(memBase), int64(0), long)
	}
	f.Fuzz(func(t *testing.T, first, second byte, a, b uint64, result int64, memory []byte) {
		// A message with pointers to the memory that there is.
		if len(memory) >= 64 && memory[0]&1 != 0 {
			memory = append([]byte(nil), memory...)
			for _, at := range []int{0, 16, 32} {
				binary.LittleEndian.PutUint64(memory[at:], memBase+uint64(memory[at])%uint64(len(memory)))
			}
			for _, at := range []int{8, 24, 40} {
				binary.LittleEndian.PutUint64(memory[at:], uint64(memory[at]))
			}
		}
		kinds := []Kind{FD, Kind(first) % numKinds, Kind(second) % numKinds, Size}
		for layout := range Layout(2) {
			s := &fake{args: [8]uint64{3, a, b, uint64(len(memory)), a, b}, result: result, mem: memory, layout: layout}
			out, next := AppendArgs(nil, s, kindArgs(kinds...), 0, false)
			s.done = true
			out, _ = AppendArgs(out, s, kindArgs(kinds...), next, true)
			out = AppendResult(out, s, kindArgs(kinds...), Kind(second)%numKinds)
			for i, k := range kinds {
				Decode(s, Arg{Name: "a", Kind: k}, i)
			}
			if len(out) > 1<<20 {
				t.Errorf("%d bytes of text", len(out))
			}
		}
	})
}
