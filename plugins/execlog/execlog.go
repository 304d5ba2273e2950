// Package execlog writes a line for each executed instruction, with the memory that it has accessed and the
// registers that it has changed:
//
//	0, 0x1000c, 0x128293, "addi t0,t0,1", t0 -> 0x0000000000000001
//	0, 0x10010, 0x543023, "sd t0,0(s0)", store, 0x00020000
//
// which is vCPU, address, encoding, disassembly, "load" or "store" with an address for each access, and registers
// with their new values. A line is complete when the thread's next instruction begins; lines of several threads stand
// in the order of completion. What has been collected is written before each system call, so that it precedes what
// the call does, and at the end.
//
// It shows callbacks of instructions and accesses, and registers. Start with install and translate; line.go is what
// happens while the guest runs.
package execlog

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// options are the arguments that the plugin takes.
var options = []plugin.Option{
	{Key: "ifilter", Value: "PREFIX", Help: "log only instructions whose disassembly begins with PREFIX", Multi: true},
	{Key: "afilter", Value: "ADDR", Help: "log only the instruction at ADDR (hexadecimal); with ifilter what either selects", Multi: true},
	{Key: "reg", Value: "GLOB", Help: "tell of changes of registers with such a name: a0, x10, f*", Multi: true},
	{Key: "rdisas", Value: "on|off", Help: "compare only registers that the disassembly names, and log, besides what filters select, the instructions that name one (off)"},
}

// Info describes the plugin.
func Info() plugin.Info {
	return plugin.Info{
		Name:    "execlog",
		Summary: "log executed instructions, memory accesses and register changes",
		Options: options,
		New:     func() plugin.Plugin { return new(log) },
	}
}

// Install implements plugin.Plugin.
func (l *log) Install(h *plugin.Host, args plugin.Args) error {
	if err := args.Check(options); err != nil {
		return err
	}
	l.host, l.prefixes, l.globs = h, args.All("ifilter"), args.All("reg")
	for _, text := range args.All("afilter") {
		a, err := strconv.ParseUint(strings.TrimPrefix(strings.ToLower(text), "0x"), 16, 64)
		if err != nil {
			return fmt.Errorf("afilter=%s: want a hexadecimal address", text)
		}
		l.addrs = append(l.addrs, a)
	}
	var err error
	if l.rdisas, err = args.Bool("rdisas", false); err != nil {
		return err
	}
	l.pending = plugin.NewCounter(h)
	if len(l.globs) > 0 {
		l.flags = plugin.ReadRegs
	}
	h.OnThreadStart(l.start)
	h.OnTranslate(l.translate)
	h.OnSyscall(plugin.AllSyscalls, func(*plugin.Call) { l.flush() })
	h.OnThreadExit(l.threadExit)
	h.OnFork(l.fork)
	h.OnExit(func(plugin.ExitInfo) { l.exit() })
	return nil
}

// watched is a register whose changes are told.
type watched struct {
	name, alias string
	id          abi.Reg
	digits      int
}

// choose finds the registers that reg= selects.
func (l *log) choose(v *plugin.VCPU) {
	for _, g := range l.globs {
		pattern, found := strings.ToLower(g), false
		for _, r := range v.Registers() {
			w := watched{strings.ToLower(r.Name), strings.ToLower(r.Alias), r.ID, (r.Bits + 3) / 4}
			if !plugin.Glob(pattern, w.name) && (w.alias == "" || !plugin.Glob(pattern, w.alias)) {
				continue
			}
			found = true
			if !slices.Contains(l.watch, w) {
				l.watch = append(l.watch, w)
			}
		}
		if !found {
			l.host.Fail("reg=%s: the guest has no such register", g)
		}
	}
	for i := range l.watch {
		l.all = append(l.all, i)
	}
}

// insn is an instruction that is logged.
type insn struct {
	text  string // from the address to the end of the disassembly
	check []int  // watched registers that it may change
}

// translate has the instructions of a block logged that the filters select.
func (l *log) translate(b *plugin.Block) {
	logged := false // the instruction before
	for n, i := range b.Insns {
		text := strings.ReplaceAll(i.String(), "\t", " ")
		check := l.all
		if l.rdisas {
			check = l.named(text)
		}
		if !l.selects(i.PC(), text) && !(l.rdisas && len(check) > 0) {
			// What the instruction before it has changed can be seen now.
			switch {
			case l.flags == plugin.NoRegs:
			case logged:
				i.OnExec(l.flags, l.complete)
			case n == 0:
				i.OnExecIf(l.pending.EQ(1), l.flags, l.complete)
			}
			logged = false
			continue
		}
		logged = true
		in := &insn{fmt.Sprintf(", %#x, %#x, \"%s\"", i.PC(), encoding(i.Bytes()), text), check}
		i.OnExec(l.flags, func(v *plugin.VCPU) { l.begin(v, in) })
		i.OnMem(plugin.MemReadWrite, plugin.NoRegs, l.access)
	}
}

// selects reports whether the filters select an instruction.
func (l *log) selects(pc abi.Addr, text string) bool {
	return len(l.prefixes)+len(l.addrs) == 0 || slices.Contains(l.addrs, pc) ||
		slices.ContainsFunc(l.prefixes, func(p string) bool { return strings.HasPrefix(text, p) })
}

// named returns the watched registers that the operands of an instruction name.
func (l *log) named(text string) (list []int) {
	_, operands, _ := strings.Cut(text, " ")
	words := strings.FieldsFunc(operands, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_')
	})
	for i, w := range l.watch {
		if slices.Contains(words, w.name) || w.alias != "" && slices.Contains(words, w.alias) {
			list = append(list, i)
		}
	}
	return list
}

// encoding is the first four bytes of an instruction as a number.
func encoding(code []byte) (op uint32) {
	for i := range min(len(code), 4) {
		op |= uint32(code[i]) << (8 * i)
	}
	return op
}
