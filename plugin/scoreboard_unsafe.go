package plugin

import "unsafe"

// recordAt is the record at byte offset off of a vCPU's slot memory, nil if there is
// none. Slot memory is outside of the Go heap or pinned, and aligned to 64 bytes.
func recordAt[T any](slot []uint64, off int) *T {
	if slot == nil {
		return nil
	}
	return (*T)(unsafe.Pointer(&slot[off/8]))
}

// fieldOffset is the offset of a field that f picks, in bytes.
func fieldOffset[T any](f func(*T) *uint64) int {
	var r T
	p := &r
	off := uintptr(unsafe.Pointer(f(p))) - uintptr(unsafe.Pointer(p))
	if off >= unsafe.Sizeof(r) {
		panic("plugin: FieldCounter: the function does not return a field of its argument")
	}
	return int(off)
}
