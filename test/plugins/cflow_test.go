//go:build linux

package plugins

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/testenv"
	"github.com/weir-emu/weir/plugin"
)

const exactFlow = `collected 10 control flow nodes in the hash table
  addr: 0x10018 loop: bnez s1,0x10008 (branch)
    branches 99
      to 0x10008 (99)
  addr: 0x10020 again: jal 0x10080 (branch)
    branches 10
      to 0x10080 (10)
  addr: 0x1008c leaf: ret (branch)
    branches 10
      to 0x10024 (10)
  addr: 0x10028 again: bnez s2,0x10020 (branch)
    branches 9
      to 0x10020 (9)
`

// Stores that fault, with a handler that skips them.
const exactFaults = `  addr: 0x101a0 bad: sd t0,0(t0) (sync fault)
    early exits 4
    branches 4
      to 0x101b0 (4)
`

func TestCflowGolden(t *testing.T) {
	for _, interpret := range []bool{false, true} {
		cfg := weir.Config{Interpret: interpret}
		if r := run(t, cfg, "exact", nil, bundle(t, "cflow")); r.log != exactFlow {
			t.Errorf("interpret=%v:\n%s", interpret, r.log)
		}
		for _, sort := range []string{"early", "exceptions"} {
			r := run(t, cfg, "exact", []string{"", "", "3"}, bundle(t, "cflow,limit=1,sort="+sort))
			if _, rows, _ := strings.Cut(r.log, "\n"); rows != exactFaults || r.status != 0 {
				t.Errorf("interpret=%v sort=%s:\n%s", interpret, sort, r.log)
			}
		}
	}
}

// The branches are those that a plugin which follows every block sees.
func TestCflowAgrees(t *testing.T) {
	type way struct{ from, to abi.Addr }
	want := map[way]uint64{}
	follow := own("follow", func(h *plugin.Host) {
		var end, next abi.Addr
		h.OnTranslate(func(b *plugin.Block) {
			pc, last := b.PC(), b.Insn(b.Len()-1)
			lastPC, after := last.PC(), last.PC()+uint64(last.Len())
			b.OnExec(plugin.NoRegs, func(*plugin.VCPU) {
				if end != 0 && next != pc {
					want[way{end, pc}]++
				}
				end, next = lastPC, after
			})
		})
	})
	r := run(t, weir.Config{}, "probe", []string{"work"}, follow, bundle(t, "cflow,limit=1000000"))
	got, sum := map[way]uint64{}, uint64(0)
	var from, branches, to, n uint64
	for line := range strings.Lines(r.log) {
		if _, err := fmt.Sscanf(line, "  addr: 0x%x", &from); err == nil {
			continue
		}
		if _, err := fmt.Sscanf(line, "    branches %d", &branches); err == nil {
			sum += branches
			continue
		}
		if _, err := fmt.Sscanf(line, "      to 0x%x (%d)", &to, &n); err == nil {
			got[way{from, to}] = n
			sum -= n
		}
	}
	if r.status != 0 || len(want) < 100 || sum != 0 || !maps.Equal(got, want) {
		t.Errorf("status %d, %d ways, want %d; sum off by %d", r.status, len(got), len(want), sum)
	}
}

func TestCflowProcesses(t *testing.T) {
	exact := testenv.GuestC(t, "exact")
	r := command(t, "-plugin", "cflow", exact, "1")
	if r.status != 0 || strings.Count(r.log, "to 0x10100 (1)\n") != 1 || strings.Count(r.log, "to 0x10008 (99)\n") != 1 {
		t.Errorf("fork: %+v", r)
	}
	if r := command(t, "-plugin", "cflow", exact, "2", ""); r.status != 0 || r.log != exactFlow {
		t.Errorf("exec: %+v", r)
	}
	if r := command(t, "-plugin", "cflow", exact, "4", "", "", ""); r.signal != 15 || !strings.Contains(r.log, "to 0x10008 (99)\n") {
		t.Errorf("SIGTERM: %+v", r)
	}
	refuse(t, "cflow,sort=worst", "sort=worst: want hottest, early or exceptions")
}
