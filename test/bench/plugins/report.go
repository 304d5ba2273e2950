package main

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

// A table is the samples of one emulator: a row for each program, a column for each kind, the first
// of which is the run without a plugin.
type table struct {
	emulator string
	kinds    []string
	calls    bool
	names    []string
	rows     [][]sample
}

// A report writes tables in Markdown.
type report struct {
	w      io.Writer
	tables []table
}

func (r *report) write() error {
	for i := range r.tables {
		t := &r.tables[i]
		title := "ratios to no plugin"
		if t.calls {
			title = "nanoseconds that each event adds (ratio to no plugin)"
		}
		var s strings.Builder
		fmt.Fprintf(&s, "\n### %s: %s\n\n| program | seconds |", t.emulator, title)
		for _, k := range t.kinds[1:] {
			fmt.Fprintf(&s, " %s |", k)
		}
		fmt.Fprintf(&s, "\n|---|%s\n", strings.Repeat("---:|", len(t.kinds)))
		for n, name := range t.names {
			fmt.Fprintf(&s, "| %s | %.3f |", name, t.rows[n][0].cpu.Seconds())
			for k := range t.kinds[1:] {
				fmt.Fprintf(&s, " %s |", t.cell(n, k+1))
			}
			s.WriteString("\n")
		}
		s.WriteString("| mean | |")
		for k := range t.kinds[1:] {
			fmt.Fprintf(&s, " %s |", t.mean(k+1))
		}
		s.WriteString("\n")
		if _, err := io.WriteString(r.w, s.String()); err != nil {
			return err
		}
	}
	return nil
}

// cell is the text for kind k of row n.
func (t *table) cell(n, k int) string {
	x := fmt.Sprintf("%.2f", t.ratio(n, k))
	if t.calls {
		if ns, ok := t.perEvent(n, k); ok {
			return fmt.Sprintf("%.1f (%s)", ns, x)
		}
		return "-"
	}
	return x
}

// ratio is the time of kind k over that without a plugin.
func (t *table) ratio(n, k int) float64 {
	return float64(max(t.rows[n][k].cpu, time.Microsecond)) / float64(max(t.rows[n][0].cpu, time.Microsecond))
}

// minEvents is how many events a figure per event is made of at least.
const minEvents = 100000

// perEvent is the nanoseconds that each event of kind k adds.
func (t *table) perEvent(n, k int) (float64, bool) {
	s := &t.rows[n][k]
	return float64(s.cpu-t.rows[n][0].cpu) / float64(s.events), s.events >= minEvents
}

// mean is the mean of ratios, or the mean of nanoseconds per event.
func (t *table) mean(k int) string {
	sum, logs, m := 0.0, 0.0, 0
	for n := range t.rows {
		if ns, ok := t.perEvent(n, k); ok {
			sum += ns
			m++
		}
		logs += math.Log(t.ratio(n, k))
	}
	if t.calls {
		return fmt.Sprintf("%.1f", sum/float64(max(m, 1)))
	}
	return fmt.Sprintf("%.2f", math.Exp(logs/float64(len(t.rows))))
}
