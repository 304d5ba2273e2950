//go:build linux

package linux

import (
	"strconv"
	"strings"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/argfmt"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/linux/uapi"
	"github.com/weir-emu/weir/internal/mem"
)

// Message queues, semaphores and shared memory of System V and POSIX. All structures are
// the same but struct semid64_ds.

func ipcRows() []Row {
	return []Row{
		pass(180, "mq_open", "name oflag mode attr", hostsys.SYS_MQ_OPEN, argfmt.Str, argfmt.OpenFlags, argfmt.Mode, argfmt.PtrIn).with(argfmt.FD),
		pass(181, "mq_unlink", "name", hostsys.SYS_MQ_UNLINK, argfmt.Str),
		pass(182, "mq_timedsend", "mqdes msg_ptr msg_len msg_prio abs_timeout", hostsys.SYS_MQ_TIMEDSEND, argfmt.FD, argfmt.BufIn, argfmt.Size, argfmt.Uint, argfmt.TimespecIn),
		pass(183, "mq_timedreceive", "mqdes msg_ptr msg_len msg_prio abs_timeout", hostsys.SYS_MQ_TIMEDRECEIVE, argfmt.FD, argfmt.BufOut, argfmt.Size, argfmt.IntOut, argfmt.TimespecIn),
		fast(184, "mq_notify", "mqdes sevp", hostsys.SYS_MQ_NOTIFY, argfmt.FD, argfmt.SigeventIn),
		fast(185, "mq_getsetattr", "mqdes newattr oldattr", hostsys.SYS_MQ_GETSETATTR, argfmt.FD, argfmt.PtrIn, argfmt.PtrOut),
		fast(186, "msgget", "key msgflg", hostsys.SYS_MSGGET, argfmt.Hex, argfmt.IPCFlags),
		fast(187, "msgctl", "msqid cmd buf", hostsys.SYS_MSGCTL, argfmt.Int, argfmt.IPCCmd, argfmt.PtrInOut),
		own(188, "msgrcv", "msqid msgp msgsz msgtyp msgflg", func(t *Task, c *Call) int64 {
			t.Proc.Mem.UnwatchForWrite(c.Args[1], min(c.Args[2], 1<<20)+8)
			return t.pass(c, hostsys.SYS_MSGRCV, (*Task).hostBlock)
		}, argfmt.Int, argfmt.PtrOut, argfmt.Size, argfmt.Long, argfmt.IPCFlags),
		pass(189, "msgsnd", "msqid msgp msgsz msgflg", hostsys.SYS_MSGSND, argfmt.Int, argfmt.PtrIn, argfmt.Size, argfmt.IPCFlags),
		fast(190, "semget", "key nsems semflg", hostsys.SYS_SEMGET, argfmt.Hex, argfmt.Int, argfmt.IPCFlags),
		own(191, "semctl", "semid semnum cmd arg", sysSemctl, argfmt.Int, argfmt.Int, argfmt.IPCCmd, argfmt.Hex),
		own(192, "semtimedop", "semid sops nsops timeout", sysSemtimedop, argfmt.Int, argfmt.Sembuf, argfmt.Size, argfmt.TimespecIn),
		pass(193, "semop", "semid sops nsops", hostsys.SYS_SEMOP, argfmt.Int, argfmt.Sembuf, argfmt.Size),
		fast(194, "shmget", "key size shmflg", hostsys.SYS_SHMGET, argfmt.Hex, argfmt.Size, argfmt.IPCFlags),
		fast(195, "shmctl", "shmid cmd buf", hostsys.SYS_SHMCTL, argfmt.Int, argfmt.IPCCmd, argfmt.PtrInOut),
		own(196, "shmat", "shmid shmaddr shmflg", sysShmat, argfmt.Int, argfmt.Ptr, argfmt.Hex).with(argfmt.RetAddr),
		own(197, "shmdt", "shmaddr", sysShmdt, argfmt.Ptr),
	}
}

// Commands of semctl(2) by what their argument is.
const (
	ipcSet     = 1
	ipcStat    = 2
	ipcInfo    = 3
	semGetAll  = 13
	semSetVal  = 16
	semSetAll  = 17
	semStat    = 18
	semInfo    = 19
	semStatAny = 20
	ipc64      = 0x100 // an old flag, ignored by 64-bit kernels
)

func sysSemctl(t *Task, c *Call) int64 {
	cmd := int32(c.Args[2])
	call := func(arg uintptr) int64 {
		return t.hostFast(hostsys.SYS_SEMCTL, uintptr(c.Args[0]), uintptr(c.Args[1]), uintptr(cmd), arg, 0, 0)
	}
	gl, hl := t.layout(), hostLayout()
	var g, h [uapi.SemidSizeX86]byte
	switch cmd &^ ipc64 {
	case ipcSet:
		if !t.read(c.Args[3], g[:gl.SemidLen()]) {
			return abi.EFAULT.Result()
		}
		uapi.Semid(h[:], hl, g[:], gl)
		return call(t.put(0, h[:]))
	case ipcStat, semStat, semStatAny:
		r := call(t.put(0, h[:]))
		if r < 0 {
			return r
		}
		t.get(0, h[:])
		uapi.Semid(g[:], gl, h[:], hl)
		if !t.Proc.Mem.Write(c.Args[3], g[:gl.SemidLen()]) {
			return abi.EFAULT.Result()
		}
		return r
	case ipcInfo, semInfo, semGetAll, semSetAll:
		at, e := t.addr(c.Args[3])
		if e != 0 {
			return e.Result()
		}
		t.Proc.Mem.UnwatchForWrite(c.Args[3], unknownSpan)
		return call(at)
	}
	return call(uintptr(c.Args[3]))
}

func sysSemtimedop(t *Task, c *Call) int64 {
	d, e := t.deadline(c.Args[3])
	if e != 0 {
		return e.Result()
	}
	m := marshal{t: t, used: 16} // the timeout is at the start of the scratch page
	defer m.release()
	ops, e := m.arg(c, 1)
	if e != 0 {
		return e.Result()
	}
	return t.wait(0, false, d, func(_, timeout uintptr) int64 {
		return t.host(hostsys.SYS_SEMTIMEDOP, uintptr(c.Args[0]), ops, uintptr(c.Args[2]), timeout, 0, 0)
	})
}

// Flags of shmat(2).
const (
	shmRdonly = 0o10000
	shmRnd    = 0o20000
	shmRemap  = 0o40000
	shmExec   = 0o100000
)

// sysShmat maps room for the segment first, so that the address space knows of it, and
// attaches the segment over that.
func sysShmat(t *Task, c *Call) int64 {
	p := t.Proc
	addr, flags := c.Args[1], int(int32(c.Args[2]))
	var ds [112]byte // struct shmid64_ds; shm_segsz after struct ipc64_perm
	at := t.put(0, ds[:])
	if r := t.hostFast(hostsys.SYS_SHMCTL, uintptr(c.Args[0]), ipcStat, at, 0, 0, 0); r < 0 {
		return r
	}
	t.get(0, ds[:])
	size := le.Uint64(ds[48:])
	if addr&(mem.PageSize-1) != 0 {
		if flags&shmRnd == 0 {
			return abi.EINVAL.Result()
		}
		addr &^= mem.PageSize - 1
	}
	const private, fixed, noReplace = 0x02, 0x10, 0x100000
	how := private | mmapAnonymous
	switch {
	case addr != 0 && flags&shmRemap != 0:
		how |= fixed
	case addr != 0:
		how |= noReplace
	case flags&shmRemap != 0:
		return abi.EINVAL.Result()
	}
	prot := mem.ProtRead
	if flags&shmRdonly == 0 {
		prot |= mem.ProtWrite
	}
	if flags&shmExec != 0 {
		prot |= mem.ProtExec
	}
	got, e := p.Mem.Map(addr, size, prot, how, -1, 0)
	if e != 0 {
		if e == abi.EEXIST {
			e = abi.EINVAL
		}
		return e.Result()
	}
	r := t.hostFast(hostsys.SYS_SHMAT, uintptr(c.Args[0]), p.Mem.Host(got), uintptr(flags&^(shmRnd|shmExec)|shmRemap), 0, 0, 0)
	if r < 0 && r >= -abi.MaxErrno || r == resRestart {
		p.Mem.Unmap(got, size)
		return r
	}
	return int64(got)
}

// sysShmdt finds the extent of the attachment in the host's maps, detaches, and frees the
// room.
func sysShmdt(t *Task, c *Call) int64 {
	at, e := t.addr(c.Args[0])
	if e != 0 || c.Args[0]&(mem.PageSize-1) != 0 {
		return abi.EINVAL.Result()
	}
	n := sysvExtent(t.hostFile("/proc/self/maps"), uint64(at))
	if n == 0 {
		return abi.EINVAL.Result()
	}
	if r := t.hostFast(hostsys.SYS_SHMDT, at, 0, 0, 0, 0, 0); r != 0 {
		return r
	}
	t.Proc.Mem.Unmap(c.Args[0], n)
	return 0
}

// sysvExtent is how far the shared memory segment attached at addr reaches, in bytes; 0
// if none begins there.
func sysvExtent(maps string, addr uint64) (n uint64) {
	inode := ""
	for line := range strings.Lines(maps) {
		f := strings.Fields(line)
		if len(f) < 6 || !strings.HasPrefix(f[5], "/SYSV") {
			continue
		}
		from, to, _ := strings.Cut(f[0], "-")
		lo, _ := strconv.ParseUint(from, 16, 64)
		hi, _ := strconv.ParseUint(to, 16, 64)
		off, _ := strconv.ParseUint(f[2], 16, 64)
		if lo == addr && off == 0 && inode == "" {
			inode = f[4]
		}
		if inode != "" && f[4] == inode && lo == addr+n && off == n {
			n = hi - addr
		}
	}
	return n
}
