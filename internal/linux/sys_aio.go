//go:build linux

package linux

import (
	"slices"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/argfmt"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/mem"
)

// Asynchronous I/O: the requests of libaio (io_setup(2) and so on) and io_uring. Their structures are the same on all
// 64-bit machines and contain addresses, so they need guest base 0. The work is done by the host kernel behind the
// back of syscall filters: while a plugin filters any syscall it is refused with EPERM, and io_uring also while a
// seccomp filter of the guest's is in force. The kernel itself answers EPERM with kernel.io_uring_disabled.

func aioRows() []Row {
	const (
		aioNote   = "needs guest base 0, the normal case, else ENOSYS; EPERM while a plugin filters syscalls, which would not see the requests"
		uringNote = "needs guest base 0, the normal case, else ENOSYS; EPERM while a plugin or a seccomp filter filters syscalls, which would not see the requests; buffers must not share a page with code that has run"
	)
	ctx := argfmt.Ptr
	return []Row{
		own(0, "io_setup", "nr_events ctx_idp", sysIoSetup, argfmt.Uint, argfmt.AioContextOut).flat().partly(aioNote),
		own(1, "io_destroy", "ctx_id", sysIoDestroy, ctx).flat().full(),
		own(2, "io_submit", "ctx_id nr iocbpp", sysIoSubmit, ctx, argfmt.Long, argfmt.Iocbs).flat().partly(aioNote),
		pass(3, "io_cancel", "ctx_id iocb result", hostsys.SYS_IO_CANCEL, ctx, argfmt.Ptr, argfmt.PtrOut).flat().full(),
		own(4, "io_getevents", "ctx_id min_nr nr events timeout", sysIoGetevents, ctx, argfmt.Long, argfmt.Long, argfmt.IoEvents, argfmt.TimespecIn).flat().full(),
		own(292, "io_pgetevents", "ctx_id min_nr nr events timeout usig", sysIoGetevents, ctx, argfmt.Long, argfmt.Long, argfmt.IoEvents, argfmt.TimespecIn, argfmt.SigmaskArg).flat().full(),
		own(425, "io_uring_setup", "entries params", sysUringSetup, argfmt.Uint, argfmt.UringParams).with(argfmt.FD).flat().partly(uringNote),
		own(426, "io_uring_enter", "fd to_submit min_complete flags sig sz", sysUringEnter, argfmt.FD, argfmt.Uint, argfmt.Uint, argfmt.UringEnterFlags, argfmt.Ptr, argfmt.Size).flat().partly(uringNote),
		own(427, "io_uring_register", "fd opcode arg nr_args", sysUringRegister, argfmt.FD, argfmt.UringRegisterOp, argfmt.Ptr, argfmt.Uint).flat().partly(uringNote),
	}
}

// full is the opposite of partly, for rows whose restriction is told where a program begins: io_setup.
func (r Row) full() Row { r.Level, r.Note = Full, ""; return r }

// filtered reports whether a plugin filters any syscall.
func (h *Hooks) filtered() bool {
	for i := range h.Enabled {
		if h.Enabled[i].Load()&WantFilter != 0 {
			return true
		}
	}
	return false
}

// Fields of struct aio_ring (fs/aio.c), which libaio reads too.
const (
	aioRingNr     = 4
	aioRingHeader = 32
	aioEventSize  = 32
)

func sysIoSetup(t *Task, c *Call) int64 {
	p := t.Proc
	if p.Hooks.filtered() {
		return abi.EPERM.Result()
	}
	ptr := c.Args[1]
	ctx, ok := p.Mem.ReadU64(ptr)
	if !ok {
		return abi.EFAULT.Result()
	}
	at := t.put64(0, ctx)
	if r := t.hostFast(hostsys.SYS_IO_SETUP, uintptr(uint32(c.Args[0])), at, 0, 0, 0, 0); r != 0 {
		return r
	}
	ctx = t.get64(0)
	var nr [4]byte
	if !p.Mem.Read(ctx+aioRingNr, nr[:]) || !p.Mem.WriteU64(ptr, ctx) {
		raw(hostsys.SYS_IO_DESTROY, uintptr(ctx), 0, 0, 0, 0, 0)
		return abi.EFAULT.Result()
	}
	ring := aioRing{ctx, aioRingHeader + aioEventSize*uint64(le.Uint32(nr[:]))}
	p.Mem.Adopt(ring.addr, ring.size, mem.ProtRead|mem.ProtWrite)
	p.mu.Lock()
	p.aio = append(p.aio, ring)
	p.mu.Unlock()
	return 0
}

// aioRing is a context of io_setup: its ring of completions, which the kernel maps by itself.
type aioRing struct{ addr, size uint64 }

func sysIoDestroy(t *Task, c *Call) int64 {
	r := t.hostBlock(hostsys.SYS_IO_DESTROY, uintptr(c.Args[0]), 0, 0, 0, 0, 0)
	if r == 0 {
		t.Proc.forgetAio(c.Args[0])
	}
	return r
}

func (p *Process) forgetAio(ctx uint64) {
	p.mu.Lock()
	i := slices.IndexFunc(p.aio, func(r aioRing) bool { return r.addr == ctx })
	if i < 0 {
		p.mu.Unlock()
		return
	}
	ring := p.aio[i]
	p.aio = slices.Delete(p.aio, i, i+1)
	p.mu.Unlock()
	p.Mem.Disown(ring.addr, ring.size)
}

// destroyAio ends all contexts, for execve.
func (p *Process) destroyAio() {
	for _, r := range p.aio {
		raw(hostsys.SYS_IO_DESTROY, uintptr(r.addr), 0, 0, 0, 0, 0)
		p.Mem.Disown(r.addr, r.size)
	}
	p.aio = nil
}

// Requests of struct iocb that write to memory (include/uapi/linux/aio_abi.h).
const (
	iocbPread  = 0
	iocbPreadv = 7
	iocbSize   = 64
)

func sysIoSubmit(t *Task, c *Call) int64 {
	mm := t.Proc.Mem
	if t.Proc.Hooks.filtered() {
		return abi.EPERM.Result()
	}
	for i := range min(c.Args[1], 1<<12) {
		var b [iocbSize]byte
		at, ok := mm.ReadU64(c.Args[2] + 8*i)
		if !ok || !mm.Read(at, b[:]) {
			break // the kernel tells
		}
		if hostsys.ReservedFD(int(int32(le.Uint32(b[20:])))) {
			if i == 0 {
				return abi.EBADF.Result()
			}
			return t.hostBlock(hostsys.SYS_IO_SUBMIT, uintptr(c.Args[0]), uintptr(i), uintptr(c.Args[2]), 0, 0, 0)
		}
		switch buf, n := le.Uint64(b[24:]), le.Uint64(b[32:]); le.Uint16(b[16:]) {
		case iocbPread:
			mm.UnwatchForWrite(buf, n)
		case iocbPreadv:
			t.unwatchIov(buf, n)
		}
	}
	return t.hostBlock(hostsys.SYS_IO_SUBMIT, uintptr(c.Args[0]), uintptr(c.Args[1]), uintptr(c.Args[2]), 0, 0, 0)
}

// sysIoGetevents is io_getevents(2) and io_pgetevents(2), which has a signal mask besides.
func sysIoGetevents(t *Task, c *Call) int64 {
	d, e := t.deadline(c.Args[4])
	if e != 0 {
		return e.Result()
	}
	var mask uint64
	has := false
	if c.Nr == 292 && c.Args[5] != 0 {
		var b [16]byte
		if !t.read(c.Args[5], b[:]) {
			return abi.EFAULT.Result()
		}
		if mask, has, e = t.sigmask(le.Uint64(b[:]), le.Uint64(b[8:])); e != 0 {
			return e.Result()
		}
	}
	t.Proc.Mem.UnwatchForWrite(c.Args[3], aioEventSize*min(c.Args[2], 1<<20))
	return t.wait(mask, has, d, func(mask, timeout uintptr) int64 {
		nr, usig := uintptr(hostsys.SYS_IO_GETEVENTS), uintptr(0)
		if mask != 0 { // struct __aio_sigset
			nr = hostsys.SYS_IO_PGETEVENTS
			usig = t.put64(aioSigset, uint64(mask))
			t.put64(aioSigset+8, 8)
		}
		return t.host(nr, uintptr(c.Args[0]), uintptr(c.Args[1]), uintptr(c.Args[2]), uintptr(c.Args[3]), timeout, usig)
	})
}

// aioSigset is where on the scratch page the argument of io_pgetevents goes.
const aioSigset = 512

// Parts of struct io_uring_params and its flags (include/uapi/linux/io_uring.h).
const (
	uringParamsFlags = 8
	uringSetupSQPoll = 1 << 1
)

// refusesRings reports whether requests would get past a filter.
func (t *Task) refusesRings() bool { return t.confined() || t.Proc.Hooks.filtered() }

func sysUringSetup(t *Task, c *Call) int64 {
	if t.refusesRings() {
		return abi.EPERM.Result()
	}
	flags, ok := t.Proc.Mem.ReadU32(c.Args[1] + uringParamsFlags)
	if !ok {
		return abi.EFAULT.Result()
	}
	// The kernel's own thread would go on submitting if a plugin began to filter later.
	if flags&uringSetupSQPoll != 0 && t.Proc.Hooks.Filter != nil {
		return abi.EPERM.Result()
	}
	hostsys.MayHaveWorkers()
	return t.pass(c, hostsys.SYS_IO_URING_SETUP, (*Task).hostFast)
}

// io_uring_enter has a signal mask only without IORING_ENTER_EXT_ARG, and with it a structure that has one.
const uringEnterExtArg = 1 << 3

func sysUringEnter(t *Task, c *Call) int64 {
	if t.refusesRings() {
		return abi.EPERM.Result()
	}
	fd, e := fdArg(c, 0)
	if e != 0 {
		return e.Result()
	}
	hostsys.MayHaveWorkers() // the ring may be another process's
	arg, size := c.Args[4], c.Args[5]
	var ext [24]byte // struct io_uring_getevents_arg: sigmask, its size, minimal wait, timespec
	maskAt, maskSize := arg, size
	extended := c.Args[3]&uringEnterExtArg != 0
	if extended && arg != 0 && size == uint64(len(ext)) {
		if !t.Proc.Mem.Read(arg, ext[:]) {
			return abi.EFAULT.Result()
		}
		maskAt, maskSize = le.Uint64(ext[:]), uint64(le.Uint32(ext[8:]))
	} else if extended {
		maskAt = 0
	}
	var mask uint64
	has := false
	if maskAt != 0 {
		if mask, has, e = t.sigmask(maskAt, maskSize); e != 0 {
			return e.Result()
		}
	}
	if !has {
		return t.host(hostsys.SYS_IO_URING_ENTER, fd, uintptr(c.Args[1]), uintptr(c.Args[2]), uintptr(c.Args[3]), uintptr(arg), uintptr(size))
	}
	return t.wait(mask, true, never, func(mask, _ uintptr) int64 {
		at := mask
		if extended {
			le.PutUint64(ext[:], uint64(mask))
			at = t.put(aioSigset, ext[:])
		}
		return t.host(hostsys.SYS_IO_URING_ENTER, fd, uintptr(c.Args[1]), uintptr(c.Args[2]), uintptr(c.Args[3]), at, uintptr(size))
	})
}

func sysUringRegister(t *Task, c *Call) int64 {
	if t.refusesRings() {
		return abi.EPERM.Result()
	}
	if c.Args[2] >= t.Proc.Mem.Limit() {
		return abi.EFAULT.Result()
	}
	return t.hostBlock(hostsys.SYS_IO_URING_REGISTER, uintptr(c.Args[0]), uintptr(c.Args[1]), uintptr(c.Args[2]), uintptr(c.Args[3]), 0, 0)
}
