package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// A report writes tables, aligned for a terminal or in Markdown.
type report struct {
	w           io.Writer
	markdown    bool
	contestants []contestant
}

// preamble describes command and machine, without a date: the commit that holds the text has one.
func (r *report) preamble(args []string) {
	facts := [][2]string{
		{"command", commandLine(args)},
		{"processor", fmt.Sprintf("%s, %d logical cores", cpuModel(), runtime.NumCPU())},
		{"kernel", strings.TrimSpace(readFile("/proc/sys/kernel/osrelease"))},
		{"Go", runtime.Version()},
		{"gcc", firstLine("gcc", "--version")},
		{"cross gcc", firstLine("riscv64-linux-gnu-gcc", "--version")},
	}
	for _, c := range r.contestants {
		if c.label == "qemu" {
			facts = append(facts, [2]string{"qemu", strings.TrimSpace(firstLine(c.prefix[0], "--version") + ", " + strings.Join(c.prefix[1:], " "))})
		}
	}
	for _, f := range facts {
		if r.markdown {
			fmt.Fprintf(r.w, "- %s: `%s`\n", f[0], f[1])
		} else {
			fmt.Fprintf(r.w, "%-10s %s\n", f[0], f[1])
		}
	}
}

// commandLine returns the command to paste into a shell.
func commandLine(args []string) string {
	line := "go run ./test/bench/run"
	for _, a := range args {
		if a == "" || strings.ContainsAny(a, " \t\n'\"`$&|;<>()[]*?!#~{}\\") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		line += " " + a
	}
	return line
}

// times returns a writer of the table for programs whose processor time counts.
func (r *report) times(title, note string) func([]result) error {
	return func(results []result) error {
		r.heading(title, note)
		header := []string{"program"}
		for _, c := range r.contestants {
			header = append(header, c.label+" ms")
		}
		pairs := r.pairs()
		for _, p := range pairs {
			header = append(header, r.pairLabel(p))
		}
		rows := [][]string{header}
		cpu, wall := make([][]float64, len(pairs)), make([][]float64, len(pairs))
		for _, res := range results {
			row := []string{res.name}
			for i := range r.contestants {
				row = append(row, fmt.Sprintf("%s (%s)", millis(least(res.samples[i], cpuTime)), millis(least(res.samples[i], wallTime))))
			}
			for k, p := range pairs {
				c := ratio(least(res.samples[p[0]], cpuTime), least(res.samples[p[1]], cpuTime))
				w := ratio(least(res.samples[p[0]], wallTime), least(res.samples[p[1]], wallTime))
				cpu[k], wall[k] = append(cpu[k], c), append(wall[k], w)
				row = append(row, fmt.Sprintf("%.2f (%.2f)", c, w))
			}
			rows = append(rows, row)
		}
		mean := append([]string{"geometric mean"}, make([]string, len(r.contestants))...)
		for k := range pairs {
			mean = append(mean, fmt.Sprintf("%.2f (%.2f)", geomean(cpu[k]), geomean(wall[k])))
		}
		return r.table(append(rows, mean))
	}
}

// perCall writes the table of micro programs, which measure themselves.
func (r *report) perCall(results []result) error {
	r.heading("Single operations", "Elapsed nanoseconds per operation (cold: processor time per guest instruction, translated and run once), least of the runs.")
	rows := [][]string{{"program"}}
	for _, c := range r.contestants {
		rows[0] = append(rows[0], c.label+" ns")
	}
	pairs := r.pairs()
	for _, p := range pairs {
		rows[0] = append(rows[0], r.pairLabel(p))
	}
	for _, res := range results {
		row := []string{res.name}
		ns := make([]float64, len(r.contestants))
		for i := range r.contestants {
			var err error
			if ns[i], err = perCall(res.samples[i]); err != nil {
				return fmt.Errorf("%s: %s: %w", res.name, r.contestants[i].label, err)
			}
			row = append(row, fmt.Sprintf("%.1f", ns[i]))
		}
		for _, p := range pairs {
			row = append(row, fmt.Sprintf("%.2f", ns[p[0]]/ns[p[1]]))
		}
		rows = append(rows, row)
	}
	return r.table(rows)
}

// startup writes the table of programs that do nothing but start.
func (r *report) startup(results []result) error {
	r.heading("Start-up", "Elapsed milliseconds, least and median of the runs; ratios are of medians.")
	rows := [][]string{{"program"}}
	for _, c := range r.contestants {
		rows[0] = append(rows[0], c.label+" least", "median")
	}
	pairs := r.pairs()
	for _, p := range pairs {
		rows[0] = append(rows[0], r.pairLabel(p))
	}
	for _, res := range results {
		row := []string{res.name}
		for i := range r.contestants {
			row = append(row, millis(least(res.samples[i], wallTime)), millis(median(res.samples[i], wallTime)))
		}
		for _, p := range pairs {
			row = append(row, fmt.Sprintf("%.2f", ratio(median(res.samples[p[0]], wallTime), median(res.samples[p[1]], wallTime))))
		}
		rows = append(rows, row)
	}
	return r.table(rows)
}

// pairs lists the contestants to divide: each weir by native and by qemu, or qemu by native when weir is left out.
func (r *report) pairs() [][2]int {
	last := len(r.contestants) - 1
	qemu := r.contestants[last].label == "qemu"
	var pairs [][2]int
	for i := 1; i <= last; i++ {
		if qemu && i == last {
			if last == 1 {
				pairs = append(pairs, [2]int{1, 0})
			}
			break
		}
		pairs = append(pairs, [2]int{i, 0})
		if qemu {
			pairs = append(pairs, [2]int{i, last})
		}
	}
	return pairs
}

func (r *report) pairLabel(p [2]int) string {
	return r.contestants[p[0]].label + "/" + r.contestants[p[1]].label
}

func (r *report) heading(title, note string) {
	if r.markdown {
		fmt.Fprintf(r.w, "\n### %s\n\n%s\n\n", title, note)
	} else {
		fmt.Fprintf(r.w, "\n%s: %s\n", title, note)
	}
}

// table writes rows, the first of which is the header.
func (r *report) table(rows [][]string) error {
	if r.markdown {
		for i, row := range rows {
			if _, err := fmt.Fprintf(r.w, "| %s |\n", strings.Join(row, " | ")); err != nil {
				return err
			}
			if i == 0 {
				fmt.Fprintf(r.w, "|---|%s\n", strings.Repeat("---:|", len(row)-1))
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(r.w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range rows {
		fmt.Fprintln(w, strings.Join(row, "\t")+"\t")
	}
	return w.Flush()
}

// millis formats with three significant digits at least.
func millis(d time.Duration) string {
	ms := float64(d) / float64(time.Millisecond)
	if ms < 10 {
		return fmt.Sprintf("%.2f", ms)
	}
	return fmt.Sprintf("%.0f", ms)
}

func cpuModel() string {
	for line := range strings.Lines(readFile("/proc/cpuinfo")) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}

func readFile(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(text)
}

func firstLine(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return name + " not found"
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return line
}
