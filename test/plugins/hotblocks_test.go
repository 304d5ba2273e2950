//go:build linux

package plugins

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/internal/testenv"
)

// exactBlocks is the report of hotblocks on "exact" without arguments.
const exactBlocks = `collected 12 entries in the hash table
pc, tcount, icount, ecount
0x0000000000010008, 1, 5, 99
0x0000000000010024, 1, 2, 10
0x0000000000010080, 1, 4, 10
0x0000000000010020, 1, 1, 9
0x0000000000010000, 1, 7, 1
0x000000000001001c, 1, 2, 1
0x000000000001002c, 1, 3, 1
0x0000000000010038, 1, 2, 1
0x0000000000010040, 1, 2, 1
0x0000000000010048, 1, 2, 1
0x0000000000010050, 1, 2, 1
0x0000000000010058, 1, 3, 1
`

func TestHotblocksGolden(t *testing.T) {
	for _, interpret := range []bool{false, true} {
		for _, spec := range []string{"hotblocks", "hotblocks,inline=off"} {
			if r := run(t, weir.Config{Interpret: interpret}, "exact", nil, bundle(t, spec)); r.log != exactBlocks {
				t.Errorf("interpret=%v %s:\n%s", interpret, spec, r.log)
			}
		}
	}
}

// blocksSum adds up the rows of a report: instructions and blocks executed.
func blocksSum(t *testing.T, report string) (insns, blocks uint64) {
	t.Helper()
	for line := range strings.Lines(report) {
		var pc, translations, n, count uint64
		if _, err := fmt.Sscanf(line, "0x%x, %d, %d, %d", &pc, &translations, &n, &count); err == nil {
			insns += n * count
			blocks += count
		}
	}
	return insns, blocks
}

// The sum over all blocks is what another plugin counts instruction by instruction, with threads too.
func TestHotblocksSum(t *testing.T) {
	for _, args := range [][]string{{"work"}, {"threads", "4", "20"}} {
		for _, inline := range []string{"on", "off"} {
			var c counted
			r := run(t, weir.Config{}, "probe", args, c.counter(), bundle(t, "hotblocks,limit=100000,inline="+inline))
			if insns, blocks := blocksSum(t, r.log); r.status != 0 || insns == 0 || insns != c.insns || blocks != c.blocks {
				t.Errorf("%s inline=%s: status %d, %d instructions in %d blocks, want %d in %d", args, inline, r.status, insns, blocks, c.insns, c.blocks)
			}
		}
	}
}

// Child and parent print what each has executed; after execve it is the new program's; also after a signal has killed it.
func TestHotblocksProcesses(t *testing.T) {
	exact := testenv.GuestC(t, "exact")
	r := command(t, "-plugin", "hotblocks", exact, "1")
	const child = `collected 13 entries in the hash table
pc, tcount, icount, ecount
0x0000000000010080, 1, 4, 3
0x00000000000100dc, 1, 1, 1
0x00000000000100fc, 1, 1, 1
0x0000000000010100, 1, 1, 1
0x0000000000010104, 1, 1, 1
0x0000000000010108, 1, 3, 1
`
	parent, ok := strings.CutPrefix(r.log, child)
	if insns, _ := blocksSum(t, parent); !ok || r.status != 0 || insns != exactInsns-4*2+7+1+6+1 {
		t.Errorf("fork: status %d, %d instructions in the parent\n%s", r.status, insns, r.log)
	}
	if r := command(t, "-plugin", "hotblocks", exact, "2", ""); r.status != 0 || r.log != exactBlocks {
		t.Errorf("exec: status %d\n%s", r.status, r.log)
	}
	r = command(t, "-plugin", "hotblocks", exact, "4", "", "", "")
	if r.signal != 15 || !strings.Contains(r.log, "\n0x0000000000010008, 1, 5, 99\n") {
		t.Errorf("SIGTERM: %+v", r)
	}
}

func TestHotblocksRefuses(t *testing.T) {
	refuse(t, "hotblocks,inlin=on", "inlin")
	refuse(t, "hotblocks,inline=perhaps", "inline")
}
