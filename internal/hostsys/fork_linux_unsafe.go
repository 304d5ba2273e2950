//go:build linux && (amd64 || arm64)

package hostsys

import (
	"unsafe"

	"github.com/weir-emu/weir/internal/cpu"
)

// parkSlot describes a thread that waits in sigPark.
type parkSlot struct {
	SP    uint64 // stack pointer in the handler: the signal frame
	UC    uint64 // its ucontext
	TLS   uint64 // FS base; TPIDR_EL0
	Tid   uint64
	State uint64 // State of a guest thread, or 0
	Gen   uint64 // parkGen of the gather that the rest belongs to; written last
	M     uint64 // address of m.procid, where it does not follow from TLS
}

const (
	maxThreads = 4096

	futexWaitPrivate = 128
	futexWakePrivate = 129

	cloneVM       = 0x100
	cloneFS       = 0x200
	cloneFiles    = 0x400
	cloneSighand  = 0x800
	cloneVfork    = 0x4000
	cloneThread   = 0x10000
	cloneSysvsem  = 0x40000
	cloneSettls   = 0x80000
	cloneSettid   = 0x100000 | 0x1000000 // PARENT_SETTID, CHILD_SETTID
	cloneCleartid = 0x200000
	reviverFlags  = threadFlags | cloneSettid | cloneCleartid
	threadFlags   = cloneVM | cloneFS | cloneFiles | cloneSighand | cloneThread | cloneSysvsem | cloneSettls

	cloneNewpid = 0x20000000

	sysClone3 = 435 // on every architecture

	eagain = 11
	einval = 22
)

// Shared with sigPark; written by the thread that holds forkMu.
var (
	parkSlots  [maxThreads]parkSlot
	parkIdx    uint32 // slots claimed
	parked     uint32 // slots complete
	parkTarget uint32 // wake the forker at this many
	parkGen    uint32 // odd: gathering, threads must park
	forkMu     uint32
	forkEpoch  uint32 // 1 + forks between the first process and this one

	sentTids   [maxThreads]uint32 // threads signalled in this gather
	threadTids [maxThreads]uint32 // threads there are
	nSent      int

	taskDir  = [...]byte{'/', 'p', 'r', 'o', 'c', '/', 's', 'e', 'l', 'f', '/', 't', 'a', 's', 'k', 0}
	dents    [32768]byte
	forkMask uint64
	allMask  = ^uint64(0)
	forkTs   [2]int64
	forkEv   [16]byte // struct epoll_event

	forkArgs CloneArgs // of a clone3(2)

	forkRetries uint32 // gathers that were given up and begun again
)

//go:noescape
func revive(slot *parkSlot) uintptr

// Atomic accesses, sequentially consistent: those of the atomic package are not usable in every nosplit place
// under the race detector.

//go:noescape
func load32p(p *uint32) uint32

//go:noescape
func store32p(p *uint32, v uint32)

//go:noescape
func xadd32p(p *uint32, d uint32) uint32

//go:noescape
func cas32p(p *uint32, old, new uint32) bool

// Epoch counts the forks between the first process and this one, from 0. A goroutine that starts a
// guest thread compares it with the value at the request: if they differ, it is a
// copy in a child where that thread does not exist.
func Epoch() uint32 { return load32p(&forkEpoch) }

// Fork is fork(2) of the whole process on behalf of the bound guest thread st. All of Go's threads
// go on in the child, and the calling thread. The other guest threads must vanish there: their States have
// Die, Pending and Kick set; generated code leaves with ExitPoll, [Syscall] returns
// [ERestart] without having executed the call, and the caller must check Die at those places, [Unbind]
// and end the goroutine without anything that the guest can see.
//
// flags are those of clone(2), with the exit signal in the low byte. CLONE_VM, CLONE_THREAD, CLONE_SIGHAND,
// CLONE_SETTLS and the TID flags are refused (EINVAL): the caller stores thread IDs itself. CLONE_VFORK is ignored
// (see [Vfork]). CLONE_FILES gives the child's runtime descriptors of its own.
//
// The result is as of clone(2): the child's ID, 0 in the child or a negated errno.
// If st.Die is set afterwards, the caller is itself a thread that must vanish, in some
// other thread's child; the result is then -EAGAIN.
//
// Nothing in here grows the stack, allocates or takes a lock of Go's.
func Fork(st *cpu.State, flags uintptr) uintptr { return forkWith(st, flags, nil) }

// ForkClone3 is [Fork] for what clone(2) does not have: CLONE_INTO_CGROUP, CLONE_NEWTIME or thread IDs to be
// chosen. Of args the flags, the exit signal, Cgroup and SetTID are used.
func ForkClone3(st *cpu.State, args *CloneArgs) uintptr {
	return forkWith(st, uintptr(args.Flags), args)
}

//go:nosplit
//go:noinline
func forkWith(st *cpu.State, flags uintptr, args *CloneArgs) uintptr {
	if flags&(cloneVM|cloneThread|cloneSighand|cloneSettls|cloneSettid|cloneCleartid) != 0 {
		return negErrno(einval)
	}
	flags &^= cloneVfork
	for !cas32p(&forkMu, 0, 1) {
		lockSleep()
	}
	if st != nil && load32p(&st.Die) != 0 {
		store32p(&forkMu, 0)
		return negErrno(eagain)
	}
	rawSyscall(SYS_RT_SIGPROCMASK, sigSetmask, uintptr(unsafe.Pointer(&allMask)), uintptr(unsafe.Pointer(&forkMask)), 8, 0, 0)
	if args != nil {
		forkArgs = *args
		forkArgs.Flags &^= cloneVfork
	}
	settle()
	r := negErrno(eagain)
	if gather() {
		if args != nil {
			r = rawSyscall(sysClone3, uintptr(unsafe.Pointer(&forkArgs)), unsafe.Sizeof(forkArgs), 0, 0, 0, 0)
		} else {
			r = rawSyscall(SYS_CLONE, flags, 0, 0, 0, 0, 0)
		}
		if r == 0 {
			forkChild(st, flags)
		} else {
			release()
		}
	}
	store32p(&forkMu, 0)
	rawSyscall(SYS_RT_SIGPROCMASK, sigSetmask, uintptr(unsafe.Pointer(&forkMask)), 0, 8, 0, 0)
	return r
}

//go:nosplit
func negErrno(e uintptr) uintptr { return -e }

// gather parks every other thread. It returns false, with all released, if there are too many.
//
//go:nosplit
func gather() bool {
	pid := rawSyscall(SYS_GETPID, 0, 0, 0, 0, 0, 0)
	self := uint32(rawSyscall(SYS_GETTID, 0, 0, 0, 0, 0, 0))
	limit := int64(20e6)
	for {
		store32p(&parkIdx, 0)
		store32p(&parked, 0)
		nSent = 0
		xadd32p(&parkGen, 1) // odd
		for start := forkNow(); ; {
			missing := signalThreads(self, pid)
			if missing == foreign.unknown {
				return true
			}
			if missing < 0 || load32p(&parkIdx) > maxThreads {
				release()
				return false
			}
			for range 4 { // until as many have parked as were signalled
				c := load32p(&parked)
				if int(c) >= nSent {
					break
				}
				forkTs[0], forkTs[1] = 0, 500000
				store32p(&parkTarget, uint32(nSent))
				rawSyscall(SYS_FUTEX, uintptr(unsafe.Pointer(&parked)), futexWaitPrivate, uintptr(c), uintptr(unsafe.Pointer(&forkTs[0])), 0, 0)
			}
			if forkNow()-start > limit {
				break
			}
		}
		// Some thread has its signals blocked: it exits and wants a lock that a parked thread
		// holds, or it is suspended in a vfork. Let all go on for a while.
		release()
		forkRetries++
		forkTs[0], forkTs[1] = 0, 1000000
		rawSyscall(SYS_NANOSLEEP, uintptr(unsafe.Pointer(&forkTs[0])), 0, 0, 0, 0, 0)
		limit *= 2
	}
}

// release lets the parked threads go on.
//
//go:nosplit
func release() {
	xadd32p(&parkGen, 1) // even
	rawSyscall(SYS_FUTEX, uintptr(unsafe.Pointer(&parkGen)), futexWakePrivate, 1<<30, 0, 0, 0)
}

// signalThreads signals each thread that has not been in this gather and returns how many
// are not parked, or -1 if there are too many or /proc cannot be read.
//
//go:nosplit
func signalThreads(self uint32, pid uintptr) (missing int) {
	n := listThreads()
	ownTIDs(n)
	for i := range n {
		tid := threadAt(i)
		if tid == self || tid == 0 || isParked(tid) || isForeign(tid) || isWorker(tid) || tid == load32p(&reviverTid) {
			continue
		}
		missing++
		if wasSent(tid) {
			continue
		}
		if nSent == maxThreads {
			return -1
		}
		rawSyscall(SYS_TGKILL, pid, uintptr(tid), SigInternal, 0, 0, 0)
		*(*uint32)(unsafe.Add(unsafe.Pointer(&sentTids), 4*nSent)) = tid
		nSent++
	}
	if n < 0 {
		return n
	}
	return missing
}

// listThreads fills threadTids from /proc, see ownTIDs, and returns how many there are, or -1 if there are too many or it
// cannot be read.
//
//go:nosplit
func listThreads() (count int) {
	const atFdcwd, flags = ^uintptr(99), oDirectory | oCloexec
	fd := rawSyscall(SYS_OPENAT, atFdcwd, uintptr(unsafe.Pointer(&taskDir[0])), flags, 0, 0, 0)
	if IsErr(fd) {
		return -1
	}
	for count >= 0 {
		n := rawSyscall(SYS_GETDENTS64, fd, uintptr(unsafe.Pointer(&dents[0])), uintptr(len(dents)), 0, 0, 0)
		if n == 0 || IsErr(n) {
			break
		}
		for o := uintptr(0); o < n; {
			// struct linux_dirent64: d_reclen at 16, d_name at 19
			p := unsafe.Add(unsafe.Pointer(&dents), o)
			o += uintptr(*(*uint16)(unsafe.Add(p, 16)))
			tid := uint32(0)
			for q := uintptr(19); ; q++ {
				c := *(*byte)(unsafe.Add(p, q))
				if c < '0' || c > '9' {
					break
				}
				tid = tid*10 + uint32(c-'0')
			}
			if tid == 0 {
				continue
			}
			if count == len(threadTids) {
				count = -1
				break
			}
			*(*uint32)(unsafe.Add(unsafe.Pointer(&threadTids), 4*count)) = tid
			count++
		}
	}
	rawSyscall(SYS_CLOSE, fd, 0, 0, 0, 0, 0)
	return count
}

//go:nosplit
func threadAt(i int) uint32 { return *(*uint32)(unsafe.Add(unsafe.Pointer(&threadTids), 4*i)) }

//go:nosplit
func isParked(tid uint32) bool {
	n := min(load32p(&parkIdx), maxThreads)
	for i := range n {
		// A slot keeps what an earlier gather left there until a thread has filled it.
		if s := slotAt(i); load32p((*uint32)(unsafe.Pointer(&s.Gen))) == parkGen && uint32(s.Tid) == tid {
			return true
		}
	}
	return false
}

//go:nosplit
func wasSent(tid uint32) bool {
	for i := range nSent {
		if *(*uint32)(unsafe.Add(unsafe.Pointer(&sentTids), 4*i)) == tid {
			return true
		}
	}
	return false
}

// forkChild makes the child whole again: only the forking thread exists.
//
//go:nosplit
func forkChild(st *cpu.State, flags uintptr) {
	forkEpoch++
	if flags&cloneNewpid != 0 {
		otherPIDs = 1
	}
	reviverTid = 0
	self := uint32(rawSyscall(SYS_GETTID, 0, 0, 0, 0, 0, 0))
	if foreign.n != 0 {
		noteForeign(self)
	}
	setProcid(uint64(self))
	for i := range guestTids {
		guestTids[i] = 0
	}
	if st != nil {
		guestTids[0] = self
		area(st).Tid = uint64(self)
		area(st).SkipURG = uint64(1 - neverPreempts)
	}
	gen := parkGen
	parkGen++
	guests := false
	for i := range min(parkIdx, maxThreads) {
		s := slotAt(i)
		if uint32(s.Gen) != gen {
			continue
		}
		pc := (*uint64)(hostPointer(uintptr(s.UC) + ucPC))
		if at := uintptr(*pc); at >= onceLo && at <= onceHi { // the parent writes
			*pc = uint64(onceHi + syscallLen)
			*(*uint64)(hostPointer(uintptr(s.UC) + ucResult)) = *(*uint64)(hostPointer(uintptr(s.UC) + ucArg3))
		}
		if s.State != 0 {
			guests = true
			g := (*cpu.State)(hostPointer(uintptr(s.State)))
			g.Die, g.Kick, g.Pending = 1, 1, 1
			if uintptr(*pc) >= winLo && uintptr(*pc) <= winHi {
				*pc = uint64(winLo) // the call is not executed a second time
			}
		}
	}
	shared := flags&cloneFiles != 0
	if !lateRevive || guests || shared || !reviveLater() {
		forkNetpoll(shared)
		reviveSlots()
	}
	if neverPreempts == 0 { // as in revive
		rawSyscall(SYS_TGKILL, uintptr(self), uintptr(self), sigURG, 0, 0, 0)
	}
}

// slotAt indexes without a bounds check, which could panic on a stack that must not grow.
//
//go:nosplit
func slotAt(i uint32) *parkSlot {
	return (*parkSlot)(unsafe.Add(unsafe.Pointer(&parkSlots), uintptr(i)*unsafe.Sizeof(parkSlot{})))
}

//go:nosplit
func forkNow() int64 {
	rawSyscall(SYS_CLOCK_GETTIME, 1, uintptr(unsafe.Pointer(&forkTs[0])), 0, 0, 0, 0)
	return forkTs[0]*1e9 + forkTs[1]
}

// lockSleep does not share forkTs with the holder of the lock.
//
//go:nosplit
func lockSleep() {
	var ts [2]int64
	ts[1] = 50000
	rawSyscall(SYS_NANOSLEEP, uintptr(unsafe.Pointer(&ts[0])), 0, 0, 0, 0, 0)
}
