package plugin

import (
	"fmt"
	"reflect"
	"sync/atomic"
)

// Scoreboard is a T for each vCPU index. Each vCPU works on its own without locks; code
// compiled into translations does so too, see [Counter]. The records never move: a pointer to
// one stays valid until [Scoreboard.Free]. They start as zero, and a thread that gets the
// index of one that has ended goes on with its record, so that sums over all
// indices are sums over all threads. In a forked child they are copies of the parent's.
type Scoreboard[T any] struct {
	sys System
	off int
}

// NewScoreboard makes a scoreboard for h's plugin. T must not contain pointers (nor maps,
// slices, strings, functions, channels, interfaces): records are not in memory that the
// garbage collector looks at. All scoreboards of a process share [SlotSize] bytes a vCPU. It panics if
// T is unfit or there is no room.
func NewScoreboard[T any](h *Host) *Scoreboard[T] {
	t := reflect.TypeFor[T]()
	if hasPointers(t) {
		panic(fmt.Sprintf("plugin: NewScoreboard: %v contains pointers", t))
	}
	off, err := h.sys.AllocSlot(max(int(t.Size()), 1))
	if err != nil {
		panic("plugin: NewScoreboard: " + err.Error())
	}
	return &Scoreboard[T]{h.sys, off}
}

// SlotSize is the memory for scoreboard records of one vCPU, in bytes. Pages that nothing
// was written to cost nothing.
const SlotSize = 16 << 20

func hasPointers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Array:
		return t.Len() > 0 && hasPointers(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if hasPointers(t.Field(i).Type) {
				return true
			}
		}
		return false
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr,
		reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		return false
	}
	return true
}

// At returns v's record.
func (s *Scoreboard[T]) At(v *VCPU) *T { return s.Index(v.index) }

// Index returns the record of vCPU index i; nil if no vCPU has had it.
func (s *Scoreboard[T]) Index(i int) *T { return recordAt[T](s.sys.Slot(i), s.off) }

// All iterates over the records of all indexes that a vCPU has, or has had.
func (s *Scoreboard[T]) All(yield func(index int, record *T) bool) {
	for i := range s.sys.MaxVCPUs() {
		if r := s.Index(i); r != nil && !yield(i, r) {
			return
		}
	}
}

// Free gives the records back. Translations that use them are dropped; the scoreboard and its
// counters must not be used again.
func (s *Scoreboard[T]) Free() {
	s.sys.FreeSlot(s.off, max(int(reflect.TypeFor[T]().Size()), 1))
}

// Counter designates a 64-bit word per vCPU, for counting and comparing without calls: see
// [Block.Add], [Insn.AddOnMem], [Block.OnExecIf]. Make one with [NewCounter] or [FieldCounter].
type Counter struct {
	sys System
	off int
}

// NewCounter makes a counter, 0 for each vCPU.
func NewCounter(h *Host) Counter {
	s := NewScoreboard[uint64](h)
	return Counter{s.sys, s.off}
}

// FieldCounter makes a counter of a field of a scoreboard's records:
//
//	loads := plugin.FieldCounter(board, func(r *record) *uint64 { return &r.loads })
func FieldCounter[T any](s *Scoreboard[T], field func(*T) *uint64) Counter {
	return Counter{s.sys, s.off + fieldOffset(field)}
}

// Offset is where the word is in a vCPU's slot memory, in bytes. Weir calls it.
func (c Counter) Offset() int { return c.off }

func (c Counter) word(i int) *uint64 { return recordAt[uint64](c.sys.Slot(i), c.off) }

// Add adds n to v's word. The addition is not atomic: do it on v's own thread, or
// while v does not run.
func (c Counter) Add(v *VCPU, n uint64) { w := c.word(v.index); *w += n }

// Get returns v's word.
func (c Counter) Get(v *VCPU) uint64 { return atomic.LoadUint64(c.word(v.index)) }

// Set sets v's word.
func (c Counter) Set(v *VCPU, x uint64) { atomic.StoreUint64(c.word(v.index), x) }

// Sum returns the sum of the words of all indexes that a vCPU has, or has had. Threads that run
// meanwhile go on counting.
func (c Counter) Sum() (n uint64) {
	for i := range c.sys.MaxVCPUs() {
		if w := c.word(i); w != nil {
			n += atomic.LoadUint64(w)
		}
	}
	return n
}

// Reset sets the words of all indexes to zero.
func (c Counter) Reset() {
	for i := range c.sys.MaxVCPUs() {
		if w := c.word(i); w != nil {
			atomic.StoreUint64(w, 0)
		}
	}
}

// Cond is a condition on the executing vCPU's word of a counter, compared as unsigned numbers.
type Cond struct {
	counter Counter
	op      CondOp
	value   uint64
}

// CondOp is the comparison of a [Cond].
type CondOp uint8

// Comparisons.
const (
	condAlways CondOp = iota
	CondEQ
	CondNE
	CondLT
	CondLE
	CondGT
	CondGE
)

// EQ holds if the word is n.
func (c Counter) EQ(n uint64) Cond { return Cond{c, CondEQ, n} }

// NE holds if the word is not n.
func (c Counter) NE(n uint64) Cond { return Cond{c, CondNE, n} }

// LT holds if the word is less than n.
func (c Counter) LT(n uint64) Cond { return Cond{c, CondLT, n} }

// LE holds if the word is at most n.
func (c Counter) LE(n uint64) Cond { return Cond{c, CondLE, n} }

// GT holds if the word is greater than n.
func (c Counter) GT(n uint64) Cond { return Cond{c, CondGT, n} }

// GE holds if the word is at least n.
func (c Counter) GE(n uint64) Cond { return Cond{c, CondGE, n} }

// Test returns the comparison and its operand; op is 0 for the zero Cond, which always
// holds. Weir calls it.
func (c Cond) Test() (op CondOp, value uint64) { return c.op, c.value }

// Holds evaluates op for a word.
func (op CondOp) Holds(word, n uint64) bool {
	switch op {
	case CondEQ:
		return word == n
	case CondNE:
		return word != n
	case CondLT:
		return word < n
	case CondLE:
		return word <= n
	case CondGT:
		return word > n
	case CondGE:
		return word >= n
	}
	return true
}
