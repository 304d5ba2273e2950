package launch

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Log says what -d logs.
type Log struct {
	InAsm, Op, OpOpt, OutAsm bool // a block when it is translated
	Exec, CPU, FPU, NoChain  bool // a block when it is executed
	Int, GuestErrors         bool
	InvalidMem               bool
	Page, CPUReset           bool // a program when it starts
	Unimp, Strace, Plugin    bool
	TID                      bool // a file for each thread

	Ranges []Range // -dfilter: blocks are logged that start in one of these; empty for all
}

// Range is a range of guest addresses, both ends included.
type Range struct{ Lo, Hi uint64 }

// LogItem is one word of -d.
type LogItem struct{ Name, Help string }

type logItem struct {
	LogItem
	flag func(*Log) *bool // nil: there is nothing of this kind
}

// The words are those of qemu-user, so that its variables and scripts serve.
func logItems() []logItem {
	return []logItem{
		{LogItem{"in_asm", "guest code of each new block"}, func(l *Log) *bool { return &l.InAsm }},
		{LogItem{"op", "its intermediate representation"}, func(l *Log) *bool { return &l.Op }},
		{LogItem{"op_opt", "the same after the passes that rewrite it"}, func(l *Log) *bool { return &l.OpOpt }},
		{LogItem{"out_asm", "the host code made of it"}, func(l *Log) *bool { return &l.OutAsm }},
		{LogItem{"exec", "each block executed (implies nochain)"}, func(l *Log) *bool { return &l.Exec }},
		{LogItem{"cpu", "integer registers before each block (implies nochain)"}, func(l *Log) *bool { return &l.CPU }},
		{LogItem{"fpu", "FP registers too, with cpu and cpu_reset"}, func(l *Log) *bool { return &l.FPU }},
		{LogItem{"nochain", "do not link blocks"}, func(l *Log) *bool { return &l.NoChain }},
		{LogItem{"int", "signals and exceptions as they are delivered"}, func(l *Log) *bool { return &l.Int }},
		{LogItem{"guest_errors", "illegal instructions and misaligned atomic accesses"}, func(l *Log) *bool { return &l.GuestErrors }},
		{LogItem{"invalid_mem", "accesses to memory that is not there or not permitted"}, func(l *Log) *bool { return &l.InvalidMem }},
		{LogItem{"page", "memory map of each program at its start"}, func(l *Log) *bool { return &l.Page }},
		{LogItem{"cpu_reset", "registers of each program at its start"}, func(l *Log) *bool { return &l.CPUReset }},
		{LogItem{"unimp", "syscalls that are not supported"}, func(l *Log) *bool { return &l.Unimp }},
		{LogItem{"strace", "as -strace"}, func(l *Log) *bool { return &l.Strace }},
		{LogItem{"plugin", "log lines of plugins"}, func(l *Log) *bool { return &l.Plugin }},
		{LogItem{"tid", "a file for each thread: %d in the name given by -D"}, func(l *Log) *bool { return &l.TID }},
		{LogItem{"op_ind", "nothing: this translator has no such stage"}, nil},
		{LogItem{"vpu", "nothing: the guest has no vector registers"}, nil},
		{LogItem{"mmu", "nothing: there is no emulated MMU"}, nil},
		{LogItem{"pcall", "nothing: for x86 guests"}, nil},
	}
}

// LogItems lists the words of -d.
func LogItems() []LogItem {
	var out []LogItem
	for _, i := range logItems() {
		out = append(out, i.LogItem)
	}
	return out
}

// ErrNoTrace is what Set says to trace:PATTERN.
var ErrNoTrace = errors.New("weir has no trace events: -strace shows syscalls, -d int signals, -d exec blocks, and a plugin whatever you want")

// Set turns an item on.
func (l *Log) Set(name string) error {
	if strings.HasPrefix(name, "trace:") {
		return ErrNoTrace
	}
	var names []string
	for _, i := range logItems() {
		if i.Name == name {
			if i.flag != nil {
				*i.flag(l) = true
			}
			return nil
		}
		names = append(names, i.Name)
	}
	return fmt.Errorf("unknown log item %q: there are %s (-d help tells more)", name, strings.Join(names, ", "))
}

// ParseRange reads a range of -dfilter: START..END (END included), START+LENGTH, or START-LENGTH,
// which ends at START.
func ParseRange(s string) (Range, error) {
	bad := func() (Range, error) {
		return Range{}, fmt.Errorf("%q: want a range such as 0x10000..0x1ffff, 0x10000+0x1000 or 0x1ffff-0x1000", s)
	}
	i := strings.IndexAny(s, "+-.")
	if i < 0 {
		return bad()
	}
	op, rest := s[i], s[i+1:]
	if op == '.' {
		if !strings.HasPrefix(rest, ".") {
			return bad()
		}
		rest = rest[1:]
	}
	a, err1 := strconv.ParseUint(s[:i], 0, 64)
	b, err2 := strconv.ParseUint(rest, 0, 64)
	if err1 != nil || err2 != nil {
		return bad()
	}
	switch {
	case op == '.' && a <= b:
		return Range{a, b}, nil
	case op == '+' && b > 0 && b-1 <= math.MaxUint64-a:
		return Range{a, a + (b - 1)}, nil
	case op == '-' && b > 0 && b-1 <= a:
		return Range{a - (b - 1), a}, nil
	}
	return bad()
}

// shows reports whether a block at pc is to be logged.
func (l *Log) shows(pc uint64) bool {
	if len(l.Ranges) == 0 {
		return true
	}
	for _, r := range l.Ranges {
		if pc >= r.Lo && pc <= r.Hi {
			return true
		}
	}
	return false
}
