package eval

import "testing"

func TestAtomics(t *testing.T) {
	const m1 = ^uint64(0)
	for _, c := range []struct {
		op       string
		mem, arg uint64
		old, now uint64
	}{
		{"amoswap.m64", 1, 2, 1, 2},
		{"amoswap.m32s", 0xaaaaaaaa80000000, 2, 0xffffffff80000000, 0xaaaaaaaa00000002},
		{"amoadd.m64", m1, 1, m1, 0},
		{"amoadd.m32s", 0x1ffffffff, 1, m1, 0x100000000},
		{"amoand.m64", 0xff, 0x0f, 0xff, 0x0f},
		{"amoor.m64", 0xf0, 0x0f, 0xf0, 0xff},
		{"amoxor.m64", 0xff, 0x0f, 0xff, 0xf0},
		{"amomins.m64", m1, 1, m1, m1},
		{"amomins.m32s", 0x80000000, 1, 0xffffffff80000000, 0x80000000},
		{"amomins.m32s", 5, 0x80000000, 5, 0x80000000},
		{"amomaxs.m32s", 0x80000000, 1, 0xffffffff80000000, 1},
		{"amominu.m32s", 0x80000000, 1, 0xffffffff80000000, 1},
		{"amominu.m64", m1, 1, m1, 1},
		{"amomaxu.m32s", 0x80000000, 1, 0xffffffff80000000, 0x80000000},
		{"amomaxu.m64", m1, 1, m1, m1},
		{"amomaxs.m64", m1, 1, m1, 1},
		{"amoadd.m64", 0, 7, 0, 7}, // the first guess is right
	} {
		m := newMachine()
		m.Mem.Store(m.S, memBase, 8, c.mem)
		m.S.X[1], m.S.X[2] = memBase, c.arg
		run(t, m, "x3 = "+c.op+" x1, x2")
		now, _ := m.Mem.Load(m.S, memBase, 8)
		if m.S.X[3] != c.old || now != c.now {
			t.Errorf("%s of %#x, %#x: old %#x now %#x, want %#x %#x", c.op, c.mem, c.arg, m.S.X[3], now, c.old, c.now)
		}
	}
}

func TestReservation(t *testing.T) {
	m := newMachine()
	check := func(text string, x3, mem uint64) {
		t.Helper()
		run(t, m, text)
		got, _ := m.Mem.Load(m.S, memBase, 8)
		if m.S.X[3] != x3 || got != mem {
			t.Errorf("%s: x3 = %#x, memory %#x; want %#x, %#x", text, m.S.X[3], got, x3, mem)
		}
	}
	m.S.X[1], m.S.X[2], m.S.X[4] = memBase, 5, memBase+8
	check("x3 = sc.m64 x1, x2", 1, 0) // nothing reserved
	check("x3 = lr.m64 x1", 0, 0)
	check("x3 = sc.m64 x1, x2", 0, 5)
	check("x3 = sc.m64 x1, x4", 1, 5) // used up
	check("x3 = lr.m64 x1", 5, 5)
	check("x3 = sc.m64 x4, x2", 1, 5) // another address
	check("x3 = sc.m64 x1, x2", 1, 5) // which dropped the reservation
	check("x3 = lr.m64 x1", 5, 5)
	m.Mem.Store(m.S, memBase, 8, 6)
	check("x3 = sc.m64 x1, x2", 1, 6) // changed meanwhile
	m.Mem.Store(m.S, memBase, 8, 0x180000000)
	check("x3 = lr.m32s x1", 0xffffffff80000000, 0x180000000)
	check("x3 = sc.m32s x1, x2", 0, 0x100000005)
}

func TestCas(t *testing.T) {
	m := newMachine()
	m.S.X[1], m.S.X[2], m.S.X[3] = memBase, 0xffffffff80000000, 9
	m.Mem.Store(m.S, memBase, 8, 0x580000000)
	run(t, m, "x5 = cas.m32s x1, x2, x3")
	if got, _ := m.Mem.Load(m.S, memBase, 8); got != 0x500000009 || m.S.X[5] != m.S.X[2] {
		t.Errorf("cas.m32s: memory %#x, old %#x", got, m.S.X[5])
	}
	run(t, m, "x5 = cas.m64 x1, x2, x3")
	if got, _ := m.Mem.Load(m.S, memBase, 8); got != 0x500000009 || m.S.X[5] != got {
		t.Errorf("failing cas.m64: memory %#x, old %#x", got, m.S.X[5])
	}
	m.S.X[6], m.S.X[7], m.S.X[8], m.S.X[9] = 0x500000009, 0, 11, 12
	run(t, m, "x6 = caspair.m64 x1, x6, x8")
	lo, _ := m.Mem.Load(m.S, memBase, 8)
	hi, _ := m.Mem.Load(m.S, memBase+8, 8)
	if lo != 11 || hi != 12 || m.S.X[6] != 0x500000009 || m.S.X[7] != 0 {
		t.Errorf("caspair: %d %d, old %#x %#x", lo, hi, m.S.X[6], m.S.X[7])
	}
	run(t, m, "x0 = caspair.m64 x1, x0, x8") // fails, result dropped
	if m.S.X[0] != 0 || m.S.X[1] != memBase {
		t.Errorf("caspair to x0 wrote x0 %#x or x1 %#x", m.S.X[0], m.S.X[1])
	}
}
