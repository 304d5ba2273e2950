//go:build linux && arm64

package hostsys

import (
	"runtime"
	"unsafe"
)

// Variables and functions of the runtime that have no linkname are found in the code that uses them.

const syscallLen = 4 // of SVC

// findSyscall returns the address of the first SVC from from on.
func findSyscall(from uintptr) uintptr {
	const svc = 0xd4000001
	for a := from; a < from+64; a += 4 {
		if insnAt(a) == svc {
			return a
		}
	}
	return 0
}

// findCall looks in the code at pc for a BL to the function with the name given. It returns the
// function's address and that of the next instruction, or zeros.
func findCall(pc uintptr, name string) (target, next uintptr) {
	if pc == 0 {
		return 0, 0
	}
	for a := pc; a < pc+512; a += 4 {
		w := insnAt(a)
		if w>>26 != 0b100101 {
			continue
		}
		target = a + uintptr(int64(w)<<38>>36) // imm26 words
		if f := runtime.FuncForPC(target); f != nil && f.Entry() == target && f.Name() == name {
			return target, a + 4
		}
	}
	return 0, 0
}

// Uses of a variable whose address ADRP began, by mask and value of the opcode.
var (
	useAddr   = variableUse{0xffc00000, 0x91000000, 0} // ADD immediate
	useLoad32 = variableUse{0xffc00000, 0xb9800000, 2} // LDRSW
	useLoad64 = variableUse{0xffc00000, 0xf9400000, 3} // LDR
)

type variableUse struct {
	mask, value uint32
	scale       int // log2 of the unit of the offset
}

// variable returns the address of the first variable that is used like that at or after pc, and the address
// behind the instruction; nil if there is none.
func variable(pc uintptr, use variableUse) (unsafe.Pointer, uintptr) {
	if pc == 0 {
		return nil, 0
	}
	var page [32]uintptr // what ADRP left in each register
	for a := pc; a < pc+64; a += 4 {
		w := insnAt(a)
		rn := w >> 5 & 31
		if w&0x9f000000 == 0x90000000 { // ADRP
			imm := int64(w>>5&0x7ffff)<<2 | int64(w>>29&3)
			page[w&31] = a&^4095 + uintptr(imm<<43>>43<<12)
		} else if w&use.mask == use.value && page[rn] != 0 {
			return hostPointer(page[rn] + uintptr(w>>10&0xfff)<<use.scale), a + 4
		}
	}
	return nil, 0
}

// loadedVar returns the address of the first 64-bit variable that is loaded at or after pc, or nil.
func loadedVar(pc uintptr) unsafe.Pointer {
	p, _ := variable(pc, useLoad64)
	return p
}

// takenAddr returns the first address of a variable that is taken at or after pc, or nil.
func takenAddr(pc uintptr) unsafe.Pointer {
	p, _ := variable(pc, useAddr)
	return p
}

// locateNetpoll finds the two variables, epfd first.
func locateNetpoll() bool {
	f := isPollDescriptor
	ep, next := variable(funcPC(unsafe.Pointer(&f)), useLoad32)
	ev, _ := variable(next, useLoad64)
	netpollEp, netpollEv = (*int32)(ep), (*uintptr)(ev)
	return ep != nil && ev != nil
}

func insnAt(pc uintptr) uint32 { return *(*uint32)(hostPointer(pc)) }
