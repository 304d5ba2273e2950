//go:build linux && (amd64 || arm64)

package hostsys

import "unsafe"

// MapWords maps zeroed memory of a size in bytes, a multiple of 8, outside the Go heap: for
// words that generated code writes. It is page-aligned, private to the process, copied by a fork, never
// moves and is never given back. nil: there is no memory.
func MapWords(size int) []uint64 { return mapWords(size, mapPrivate|mapNoreserve) }

// ShareWords is MapWords for words that forked processes share.
func ShareWords(size int) []uint64 { return mapWords(size, mapShared) }

func mapWords(size int, flags uintptr) []uint64 {
	p := rawSyscall(SYS_MMAP, 0, uintptr(size), protRead|protWrite, flags|mapAnonymous, ^uintptr(0), 0)
	if IsErr(p) {
		return nil
	}
	return unsafe.Slice((*uint64)(hostPointer(p)), size/8)
}

// AddressOf is the address of words that [MapWords] has mapped.
func AddressOf(w []uint64) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(w))) }
