//go:build linux

package linux

import (
	"encoding/binary"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
)

const (
	rusageSize = 144 // struct rusage on 64-bit machines
)

// Children of the guest are children of the host process, and the structures are
// the same, so waiting is the host's.

func (t *Task) sysWait4(pid int32, status uint64, options int32, rusage uint64) int64 {
	p := t.Proc
	const statusOff, rusageOff = 0, 16
	r, ok := int64(0), false
	if p.tracer() {
		w := tracedWait{options: options}
		switch {
		case pid > 0:
			w.which, w.id = pidP, pid
		case pid < -1:
			w.which, w.id = pidPgid, -pid
		case pid == 0:
			w.which, w.id = pidPgid, int32(raw(hostsys.SYS_GETPGID, 0, 0, 0, 0, 0, 0))
		}
		if r, ok = t.waitTraced(&w); ok && r > 0 {
			var none [rusageSize]byte
			t.put64(statusOff, uint64(w.status))
			t.put(rusageOff, none[:])
		}
	}
	if !ok {
		r = t.hostBlock(hostsys.SYS_WAIT4, uintptr(pid), t.put64(statusOff, 0), uintptr(options), t.scratch+rusageOff, 0, 0)
		t.waits.Store(false)
	}
	if r < 0 {
		return r
	}
	if s := uint32(t.get64(statusOff)); r > 0 && !ok && s&0x7f != 0x7f && s != 0xffff && p.board != nil {
		p.reaped(int(r))
	}
	if r > 0 && status != 0 && !p.Mem.WriteU32(status, uint32(t.get64(statusOff))) {
		return abi.EFAULT.Result()
	}
	if rusage != 0 {
		var b [rusageSize]byte
		if r > 0 {
			t.get(rusageOff, b[:])
		}
		if r > 0 && !p.Mem.Write(rusage, b[:]) {
			return abi.EFAULT.Result()
		}
	}
	return r
}

func (t *Task) sysWaitid(which int32, id int32, info uint64, options int32, rusage uint64) int64 {
	p := t.Proc
	const infoOff, rusageOff = 0, 128
	var zero [128]byte
	r, ok := int64(0), false
	if p.tracer() {
		w := tracedWait{which: which, id: id, options: options}
		if r, ok = t.waitTraced(&w); ok && r >= 0 {
			var si sigInfo
			if r > 0 {
				r, si = 0, w.info()
			}
			t.put(infoOff, si[:])
			t.put(rusageOff, zero[:])
		}
	}
	if !ok {
		r = t.hostBlock(hostsys.SYS_WAITID, uintptr(which), uintptr(id), t.put(infoOff, zero[:]), uintptr(options), t.scratch+rusageOff, 0)
		t.waits.Store(false)
	}
	if r < 0 {
		return r
	}
	if pid, code := t.get64(infoOff+12)>>32, uint32(t.get64(infoOff+8)); !ok && pid != 0 && code <= cldDumped && options&wnowait == 0 && p.board != nil {
		p.reaped(int(pid))
	}
	if rusage != 0 {
		var b [rusageSize]byte
		t.get(rusageOff, b[:])
		if !p.Mem.Write(rusage, b[:]) {
			return abi.EFAULT.Result()
		}
	}
	if info == 0 {
		return r
	}
	// The kernel writes si_signo, si_errno, si_code, si_pid, si_uid and si_status.
	var b [28]byte
	t.get(infoOff, b[:])
	if binary.LittleEndian.Uint32(b[0:]) == 0 {
		clear(b[:])
	}
	if !p.Mem.Write(info, b[:12]) || !p.Mem.Write(info+16, b[16:28]) {
		return abi.EFAULT.Result()
	}
	return r
}
