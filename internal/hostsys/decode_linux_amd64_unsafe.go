//go:build linux && amd64

package hostsys

import (
	"runtime"
	"unsafe"
)

// Variables and functions of the runtime that have no linkname are found in the code that uses them.

const syscallLen = 2 // of SYSCALL

// locateNetpoll finds the two variables: epfd is sign-extended, netpollEventFd compared.
func locateNetpoll() bool {
	f := isPollDescriptor
	pc := funcPC(unsafe.Pointer(&f))
	ep, ev := ripOperand(pc, 0x63), ripOperand(pc, 0x39) // MOVSXD, CMP
	if ev == nil {
		ev = ripOperand(pc, 0x3b) // CMP, operands the other way round
	}
	netpollEp, netpollEv = (*int32)(ep), (*uintptr)(ev)
	return ep != nil && ev != nil
}

// findSyscall returns the address of the first SYSCALL from from on.
func findSyscall(from uintptr) uintptr {
	code := (*[64]byte)(hostPointer(from))
	for i := range len(code) - 1 {
		if code[i] == 0x0f && code[i+1] == 0x05 {
			return from + uintptr(i)
		}
	}
	return 0
}

// findCall looks in the code at pc for a CALL of the function with the name given. It returns the
// function's address and that of the next instruction, or zeros.
func findCall(pc uintptr, name string) (target, next uintptr) {
	if pc == 0 {
		return 0, 0
	}
	const size = 512
	code := (*[size]byte)(hostPointer(pc))
	for i := 0; i+5 <= size; i++ {
		if code[i] != 0xe8 {
			continue
		}
		next = pc + uintptr(i) + 5
		target = next + uintptr(*(*int32)(unsafe.Pointer(&code[i+1])))
		if f := runtime.FuncForPC(target); f != nil && f.Entry() == target && f.Name() == name {
			return target, next
		}
	}
	return 0, 0
}

// loadedVar returns the address of the first 64-bit variable that is loaded at or after pc, or nil.
func loadedVar(pc uintptr) unsafe.Pointer { return ripOperand(pc, 0x8b) } // MOVQ

// takenAddr returns the first address of a variable that is taken at or after pc, or nil.
func takenAddr(pc uintptr) unsafe.Pointer { return ripOperand(pc, 0x8d) } // LEAQ

// ripOperand returns the address that the first instruction at or after pc with the opcode,
// a 64-bit register and a RIP-relative operand refers to.
func ripOperand(pc uintptr, opcode byte) unsafe.Pointer {
	if pc == 0 {
		return nil
	}
	code := (*[64]byte)(hostPointer(pc))
	for i := 0; i+7 <= len(code); i++ {
		if code[i]&0xfb == 0x48 && code[i+1] == opcode && code[i+2]&0xc7 == 0x05 {
			return hostPointer(pc + uintptr(i) + 7 + uintptr(*(*int32)(unsafe.Pointer(&code[i+3]))))
		}
	}
	return nil
}
