// Not under the race detector: it brings cgo, whose threads hostsys does not know.

//go:build linux && amd64 && !race

package engine

import (
	"bytes"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/isa/riscv64"
	"github.com/weir-emu/weir/internal/mem"
)

// guardMem is memory for the interpreter that notices accesses to the test
// binary itself, which is not linked high, or out of the window: generated code must not be let loose on
// them.
type guardMem struct {
	*mem.Space
	hit bool
}

func (m *guardMem) own(s *cpu.State, addr uint64) bool {
	if m.Base() == 0 && (addr < 0x3ff000 || addr >= 0x4000000) || m.Base() != 0 && addr < m.Limit() {
		return false
	}
	m.hit = true
	s.FaultSig = sigSEGV
	return true
}

func (m *guardMem) Load(s *cpu.State, addr uint64, size int) (uint64, bool) {
	if m.own(s, addr) {
		return 0, false
	}
	return m.Space.Load(s, addr, size)
}

func (m *guardMem) Store(s *cpu.State, addr uint64, size int, v uint64) bool {
	return !m.own(s, addr) && m.Space.Store(s, addr, size, v)
}

func (m *guardMem) CompareAndSwap(s *cpu.State, addr uint64, size int, old, new uint64) (uint64, bool) {
	if m.own(s, addr) {
		return 0, false
	}
	return m.Space.CompareAndSwap(s, addr, size, old, new)
}

func (m *guardMem) CompareAndSwapPair(s *cpu.State, addr uint64, old, new [2]uint64) ([2]uint64, bool) {
	if m.own(s, addr) {
		return old, false
	}
	return m.Space.CompareAndSwapPair(s, addr, old, new)
}

// TestRandomSequences runs random code from random states on the interpreter and on
// generated code, and compares everything they leave behind. WEIR_FUZZ_SEQUENCES
// sets how many, WEIR_FUZZ_SEED where to begin.
func TestRandomSequences(t *testing.T) {
	count, seed := 10000, uint64(1)
	if testing.Short() {
		count = 1000
	}
	if v := os.Getenv("WEIR_FUZZ_SEQUENCES"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil {
			t.Fatal(err)
		}
		count, seed = n, uint64(time.Now().UnixNano())
	}
	if v := os.Getenv("WEIR_FUZZ_SEED"); v != "" {
		n, err := strconv.ParseUint(v, 0, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
	}
	t.Logf("WEIR_FUZZ_SEED=%d", seed)
	t.Run("direct", func(t *testing.T) { testRandom(t, mem.Config{}, count/2, seed, false) })
	t.Run("window", func(t *testing.T) { testRandom(t, mem.Config{Window: true}, count/2, seed+1, false) })
	t.Run("probed", func(t *testing.T) { testRandom(t, mem.Config{}, count/5, seed+2, true) })
}

func testRandom(t *testing.T, mcfg mem.Config, count int, seed uint64, probed bool) {
	space := setUpSpace(t, mcfg)
	if mcfg.Window {
		if err := hostsys.SetGSBase(uintptr(space.Base())); err != nil {
			t.Fatal(err)
		}
		defer hostsys.SetGSBase(0)
	}
	mapAt(t, space, sandCode, pageSize, mem.ProtRead|mem.ProtExec)
	mapAt(t, space, sandData, sandRO-sandData, rw)
	mapAt(t, space, sandRO, pageSize, mem.ProtRead)
	var all []*Engine
	g := riscv64.New()
	guard := &guardMem{Space: space}
	ref := newReal(t, "interpreter", g, space, Config{Mem: guard, Verify: true}, &all)
	var units []*realCPU
	for name, cfg := range jitConfigs() {
		cfg.Options.GSBase = mcfg.Window
		units = append(units, newReal(t, name, g, space, cfg, &all))
	}

	if probed {
		for _, u := range append(units, ref) {
			u.instrument()
		}
	}

	r := rand.New(rand.NewPCG(seed, 0))
	data := make([]byte, sandRO-sandData)
	got := make([]byte, sandEnd-sandData+sandSize) // the code behind the data
	exits := map[Kind]int{}
	failed := 0
	for done := 0; done < count; {
		page := make([]byte, pageSize)
		var qs []*sequence
		for i := range sandSlot {
			q := randomSequence(r, sandCode+uint64(i)*sandSize)
			copy(page[i*sandSize:(i+1)*sandSize], q.code)
			qs = append(qs, q)
		}
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		if !space.Poke(sandCode, page) {
			t.Fatal("cannot write the code")
		}
		try := func(u *realCPU, q *sequence, limit time.Duration) *result {
			if !space.Write(sandData, data) {
				t.Fatal("cannot write the data")
			}
			code := got[sandEnd-sandData:]
			if space.Read(q.pc, code); !bytes.Equal(code[:len(q.code)], q.code) {
				clear(code[copy(code, q.code):])
				space.Poke(q.pc, code)
			}
			q.load(u.s)
			u.seen.reset(u.CPU)
			watchdog := time.AfterFunc(limit, u.Interrupt)
			x := u.run()
			watchdog.Stop()
			space.Read(sandData, got[:sandEnd-sandData])
			space.Read(q.pc, code)
			out := q.result(x, u.s, got)
			out.probes = u.seen.text(u.CPU)
			return out
		}
		const soon, late = 500 * time.Millisecond, time.Minute
		// run is try for generated code, with the interpreter's result known. On a busy machine
		// the watchdog may stop it before it has begun: then it gets more time.
		run := func(u *realCPU, q *sequence, want *result) *result {
			r := try(u, q, soon)
			if r.exit.Kind == Poll && want.exit.Kind != Poll {
				r = try(u, q, late)
			}
			return r
		}
		for _, q := range qs {
			done++
			guard.hit = false
			want := try(ref, q, soon)
			exits[want.exit.Kind]++
			if want.exit.Kind == Poll || guard.hit {
				continue // Poll: an indirect jump has made a loop
			}
			for _, u := range units {
				if want.diff(run(u, q, want)) == "" {
					continue
				}
				differs := func(q *sequence) string {
					guard.hit = false
					want := try(ref, q, soon)
					if want.exit.Kind == Poll || guard.hit {
						return ""
					}
					return want.diff(run(u, q, want))
				}
				q = q.shrink(func(q *sequence) bool { return differs(q) != "" })
				t.Errorf("interpreter against %s:\n%s%s", u.name, differs(q), q)
				failed++
				break
			}
			if failed > 20 {
				t.Fatal("and so on")
			}
		}
	}
	t.Logf("exits: %v", exits)
	for _, k := range []Kind{Syscall, Fault, FetchFault, Align, Break, Illegal} {
		if exits[k] == 0 {
			t.Errorf("no sequence ended in %s", k)
		}
	}
}
