package plugin

import "unsafe"

// Records is words of slot memory as the records that generated code has written
// there. Weir calls it.
func Records(words []uint64) []MemRecord {
	const n = unsafe.Sizeof(MemRecord{}) / 8
	return unsafe.Slice((*MemRecord)(unsafe.Pointer(unsafe.SliceData(words))), len(words)/int(n))
}
