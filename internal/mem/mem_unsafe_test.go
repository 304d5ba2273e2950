//go:build linux

package mem

import "unsafe"

// hostAddr is the address of bytes that do not move during a call.
func hostAddr(b []byte) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(b))) }
