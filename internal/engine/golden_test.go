package engine

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/isa"
)

// Golden files, test/ir/*.txt: cases of the form
//
//	test NAME
//	in x1=5 v2=0x3ff0000000000000 frm=1 m0x10008=0x1122
//	block 0x14000
//	... operations, see ir.ParseBlock
//	out exit=fetch pc=0x14004 x3=7
//
// "in" sets registers and 64-bit words of memory, everything else is zero. "out"
// says how Run returns and what has changed, and only that. Memory is
// 0x10000-0x1ffff, the page 0x18000 read-only; code is at 0x14000 and
// nowhere else, so that a block that is left by a jump ends in a fetch fault at
// the target. Every engine runs every case.
type goldenCase struct {
	name    string
	file    string
	in, out map[string]uint64
	exit    string
	blk     ir.Block
}

const (
	goldenCode = 0x14000
	goldenRO   = 0x18000
)

func readGolden(t *testing.T) (cases []*goldenCase) {
	t.Helper()
	files, _ := filepath.Glob("../../test/ir/*.txt")
	if len(files) < 4 {
		t.Fatalf("only %d files in test/ir", len(files))
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range strings.Split("\n"+string(text), "\ntest ")[1:] {
			c := &goldenCase{file: filepath.Base(f)}
			if err := c.parse(part); err != nil {
				t.Fatalf("%s: test %s: %v", f, c.name, err)
			}
			cases = append(cases, c)
		}
	}
	return cases
}

func (c *goldenCase) parse(text string) (err error) {
	name, rest, _ := strings.Cut(text, "\n")
	c.name = strings.TrimSpace(name)
	var block strings.Builder
	for line := range strings.Lines(rest) {
		switch kind, args, _ := strings.Cut(strings.TrimSpace(line), " "); kind {
		case "in":
			c.in, err = c.settings(args)
		case "out":
			c.out, err = c.settings(args)
		default:
			block.WriteString(line)
		}
		if err != nil {
			return err
		}
	}
	if err := ir.ParseBlock(&c.blk, block.String()); err != nil {
		return err
	}
	if c.exit == "" || c.blk.PC != goldenCode {
		return fmt.Errorf("no out line with exit=, or the block is not at %#x", goldenCode)
	}
	return c.blk.Verify()
}

func (c *goldenCase) settings(args string) (map[string]uint64, error) {
	set := map[string]uint64{}
	for _, s := range strings.Fields(args) {
		k, v, _ := strings.Cut(s, "=")
		if k == "exit" {
			c.exit = v
			continue
		}
		n, err := strconv.ParseUint(v, 0, 64)
		if err != nil {
			return nil, err
		}
		set[k] = n
	}
	return set, nil
}

// goldenGuest lifts whatever block is put into it.
type goldenGuest struct{ blk *ir.Block }

func (g *goldenGuest) guest() *isa.Guest {
	return &isa.Guest{MinInsn: 2, MaxInsn: 4, Lift: func(b *ir.Block, code []byte, max int) {
		if b.PC != g.blk.PC {
			// The interpreter is asked for one instruction of the middle.
			for i := range g.blk.Insts {
				if n := &g.blk.Insts[i]; n.Op == ir.OpInsn && uint64(n.Imm) == b.PC {
					copyInsns(b, g.blk.Insts[i:], max)
				}
			}
			return
		}
		copyInsns(b, g.blk.Insts, max)
	}}
}

func copyInsns(b *ir.Block, insts []ir.Inst, max int) {
	for _, i := range insts {
		if i.Op == ir.OpInsn {
			if b.NInsn == max {
				return
			}
			b.Insn(int(i.Aux))
			continue
		}
		b.Emit(i)
	}
}

// word is a place that "in" and "out" name.
func goldenState(s *cpu.State, mem func(addr uint64) uint64) map[string]uint64 {
	st := map[string]uint64{"frm": uint64(s.FRM), "fflags": uint64(s.FFlags), "pc": s.PC}
	for i := range 64 {
		st["x"+strconv.Itoa(i)] = s.X[i]
		st["v"+strconv.Itoa(i)] = s.V[i][0]
	}
	if s.ResAddr != cpu.NoReservation {
		st["res"] = s.ResAddr
	}
	for a := uint64(fakeBase); a < fakeBase+0x40; a += 8 {
		st["m"+"0x"+strconv.FormatUint(a, 16)] = mem(a)
	}
	return st
}

// runGolden executes c on u, whose guest is g and whose memory the functions access.
func runGolden(t *testing.T, c *goldenCase, u *CPU, g *goldenGuest, load func(uint64) uint64, store func(addr, v uint64)) {
	t.Helper()
	g.blk = &c.blk
	u.e.Flush()
	clear(u.steps[:]) // this guest's code does not depend on the bytes
	s := u.s
	s.X, s.V = [64]uint64{}, [64][2]uint64{}
	s.FFlags, s.ResAddr, s.ResVal, s.PC = 0, cpu.NoReservation, 0, goldenCode
	s.MXCSR = cpu.MXCSRDefault
	s.SetFRM(0)
	for a := uint64(fakeBase); a < fakeBase+0x40; a += 8 {
		store(a, 0)
	}
	for k, v := range c.in {
		switch n, _ := strconv.Atoi(k[1:]); {
		case k == "frm":
			s.SetFRM(uint32(v))
		case k == "fflags":
			s.FFlags = uint32(v)
		case k[0] == 'x':
			s.X[n] = v
		case k[0] == 'v':
			s.V[n][0] = v
		case k[0] == 'm':
			a, err := strconv.ParseUint(k[1:], 0, 64)
			if err != nil {
				t.Fatal(err)
			}
			store(a, v)
		default:
			t.Fatalf("unknown place %q", k)
		}
	}
	before := goldenState(s, load)
	x := u.Run()
	s.FoldFlags()
	after := goldenState(s, load)

	got := map[string]uint64{"pc": s.PC}
	for k, v := range after {
		if v != before[k] {
			got[k] = v
		}
	}
	exit := strings.Fields(x.Kind.String())[0]
	switch x.Kind {
	case Fault:
		got["addr"], got["code"] = x.Addr, uint64(x.Code)
	case Align:
		got["addr"] = x.Addr
	}
	if exit != c.exit || !maps.Equal(got, c.out) {
		t.Errorf("%s: %s:\n got exit=%s %s\nwant exit=%s %s\n%s", c.file, c.name, exit, show(got), c.exit, show(c.out), c.blk.String())
	}
}

func show(set map[string]uint64) string {
	var s strings.Builder
	for _, k := range slices.Sorted(maps.Keys(set)) {
		fmt.Fprintf(&s, "%s=%#x ", k, set[k])
	}
	return s.String()
}

func TestGoldenInterpreter(t *testing.T) {
	for _, one := range []bool{false, true} {
		g := new(goldenGuest)
		m := new(fakeMem)
		for i := range m.noExec {
			m.noExec[i] = uint64(fakeBase+i*pageSize) != goldenCode
		}
		m.readOnly[(goldenRO-fakeBase)/pageSize] = true
		e, err := New(Config{Guest: g.guest(), Mem: m, Verify: true, OneInsnPerTB: one})
		if err != nil {
			t.Fatal(err)
		}
		m.e = e
		u := newFakeCPU(e)
		load := func(a uint64) uint64 { v, _ := m.Load(new(cpu.State), a, 8); return v }
		store := func(a, v uint64) { m.Store(new(cpu.State), a, 8, v) }
		for _, c := range readGolden(t) {
			runGolden(t, c, u, g, load, store)
		}
	}
}
