package engine

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/isa"
	"github.com/weir-emu/weir/internal/isa/riscv64"
)

// Random instruction sequences of the real guest. A sequence runs from its first instruction
// to whatever makes Run return; at the latest that is the system call behind it.

// The sandbox: where the memory accesses of random sequences mostly go.
const (
	sandCode = 0x100000000 // 16 sequences a page
	sandSize = 256
	sandSlot = 16
	sandData = 0x200000000 // two pages, then a read-only one; nothing around them
	sandRO   = sandData + 2*pageSize
	sandEnd  = sandRO + pageSize
	maxRand  = 24 // instructions of a sequence
)

// sequence is random code and the state to start it with.
type sequence struct {
	insns  [][]byte // without the system call at the end
	code   []byte
	pc     uint64
	x, v   [32]uint64
	frm    uint32
	fflags uint32
	res    uint64
	resVal uint64
}

// rows are the instructions to draw from.
var rows []*isa.Row

func loadRows() {
	if rows != nil {
		return
	}
	for i := range riscv64.Sets {
		for j := range riscv64.Sets[i].Rows {
			rows = append(rows, &riscv64.Sets[i].Rows[j])
		}
	}
}

// randomSequence makes a sequence at pc.
func randomSequence(r *rand.Rand, pc uint64) *sequence {
	loadRows()
	q := &sequence{pc: pc}
	n := 1 + r.IntN(maxRand)
	if r.IntN(3) == 0 {
		n = 1 + r.IntN(3)
	}
	size := 0
	for range n {
		one := randomInsn(r, pc+uint64(size), pc+uint64(size+4*n))
		q.insns = append(q.insns, one)
		size += len(one)
	}
	q.encode()
	end := pc + uint64(size)
	for i := 1; i < 32; i++ {
		q.x[i] = randomInt(r)
		if r.IntN(40) == 0 {
			q.x[i] = end
		}
		q.v[i] = randomFP(r)
	}
	q.v[0] = randomFP(r)
	if r.IntN(2) == 0 {
		q.frm = uint32(r.IntN(8))
	}
	q.fflags = uint32(r.IntN(32))
	q.res, q.resVal = cpu.NoReservation, r.Uint64()
	if r.IntN(3) == 0 {
		q.res = sandAddr(r)
	}
	return q
}

// encode sets the code from insns.
func (q *sequence) encode() {
	q.code = append(bytes.Join(q.insns, nil), 0x73, 0, 0, 0) // ecall
}

// shrink leaves instructions out as long as the result is still bad.
func (q *sequence) shrink(bad func(*sequence) bool) *sequence {
	for {
		smaller := false
		for i := range q.insns {
			o := *q
			o.insns = slices.Concat(q.insns[:i], q.insns[i+1:])
			o.encode()
			if bad(&o) {
				q, smaller = &o, true
				break
			}
		}
		if !smaller {
			return q
		}
	}
}

// randomInsn makes an instruction for pc after which the sequence ends: branches go
// forward, at most to limit, and counters are left out.
func randomInsn(r *rand.Rand, pc, limit uint64) []byte {
	var b ir.Block
	for {
		row := rows[r.IntN(len(rows))]
		fill := r.Uint32()
		if r.IntN(2) == 0 {
			// Small displacements keep accesses in the sandbox; few registers make
			// instructions depend on each other.
			fill &= 0x07ffffff
			fill &^= 0x10 << 7 & r.Uint32()
			fill &^= 0x18 << 15 & r.Uint32()
			fill &^= 0x18 << 20 & r.Uint32()
		}
		raw, size := riscv64.Encode(row, fill)
		if _, ok := riscv64.Decode(raw, pc); !ok && r.IntN(50) > 0 {
			continue
		}
		one := []byte{byte(raw), byte(raw >> 8), byte(raw >> 16), byte(raw >> 24)}[:size]
		b.Reset(pc)
		riscv64.Lift(&b, one, 1)
		if b.NInsn != 1 || !ends(&b, limit) {
			continue
		}
		if b.Ended() && r.IntN(4) > 0 {
			continue // longer sequences are worth more
		}
		return one
	}
}

// ends reports whether the lifted instruction goes on at most forward to limit,
// and always does the same.
func ends(b *ir.Block, limit uint64) bool {
	for _, i := range b.Insts {
		switch i.Op {
		case ir.OpCounter:
			return false
		case ir.OpBr, ir.OpJmp:
			if t := uint64(i.Imm); t <= b.PC || t > limit {
				return false
			}
		case ir.OpJmpInd:
			if i.Imm != 0 {
				return false // might lead backwards from an address of the code
			}
		}
	}
	return true
}

func sandAddr(r *rand.Rand) uint64 {
	a := uint64(sandData) + r.Uint64N(sandEnd-sandData)
	switch r.IntN(8) {
	case 0: // odd
	case 1: // near a border
		a = sandData + r.Uint64N(4)*pageSize + r.Uint64N(64) - 32
	default:
		a &^= 15
	}
	return a
}

func randomInt(r *rand.Rand) uint64 {
	switch r.IntN(8) {
	case 0:
		return r.Uint64()
	case 1:
		return r.Uint64() >> r.IntN(64)
	case 2:
		return uint64(int64(r.Uint64()) >> r.IntN(64))
	case 3:
		return uint64(int64(r.IntN(5)) - 2)
	case 4:
		return [...]uint64{1 << 63, 1<<63 - 1, 1 << 31, 1<<31 - 1, 0xffffffff80000000, 0xffffffff, 1 << 47, 0xfff}[r.IntN(8)]
	}
	return sandAddr(r)
}

func randomFP(r *rand.Rand) uint64 {
	special := [...]uint64{0, 1, 2, 0x3ff0000000000000, 0x7ff0000000000000, 0x7ff8000000000000, 0x7ff0000000000001, 0x7fefffffffffffff, 0x000fffffffffffff, 0x0010000000000000, 0x4340000000000000, 0x43e0000000000000, 0x41dfffffffc00000}
	single := [...]uint64{0, 1, 0x3f800000, 0x7f800000, 0x7fc00000, 0x7f800001, 0x7f7fffff, 0x007fffff, 0x00800000, 0x4f000000, 0x5f000000}
	switch r.IntN(8) {
	case 0:
		return r.Uint64()
	case 1:
		return special[r.IntN(len(special))] ^ uint64(r.IntN(2))<<63
	case 2: // moderate double
		return (1023+uint64(r.IntN(80))-40)<<52 | r.Uint64()>>12&^(1<<r.IntN(52)-1) | r.Uint64()&(1<<63)
	case 3, 4:
		return 0xffffffff<<32 | single[r.IntN(len(single))] ^ uint64(r.IntN(2))<<31
	case 5: // moderate single
		return 0xffffffff<<32 | (127+uint64(r.IntN(60))-30)<<23 | uint64(r.Uint32()>>9) | uint64(r.Uint32()&(1<<31))
	case 6: // half
		return 0xffffffffffff<<16 | uint64(r.Uint32()&0xffff)
	}
	return special[r.IntN(len(special))] + uint64(r.IntN(3)) - 1
}

// load puts the sequence's state into s.
func (q *sequence) load(s *cpu.State) {
	copy(s.X[:32], q.x[:])
	clear(s.X[32:])
	for i := range s.V {
		s.V[i] = [2]uint64{}
	}
	for i, v := range q.v {
		s.V[i][0] = v
	}
	s.PC = q.pc
	s.MXCSR = cpu.MXCSRDefault
	s.SetFRM(q.frm)
	s.FFlags = q.fflags
	s.ResAddr, s.ResVal = q.res, q.resVal
}

// result is everything that a run of a sequence leaves behind.
type result struct {
	exit        Exit
	pc          uint64
	x, v        [32]uint64
	frm, fflags uint32
	res         uint64
	mem         string
	probes      string // what probes have seen
}

func (q *sequence) result(x Exit, s *cpu.State, mem []byte) *result {
	s.FoldFlags()
	r := &result{exit: x, pc: s.PC, frm: s.FRM, fflags: s.FFlags, res: s.ResAddr, mem: string(mem)}
	copy(r.x[:], s.X[:32])
	for i := range r.v {
		r.v[i] = s.V[i][0]
	}
	return r
}

// diff says where r and o differ, or nothing.
func (r *result) diff(o *result) string {
	if *r == *o {
		return ""
	}
	var s strings.Builder
	if r.exit != o.exit {
		fmt.Fprintf(&s, "exit %+v against %+v\n", r.exit, o.exit)
	}
	word := func(name string, a, b uint64) {
		if a != b {
			fmt.Fprintf(&s, "%s %#x against %#x\n", name, a, b)
		}
	}
	word("pc", r.pc, o.pc)
	word("frm", uint64(r.frm), uint64(o.frm))
	word("fflags", uint64(r.fflags), uint64(o.fflags))
	word("reservation", r.res, o.res)
	for i := range r.x {
		word(fmt.Sprint("x", i), r.x[i], o.x[i])
		word(fmt.Sprint("f", i), r.v[i], o.v[i])
	}
	for i := range r.mem {
		if r.mem[i] != o.mem[i] {
			fmt.Fprintf(&s, "memory at offset %#x of data and code: %#x against %#x\n", i, r.mem[i], o.mem[i])
			break
		}
	}
	if r.probes != o.probes {
		fmt.Fprintf(&s, "probes: %s\nagainst %s\n", r.probes, o.probes)
	}
	return s.String()
}

// String is the sequence for a report.
func (q *sequence) String() string {
	var s strings.Builder
	for code, pc := q.code, q.pc; len(code) > 0; {
		text, n := riscv64.Disasm(code, pc)
		fmt.Fprintf(&s, "%#x: %-12x %s\n", pc, code[:n], text)
		code, pc = code[n:], pc+uint64(n)
	}
	for i := range q.x {
		fmt.Fprintf(&s, "x%d=%#x f%d=%#x ", i, q.x[i], i, q.v[i])
	}
	fmt.Fprintf(&s, "frm=%d fflags=%#x reservation=%#x value %#x\n", q.frm, q.fflags, q.res, q.resVal)
	return s.String()
}
