package cache

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/weir-emu/weir/abi"
)

// sums are a row of the table.
type sums struct {
	data, dataMisses, insns, insnMisses, l2, l2Misses uint64
}

func (s *sums) add(o sums) {
	s.data += o.data
	s.dataMisses += o.dataMisses
	s.insns += o.insns
	s.insnMisses += o.insnMisses
	s.l2 += o.l2
	s.l2Misses += o.l2Misses
}

func percent(misses, accesses uint64) float64 {
	if accesses == 0 {
		return 0
	}
	return float64(misses) / float64(accesses) * 100
}

func (p *simulator) print() {
	var b bytes.Buffer
	b.WriteString("core #, data accesses, data misses, dmiss rate, insn accesses, insn misses, imiss rate")
	if p.two {
		b.WriteString(", l2 accesses, l2 misses, l2 miss rate")
	}
	b.WriteByte('\n')
	rows := make([]sums, len(p.cores))
	for index, n := range p.board.All {
		rows[index%len(rows)].insns += atomic.LoadUint64(n)
	}
	total, missed := sums{}, make(map[abi.Addr]*[kinds]uint64)
	for i, c := range p.cores {
		c.mu.Lock()
		r := &rows[i]
		r.data, r.dataMisses, r.insnMisses = c.data.accesses, c.data.misses, c.code.misses
		if p.two {
			r.l2, r.l2Misses = c.both.accesses, c.both.misses
		}
		for pc, n := range c.missed {
			m := missed[pc]
			if m == nil {
				m = new([kinds]uint64)
				missed[pc] = m
			}
			for k := range m {
				m[k] += n[k]
			}
		}
		c.mu.Unlock()
		total.add(*r)
		p.row(&b, fmt.Sprint(i), *r)
	}
	if len(rows) > 1 {
		p.row(&b, "sum", total)
	}
	p.top(&b, missed, missData, "data")
	p.top(&b, missed, missFetch, "fetch")
	if p.two {
		p.top(&b, missed, missL2, "L2")
	}
	p.host.Output().Write(b.Bytes())
}

func (p *simulator) row(b *bytes.Buffer, name string, s sums) {
	fmt.Fprintf(b, "%-8s%-14d %-12d %9.4f%%  %-14d %-12d %9.4f%%", name,
		s.data, s.dataMisses, percent(s.dataMisses, s.data), s.insns, s.insnMisses, percent(s.insnMisses, s.insns))
	if p.two {
		fmt.Fprintf(b, "  %-12d %-11d %10.4f%%", s.l2, s.l2Misses, percent(s.l2Misses, s.l2))
	}
	b.WriteByte('\n')
}

// top prints the instructions with most misses of a kind.
func (p *simulator) top(b *bytes.Buffer, missed map[abi.Addr]*[kinds]uint64, kind int, name string) {
	fmt.Fprintf(b, "\naddress, %s misses, instruction\n", name)
	var list []abi.Addr
	for pc, n := range missed {
		if n[kind] != 0 {
			list = append(list, pc)
		}
	}
	slices.SortFunc(list, func(x, y abi.Addr) int {
		return cmp.Or(cmp.Compare(missed[y][kind], missed[x][kind]), cmp.Compare(x, y))
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pc := range list[:min(uint64(len(list)), p.limit)] {
		fmt.Fprintf(b, "0x%x", pc)
		t := p.insns[pc]
		if t.symbol != "" {
			fmt.Fprintf(b, " (%s)", t.symbol)
		}
		fmt.Fprintf(b, ", %d, %s\n", missed[pc][kind], t.insn)
	}
}
