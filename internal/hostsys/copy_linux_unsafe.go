//go:build linux && (amd64 || arm64)

package hostsys

import "unsafe"

// The functions below access memory by host address. An access that faults
// leaves the rest undone and reports the [Fault]; other results are then
// unspecified. They work on every thread once [Init] has run. Aligned accesses
// of 1 to 8 bytes are single-copy atomic with at least the ordering of x86 loads
// and stores (TSO). arm64 ignores the top byte of an address.

// Load8 reads one byte.
//
//go:nosplit
func Load8(addr uintptr) (uint8, Fault) { return load8(addr) }

// Load16 reads two bytes.
//
//go:nosplit
func Load16(addr uintptr) (uint16, Fault) { return load16(addr) }

// Load32 reads four bytes.
//
//go:nosplit
func Load32(addr uintptr) (uint32, Fault) { return load32(addr) }

// Load64 reads eight bytes.
//
//go:nosplit
func Load64(addr uintptr) (uint64, Fault) { return load64(addr) }

// Store8 writes one byte.
//
//go:nosplit
func Store8(addr uintptr, v uint8) Fault { return store8(addr, v) }

// Store16 writes two bytes.
//
//go:nosplit
func Store16(addr uintptr, v uint16) Fault { return store16(addr, v) }

// Store32 writes four bytes.
//
//go:nosplit
func Store32(addr uintptr, v uint32) Fault { return store32(addr, v) }

// Store64 writes eight bytes.
//
//go:nosplit
func Store64(addr uintptr, v uint64) Fault { return store64(addr, v) }

// Cas32 replaces old by new atomically and sequentially consistent. It returns
// the previous value: the replacement happened if that equals old. It needs write
// permission in any case. On arm64 addr must be aligned, else it faults with SIGBUS.
func Cas32(addr uintptr, old, new uint32) (prev uint32, f Fault) { return cas32(addr, old, new) }

// Cas64 is [Cas32] for eight bytes.
func Cas64(addr uintptr, old, new uint64) (prev uint64, f Fault) { return cas64(addr, old, new) }

// Cas128 is [Cas32] for sixteen bytes (low half first); addr must be a multiple
// of 16, else it faults: amd64 with SIGSEGV and SIKernel, arm64 with SIGBUS.
func Cas128(addr uintptr, old, new [2]uint64) (prev [2]uint64, f Fault) {
	prev[0], prev[1], f = cas128(addr, old[0], old[1], new[0], new[1])
	return prev, f
}

// CopyIn copies len(dst) bytes from src. It returns how many bytes were copied
// before a fault; that number is exact.
func CopyIn(dst []byte, src uintptr) (n int, f Fault) {
	left, f := ucCopyIn(unsafe.Pointer(unsafe.SliceData(dst)), src, uintptr(len(dst)))
	return len(dst) - int(left), f
}

// CopyOut copies src to dst. It returns how many bytes were copied before a
// fault; that number is exact.
func CopyOut(dst uintptr, src []byte) (n int, f Fault) {
	left, f := ucCopyOut(dst, unsafe.Pointer(unsafe.SliceData(src)), uintptr(len(src)))
	return len(src) - int(left), f
}

// Fill sets n bytes to b and returns how many were set before a fault.
func Fill(dst uintptr, b byte, n uintptr) (done uintptr, f Fault) {
	left, f := ucFill(dst, b, n)
	return n - left, f
}

// The two stay valid over stack growth because the pointer travels as one.
//
//go:nosplit
func ucCopyIn(dst unsafe.Pointer, src, n uintptr) (left uintptr, f Fault) {
	return ucCopy(uintptr(dst), src, n)
}

//go:nosplit
func ucCopyOut(dst uintptr, src unsafe.Pointer, n uintptr) (left uintptr, f Fault) {
	return ucCopy(dst, uintptr(src), n)
}

func load8(addr uintptr) (v uint8, f Fault)
func load16(addr uintptr) (v uint16, f Fault)
func load32(addr uintptr) (v uint32, f Fault)
func load64(addr uintptr) (v uint64, f Fault)
func store8(addr uintptr, v uint8) (f Fault)
func store16(addr uintptr, v uint16) (f Fault)
func store32(addr uintptr, v uint32) (f Fault)
func store64(addr uintptr, v uint64) (f Fault)
func cas32(addr uintptr, old, new uint32) (prev uint32, f Fault)
func cas64(addr uintptr, old, new uint64) (prev uint64, f Fault)
func cas128(addr uintptr, oldLo, oldHi, newLo, newHi uint64) (lo, hi uint64, f Fault)
func ucCopy(dst, src, n uintptr) (left uintptr, f Fault)
func ucFill(dst uintptr, b byte, n uintptr) (left uintptr, f Fault)
func addrUC() (start, first, last, end uintptr)
