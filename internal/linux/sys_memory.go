//go:build linux

package linux

import (
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/argfmt"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/mem"
)

// The address space is mem.Space's.

func memoryRows() []Row {
	return []Row{
		own(214, "brk", "addr", func(t *Task, c *Call) int64 { return int64(t.Proc.Mem.Brk(c.Args[0])) }, argfmt.Ptr).with(argfmt.RetAddr),
		own(215, "munmap", "addr length", sysMunmap, argfmt.Ptr, argfmt.Size),
		own(216, "mremap", "old_address old_size new_size flags new_address", sysMremap, argfmt.Ptr, argfmt.Size, argfmt.Size, argfmt.MremapFlags, argfmt.MremapAddr).with(argfmt.RetAddr),
		own(222, "mmap", "addr length prot flags fd offset", sysMmap, argfmt.Ptr, argfmt.Size, argfmt.MmapProt, argfmt.MmapFlags, argfmt.FD, argfmt.Hex).with(argfmt.RetAddr),
		own(226, "mprotect", "addr len prot", func(t *Task, c *Call) int64 { return t.protect(c) }, argfmt.Ptr, argfmt.Size, argfmt.MmapProt),
		own(227, "msync", "addr length flags", func(t *Task, c *Call) int64 {
			return t.Proc.Mem.Sync(c.Args[0], c.Args[1], int(int32(c.Args[2]))).Result()
		}, argfmt.Ptr, argfmt.Size, argfmt.MsyncFlags),
		own(228, "mlock", "addr len", func(t *Task, c *Call) int64 { return t.Proc.Mem.Lock(c.Args[0], c.Args[1], 0).Result() }, argfmt.Ptr, argfmt.Size),
		own(229, "munlock", "addr len", func(t *Task, c *Call) int64 { return t.Proc.Mem.Unlock(c.Args[0], c.Args[1]).Result() }, argfmt.Ptr, argfmt.Size),
		pass(230, "mlockall", "flags", hostsys.SYS_MLOCKALL, argfmt.MlockallFlags).noted("locks Weir's own memory too"),
		pass(231, "munlockall", "", hostsys.SYS_MUNLOCKALL),
		own(232, "mincore", "addr length vec", func(t *Task, c *Call) int64 {
			return t.Proc.Mem.Incore(c.Args[0], c.Args[1], c.Args[2]).Result()
		}, argfmt.Ptr, argfmt.Size, argfmt.PtrOut),
		own(233, "madvise", "addr length advice", func(t *Task, c *Call) int64 {
			return t.Proc.Mem.Advise(c.Args[0], c.Args[1], int(int32(c.Args[2]))).Result()
		}, argfmt.Ptr, argfmt.Size, argfmt.Madvice),
		own(234, "remap_file_pages", "addr size prot pgoff flags", func(t *Task, c *Call) int64 {
			return t.Proc.Mem.RemapFilePages(c.Args[0], c.Args[1], int(int32(c.Args[2])), c.Args[3], int(int32(c.Args[4]))).Result()
		}, argfmt.Ptr, argfmt.Size, argfmt.MmapProt, argfmt.Size, argfmt.MmapFlags),
		pass(235, "mbind", "addr len mode nodemask maxnode flags", hostsys.SYS_MBIND, argfmt.PtrIn, argfmt.Size, argfmt.MemPolicy, argfmt.PtrIn, argfmt.Size, argfmt.Hex),
		pass(236, "get_mempolicy", "mode nodemask maxnode addr flags", hostsys.SYS_GET_MEMPOLICY, argfmt.IntOut, argfmt.PtrOut, argfmt.Size, argfmt.PtrIn, argfmt.Hex),
		own(237, "set_mempolicy", "mode nodemask maxnode", func(t *Task, c *Call) int64 {
			return t.pass(c, hostsys.SYS_SET_MEMPOLICY, forAll)
		}, argfmt.MemPolicy, argfmt.PtrIn, argfmt.Size).partly("in a process of several threads, those made later have the default policy"),
		pass(238, "migrate_pages", "pid maxnode old_nodes new_nodes", hostsys.SYS_MIGRATE_PAGES, argfmt.PID, argfmt.Size, argfmt.PtrIn, argfmt.PtrIn),
		pass(239, "move_pages", "pid count pages nodes status flags", hostsys.SYS_MOVE_PAGES, argfmt.PID, argfmt.Size, argfmt.PtrIn, argfmt.PtrIn, argfmt.PtrOut, argfmt.Hex).flat(),
		own(270, "process_vm_readv", "pid local_iov liovcnt remote_iov riovcnt flags", processVM(hostsys.SYS_PROCESS_VM_READV, true), argfmt.PID, argfmt.IovOut, argfmt.Size, argfmt.Ptr, argfmt.Size, argfmt.Hex).partly("another guest process must have guest base 0, the normal case"),
		own(271, "process_vm_writev", "pid local_iov liovcnt remote_iov riovcnt flags", processVM(hostsys.SYS_PROCESS_VM_WRITEV, false), argfmt.PID, argfmt.IovIn, argfmt.Size, argfmt.Ptr, argfmt.Size, argfmt.Hex).partly("another guest process must have guest base 0, the normal case; code written into another process is not noticed there"),
		fast(282, "userfaultfd", "flags", hostsys.SYS_USERFAULTFD, argfmt.FdFlags).flat(),
		own(284, "mlock2", "addr len flags", func(t *Task, c *Call) int64 {
			return t.Proc.Mem.Lock(c.Args[0], c.Args[1], int(int32(c.Args[2]))).Result()
		}, argfmt.Ptr, argfmt.Size, argfmt.MlockFlags),
		own(288, "pkey_mprotect", "addr len prot pkey", func(t *Task, c *Call) int64 {
			if int32(c.Args[3]) != -1 {
				return abi.EINVAL.Result()
			}
			return t.protect(c)
		}, argfmt.Ptr, argfmt.Size, argfmt.MmapProt, argfmt.Int).noted("as on machines without protection keys"),
		own(289, "pkey_alloc", "flags access_rights", func(_ *Task, c *Call) int64 {
			if c.Args[0] != 0 || c.Args[1]&^3 != 0 {
				return abi.EINVAL.Result()
			}
			return abi.ENOSPC.Result()
		}, argfmt.Hex, argfmt.Hex).noted("as on machines without protection keys"),
		own(290, "pkey_free", "pkey", func(*Task, *Call) int64 { return abi.EINVAL.Result() }, argfmt.Int).noted("as on machines without protection keys"),
		own(440, "process_madvise", "pidfd iov vlen advice flags", vec(hostsys.SYS_PROCESS_MADVISE), argfmt.FD, argfmt.IovIn, argfmt.Size, argfmt.Madvice, argfmt.Hex).partly("another guest process must have guest base 0, the normal case"),
		fast(447, "memfd_secret", "flags", hostsys.SYS_MEMFD_SECRET, argfmt.FdFlags),
		pass(450, "set_mempolicy_home_node", "start len home_node flags", hostsys.SYS_SET_MEMPOLICY_HOME_NODE, argfmt.PtrIn, argfmt.Size, argfmt.Size, argfmt.Hex),
		own(453, "map_shadow_stack", "addr size flags", func(*Task, *Call) int64 { return abi.ENOSYS.Result() }, argfmt.Ptr, argfmt.Size, argfmt.Hex).noted("as a kernel without shadow stacks: ENOSYS"),
		own(462, "mseal", "addr len flags", func(t *Task, c *Call) int64 {
			if c.Args[2] != 0 {
				return abi.EINVAL.Result()
			}
			return t.Proc.Mem.Seal(c.Args[0], c.Args[1]).Result()
		}, argfmt.Ptr, argfmt.Size, argfmt.Hex),
	}
}

// Flags of mmap(2) that amd64 alone has; elsewhere these bits are ignored.
const (
	mmapAnonymous = 0x20
	mmapX86Only   = 0x40 | 0x80 // MAP_32BIT, MAP_ABOVE4G
)

func sysMmap(t *Task, c *Call) int64 {
	flags, fd := int(int32(c.Args[3])), int(int32(c.Args[4]))
	if t.Proc.Guest.Linux.Generic {
		flags &^= mmapX86Only
	}
	if flags&mmapAnonymous == 0 && hostsys.ReservedFD(fd) {
		return abi.EBADF.Result()
	}
	at, e := t.Proc.Mem.Map(c.Args[0], c.Args[1], mem.Prot(c.Args[2]), flags, fd, int64(c.Args[5]))
	if e != 0 {
		return e.Result()
	}
	t.mapped(at, c.Args[1], mem.Prot(c.Args[2]), flags, fd, c.Args[5])
	return int64(at)
}

func sysMunmap(t *Task, c *Call) int64 {
	e := t.Proc.Mem.Unmap(c.Args[0], c.Args[1])
	if e == 0 {
		t.unmapped(c.Args[0], c.Args[1])
	}
	return e.Result()
}

// protSem is PROT_SEM, which means nothing on the guests' machines.
const protSem = 0x8

// protect is mprotect(2) with the kernel's check of prot (mm/mprotect.c). PROT_GROWSDOWN and
// PROT_GROWSUP are for areas that grow, which the guest has none of: EINVAL.
func (t *Task) protect(c *Call) int64 {
	prot := c.Args[2]
	if prot&^(uint64(mem.ProtRead|mem.ProtWrite|mem.ProtExec)|protSem) != 0 {
		return abi.EINVAL.Result()
	}
	return t.Proc.Mem.Protect(c.Args[0], c.Args[1], mem.Prot(prot)).Result()
}

func sysMremap(t *Task, c *Call) int64 {
	at, e := t.Proc.Mem.Remap(c.Args[0], c.Args[1], c.Args[2], int(c.Args[3]), c.Args[4])
	if e != 0 {
		return e.Result()
	}
	if t.wants(WantMap) {
		const dontUnmap = 4 // MREMAP_DONTUNMAP
		if c.Args[3]&dontUnmap == 0 {
			t.unmapped(c.Args[0], c.Args[1])
		}
		a, _ := t.Proc.Mem.Lookup(at)
		t.Proc.Hooks.Map(t, Mapping{Addr: at, Size: roundPage(c.Args[2]), Prot: a.Prot, FD: -1})
	}
	return int64(at)
}

// processVM copies between address spaces: the caller's buffers, and those of a process
// whose addresses are its own.
func processVM(nr uintptr, read bool) func(t *Task, c *Call) int64 {
	return func(t *Task, c *Call) int64 {
		m := marshal{t: t}
		defer m.release()
		local, e := m.iovec(c, 1, c.Args[1], c.Args[2], read)
		if e != 0 {
			return e.Result()
		}
		remote, e := t.addr(c.Args[3])
		if p := t.Proc; e == 0 && int(int32(c.Args[0])) == p.PID {
			remote, e = m.iovec(c, -1, c.Args[3], c.Args[4], !read)
		}
		if e != 0 {
			return e.Result()
		}
		return t.hostBlock(nr, uintptr(c.Args[0]), local, uintptr(c.Args[2]), remote, uintptr(c.Args[4]), uintptr(c.Args[5]))
	}
}
