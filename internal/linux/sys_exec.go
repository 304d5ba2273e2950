//go:build linux

package linux

import (
	"encoding/binary"
	"strings"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/linux/load"
	"github.com/weir-emu/weir/internal/mem"
)

func (t *Task) sysExecve(path string, argv, envp uint64) int64 {
	return t.execve(atFdCwd, path, argv, envp, 0)
}

func (t *Task) sysExecveat(dirfd int32, path string, argv, envp uint64, flags int32) int64 {
	if flags&^(atEmptyPath|atSymlinkNofollow) != 0 {
		return abi.EINVAL.Result()
	}
	return t.execve(int(dirfd), path, argv, envp, int(flags))
}

func (t *Task) execve(dirfd int, path string, argvAddr, envpAddr uint64, flags int) int64 {
	p := t.Proc
	var pl *execPlan
	if c := t.cur; c != nil && c.res != nil && c.res.plan != nil {
		pl, c.res.plan = c.res.plan, nil // what a filter has resolved
	} else {
		var e abi.Errno
		if pl, e = t.execPlan(dirfd, path, argvAddr, envpAddr, flags); e != 0 {
			return e.Result()
		}
	}
	if pl.native && p.Cfg.DenyNative {
		pl.close()
		return abi.ENOEXEC.Result()
	}
	if pl.native && t.confined() {
		pl.close() // it would run without the filters, which are for the guest's calls
		return abi.EACCES.Result()
	}
	if pl.native || p.vforked != nil {
		// Before, since a vfork child returns in the parent's process, where these descriptors are others.
		pl.close()
		return t.hostExec(pl, path)
	}
	pl.mask = t.mask
	t.syncNoNewPrivs()
	pl.seccomp = t.seccomp.Load()
	p.mu.Lock()
	if p.ended || p.plan != nil { // another thread was faster: this one goes away
		p.mu.Unlock()
		pl.close()
		t.dead.Store(true)
		return resHandled
	}
	p.plan = pl
	p.mu.Unlock()
	// No way back. The main thread goes on when all others have left.
	p.stopOthers(t)
	t.dead.Store(true)
	return resHandled
}

// execPlan reads the arguments of execve(2) and prepares it.
func (t *Task) execPlan(dirfd int, path string, argvAddr, envpAddr uint64, flags int) (*execPlan, abi.Errno) {
	argv, e := t.readStrings(argvAddr)
	if e != 0 {
		return nil, e
	}
	envp, e := t.readStrings(envpAddr)
	if e != 0 {
		return nil, e
	}
	if len(argv) == 0 {
		argv = []string{""} // since Linux 5.18
	}
	pl, err := t.prepare(dirfd, path, flags, argv, envp)
	if err != nil {
		return nil, errnoOf(err)
	}
	return pl, 0
}

// readStrings reads a null-terminated array of string pointers.
func (t *Task) readStrings(addr uint64) (list []string, errno abi.Errno) {
	if addr == 0 {
		return nil, 0
	}
	total := 0
	for ; ; addr += 8 {
		ptr, ok := t.Proc.Mem.ReadU64(addr)
		if !ok {
			return nil, abi.EFAULT
		}
		if ptr == 0 {
			return list, 0
		}
		s, errno := t.Proc.Mem.ReadCString(ptr, load.MaxArgLen)
		if errno == abi.ENAMETOOLONG {
			return nil, abi.E2BIG
		}
		if errno != 0 {
			return nil, errno
		}
		if total += len(s) + 9; total > 8<<20 {
			return nil, abi.E2BIG
		}
		list = append(list, string(s))
	}
}

// hostExec makes the host execute a native program, or Weir anew for a guest program where
// this process's memory belongs to the parent of a vfork.
func (t *Task) hostExec(pl *execPlan, path string) int64 {
	p := t.Proc
	argv, envp := pl.args.Argv, pl.args.Envp
	host := pl.file.name
	if !pl.native {
		if p.Cfg.Reexec == nil {
			return abi.ENOEXEC.Result()
		}
		board := -1
		if p.board != nil {
			board = p.board.FD()
			hostsys.KeepOverExec(board, true)
			defer hostsys.KeepOverExec(board, false)
		}
		host, argv, envp = p.Cfg.Reexec(pl.file.name, argv, envp, t.seccompFilters(), board)
	} else {
		p.leaveTree()
	}
	block, addrs := stringBlock(host, argv, envp)
	at := raw(hostsys.SYS_MMAP, 0, uintptr(len(block)), 3, mapPrivate|mapAnonymous, ^uintptr(0), 0)
	if at < 0 && at >= -abi.MaxErrno {
		return at
	}
	relocate(block, addrs, uint64(at))
	hostsys.CopyOut(uintptr(at), block)
	if pr := p.Hooks.Print; pr != nil {
		pr.Executing(t)
	}
	// What is blocked stays blocked over execve: also what Weir itself never blocks.
	full := t.put64(0, t.mask)
	raw(hostsys.SYS_RT_SIGPROCMASK, sigSetMask, full, 0, 8, 0, 0)
	for s := abi.Signal(1); s <= abi.SIGRTMAX; s++ {
		if p.actions[s].handler == sigIgn { // on the host perhaps not
			hostsys.IgnoreOverExec(int(s))
		}
	}
	var r int64
	argvAt, envpAt := uintptr(at)+uintptr(addrs.argv), uintptr(at)+uintptr(addrs.envp)
	if p.vforked != nil {
		t.left = true
		if r = int64(p.vforked.Exec(uintptr(at), argvAt, envpAt)); r == 0 {
			// In the parent's process now: the child is gone.
			hostsys.RestoreIgnored()
			raw(hostsys.SYS_MUNMAP, uintptr(at), uintptr(len(block)), 0, 0, 0, 0)
			t.dead.Store(true)
			return resHandled
		}
		t.left = false
		hostsys.RestoreIgnored()
		t.tell()
	} else {
		hostsys.BeforeExec()
		r = t.host(hostsys.SYS_EXECVE, uintptr(at), argvAt, envpAt, 0, 0, 0)
		hostsys.ExecFailed()
		t.tell()
	}
	raw(hostsys.SYS_RT_SIGPROCMASK, sigSetMask, t.put64(0, t.mask&^hostUnblockable), 0, 8, 0, 0)
	raw(hostsys.SYS_MUNMAP, uintptr(at), uintptr(len(block)), 0, 0, 0, 0)
	return r
}

// blockAddrs are offsets in a string block.
type blockAddrs struct {
	argv, envp int
	pointers   []int // offsets of words to relocate
}

// stringBlock lays out a path (at 0), two arrays of pointers and their strings.
func stringBlock(path string, argv, envp []string) (b []byte, at blockAddrs) {
	b = append(append(b, path...), 0)
	for len(b)%8 != 0 {
		b = append(b, 0)
	}
	words := func(n int) int {
		off := len(b)
		b = append(b, make([]byte, 8*(n+1))...)
		return off
	}
	at.argv, at.envp = words(len(argv)), words(len(envp))
	for k, list := range [2][]string{argv, envp} {
		slot := [2]int{at.argv, at.envp}[k]
		for i, s := range list {
			at.pointers = append(at.pointers, slot+8*i)
			binary.LittleEndian.PutUint64(b[slot+8*i:], uint64(len(b)))
			b = append(append(b, s...), 0)
		}
	}
	return b, at
}

func relocate(b []byte, at blockAddrs, base uint64) {
	for _, i := range at.pointers {
		binary.LittleEndian.PutUint64(b[i:], binary.LittleEndian.Uint64(b[i:])+base)
	}
}

// commit replaces the program, on the main thread when no other is left.
func (t *Task) commit(pl *execPlan) {
	p := t.Proc
	t.walkRobust()
	t.mask = pl.mask
	t.seccomp.Store(pl.seccomp)
	t.dead.Store(false)
	p.resetActions()
	p.timers.deleteAll()
	t.alt, t.restore, t.eintr, t.clearTID = altStack{}, false, false, 0
	closeOnExec(pl)
	p.destroyAio()
	p.Engine.NewProgram()
	err := p.Mem.Reset()
	if err == nil {
		err = t.load(pl)
	}
	if err != nil { // the old program is gone
		t.killProcess(abi.SIGKILL)
		return
	}
	if pr := p.Hooks.Print; pr != nil {
		pr.Executed(t)
	}
}

// closeOnExec closes the guest's descriptors that have FD_CLOEXEC.
func closeOnExec(pl *execPlan) {
	keep := func(fd int) bool {
		return pl.file != nil && fd == pl.file.FD || pl.interp != nil && fd == pl.interp.FD
	}
	for _, fd := range hostsys.OpenFDs() {
		if !keep(fd) && raw(hostsys.SYS_FCNTL, uintptr(fd), 1, 0, 0, 0, 0)&1 != 0 { // F_GETFD, FD_CLOEXEC
			closeFD(fd)
		}
	}
}

// load maps the program of a plan into the empty address space and points the
// registers at its start.
func (t *Task) load(pl *execPlan) error {
	p := t.Proc
	defer pl.close()
	sp, g, im := p.Mem, p.Guest, pl.image
	if !im.PIE {
		if err := sp.Reserve(im.Lo, im.Hi); err != nil {
			return &load.Error{Errno: abi.ENOMEM, Text: err.Error()}
		}
	}
	rnd := p.random
	// Two thirds up, where the kernel puts position-independent programs.
	hint := sp.Limit()/3*2&^0xffff + rnd(sp.Limit()/64)
	bias, err := im.Map(sp, &pl.file.File, hint)
	if err != nil {
		return err
	}
	if err := p.Engine.SetGoCode(im.Go); err != nil {
		return err
	}
	pr := Program{Path: pl.file.name, Argv: pl.args.Argv, Image: im, Bias: bias, Entry: im.Entry + bias}
	if pl.interpImage != nil {
		ib, err := pl.interpImage.Map(sp, &pl.interp.File, 0)
		if err != nil {
			return err
		}
		pr.Base = ib
		pr.Interp, pr.InterpPath, pr.InterpBias = pl.interpImage, pl.interp.name, ib
		if !pl.interpImage.PIE {
			pr.Base = pl.interpImage.Lo
		}
		pr.Entry = pl.interpImage.Entry + ib
	}
	sp.SetBrk(p.placeBrk(im.Hi + bias + rnd(32<<20)))
	if err := p.mapVDSO(&pr); err != nil {
		return err
	}
	pr.StackSize = t.stackSize()
	if pr.StackTop, err = load.MapStack(sp, pr.StackSize, im.ExecStack); err != nil {
		return err
	}
	sp.SetStack(pr.StackTop-pr.StackSize, pr.StackTop)
	spec := load.StackSpec{Args: pl.args, Platform: g.Linux.Platform}
	p.fillRandom(spec.Random[:])
	spec.Aux = p.auxv(&pr)
	if pr.Stack, err = load.Stack(sp, pr.StackTop-rnd(8<<10)&^15, &spec); err != nil {
		return err
	}
	p.Prog = pr
	comm := pl.commSource[strings.LastIndexByte(pl.commSource, '/')+1:]
	var name [16]byte
	copy(name[:15], comm)
	raw(hostsys.SYS_PRCTL, prSetName, t.put(0, name[:]), 0, 0, 0, 0)
	t.tellKernel()
	t.tell()

	st := t.St
	st.X = [cpu.NumX]uint64{}
	st.V = [cpu.NumV][2]uint64{}
	st.FoldFlags()
	st.FFlags = 0
	st.SetFRM(0)
	st.ResAddr = cpu.NoReservation
	st.PC = pr.Entry
	st.X[g.SPReg] = pr.Stack.SP
	if f := p.Cfg.Started; f != nil {
		f(t)
	}
	return nil
}

// placeBrk returns where the heap starts: behind the program as usual, if the
// addresses there are not Weir's own.
func (p *Process) placeBrk(usual uint64) uint64 {
	const room = 1 << 30
	if p.Mem.Base() != 0 || mem.Free(usual, usual+room) {
		return usual
	}
	at, errno := p.Mem.Map(0, room, 0, mapPrivate|mapAnonymous|mapNoReserve, -1, 0)
	if errno != 0 {
		return usual
	}
	p.Mem.Unmap(at, room)
	return at
}

// auxv is the auxiliary vector, in the kernel's order.
func (p *Process) auxv(pr *Program) []load.Aux {
	id := func(nr uintptr) uint64 { return uint64(raw(nr, 0, 0, 0, 0, 0, 0)) }
	uid, euid, gid, egid := id(hostsys.SYS_GETUID), id(hostsys.SYS_GETEUID), id(hostsys.SYS_GETGID), id(hostsys.SYS_GETEGID)
	secure := uint64(0)
	if uid != euid || gid != egid || p.startSecure {
		secure = 1
	}
	p.startSecure = false
	phdr := uint64(0)
	if pr.Image.PhdrAddr != 0 {
		phdr = pr.Image.PhdrAddr + pr.Bias
	}
	var aux []load.Aux
	if pr.VDSO != 0 && p.hasVDSO() {
		aux = append(aux, load.Aux{Type: load.ATSysinfoEhdr, Value: pr.VDSO})
	}
	return append(aux,
		load.Aux{Type: load.ATMinSigStkSz, Value: frameSize(p.Guest)},
		load.Aux{Type: load.ATHWCap, Value: p.Guest.Linux.HWCap},
		load.Aux{Type: load.ATPagesz, Value: mem.PageSize},
		load.Aux{Type: load.ATClkTck, Value: 100},
		load.Aux{Type: load.ATPhdr, Value: phdr},
		load.Aux{Type: load.ATPhent, Value: 56},
		load.Aux{Type: load.ATPhnum, Value: uint64(pr.Image.PhNum)},
		load.Aux{Type: load.ATBase, Value: pr.Base},
		load.Aux{Type: load.ATFlags, Value: 0},
		load.Aux{Type: load.ATEntry, Value: pr.Image.Entry + pr.Bias},
		load.Aux{Type: load.ATUID, Value: uid},
		load.Aux{Type: load.ATEUID, Value: euid},
		load.Aux{Type: load.ATGID, Value: gid},
		load.Aux{Type: load.ATEGID, Value: egid},
		load.Aux{Type: load.ATSecure, Value: secure},
		load.Aux{Type: load.ATHWCap2, Value: p.Guest.Linux.HWCap2},
	)
}

func (p *Process) hasVDSO() bool { return p.Guest.Linux.VDSO != nil }

// mapVDSO maps the guest's vDSO, or, without one, a page with the signal trampoline.
func (p *Process) mapVDSO(pr *Program) error {
	image, tramp, ret := p.Guest.Linux.SigreturnCode, uint64(0), uint64(0)
	if p.hasVDSO() {
		v := p.Guest.Linux.VDSO()
		image, tramp, ret = v.Image, v.Sigreturn, v.Return
	}
	size := (uint64(len(image)) + mem.PageSize - 1) &^ (mem.PageSize - 1)
	at, errno := p.Mem.Map(0, size, mem.ProtRead|mem.ProtWrite, mapPrivate|mapAnonymous, -1, 0)
	if errno == 0 && !p.Mem.Write(at, image) {
		errno = abi.EFAULT
	}
	if errno == 0 {
		errno = p.Mem.Protect(at, size, mem.ProtRead|mem.ProtExec)
	}
	if errno != 0 {
		return &load.Error{Errno: abi.ENOMEM, Text: "cannot map the vDSO: " + errno.Error()}
	}
	pr.VDSO, pr.VDSOEnd, pr.Sigreturn = at, at+size, at+tramp
	if ret != 0 {
		pr.Return = at + ret
	}
	return nil
}
