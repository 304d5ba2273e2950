//go:build linux

package launch

import (
	"encoding/binary"
	"fmt"
	"strings"
	"sync"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/argfmt"
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/engine"
	"github.com/weir-emu/weir/internal/isa"
	"github.com/weir-emu/weir/internal/linux"
	"github.com/weir-emu/weir/internal/mem"
)

// engineLog makes the engine's log functions of -d, -perfmap and -jitdump.
func (r *run) engineLog() (l engine.Log) {
	var mu sync.Mutex
	want := &r.cfg.Log
	section := func(on bool, title string) func(pc uint64, text string) {
		if !on {
			return nil
		}
		return func(pc uint64, text string) {
			if !want.shows(pc) {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			fmt.Fprintf(r.log, "---- %s of %#x\n%s\n", title, pc, text)
		}
	}
	l.InAsm = section(want.InAsm, "IN: code")
	l.Op = section(want.Op, "OP: intermediate representation")
	l.OpOpt = section(want.OpOpt, "OP: rewritten representation")
	l.OutAsm = section(want.OutAsm, "OUT: host code")
	if want.Exec || want.CPU {
		l.Exec = func(s *cpu.State, pc uint64) {
			if !want.shows(pc) {
				return
			}
			var b strings.Builder
			if want.Exec {
				fmt.Fprintf(&b, "Trace %#x\n", pc)
			}
			if want.CPU {
				writeRegs(&b, r.guest, s, want.FPU)
			}
			mu.Lock()
			defer mu.Unlock()
			fmt.Fprint(r.log, b.String())
		}
	}
	l.Code = r.codeLog()
	return l
}

// linuxLog sets the personality's log functions of -d.
func (r *run) linuxLog(lc *linux.Config) {
	want := &r.cfg.Log
	if want.Unimp {
		lc.Unimp = func(t *linux.Task, row *linux.Row, nr abi.Sysno) {
			if row.Note != "" {
				fmt.Fprintf(r.log, "Unsupported syscall: %d (%s): %s\n", nr, row.Name, row.Note)
			} else {
				fmt.Fprintf(r.log, "Unsupported syscall: %d (%s)\n", nr, row.Name)
			}
		}
	}
	if want.Int {
		lc.Signal = func(t *linux.Task, info []byte, handler uint64) {
			to := "default action"
			if handler != 0 {
				to = fmt.Sprintf("handler %#x", handler)
			}
			sig := abi.Signal(binary.LittleEndian.Uint32(info))
			fmt.Fprintf(r.log, "Signal %s %s at %#x, thread %d: %s\n", sig.Name(), argfmt.AppendSiginfo(nil, info), t.St.PC, t.TID, to)
		}
	}
	if want.GuestErrors || want.InvalidMem {
		lc.Exception = func(t *linux.Task, sig abi.Signal, code int32, addr uint64) {
			pc := t.St.PC
			const busAligned = 1 // BUS_ADRALN
			switch {
			case sig == abi.SIGILL && want.GuestErrors:
				fmt.Fprintf(r.log, "Illegal instruction %s at %#x, thread %d\n", r.encoding(t, pc), pc, t.TID)
			case sig == abi.SIGBUS && code == busAligned && want.GuestErrors:
				fmt.Fprintf(r.log, "Misaligned access to %#x at %#x, thread %d\n", addr, pc, t.TID)
			case (sig == abi.SIGSEGV || sig == abi.SIGBUS && code != busAligned) && want.InvalidMem:
				fmt.Fprintf(r.log, "Invalid memory access to %#x at %#x, thread %d\n", addr, pc, t.TID)
			}
		}
	}
	if want.Page || want.CPUReset {
		lc.Started = func(t *linux.Task) {
			var b strings.Builder
			if want.Page {
				writePages(&b, t.Proc.Mem)
			}
			if want.CPUReset {
				fmt.Fprintf(&b, "Start of %s\n", t.Proc.Prog.Path)
				writeRegs(&b, r.guest, t.St, want.FPU)
			}
			fmt.Fprint(r.log, b.String())
		}
	}
}

// encoding is the instruction at pc in hexadecimal.
func (r *run) encoding(t *linux.Task, pc uint64) string {
	b := make([]byte, r.guest.MaxInsn)
	n := t.Proc.Mem.Fetch(pc, b)
	if n < r.guest.MinInsn {
		return "?"
	}
	_, n = r.guest.Disasm(b[:n], pc)
	raw := uint64(0)
	for i, c := range b[:n] {
		raw |= uint64(c) << (8 * i)
	}
	return fmt.Sprintf("0x%0*x", 2*n, raw)
}

// writeRegs prints the integer registers, and the others if fp is set.
func writeRegs(b *strings.Builder, g *isa.Guest, s *cpu.State, fp bool) {
	fmt.Fprintf(b, " pc %016x\n", s.PC)
	col := 0
	for i := range g.Regs {
		reg := &g.Regs[i]
		var v uint64
		switch reg.Kind {
		case isa.RegX:
			v = s.X[reg.Slot]
		case isa.RegV:
			v = s.V[reg.Slot][0]
		case isa.RegCSR:
			v, _ = g.ReadCSR(s, reg.Slot)
		}
		if reg.Kind == isa.RegPC || reg.Kind != isa.RegX && !fp {
			continue
		}
		name := reg.Name
		if reg.Alias != "" {
			name = reg.Alias + "/" + name
		}
		fmt.Fprintf(b, " %-8s %016x", name, v)
		if col++; col%4 == 0 {
			b.WriteByte('\n')
		}
	}
	if col%4 != 0 {
		b.WriteByte('\n')
	}
}

// writePages prints the memory map.
func writePages(b *strings.Builder, sp *mem.Space) {
	fmt.Fprintf(b, "guest_base  %#x\n%-17s %-16s %-16s prot\n", sp.Base(), "start", "end", "size")
	for _, a := range sp.Areas() {
		prot := []byte("---")
		for i, p := range [...]mem.Prot{mem.ProtRead, mem.ProtWrite, mem.ProtExec} {
			if a.Prot&p != 0 {
				prot[i] = "rwx"[i]
			}
		}
		fmt.Fprintf(b, "%016x-%016x %016x %s\n", a.Start, a.End, a.End-a.Start, prot)
	}
}
