//go:build linux

package instrument

import (
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/symbols"
)

// Callers implements plugin.CPUState: it walks the thread's stack by unwind tables, and where there are none by the frame pointer
// or, for a function that has not kept its return address, the link register.
func (s taskState) Callers(pcs []abi.Addr) (n int) {
	g, st, sp := s.Proc.Guest, s.St, s.Proc.Mem
	var regs symbols.Regs
	load := func(st *cpu.State) {
		for i := range 32 {
			regs.Set(g.DWARFInt+i, st.X[i])
		}
	}
	load(st)
	spReg, fpReg, linkReg := g.DWARFInt+g.SPReg, g.DWARFInt+g.FrameReg, g.DWARFInt+g.LinkReg
	pc := st.PC
	exact := true // pc is that of an instruction, not of what follows a call
	for n < len(pcs) && pc != 0 {
		pcs[n] = pc
		n++
		old, _ := regs.Get(spReg)
		at := pc
		if !exact {
			at--
		}
		switch pc {
		case s.Proc.Prog.Return:
			return n // a plugin's call
		case s.Proc.Prog.Sigreturn:
			var was cpu.State
			if !s.SignalFrame(old, &was) {
				return n
			}
			load(&was)
			pc, exact = was.PC, true
			continue
		}
		i, f := s.r.images.at(at)
		ret, ok := uint64(0), false
		if f != nil {
			ret, ok = f.Unwind(at-i.Bias, &regs, spReg, sp.ReadU64)
		}
		if !ok {
			link, known := regs.Get(linkReg)
			fp, hasFP := regs.Get(fpReg)
			ra, ok1 := sp.ReadU64(fp + uint64(int64(g.FrameRA)))
			up, ok2 := sp.ReadU64(fp + uint64(int64(g.FrameUp)))
			framed := g.FrameReg >= 0 && hasFP && ok1 && ok2 && fp >= old && fp&7 == 0
			switch {
			case n == 1 && known && link != pc && !s.r.sameFunction(link, pc) && !(framed && ra == link):
				ret = link // before the function has made its frame, if it makes one
			case framed && up > old:
				ret = ra
				regs.Set(spReg, fp)
				regs.Set(fpReg, up)
			default:
				return n
			}
			regs.Known &^= 1 << linkReg
		}
		if now, _ := regs.Get(spReg); now < old || ret == pc && now == old {
			return n
		}
		if _, ok := sp.Lookup(ret); !ok {
			return n
		}
		pc, exact = ret, false
	}
	return n
}

// sameFunction reports whether two addresses are in one function.
func (r *Registry) sameFunction(a, b abi.Addr) bool {
	x, ok1 := r.Symbol(a)
	y, ok2 := r.Symbol(b)
	return ok1 && ok2 && x.Addr == y.Addr
}
