// Not under the race detector: it brings cgo, whose threads hostsys does not know.

//go:build linux && amd64 && !race

package engine

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/host"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/isa"
	"github.com/weir-emu/weir/internal/isa/riscv64"
	"github.com/weir-emu/weir/internal/machine"
	"github.com/weir-emu/weir/internal/mem"
)

// realCPU is a CPU with real memory and, unless interpreted, real code.
type realCPU struct {
	*CPU
	name string
	t    testing.TB
	seen *probeLog // of random probes, or nil
}

// run is Run with the State bound to the thread.
func (u *realCPU) run() Exit {
	if !u.e.Interpreting() {
		hostsys.SetFaultExit(u.e.stubs.Fault)
	}
	hostsys.Bind(u.s)
	defer hostsys.Unbind(u.s)
	return u.CPU.Run()
}

// newReal adds an engine with one CPU for space. Invalidations of
// the space go to all engines in *all.
func newReal(t testing.TB, name string, g *isa.Guest, space *mem.Space, cfg Config, all *[]*Engine) *realCPU {
	t.Helper()
	cfg.Guest = g
	if cfg.Mem == nil {
		cfg.Mem = space
	}
	e, err := New(cfg)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	*all = append(*all, e)
	space.OnInvalidate(func(start, end uint64) {
		for _, e := range *all {
			e.Invalidate(start, end)
		}
	})
	s, err := hostsys.NewState()
	if err != nil {
		t.Fatal(err)
	}
	s.Base = space.Base()
	u := &realCPU{CPU: e.NewCPU(s), name: name, t: t}
	t.Cleanup(func() { u.Close(); hostsys.FreeState(s) })
	return u
}

// jitConfigs are the ways to generate code.
func jitConfigs() map[string]Config {
	b := func(o host.Options) Config {
		return Config{Backend: machine.NewBackend(abi.RISCV64), Options: o, TBSize: 16 << 20}
	}
	one := b(host.Options{})
	one.OneInsnPerTB = true
	return map[string]Config{
		"JIT":          b(host.Options{}),
		"JIT one insn": one,
		"JIT baseline": b(host.Options{Baseline: true}),
		"JIT unpaired": b(host.Options{NoPairing: true}),
		"JIT Go code":  b(host.Options{GoCode: true}),
	}
}

func setUp(t testing.TB) *mem.Space { return setUpSpace(t, mem.Config{}) }

func setUpSpace(t testing.TB, cfg mem.Config) *mem.Space {
	t.Helper()
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	if err := hostsys.Init(); err != nil {
		t.Fatal(err)
	}
	space, err := mem.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { space.Reset() })
	return space
}

const mapFixedAnon = 0x100032 // MAP_FIXED_NOREPLACE | MAP_PRIVATE | MAP_ANONYMOUS

func mapAt(t testing.TB, space *mem.Space, addr, n uint64, prot mem.Prot) {
	t.Helper()
	if _, e := space.Map(addr, n, prot, mapFixedAnon, -1, 0); e != 0 {
		t.Fatalf("cannot map %#x: errno %d", addr, e)
	}
}

const (
	rw  = mem.ProtRead | mem.ProtWrite
	rwx = rw | mem.ProtExec
)

func TestGoldenJIT(t *testing.T) {
	space := setUp(t)
	mapAt(t, space, fakeBase, goldenCode-fakeBase, rw)
	mapAt(t, space, goldenCode, pageSize, rwx)
	mapAt(t, space, goldenCode+pageSize, goldenRO-goldenCode-pageSize, rw)
	mapAt(t, space, goldenRO, pageSize, mem.ProtRead)
	load := func(a uint64) uint64 { v, _ := space.ReadU64(a); return v }
	store := func(a, v uint64) { space.WriteU64(a, v) }
	var all []*Engine
	cfgs := jitConfigs()
	cfgs["interpreter"] = Config{}
	for name, cfg := range cfgs {
		t.Run(name, func(t *testing.T) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			g := new(goldenGuest)
			u := newReal(t, name, g.guest(), space, cfg, &all)
			hostsys.Bind(u.s)
			defer hostsys.Unbind(u.s)
			for _, c := range readGolden(t) {
				runGolden(t, c, u.CPU, g, load, store)
			}
		})
	}
}

// TestPrivateStack overflows the private stack of call/return pairs with a recursion deeper than it holds.
func TestPrivateStack(t *testing.T) {
	space := setUp(t)
	mapAt(t, space, sandCode, pageSize, rwx)
	mapAt(t, space, sandData, 16<<20, rw)
	// f: beqz a0, out; addi sp,-8; sd ra,0(sp); addi a0,a0,-1; jal f; ld ra,0(sp); addi sp,8; addi a1,a1,1; out: ret
	for _, w := range []struct {
		off uint64
		raw uint32
	}{
		{0, 0x008000ef}, // jal ra, f
		{4, 0x00000073}, // ecall
		{8, 0x02050063}, // f: beqz a0, out
		{12, 0xff810113},
		{16, 0x00113023},
		{20, 0xfff50513},
		{24, 0xff1ff0ef}, // jal ra, f
		{28, 0x00013083},
		{32, 0x00810113},
		{36, 0x00158593},
		{40, 0x00008067}, // out: ret
	} {
		space.WriteU32(sandCode+w.off, w.raw)
	}
	var all []*Engine
	for name, cfg := range jitConfigs() {
		u := newReal(t, name, riscv64.New(), space, cfg, &all)
		for range 2 {
			const depth = 300000
			u.s.PC, u.s.X[10], u.s.X[11], u.s.X[2] = sandCode, depth, 0, sandData+16<<20
			if x := u.run(); x.Kind != Syscall || u.s.X[11] != depth || u.s.X[2] != sandData+16<<20 {
				t.Errorf("%s: %+v pc %#x a1 = %d sp = %#x", name, x, u.s.PC, u.s.X[11], u.s.X[2])
			}
		}
	}
}

// TestSelfModifyingJIT lets a store change the next instruction's page, the one it is in.
func TestSelfModifyingJIT(t *testing.T) {
	space := setUp(t)
	mapAt(t, space, sandCode, pageSize, rwx)
	var all []*Engine
	for name, cfg := range jitConfigs() {
		u := newReal(t, name, riscv64.New(), space, cfg, &all)
		space.WriteU32(sandCode, 0x00b52023)   // sw a1, 0(a0)
		space.WriteU32(sandCode+4, 0x0040006f) // j .+4
		space.WriteU32(sandCode+12, 0x00000073)
		for n := range uint64(5) {
			u.s.PC, u.s.X[10], u.s.X[12] = sandCode, sandCode+8, 0
			u.s.X[11] = 0x00060613 | n<<20 // addi a2, a2, n
			if x := u.run(); x.Kind != Syscall || u.s.X[12] != n {
				t.Errorf("%s: round %d: %+v pc %#x a2 = %d", name, n, x, u.s.PC, u.s.X[12])
			}
		}
	}
}

// TestStopJIT stops and interrupts CPUs that loop in generated code.
func TestStopJIT(t *testing.T) {
	space := setUp(t)
	mapAt(t, space, sandCode, pageSize, rwx)
	space.WriteU32(sandCode, 0x00150513)   // addi a0, a0, 1
	space.WriteU32(sandCode+4, 0xffdff06f) // j .-4
	e, err := New(Config{Guest: riscv64.New(), Mem: space, Backend: machine.NewBackend(abi.RISCV64), TBSize: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	space.OnInvalidate(e.Invalidate)
	const n = 3
	var cpus [n]*CPU
	exits := make(chan Exit, n)
	for i := range cpus {
		s, err := hostsys.NewState()
		if err != nil {
			t.Fatal(err)
		}
		s.PC = sandCode
		c := e.NewCPU(s)
		cpus[i] = c
		go func() {
			runtime.LockOSThread()
			hostsys.Bind(s)
			x := c.Run()
			hostsys.Unbind(s)
			c.Close()
			exits <- x
			runtime.UnlockOSThread()
		}()
	}
	for range 100 {
		time.Sleep(time.Millisecond)
		e.Exclusive(func() {
			var before [n]uint64
			for i, c := range cpus {
				before[i] = c.s.X[10]
			}
			e.Invalidate(sandCode, sandCode+4)
			for i, c := range cpus {
				if c.s.X[10] != before[i] {
					t.Errorf("cpu %d ran in Exclusive", i)
				}
			}
		})
	}
	for _, c := range cpus {
		c.Interrupt()
	}
	for range cpus {
		if x := <-exits; x.Kind != Poll {
			t.Errorf("%+v", x)
		}
	}
	for i, c := range cpus {
		if c.s.X[10] < 1000 {
			t.Errorf("cpu %d counted to %d only", i, c.s.X[10])
		}
		hostsys.FreeState(c.s)
	}
	if st := e.Stats(); st.Invalidated < 90 {
		t.Errorf("%+v", st)
	}
}

// TestHammerJIT runs calls, loops and long code on four threads in a code cache
// that holds a part of it, while others drop, flush, stop and rewrite.
func TestHammerJIT(t *testing.T) {
	space := setUp(t)
	mapAt(t, space, sandCode, 16*pageSize, rwx)
	// loop: auipc t1, 0; jalr ra, 32(t1); jal ra, f; addi a0,a0,-1; bnez a0, loop; ecall; nop; nop; f: addi a1,a1,1; ret
	for i, w := range []uint32{0x00000317, 0x020300e7, 0x018000ef, 0xfff50513, 0xfe0518e3, 0x00000073, 0x13, 0x13, 0x00158593, 0x00008067} {
		space.WriteU32(sandCode+4*uint64(i), w)
	}
	// far: 5000 times addi a1,a1,1 in blocks of two, then ecall.
	const far, steps = sandCode + pageSize, 5000
	for i := range uint64(steps) {
		space.WriteU32(far+8*i, 0x00158593)
		space.WriteU32(far+8*i+4, 0x0040006f) // j .+4
	}
	space.WriteU32(far+8*steps, 0x00000073)
	e, err := New(Config{Guest: riscv64.New(), Mem: space, Backend: machine.NewBackend(abi.RISCV64), TBSize: 160 << 10})
	if err != nil {
		t.Fatal(err)
	}
	space.OnInvalidate(e.Invalidate)
	stop := make(chan struct{})
	var wg, bg sync.WaitGroup
	for i := range 2 {
		bg.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					if n >= 10 { // each kind has happened
						return
					}
				case <-time.After(200 * time.Microsecond):
				}
				switch (n + i) % 5 {
				case 0:
					e.Invalidate(sandCode, sandCode+4)
				case 1:
					e.Flush()
				case 2:
					e.Exclusive(func() { e.Invalidate(far, far+pageSize) })
				case 3:
					space.WriteU32(sandCode+32, 0x00158593)
				case 4:
					e.SyncCode()
				}
			}
		})
	}
	for i := range 4 {
		wg.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			s, err := hostsys.NewState()
			if err != nil {
				t.Error(err)
				return
			}
			hostsys.Bind(s)
			c := e.NewCPU(s)
			for n := range uint64(400) {
				s.PC, s.X[10], s.X[11] = sandCode, 1000, 0
				want := uint64(2000)
				if (n+uint64(i))%3 == 0 {
					s.PC, want = far, steps
				}
				if x := c.Run(); x.Kind != Syscall || s.X[11] != want {
					t.Errorf("cpu %d, run %d: %+v pc %#x a1 = %d, want %d", i, n, x, s.PC, s.X[11], want)
					break
				}
			}
			c.Close()
			hostsys.Unbind(s)
			hostsys.FreeState(s)
		})
	}
	wg.Wait()
	close(stop)
	bg.Wait()
	if st := e.Stats(); st.Evicted == 0 || st.Invalidated == 0 || st.Links == 0 {
		t.Errorf("not much happened: %+v", st)
	}
}

func TestClose(t *testing.T) {
	space := setUp(t)
	e, err := New(Config{Guest: riscv64.New(), Mem: space, Backend: machine.NewBackend(abi.RISCV64), TBSize: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	base := e.cfg.CodeBase
	if _, f := hostsys.Load8(base); f.Sig != 0 {
		t.Errorf("the code cache is not there: %+v", f)
	}
	e.Close()
	e.Close()
	if _, f := hostsys.Load8(base); f.Sig == 0 {
		t.Error("the code cache is still mapped")
	}
}
