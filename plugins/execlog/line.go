package execlog

import (
	"strconv"
	"sync"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// log is the plugin.
type log struct {
	host     *plugin.Host
	prefixes []string
	addrs    []abi.Addr
	globs    []string
	rdisas   bool
	flags    plugin.Flags   // of callbacks before instructions
	pending  plugin.Counter // 1: the vCPU has a line that registers may be added to

	chosen sync.Once
	watch  []watched
	all    []int // 0, 1, 2 ... to the end of watch

	mu   sync.Mutex
	cpus []*cpu // by vCPU index
	out  []byte // complete lines
}

// cpu is the line of a vCPU that is not complete, and what the registers were before its instruction.
type cpu struct {
	line  []byte // empty: there is none
	check []int
	regs  []uint64
}

// full is how many bytes of lines are collected.
const full = 64 << 10

// start is called on each new thread, the first of all before anything is translated.
func (l *log) start(v *plugin.VCPU) { l.chosen.Do(func() { l.choose(v) }) }

// cpu returns the state of a vCPU. The log is locked.
func (l *log) cpu(v *plugin.VCPU) *cpu {
	i := v.Index()
	for i >= len(l.cpus) {
		l.cpus = append(l.cpus, &cpu{})
	}
	return l.cpus[i]
}

// begin begins the line of an instruction.
func (l *log) begin(v *plugin.VCPU, in *insn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.cpu(v)
	l.finish(v, c)
	c.line = append(strconv.AppendUint(c.line[:0], uint64(v.Index()), 10), in.text...)
	c.check = in.check
	c.regs = c.regs[:0]
	for _, w := range in.check {
		x, _ := v.Read(l.watch[w].id)
		c.regs = append(c.regs, x)
	}
	if len(in.check) > 0 {
		l.pending.Set(v, 1)
	}
}

// access adds a memory access to the line.
func (l *log) access(v *plugin.VCPU, a plugin.Access) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.cpu(v)
	if len(c.line) == 0 { // begun in the parent of this process
		return
	}
	if a.IsStore() {
		c.line = append(c.line, ", store, "...)
	} else {
		c.line = append(c.line, ", load, "...)
	}
	c.line = appendHex(c.line, a.Addr, 8)
}

// complete ends the line of a vCPU, if there is one.
func (l *log) complete(v *plugin.VCPU) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.finish(v, l.cpu(v))
}

// finish adds the registers that have changed to the line of a vCPU, and the line to the lines. The log is locked.
func (l *log) finish(v *plugin.VCPU, c *cpu) {
	if len(c.line) == 0 {
		return
	}
	l.out = append(l.out, c.line...)
	for i, w := range c.check {
		r := &l.watch[w]
		if x, err := v.Read(r.id); err == nil && x != c.regs[i] {
			l.out = append(append(append(l.out, ", "...), r.name...), " -> "...)
			l.out = appendHex(l.out, x, r.digits)
		}
	}
	if len(c.check) > 0 {
		l.pending.Set(v, 0)
	}
	l.out = append(l.out, '\n')
	c.line = c.line[:0]
	if len(l.out) >= full {
		l.write()
	}
}

// write writes the lines. The log is locked.
func (l *log) write() {
	if len(l.out) > 0 {
		l.host.Output().Write(l.out)
		l.out = l.out[:0]
	}
}

// flush writes the lines.
func (l *log) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.write()
}

// threadExit completes the line of a thread that ends, whose number another one may get.
func (l *log) threadExit(v *plugin.VCPU) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.finish(v, l.cpu(v))
	l.write()
}

// fork forgets, in the child, what the parent writes.
func (l *log) fork(v *plugin.VCPU) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.out = l.out[:0]
	for i := range l.cpus {
		l.cpus[i] = &cpu{}
	}
	l.pending.Set(v, 0)
}

// exit completes the lines of all threads, whose registers cannot be seen any more.
func (l *log) exit() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, v := range l.host.VCPUs() {
		c := l.cpu(v)
		c.check = nil
		l.finish(v, c)
	}
	l.write()
}

// appendHex appends 0x and at least so many hexadecimal digits.
func appendHex(b []byte, x uint64, digits int) []byte {
	b = append(b, "0x"...)
	for n := digits - 1; n > 0 && x>>(4*n) == 0; n-- {
		b = append(b, '0')
	}
	return strconv.AppendUint(b, x, 16)
}
