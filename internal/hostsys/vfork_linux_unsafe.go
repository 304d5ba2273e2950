//go:build linux && (amd64 || arm64)

package hostsys

import "unsafe"

// lostMsg is written when the parent cannot go on.
//
//lint:ignore U1000 read by vforkEnter
var lostMsg = "weir: a vfork child was killed inside the emulator, giving up\n"

// Vfork is a vfork(2) under way: a child process that shares all memory with this one
// and runs on a borrowed thread until it executes a program or exits.
//
// It takes a goroutine locked to its thread and bound to a State of the child's. That goroutine
// calls Enter; from its return with 0 on, it runs in the child process: the same Go program, with
// the other goroutines in the parent, whose borrowed thread is suspended in the kernel. It ends by Exec or Exit,
// which return in the parent. The child can also be killed: [Enter] then returns with ExitPoll or [Syscall]
// with [ERestart], Pending is set and Parent reports true; the goroutine must look at Parent before Pending.
// A child killed while it is in Go code ends Weir with a message.
//
// The guest thread that asked for the vfork waits meanwhile, on its own goroutine.
type Vfork struct {
	sp      uint64 // RSP in vforkEnd, 0 while the child runs
	pid     uint64
	resumed uint64 // the parent goes on
	scratch uint64
	mask    uint64 // of the borrowed thread
	files   bool   // the child has its parent's descriptor table
}

//go:noescape
func vforkEnter(v *Vfork, nr, a1, a2, a3 uintptr) uintptr

//go:noescape
func vforkEnd(v *Vfork, nr, a1, a2, a3 uintptr) uintptr

// NewVfork allocates what outlives stack moves. Free it with Free.
func NewVfork() (*Vfork, error) {
	p := rawSyscall(SYS_MMAP, 0, pageSize, protRead|protWrite, mapPrivate|mapAnonymous, ^uintptr(0), 0)
	if IsErr(p) {
		return nil, Error("no memory for a vfork (errno " + itoa(Errno(p)) + ")")
	}
	return (*Vfork)(hostPointer(p)), nil
}

// Free releases v.
func (v *Vfork) Free() { rawSyscall(SYS_MUNMAP, uintptr(unsafe.Pointer(v)), pageSize, 0, 0, 0, 0) }

// Enter makes the child. flags are those of clone(2) with the exit signal; CLONE_VM and CLONE_VFORK are added; CLONE_THREAD,
// CLONE_SIGHAND, CLONE_SETTLS and TID flags are refused. The child's thread has the signal mask given. The result
// is 0 in the child or a negated errno.
func (v *Vfork) Enter(flags uintptr, mask uint64) uintptr {
	if flags&(cloneThread|cloneSighand|cloneSettls|cloneSettid|cloneCleartid) != 0 {
		return negErrno(einval)
	}
	v.sp, v.pid, v.resumed, v.files = 0, 0, 0, flags&cloneFiles != 0
	// The kernel must not choose the suspended thread for a signal.
	rawSyscall(SYS_RT_SIGPROCMASK, sigSetmask, uintptr(unsafe.Pointer(&allMask)), uintptr(unsafe.Pointer(&v.mask)), 8, 0, 0)
	parent := rawSyscall(SYS_GETPID, 0, 0, 0, 0, 0, 0)
	r := vforkEnter(v, 0, flags|cloneVM|cloneVfork, 0, 0)
	if r == 0 {
		// The child is one thread of a runtime whose other threads are the parent's: without them
		// it would wait for ever, for a collection say. So it dies with the parent, until it
		// executes a program.
		rawSyscall(SYS_PRCTL, prSetPdeathsig, sigKILL, 0, 0, 0, 0)
		if flags&cloneParent == 0 && rawSyscall(SYS_GETPPID, 0, 0, 0, 0, 0, 0) != parent {
			rawSyscall(SYS_EXIT_GROUP, 128+sigKILL, 0, 0, 0, 0, 0)
		}
		v.scratch = mask &^ Unblockable
		rawSyscall(SYS_RT_SIGPROCMASK, sigSetmask, uintptr(unsafe.Pointer(&v.scratch)), 0, 8, 0, 0)
	} else {
		v.unmask()
	}
	return r
}

const (
	prSetPdeathsig = 1
	cloneParent    = 0x8000
)

// unmask gives the borrowed thread its mask back.
func (v *Vfork) unmask() {
	rawSyscall(SYS_RT_SIGPROCMASK, sigSetmask, uintptr(unsafe.Pointer(&v.mask)), 0, 8, 0, 0)
}

// VacateFD is [VacateFD] in the child. With a descriptor table of its own it gives the poller's number up without moving it: the
// record of the number is in the memory of both, and the parent goes by it. The child makes no use of the poller.
func (v *Vfork) VacateFD(fd int) bool {
	if v.files {
		return VacateFD(fd)
	}
	return !ReservedFD(fd) || isPollDescriptor(uintptr(fd))
}

// SharesFiles reports whether parent and child share the descriptor table.
func (v *Vfork) SharesFiles() bool { return v.files }

// Exec is execve(2) in the child. If that fails the result is a negated errno, in the child; else it is
// 0, in the parent.
func (v *Vfork) Exec(path, argv, envp uintptr) uintptr {
	rawSyscall(SYS_PRCTL, prSetPdeathsig, 0, 0, 0, 0, 0)
	r := v.end(SYS_EXECVE, path, argv, envp)
	if v.Parent() {
		v.unmask()
		return 0
	}
	rawSyscall(SYS_PRCTL, prSetPdeathsig, sigKILL, 0, 0, 0, 0)
	return r
}

// Exit ends the child with a status and returns in the parent.
func (v *Vfork) Exit(status int) {
	v.end(SYS_EXIT_GROUP, uintptr(status), 0, 0)
	v.unmask()
}

// DieBySignal ends the child by a signal and returns in the parent.
func (v *Vfork) DieBySignal(sig int) {
	a := kernelAction{}
	rawSyscall(SYS_RT_SIGACTION, uintptr(sig), addr(&a), 0, 8, 0, 0)
	m := SigMask() &^ SigBit(sig)
	rawSyscall(SYS_RT_SIGPROCMASK, sigSetmask, addr(&m), 0, 8, 0, 0)
	v.end(SYS_KILL, uintptr(Getpid()), uintptr(sig), 0)
	if !v.Parent() { // the signal does not kill
		v.end(SYS_EXIT_GROUP, uintptr(128+sig), 0, 0)
	}
	v.unmask()
}

//go:nosplit
//go:noinline
func (v *Vfork) end(nr, a1, a2, a3 uintptr) uintptr {
	entersyscall()
	r := vforkEnd(v, nr, a1, a2, a3)
	exitsyscall()
	return r
}

// Parent reports whether the child is gone and the goroutine runs in the parent again.
// If neither Exec nor Exit was called, call Killed.
func (v *Vfork) Parent() bool { return v.resumed != 0 }

// Killed is to be called in the parent when Parent was found true without Exec or Exit: it restores the thread's
// signal mask.
func (v *Vfork) Killed() { v.unmask() }

// Pid returns the child's process ID, in the parent.
func (v *Vfork) Pid() int { return int(v.pid) }
