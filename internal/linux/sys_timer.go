//go:build linux

package linux

import (
	"encoding/binary"
	"sync"
	"time"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
)

const (
	itimervalSize  = 32
	itimerspecSize = 32
	sigeventSize   = 64
)

func (t *Task) sysGetitimer(which int32, value uint64) int64 {
	r := t.hostFast(hostsys.SYS_GETITIMER, uintptr(which), t.scratch, 0, 0, 0, 0)
	if r == 0 {
		r = t.copyOut(0, value, itimervalSize)
	}
	return r
}

func (t *Task) sysSetitimer(which int32, value, old uint64) int64 {
	var b [itimervalSize]byte
	at := uintptr(0)
	if value != 0 {
		if !t.read(value, b[:]) {
			return abi.EFAULT.Result()
		}
	}
	at = t.put(0, b[:]) // a null pointer disarms the timer
	r := t.hostFast(hostsys.SYS_SETITIMER, uintptr(which), at, t.scratch+64, 0, 0, 0)
	if r == 0 && old != 0 {
		r = t.copyOut(64, old, itimervalSize)
	}
	return r
}

// copyOut copies n bytes of the scratch page to guest memory: 0 or -EFAULT.
func (t *Task) copyOut(off int, addr uint64, n int) int64 {
	b := make([]byte, n)
	t.get(off, b)
	if !t.Proc.Mem.Write(addr, b) {
		return abi.EFAULT.Result()
	}
	return 0
}

// timerTable has the POSIX timers of a process. They are host timers, whose
// signals reach the guest as all others do, but for timers of the signals that Weir
// delivers itself.
type timerTable struct {
	mu   sync.Mutex
	host map[int32]struct{}
	own  map[int32]*ownTimer
	next int32
}

// firstOwnTimer is above any ID that the kernel gives out in practice.
const firstOwnTimer = 0x40000000

// ownTimer is a timer that expires inside Weir.
type ownTimer struct {
	p       *Process
	tid     int // 0: process-directed
	sig     abi.Signal
	value   uint64
	clock   int32
	id      int32
	mu      sync.Mutex
	timer   *time.Timer
	due     time.Time
	period  time.Duration
	overrun int32
	armed   bool
}

// forget drops the timers of the parent in a forked child: they are not inherited.
func (tt *timerTable) forget() {
	tt.mu.Lock()
	defer tt.mu.Unlock()
	for _, o := range tt.own {
		o.stop()
	}
	tt.host, tt.own = nil, nil
}

// deleteAll is what execve does.
func (tt *timerTable) deleteAll() {
	tt.mu.Lock()
	ids := tt.host
	tt.mu.Unlock()
	for id := range ids {
		raw(hostsys.SYS_TIMER_DELETE, uintptr(id), 0, 0, 0, 0, 0)
	}
	tt.forget()
}

func (tt *timerTable) get(id int32) *ownTimer {
	tt.mu.Lock()
	defer tt.mu.Unlock()
	return tt.own[id]
}

// Ways of notification (sigevent(7)).
const (
	sigevSignal   = 0
	sigevNone     = 1
	sigevThreadID = 4
)

func (t *Task) sysTimerCreate(clock int32, event, idAddr uint64) int64 {
	p := t.Proc
	var ev [sigeventSize]byte
	le := binary.LittleEndian
	at := uintptr(0)
	if event != 0 {
		if !t.read(event, ev[:]) {
			return abi.EFAULT.Result()
		}
		sig, notify := int32(le.Uint32(ev[8:])), le.Uint32(ev[12:])
		if isOwn(sig) && (notify == sigevSignal || notify == sigevThreadID) {
			return t.ownTimerCreate(clock, &ev, idAddr)
		}
		at = t.put(64, ev[:])
	}
	r := t.hostFast(hostsys.SYS_TIMER_CREATE, uintptr(clock), at, t.scratch, 0, 0, 0)
	if r != 0 {
		return r
	}
	id := int32(t.get64(0))
	if !p.Mem.WriteU32(idAddr, uint32(id)) {
		raw(hostsys.SYS_TIMER_DELETE, uintptr(id), 0, 0, 0, 0, 0)
		return abi.EFAULT.Result()
	}
	p.timers.mu.Lock()
	if p.timers.host == nil {
		p.timers.host = make(map[int32]struct{})
	}
	p.timers.host[id] = struct{}{}
	p.timers.mu.Unlock()
	return 0
}

func (t *Task) ownTimerCreate(clock int32, ev *[sigeventSize]byte, idAddr uint64) int64 {
	p := t.Proc
	switch clock {
	case 0, 1, 7, 8, 9: // REALTIME, MONOTONIC, BOOTTIME and their ALARM forms
	default:
		return abi.EINVAL.Result()
	}
	le := binary.LittleEndian
	o := &ownTimer{p: p, clock: clock, value: le.Uint64(ev[0:]), sig: abi.Signal(le.Uint32(ev[8:]))}
	if le.Uint32(ev[12:]) == sigevThreadID {
		o.tid = int(int32(le.Uint32(ev[16:])))
		if p.task(o.tid) == nil {
			return abi.EINVAL.Result()
		}
	}
	tt := &p.timers
	tt.mu.Lock()
	o.id = firstOwnTimer + tt.next
	tt.next++
	if tt.own == nil {
		tt.own = make(map[int32]*ownTimer)
	}
	tt.own[o.id] = o
	tt.mu.Unlock()
	if !p.Mem.WriteU32(idAddr, uint32(o.id)) {
		return abi.EFAULT.Result()
	}
	return 0
}

// stop disarms o.
func (o *ownTimer) stop() {
	o.mu.Lock()
	o.armed = false
	if o.timer != nil {
		o.timer.Stop()
	}
	o.mu.Unlock()
}

// expire queues the signal, or counts an overrun if it is still queued.
func (o *ownTimer) expire() {
	o.mu.Lock()
	if !o.armed {
		o.mu.Unlock()
		return
	}
	if o.period > 0 {
		o.due = o.due.Add(o.period)
		o.timer.Reset(max(time.Until(o.due), 0))
	} else {
		o.armed = false
	}
	o.mu.Unlock()
	var info sigInfo
	info.setSig(o.sig)
	info.setCode(siTimer)
	binary.LittleEndian.PutUint32(info[16:], uint32(o.id))
	binary.LittleEndian.PutUint64(info[24:], o.value)
	p := o.p
	t := p.task(o.tid)
	if o.tid != 0 && t == nil {
		return
	}
	p.sigMu.Lock()
	q := p.shared
	if t != nil {
		q = t.emu
	}
	pending := false
	for i := range q {
		pending = pending || q[i].code() == siTimer && binary.LittleEndian.Uint32(q[i][16:]) == uint32(o.id)
	}
	p.sigMu.Unlock()
	if pending {
		o.mu.Lock()
		o.overrun++
		o.mu.Unlock()
		return
	}
	o.mu.Lock()
	o.overrun = 0
	o.mu.Unlock()
	if t != nil {
		t.post(&info)
	} else {
		p.postProcess(&info)
	}
}

// spec is the present setting as struct itimerspec. Called with mu held.
func (o *ownTimer) spec() (b [itimerspecSize]byte) {
	le := binary.LittleEndian
	put := func(at int, d time.Duration) {
		le.PutUint64(b[at:], uint64(d/time.Second))
		le.PutUint64(b[at+8:], uint64(d%time.Second))
	}
	put(0, o.period)
	if o.armed {
		put(16, max(time.Until(o.due), 1))
	}
	return b
}

func (o *ownTimer) settime(flags int32, b []byte) abi.Errno {
	le := binary.LittleEndian
	const limit = 1 << 33 // seconds: beyond what a Duration holds counts as never
	get := func(at int) (time.Duration, bool) {
		s, ns := int64(le.Uint64(b[at:])), int64(le.Uint64(b[at+8:]))
		return time.Duration(min(s, limit))*time.Second + time.Duration(ns), s >= 0 && ns >= 0 && ns < 1e9
	}
	period, ok1 := get(0)
	value, ok2 := get(16)
	if !ok1 || !ok2 {
		return abi.EINVAL
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.timer != nil {
		o.timer.Stop()
	}
	o.armed, o.period, o.overrun = value != 0, period, 0
	if !o.armed {
		return 0
	}
	if flags&1 != 0 { // TIMER_ABSTIME
		clock := map[int32]int32{8: 0, 9: 7}[o.clock]
		if o.clock < 8 {
			clock = o.clock
		}
		sec, nsec, _ := hostsys.ClockGettime(clock)
		value = max(value-(time.Duration(sec)*time.Second+time.Duration(nsec)), 0)
	}
	o.due = time.Now().Add(value)
	o.timer = time.AfterFunc(value, o.expire)
	return 0
}

func (t *Task) sysTimerSettime(id int32, flags int32, value, old uint64) int64 {
	p := t.Proc
	var b [itimerspecSize]byte
	if value == 0 {
		return abi.EINVAL.Result()
	}
	if !t.read(value, b[:]) {
		return abi.EFAULT.Result()
	}
	if o := p.timers.get(id); o != nil {
		o.mu.Lock()
		was := o.spec()
		o.mu.Unlock()
		if e := o.settime(flags, b[:]); e != 0 {
			return e.Result()
		}
		if old != 0 && !p.Mem.Write(old, was[:]) {
			return abi.EFAULT.Result()
		}
		return 0
	}
	r := t.hostFast(hostsys.SYS_TIMER_SETTIME, uintptr(id), uintptr(flags), t.put(0, b[:]), t.scratch+64, 0, 0)
	if r == 0 && old != 0 {
		r = t.copyOut(64, old, itimerspecSize)
	}
	return r
}

func (t *Task) sysTimerGettime(id int32, value uint64) int64 {
	if o := t.Proc.timers.get(id); o != nil {
		o.mu.Lock()
		b := o.spec()
		o.mu.Unlock()
		if !t.Proc.Mem.Write(value, b[:]) {
			return abi.EFAULT.Result()
		}
		return 0
	}
	r := t.hostFast(hostsys.SYS_TIMER_GETTIME, uintptr(id), t.scratch, 0, 0, 0, 0)
	if r == 0 {
		r = t.copyOut(0, value, itimerspecSize)
	}
	return r
}

func (t *Task) sysTimerGetoverrun(id int32) int64 {
	if o := t.Proc.timers.get(id); o != nil {
		o.mu.Lock()
		defer o.mu.Unlock()
		return int64(o.overrun)
	}
	return t.hostFast(hostsys.SYS_TIMER_GETOVERRUN, uintptr(id), 0, 0, 0, 0, 0)
}

func (t *Task) sysTimerDelete(id int32) int64 {
	tt := &t.Proc.timers
	if o := tt.get(id); o != nil {
		o.stop()
		tt.mu.Lock()
		delete(tt.own, id)
		tt.mu.Unlock()
		return 0
	}
	r := t.hostFast(hostsys.SYS_TIMER_DELETE, uintptr(id), 0, 0, 0, 0, 0)
	if r == 0 {
		tt.mu.Lock()
		delete(tt.host, id)
		tt.mu.Unlock()
	}
	return r
}
