// Package howvec counts executed instructions by class ("how vectorised is it?") and, for chosen
// classes, each instruction for itself. It shows counters that are increased by generated code. Each process
// of a tree prints its own report. Start with install; the classes of a guest are a table in a file
// of its own.
package howvec

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"
	"sync"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// options are the arguments that the plugin takes.
var options = []plugin.Option{
	{Key: "count", Value: "[!]CLASS|all", Help: "count the instructions of a class one by one, with ! not at all; individual is the same as all; a wrong CLASS lists them", Multi: true},
	{Key: "inline", Value: "on|off", Help: "count in generated code, not by callbacks (on)"},
	{Key: "verbose", Value: "on|off", Help: "report classes without hits too (off)"},
}

// Info describes the plugin.
func Info() plugin.Info {
	return plugin.Info{
		Name:    "howvec",
		Summary: "count executed instructions by class",
		Options: options,
		New:     func() plugin.Plugin { return plugin.InstallFunc(install) },
	}
}

// limit is how many instructions the report lists.
const limit = 50

// class is a class of instructions.
type class struct {
	name, opt string
	patterns  []pattern
}

// pattern matches an encoding if the bits of mask are those of value. Of the patterns that match
// the one with the most bits counts.
type pattern struct{ mask, value uint32 }

// unclassified is the class of all that no pattern matches, and of what is no instruction.
var unclassified = class{"Unclassified", "unclass", []pattern{{0xffff, 0}}}

// classes are the classes of a guest, unclassified at the end.
func classes(arch abi.Arch) (list []class) {
	if arch == abi.RISCV64 {
		list = slices.Clone(riscv64)
	}
	return append(list, unclassified)
}

// classifier finds classes: all patterns, those with most bits first.
type classifier []struct {
	pattern
	class int
}

func newClassifier(list []class) (c classifier) {
	for i := range list {
		for _, p := range list[i].patterns {
			c = append(c, struct {
				pattern
				class int
			}{p, i})
		}
	}
	slices.SortStableFunc(c, func(a, b struct {
		pattern
		class int
	},
	) int {
		return bits.OnesCount32(b.mask) - bits.OnesCount32(a.mask)
	})
	return c
}

// find returns the class of an instruction; other if there is none.
func (c classifier) find(op uint32, other int) int {
	for i := range c {
		if op&c[i].mask == c[i].value {
			return c[i].class
		}
	}
	return other
}

// How a class is counted.
const (
	byClass = iota
	byInsn
	notAtAll
)

// vec is the plugin.
type vec struct {
	host    *plugin.Host
	list    []class
	find    classifier
	how     []int // by class
	counts  []plugin.Counter
	inline  bool
	verbose bool

	mu    sync.Mutex
	insns map[uint32]*insn // counted one by one, by encoding
}

// insn is an encoding that is counted for itself.
type insn struct {
	op    uint32
	text  string // disassembly, at the place where it was seen first
	class int
	count plugin.Counter
}

func install(h *plugin.Host, args plugin.Args) error {
	if err := args.Check(options); err != nil {
		return err
	}
	v := &vec{host: h, list: classes(h.Target().Arch), insns: make(map[uint32]*insn)}
	v.find = newClassifier(v.list)
	v.how = make([]int, len(v.list))
	v.how[len(v.list)-1] = byInsn // so that they can be told from each other
	for _, text := range args.All("count") {
		if err := v.choose(text); err != nil {
			return err
		}
	}
	var err error
	if v.inline, err = args.Bool("inline", true); err != nil {
		return err
	}
	if v.verbose, err = args.Bool("verbose", false); err != nil {
		return err
	}
	v.counts = make([]plugin.Counter, len(v.list))
	for i := range v.counts {
		v.counts[i] = plugin.NewCounter(h)
	}
	h.OnTranslate(v.translate)
	h.OnFork(func(*plugin.VCPU) { v.reset() })
	h.OnExit(func(plugin.ExitInfo) { v.report() })
	return nil
}

// choose obeys a value of count=.
func (v *vec) choose(text string) error {
	opt, not := strings.CutPrefix(text, "!")
	how := byInsn
	if not {
		how = notAtAll
	}
	known := false
	for i, c := range v.list {
		if opt == c.opt || opt == "all" || opt == "individual" {
			v.how[i], known = how, true
		}
	}
	if !known {
		names := make([]string, len(v.list))
		for i, c := range v.list {
			names[i] = c.opt
		}
		return fmt.Errorf("count=%s: want all or a class, with or without !: %s", text, strings.Join(names, ", "))
	}
	return nil
}

// translate has the instructions of a block counted.
func (v *vec) translate(b *plugin.Block) {
	for _, i := range b.Insns {
		op := encoding(i.Bytes())
		other := len(v.list) - 1
		n := other
		if i.Class() != plugin.ClassUnknown {
			n = v.find.find(op, other)
		}
		var c plugin.Counter
		switch v.how[n] {
		case byClass:
			c = v.counts[n]
		case byInsn:
			c = v.insn(i, op, n).count
		default:
			continue
		}
		if v.inline {
			i.Add(c, 1)
		} else {
			i.OnExec(plugin.NoRegs, func(cpu *plugin.VCPU) { c.Add(cpu, 1) })
		}
	}
}

// insn returns the instruction of an encoding, which it makes if need be.
func (v *vec) insn(i *plugin.Insn, op uint32, class int) *insn {
	v.mu.Lock()
	defer v.mu.Unlock()
	x := v.insns[op]
	if x == nil {
		x = &insn{op, i.String(), class, plugin.NewCounter(v.host)}
		v.insns[op] = x
	}
	return x
}

// encoding is the first four bytes of an instruction as a number.
func encoding(code []byte) (op uint32) {
	for i := range min(len(code), 4) {
		op |= uint32(code[i]) << (8 * i)
	}
	return op
}

// reset starts a forked child's own counts.
func (v *vec) reset() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, c := range v.counts {
		c.Reset()
	}
	for _, x := range v.insns {
		x.count.Reset()
	}
}

// report prints the classes in the order of the table, and the instructions that are counted one by one.
func (v *vec) report() {
	var b bytes.Buffer
	b.WriteString("Instruction Classes:\n")
	for i, c := range v.list {
		switch n := v.counts[i].Sum(); {
		case v.how[i] == byInsn:
			fmt.Fprintf(&b, "Class: %-24s\tcounted individually\n", c.name)
		case v.how[i] == notAtAll:
			fmt.Fprintf(&b, "Class: %-24s\tnot counted\n", c.name)
		case n > 0 || v.verbose:
			fmt.Fprintf(&b, "Class: %-24s\t(%d hits)\n", c.name, n)
		}
	}
	type hits struct {
		*insn
		n uint64
	}
	var list []hits
	v.mu.Lock()
	for x := range maps.Values(v.insns) {
		if n := x.count.Sum(); n > 0 {
			list = append(list, hits{x, n})
		}
	}
	v.mu.Unlock()
	slices.SortFunc(list, func(a, b hits) int { return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.op, b.op)) })
	if len(list) > 0 {
		b.WriteString("Individual Instructions:\n")
	}
	for _, x := range list[:min(len(list), limit)] {
		fmt.Fprintf(&b, "Instr: %-24s\t(%d hits)\t(op=0x%08x/%s)\n", strings.ReplaceAll(x.text, "\t", " "), x.n, x.op, v.list[x.class].name)
	}
	v.host.Output().Write(b.Bytes())
}
