package plugin

import (
	"math/bits"

	"github.com/weir-emu/weir/abi"
)

// MemRW selects memory accesses by direction.
type MemRW uint8

// Directions.
const (
	MemRead      MemRW = 1
	MemWrite     MemRW = 2
	MemReadWrite MemRW = MemRead | MemWrite
)

// Access is one memory access that an instruction has made.
type Access struct {
	Addr abi.Addr
	Info MemInfo
	lo   uint64
	hi   uint64
}

// NewAccess makes an Access; hi is the upper half of a value of 16 bytes. Weir calls it.
func NewAccess(addr abi.Addr, info MemInfo, lo, hi uint64) Access {
	if n := info.Size(); n < 8 {
		lo &= 1<<(8*n) - 1
	}
	return Access{addr, info, lo, hi}
}

// Value returns what was loaded or stored, zero-extended; of 16 bytes the lower 8.
func (a Access) Value() uint64 { return a.lo }

// Value128 returns the two halves of what was loaded or stored.
func (a Access) Value128() (lo, hi uint64) { return a.lo, a.hi }

// Size returns the number of bytes: 1, 2, 4, 8 or 16.
func (a Access) Size() int { return a.Info.Size() }

// IsStore reports whether memory was written.
func (a Access) IsStore() bool { return a.Info.IsStore() }

// IsSigned reports whether the loaded value is sign-extended into its register.
func (a Access) IsSigned() bool { return a.Info.IsSigned() }

// IsAtomic reports whether the access is part of an atomic operation.
func (a Access) IsAtomic() bool { return a.Info.IsAtomic() }

// IsBigEndian reports the byte order of the access; no guest of today has that one.
func (a Access) IsBigEndian() bool { return false }

// MemInfo packs what a memory access is like.
type MemInfo uint32

// Bits of a MemInfo; the lowest three are the binary logarithm of the size in bytes.
const (
	infoSize   MemInfo = 7
	infoStore  MemInfo = 1 << 3
	infoSigned MemInfo = 1 << 4
	infoAtomic MemInfo = 1 << 5
)

// NewMemInfo makes a MemInfo of an access of size bytes, a power of two. Weir calls it.
func NewMemInfo(size int, store, signed, atomic bool) MemInfo {
	m := MemInfo(bits.TrailingZeros(uint(size))) & infoSize
	if store {
		m |= infoStore
	}
	if signed {
		m |= infoSigned
	}
	if atomic {
		m |= infoAtomic
	}
	return m
}

// Size returns the number of bytes.
func (m MemInfo) Size() int { return 1 << (m & infoSize) }

// IsStore reports whether memory was written.
func (m MemInfo) IsStore() bool { return m&infoStore != 0 }

// IsSigned reports whether the loaded value is sign-extended.
func (m MemInfo) IsSigned() bool { return m&infoSigned != 0 }

// IsAtomic reports whether the access is part of an atomic operation.
func (m MemInfo) IsAtomic() bool { return m&infoAtomic != 0 }

// MemRecord is one memory access in a [MemTrace].
type MemRecord struct {
	PC    abi.Addr // of the instruction
	Info  MemInfo
	Trace uint32 // which MemTrace: for Weir's own use
	Addr  abi.Addr
	Value uint64 // loaded or stored, zero-extended; of 16 bytes the lower 8
}

// Size returns the number of bytes.
func (r *MemRecord) Size() int { return r.Info.Size() }

// IsStore reports whether memory was written.
func (r *MemRecord) IsStore() bool { return r.Info.IsStore() }

// MemTrace gets memory accesses in batches: the instructions chosen by [Insn.TraceMem]
// write records to a buffer of their vCPU without a call, and a function gets them when
// the buffer is full. That is several times cheaper than [Insn.OnMem].
type MemTrace struct {
	sys System
	id  uint32
}

// NewMemTrace makes a trace for h's plugin. f is called with the records of one vCPU, in
// the order of execution: on that vCPU's thread between two instructions when its buffer
// is full, when it asks for it with [MemTrace.Flush] and when it ends; at the end of the process
// on the thread that ends it. There is no access to registers and memory in f. The
// slice is reused when f returns. A forked child starts with empty buffers: what its parent
// had not delivered yet, the parent delivers.
func NewMemTrace(h *Host, f func(*VCPU, []MemRecord)) *MemTrace {
	if f == nil {
		panic("plugin: NewMemTrace with a nil function")
	}
	return &MemTrace{h.sys, h.sys.NewMemTrace(h.name, f)}
}

// ID returns the number in the records' Trace field. Weir calls it.
func (t *MemTrace) ID() uint32 { return t.id }

// Flush delivers the records of v now. It does so only inside a callback on v's own thread;
// elsewhere it does nothing.
func (t *MemTrace) Flush(v *VCPU) { t.sys.FlushMemTrace(t.id, v) }
