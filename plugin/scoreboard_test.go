package plugin

import (
	"strings"
	"testing"
	"unsafe"
)

// slotSystem is slot memory for two vCPUs.
type slotSystem struct {
	System
	slots [3][]uint64
	end   int
	freed int
}

func newSlotSystem() *slotSystem {
	s := &slotSystem{end: 8}
	for i := range 2 {
		s.slots[i] = make([]uint64, 64)
	}
	return s
}

func (s *slotSystem) AllocSlot(size int) (int, error) {
	off := s.end
	s.end += (size + 7) &^ 7
	return off, nil
}
func (s *slotSystem) FreeSlot(off, size int) { s.freed = size }
func (s *slotSystem) MaxVCPUs() int          { return len(s.slots) }
func (s *slotSystem) Slot(i int) []uint64    { return s.slots[i] }

type record struct {
	_    byte
	_, b uint64
	hist [4]uint64
}

func TestScoreboard(t *testing.T) {
	sys := newSlotSystem()
	h := NewHost("p", sys)
	first := NewCounter(h)
	sb := NewScoreboard[record](h)
	b := FieldCounter(sb, func(r *record) *uint64 { return &r.b })
	h3 := FieldCounter(sb, func(r *record) *uint64 { return &r.hist[3] })
	v0, v1 := NewVCPU(0, 0, 1, nil), NewVCPU(1, 1, 2, nil)
	sb.At(v0).b = 5
	sb.At(v1).b = 6
	sb.At(v1).hist[3] = 9
	b.Add(v1, 10)
	if b.Get(v0) != 5 || b.Get(v1) != 16 || b.Sum() != 21 || h3.Sum() != 9 || first.Sum() != 0 {
		t.Errorf("%d %d %d %d %d", b.Get(v0), b.Get(v1), b.Sum(), h3.Sum(), first.Sum())
	}
	b.Set(v0, 1)
	if sb.At(v0).b != 1 {
		t.Error("Set does not write the record")
	}
	n := 0
	for i, r := range sb.All {
		if r != sb.Index(i) {
			t.Error("All yields another record")
		}
		n++
	}
	if n != 2 || sb.Index(2) != nil {
		t.Errorf("%d records", n)
	}
	b.Reset()
	if b.Sum() != 0 || h3.Sum() != 9 {
		t.Error("Reset")
	}
	sb.Free()
	if sys.freed != int(unsafe.Sizeof(record{})) {
		t.Errorf("freed %d bytes", sys.freed)
	}
}

func TestScoreboardTypes(t *testing.T) {
	h := NewHost("p", newSlotSystem())
	for name, f := range map[string]func(){
		"pointer":   func() { NewScoreboard[*int](h) },
		"string":    func() { NewScoreboard[struct{ s string }](h) },
		"slice":     func() { NewScoreboard[[2][]int](h) },
		"map":       func() { NewScoreboard[map[int]int](h) },
		"interface": func() { NewScoreboard[any](h) },
		"outside":   func() { var x uint64; FieldCounter(NewScoreboard[record](h), func(*record) *uint64 { return &x }) },
	} {
		func() {
			defer func() {
				if s, ok := recover().(string); !ok || !strings.HasPrefix(s, "plugin: ") {
					t.Errorf("%s: %v", name, s)
				}
			}()
			f()
		}()
	}
	NewScoreboard[[3]float64](h)
	NewScoreboard[struct{}](h)
}

func TestCond(t *testing.T) {
	c := NewCounter(NewHost("p", newSlotSystem()))
	for _, tc := range []struct {
		cond Cond
		want string // for words 1, 2, 3 and all ones
	}{
		{c.EQ(2), "nynn"}, {c.NE(2), "ynyy"}, {c.LT(2), "ynnn"}, {c.LE(2), "yynn"}, {c.GT(2), "nnyy"}, {c.GE(2), "nyyy"}, {Cond{}, "yyyy"},
	} {
		op, n := tc.cond.Test()
		got := ""
		for _, w := range []uint64{1, 2, 3, ^uint64(0)} {
			if op.Holds(w, n) {
				got += "y"
			} else {
				got += "n"
			}
		}
		if got != tc.want {
			t.Errorf("operation %d: %s, want %s", op, got, tc.want)
		}
	}
}
