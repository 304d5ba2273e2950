//go:build linux

package launch

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/weir-emu/weir/internal/hostsys"
)

// codeLog makes the function that tells perf(1) of generated code; nil if nobody wants it.
func (r *run) codeLog() func(addr uintptr, size int, pc uint64) {
	var sinks []func(addr uintptr, size int, pc uint64)
	if r.cfg.PerfMap {
		m := new(perfMap)
		if err := m.open(r.pid); err != nil {
			fmt.Fprintf(r.log, "weir: perf map: %v\n", err)
		} else {
			sinks = append(sinks, m.code)
			r.closes = append(r.closes, m.close)
		}
	}
	if r.cfg.JITDump {
		if d, err := newJITDump(r.pid); err != nil {
			fmt.Fprintf(r.log, "weir: jitdump: %v\n", err)
		} else {
			sinks = append(sinks, d.code)
			r.closes = append(r.closes, d.close)
		}
	}
	if len(sinks) == 0 {
		return nil
	}
	return func(addr uintptr, size int, pc uint64) {
		for _, f := range sinks {
			f(addr, size, pc)
		}
	}
}

// perfMap is /tmp/perf-PID.map: lines of address, size and name (perf-report(1), tools/perf
// Documentation/jit-interface.txt). It is written at once, since a process may be killed at any time. A forked
// child, which has the parent's code, writes a file of its own.
type perfMap struct {
	mu   sync.Mutex
	pid  int
	f    *hostsys.HiddenFile
	text []byte
}

func (m *perfMap) open(pid int) (err error) {
	m.pid = pid
	m.f, err = openHidden(fmt.Sprintf("/tmp/perf-%d.map", pid), os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND)
	return err
}

func (m *perfMap) code(addr uintptr, size int, pc uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	line := fmt.Appendf(nil, "%x %x guest_%#x\n", addr, size, pc)
	m.text = append(m.text, line...)
	if pid := hostsys.Getpid(); pid != m.pid && m.f != nil {
		m.f.Close()
		if m.open(pid) != nil {
			m.f = nil
			return
		}
		line = m.text
	}
	if m.f != nil {
		m.f.Write(line)
	}
}

func (m *perfMap) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.f != nil {
		m.f.Close()
		m.f = nil
	}
}

// jitDump is jit-PID.dump in the working directory, for perf inject --jit (tools/perf
// Documentation/jitdump-specification.txt). Perf finds it by a mapping of its first page that looks executable.
// A forked child does not write to it.
type jitDump struct {
	mu    sync.Mutex
	pid   int
	f     *hostsys.HiddenFile
	mark  uintptr
	index uint64
}

const (
	jitMagic   = 0x4a695444
	jitVersion = 1
	jitHeader  = 40 // bytes of the file's header
	jitLoad    = 0  // JIT_CODE_LOAD
	jitPrefix  = 56 // bytes of such a record before the name
	emX86_64   = 62 // ELF machine of the code
)

func newJITDump(pid int) (*jitDump, error) {
	f, err := openHidden(fmt.Sprintf("jit-%d.dump", pid), os.O_RDWR|os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return nil, err
	}
	d := &jitDump{pid: pid, f: f}
	le := binary.LittleEndian
	var h []byte
	for _, w := range []uint32{jitMagic, jitVersion, jitHeader, emX86_64, 0, uint32(pid)} {
		h = le.AppendUint32(h, w)
	}
	h = le.AppendUint64(h, jitTime())
	h = le.AppendUint64(h, 0) // flags
	if _, err := f.Write(h); err != nil {
		f.Close()
		return nil, err
	}
	const protReadExec, mapPrivate, page = 5, 2, 4096
	at := hostsys.Mmap(0, page, protReadExec, mapPrivate, int(f.Fd()), 0)
	if hostsys.IsErr(at) {
		f.Close()
		return nil, fmt.Errorf("mapping the file failed with errno %d", hostsys.Errno(at))
	}
	d.mark = at
	return d, nil
}

// jitTime is the clock that perf record -k 1 uses: CLOCK_MONOTONIC, in nanoseconds.
func jitTime() uint64 {
	const clockMonotonic = 1
	if sec, nsec, ok := hostsys.ClockGettime(clockMonotonic); ok {
		return uint64(sec)*uint64(time.Second) + uint64(nsec)
	}
	return 0
}

func (d *jitDump) code(addr uintptr, size int, pc uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.f == nil || hostsys.Getpid() != d.pid {
		return
	}
	d.index++
	le := binary.LittleEndian
	b := make([]byte, jitPrefix)
	le.PutUint32(b[0:], jitLoad)
	le.PutUint64(b[8:], jitTime())
	le.PutUint32(b[16:], uint32(d.pid))
	le.PutUint32(b[20:], uint32(hostsys.Gettid()))
	for i, v := range [...]uint64{uint64(addr), uint64(addr), uint64(size), d.index} {
		le.PutUint64(b[24+8*i:], v)
	}
	b = fmt.Appendf(b, "guest_%#x\x00", pc)
	n := len(b)
	b = append(b, make([]byte, size)...)
	le.PutUint32(b[4:], uint32(len(b)))
	hostsys.CopyIn(b[n:], addr)
	d.f.Write(b)
}

func (d *jitDump) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.f != nil {
		d.f.Close()
		hostsys.Munmap(d.mark, 4096)
		d.f = nil
	}
}
