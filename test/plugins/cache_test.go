//go:build linux

package plugins

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/testenv"
	"github.com/weir-emu/weir/plugin"
)

const exactCache = `core #, data accesses, data misses, dmiss rate, insn accesses, insn misses, imiss rate
0       221            3               1.3575%  587            3               0.5111%

address, data misses, instruction
0x10008 (loop), 1, ld t0,0(s0)
0x1002c (again), 1, ld s3,0(sp)
0x10084 (leaf), 1, lw t1,0(t0)

address, fetch misses, instruction
0x10000 (_start), 1, lui s0,0x20
0x10040 (again), 1, li t1,4
0x10080 (leaf), 1, lui t0,0x22
`

// With two blocks of code, leaf and its caller exclude each other.
const exactSmall = `core #, data accesses, data misses, dmiss rate, insn accesses, insn misses, imiss rate, l2 accesses, l2 misses, l2 miss rate
0       221            3               1.3575%  587            22              3.7479%  25           6              24.0000%
1       0              0               0.0000%  0              0               0.0000%  0            0               0.0000%
sum     221            3               1.3575%  587            22              3.7479%  25           6              24.0000%

address, data misses, instruction
0x10008 (loop), 1, ld t0,0(s0)
0x1002c (again), 1, ld s3,0(sp)

address, fetch misses, instruction
0x10024 (again), 10, addi s2,s2,-1
0x10080 (leaf), 10, lui t0,0x22

address, L2 misses, instruction
0x10000 (_start), 1, lui s0,0x20
0x10008 (loop), 1, ld t0,0(s0)
`

func TestCacheGolden(t *testing.T) {
	for spec, want := range map[string]string{
		"cache": exactCache,
		"cache,icachesize=128,iassoc=1,cores=2,l2=on,limit=2":               exactSmall,
		"cache,icachesize=128,iassoc=1,cores=2,l2assoc=2,limit=2":           exactSmall,
		"cache,icachesize=128,iassoc=1,cores=2,l2=on,limit=2,evict=fifo":    exactSmall,
		"cache,icachesize=128,iassoc=1,cores=2,l2blksize=64,limit=2,l2=yes": exactSmall,
	} {
		for _, interpret := range []bool{false, true} {
			if r := run(t, weir.Config{Interpret: interpret}, "exact", nil, bundle(t, spec)); r.log != want {
				t.Errorf("interpret=%v %s:\n%s", interpret, spec, r.log)
			}
		}
	}
}

// naive is an LRU cache in the plainest way: sets are lists of blocks, latest first.
type naive struct {
	block, sets      uint64
	ways             int
	lists            map[uint64][]uint64
	accesses, misses uint64
}

func (n *naive) access(addr uint64) bool {
	n.accesses++
	b := addr / n.block
	s := b % n.sets
	l := n.lists[s]
	i := slices.Index(l, b)
	if i >= 0 {
		l = slices.Delete(l, i, i+1)
	} else {
		n.misses++
	}
	l = slices.Insert(l, 0, b)
	n.lists[s] = l[:min(len(l), n.ways)]
	return i >= 0
}

// The plugin, which is called for few instructions and gets accesses in batches, has the same results as a model of
// the test's that sees each instruction and each access one after the other.
func TestCacheAgrees(t *testing.T) {
	type missed struct {
		kind string
		pc   abi.Addr
	}
	code := &naive{block: 32, sets: 4, ways: 2, lists: map[uint64][]uint64{}}
	data := &naive{block: 64, sets: 2, ways: 3, lists: map[uint64][]uint64{}}
	both := &naive{block: 64, sets: 8, ways: 4, lists: map[uint64][]uint64{}}
	want, row := map[missed]uint64{}, ""
	model := own("model", func(h *plugin.Host) {
		second := func(addr, pc abi.Addr) {
			if !both.access(addr) {
				want[missed{"L2", pc}]++
			}
		}
		h.OnTranslate(func(b *plugin.Block) {
			for _, i := range b.Insns {
				pc := i.PC()
				i.OnExec(plugin.NoRegs, func(*plugin.VCPU) {
					if !code.access(pc) {
						want[missed{"fetch", pc}]++
						second(pc, pc)
					}
				})
				i.OnMem(plugin.MemReadWrite, plugin.NoRegs, func(_ *plugin.VCPU, a plugin.Access) {
					if !data.access(a.Addr) {
						want[missed{"data", pc}]++
						second(a.Addr, pc)
					}
				})
			}
		})
		h.OnExit(func(plugin.ExitInfo) {
			row = fmt.Sprint(0, data.accesses, data.misses, code.accesses, code.misses, both.accesses, both.misses)
		})
	})
	const spec = "cache,limit=1000000,icachesize=256,iblksize=32,iassoc=2,dcachesize=384,dassoc=3,l2cachesize=2048,l2assoc=4"
	r := run(t, weir.Config{}, "probe", []string{"work"}, model, bundle(t, spec))
	got, kind := map[missed]uint64{}, ""
	for i, line := range strings.Split(r.log, "\n") {
		if i == 1 {
			f := strings.Fields(line)
			if len(f) != 10 || strings.Join(append(f[:3:3], f[4], f[5], f[7], f[8]), " ") != row {
				t.Errorf("%s\nwant %s", line, row)
			}
		}
		f := strings.SplitN(line, ", ", 3)
		if len(f) != 3 {
			continue
		}
		if k, ok := strings.CutSuffix(f[1], " misses"); ok && f[0] == "address" {
			kind = k
		}
		var pc, n uint64
		if _, err := fmt.Sscanf(f[0], "0x%x", &pc); err != nil {
			continue
		}
		if _, err := fmt.Sscanf(f[1], "%d", &n); err != nil || f[2] == "" {
			t.Errorf("line %q", line)
		}
		got[missed{kind, pc}] = n
	}
	if r.status != 0 || both.misses == 0 || len(want) < 100 || !maps.Equal(got, want) {
		t.Errorf("status %d; misses at %d places, want %d", r.status, len(got), len(want))
	}
}

// Accesses of all threads are in the table, whichever core they are on.
func TestCacheThreads(t *testing.T) {
	for _, cores := range []int{1, 3} {
		var c counted
		r := run(t, weir.Config{}, "probe", []string{"threads", "4", "20"}, c.counter(), bundle(t, fmt.Sprintf("cache,l2=on,cores=%d", cores)))
		rows := strings.Split(r.log, "\n")[1:]
		f := strings.Fields(rows[0])
		if cores > 1 {
			f = strings.Fields(rows[cores])
		}
		if len(f) != 10 || f[1] != fmt.Sprint(c.loads+c.stores) || f[4] != fmt.Sprint(c.insns) || c.insns == 0 {
			t.Errorf("cores=%d: %s; want %d accesses, %d instructions", cores, f, c.loads+c.stores, c.insns)
		}
		if cores > 1 && (rows[1] == "" || strings.Fields(rows[1])[1] == "0") {
			t.Errorf("core 1: %s", rows[1])
		}
	}
}

func TestCacheProcesses(t *testing.T) {
	exact := testenv.GuestC(t, "exact")
	r := command(t, "-plugin", "cache", exact, "1")
	const child = "0       6              1              16.6667%  19             "
	if r.status != 0 || !strings.HasPrefix(r.log[strings.Index(r.log, "\n")+1:], child) || !strings.Contains(r.log, "\n0       221            3               1.3575%  594            ") {
		t.Errorf("fork: %+v", r)
	}
	if r := command(t, "-plugin", "cache", exact, "2", ""); r.status != 0 || r.log != exactCache {
		t.Errorf("exec: %+v", r)
	}
	if r := command(t, "-plugin", "cache", exact, "4", "", "", ""); r.signal != 15 || !strings.Contains(r.log, "\n0x10008 (loop), 1, ld t0,0(s0)\n") {
		t.Errorf("SIGTERM: %+v", r)
	}
	refuse(t, "cache,evict=plru", "evict=plru: want lru, fifo or rand")
	refuse(t, "cache,dassoc=7", "dcachesize=16384")
	refuse(t, "cache,cores=0", "cores=0")
	refuse(t, "cache,l2blksize=48", "l2blksize=48")
	refuse(t, "cache,l3=on", "l3")
}
