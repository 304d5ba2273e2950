package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// runTimeout bounds one run of one program.
const runTimeout = 10 * time.Minute

// A sample is one run of one program.
type sample struct {
	cpu, wall time.Duration // user plus system time of the process tree; elapsed time
	output    string
}

// A result holds the samples of a program, one slice per contestant.
type result struct {
	name    string
	samples [][]sample
}

// measureAll runs the programs section by section and writes a table for each.
func measureAll(opt options, contestants []contestant, programs []program, out *report, progress io.Writer) error {
	for _, section := range []struct {
		name  string
		runs  int
		args  []string
		write func([]result) error
	}{
		{"kernels", opt.runs, scaleArgs(opt.scale), out.times("Kernels", "C, `-O2`, processor time (elapsed time in brackets), least of the runs.")},
		{"go", opt.runs, scaleArgs(opt.scale), out.times("Go programs", "Processor time (elapsed time in brackets), least of the runs.")},
		{"micro", opt.runs, nil, out.perCall},
		{"startup", opt.starts, nil, out.startup},
	} {
		var results []result
		for _, p := range programs {
			if p.section != section.name {
				continue
			}
			if p.args == nil {
				p.args = section.args
			}
			r, err := measure(contestants, p, section.runs, progress)
			if err != nil {
				return err
			}
			results = append(results, r)
		}
		if len(results) > 0 {
			if err := section.write(results); err != nil {
				return err
			}
		}
	}
	return nil
}

func scaleArgs(scale string) []string {
	if scale == "" {
		return nil
	}
	return []string{scale}
}

// measure runs a program for every contestant in turn, the order rotating from round to round.
func measure(contestants []contestant, p program, runs int, progress io.Writer) (result, error) {
	r := result{name: p.name, samples: make([][]sample, len(contestants))}
	for round := range runs {
		for k := range contestants {
			i := (k + round) % len(contestants)
			s, err := once(contestants[i], p)
			if err != nil {
				return r, err
			}
			r.samples[i] = append(r.samples[i], s)
		}
	}
	fmt.Fprintf(progress, "%s/%s", p.section, p.name)
	for i, c := range contestants {
		fmt.Fprintf(progress, "  %s %v", c.label, least(r.samples[i], cpuTime).Round(10*time.Microsecond))
	}
	fmt.Fprintln(progress)
	if p.section == "micro" {
		return r, nil // the output is the measurement
	}
	for i, c := range contestants {
		for _, s := range r.samples[i] {
			if want := r.samples[0][0].output; s.output != want {
				return r, fmt.Errorf("%s/%s: %s printed %q, want %q as the first native run", p.section, p.name, c.label, s.output, want)
			}
		}
	}
	return r, nil
}

func once(c contestant, p program) (sample, error) {
	argv := append(slices.Clone(c.prefix), p.guest)
	if c.prefix == nil {
		argv = []string{p.native}
	}
	argv = append(argv, p.args...)
	ctx, cancel := context.WithTimeout(context.Background(), runTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	if c.label == "qemu" { // without binfmt_misc it executes no guest program
		cmd.Env = append(os.Environ(), "OPS_EXEC="+strings.Join(c.prefix, " "))
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	err := cmd.Run()
	wall := time.Since(start)
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w\n%s%s", strings.Join(argv, " "), err, stdout.Bytes(), stderr.Bytes())
	}
	return sample{cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), wall, strings.TrimSpace(stdout.String())}, nil
}

func cpuTime(s sample) time.Duration  { return s.cpu }
func wallTime(s sample) time.Duration { return s.wall }

func least(samples []sample, of func(sample) time.Duration) time.Duration {
	m := time.Duration(math.MaxInt64)
	for _, s := range samples {
		m = min(m, of(s))
	}
	return m
}

func median(samples []sample, of func(sample) time.Duration) time.Duration {
	d := make([]time.Duration, len(samples))
	for i, s := range samples {
		d[i] = of(s)
	}
	slices.Sort(d)
	n := len(d)
	return (d[(n-1)/2] + d[n/2]) / 2
}

// perCall returns the least nanoseconds per call that the runs of a micro program printed.
func perCall(samples []sample) (float64, error) {
	m := math.Inf(1)
	for _, s := range samples {
		_, number, _ := strings.Cut(s.output, " ")
		ns, err := strconv.ParseFloat(number, 64)
		if err != nil {
			return 0, fmt.Errorf("output %q is not NAME NANOSECONDS", s.output)
		}
		m = min(m, ns)
	}
	return m, nil
}

// geomean returns the geometric mean, the right mean of ratios.
func geomean(ratios []float64) float64 {
	sum := 0.0
	for _, r := range ratios {
		sum += math.Log(r)
	}
	return math.Exp(sum / float64(len(ratios)))
}

// ratio divides two times; a time too short for the clock counts as one microsecond.
func ratio(a, b time.Duration) float64 {
	return float64(max(a, time.Microsecond)) / float64(max(b, time.Microsecond))
}
