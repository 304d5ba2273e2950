// Command plugins measures what instrumentation costs: guest programs run without a plugin, and with plugins that
// count or record blocks, instructions and memory accesses in each of the ways that the API has.
//
//	make bench-plugins [ARGS='-only REGEXP -n 3 -qemu PATH']
//
// The command is the emulator too: for each run it starts itself, with a plugin built in. Where there is a qemu-user
// that takes plugins, the same plugins, written in C (qemu/count.c), run under it.
//
// The runs of a program take turns, in an order that rotates; of each kind the least processor time counts. Figures are ratios
// to the run of the same emulator without a plugin, and for calls of Go the nanoseconds that each adds.
//
// Start reading at bench; variants.go has the plugins, qemu.go the other emulator, report.go the tables.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/internal/testenv"
)

// Variables by which the command tells the emulator what to do.
const (
	envVariant = "WEIR_BENCH_VARIANT" // name of a variant
	envCount   = "WEIR_BENCH_COUNT"   // file to write the number of events to
)

// runTimeout bounds one run of one program.
const runTimeout = 5 * time.Minute

// options are the command's flags.
type options struct {
	only   *regexp.Regexp
	kinds  *regexp.Regexp
	runs   int
	scale  string // of the runs that are compared as ratios
	calls  string // of those with a call for each event
	qemu   string
	stdout io.Writer
	stderr io.Writer
}

// A program is a guest program with the same argument for all emulators: its scale.
type program struct{ name, path string }

// A sample is the least of several runs of one kind.
type sample struct {
	cpu    time.Duration
	events uint64
	ran    bool
}

// An emulator runs guest programs under one of its plugins.
type emulator struct {
	name    string
	plugins []string                                              // names of variants that it has, without "none"
	command func(variant string) (argv, env []string, count bool) // count: the number of events is written to envCount
}

func main() {
	if name, ok := os.LookupEnv(envVariant); ok {
		weir.Main(info(name))
		return
	}
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "bench-plugins:", err)
		}
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	opt := options{stdout: stdout, stderr: stderr}
	flags := flag.NewFlagSet("bench-plugins", flag.ContinueOnError)
	flags.SetOutput(stderr)
	only := flags.String("only", "", "regular expression of programs: kernels/fib, go/json")
	kinds := flags.String("kinds", "", "regular expression of what to measure: blocks, insns, trace, call insn, ...")
	flags.IntVar(&opt.runs, "n", 3, "runs of each kind")
	flags.StringVar(&opt.scale, "scale", "50", "scale of the programs where costs are ratios (100: about half a second natively)")
	flags.StringVar(&opt.calls, "calls", "1", "scale of the programs where each event calls Go")
	flags.StringVar(&opt.qemu, "qemu", "qemu-riscv64", "a qemu-user that takes plugins; 'none' leaves it out")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 || opt.runs < 1 {
		return errors.New("usage: bench-plugins [-only REGEXP] [-kinds REGEXP] [-n RUNS] [-qemu PATH]")
	}
	var err error
	if opt.only, err = regexp.Compile(*only); err != nil {
		return err
	}
	if opt.kinds, err = regexp.Compile(*kinds); err != nil {
		return err
	}
	return bench(&opt)
}

// bench builds the programs, measures them and writes the tables.
func bench(opt *options) error {
	programs, err := find(opt.only)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	list := []*emulator{{name: "weir", plugins: names(), command: func(v string) ([]string, []string, bool) {
		return []string{self}, []string{envVariant + "=" + v}, v != "none"
	}}}
	q, why := newQemu(opt.qemu)
	if q != nil {
		list = append(list, q)
	}
	fmt.Fprintf(opt.stdout, "- qemu: %s\n", why)
	out := report{w: opt.stdout}
	for _, group := range []struct {
		scale string
		calls bool
	}{{opt.scale, false}, {opt.calls, true}} {
		for _, e := range list {
			kinds := []string{"none"}
			for _, v := range e.plugins {
				if calls(v) == group.calls && opt.kinds.MatchString(v) {
					kinds = append(kinds, v)
				}
			}
			if len(kinds) == 1 {
				continue
			}
			t := table{emulator: e.name, kinds: kinds, calls: group.calls}
			for _, p := range programs {
				row, err := measure(e, kinds, p, group.scale, opt.runs)
				if err != nil {
					return err
				}
				fmt.Fprintf(opt.stderr, "%s %s %v\n", e.name, p.name, row)
				t.names, t.rows = append(t.names, p.name), append(t.rows, row)
			}
			out.tables = append(out.tables, t)
		}
	}
	return out.write()
}

// find lists and builds the programs whose name matches.
func find(only *regexp.Regexp) (list []program, err error) {
	root, err := testenv.Root()
	if err != nil {
		return nil, err
	}
	for _, s := range []struct {
		section, pattern string
		build            func(testenv.Target, string) (string, error)
	}{
		{"kernels/", "test/bench/kernels/*.c", testenv.BuildC},
		{"go/", "test/bench/go/*", testenv.BuildGo},
	} {
		files, err := filepath.Glob(filepath.Join(root, s.pattern))
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			name := strings.TrimSuffix(filepath.Base(f), ".c")
			if !only.MatchString(s.section + name) {
				continue
			}
			source, err := filepath.Rel(root, f)
			if err != nil {
				return nil, err
			}
			path, err := s.build(testenv.RISCV64, source)
			if err != nil {
				return nil, err
			}
			list = append(list, program{name, path})
		}
	}
	if len(list) == 0 {
		return nil, errors.New("-only matches no program; names look like kernels/fib, go/json")
	}
	return list, nil
}

// measure runs a program under each kind of plugin in turn.
func measure(e *emulator, kinds []string, p program, scale string, runs int) ([]sample, error) {
	best := make([]sample, len(kinds))
	output := ""
	for round := range runs {
		for k := range kinds {
			i := (k + round) % len(kinds)
			s, text, err := once(e, kinds[i], p, scale)
			if err != nil {
				return nil, err
			}
			if output == "" {
				output = text
			}
			if text != output {
				return nil, fmt.Errorf("%s printed %q under %s, plugin %s, and %q in the first run", p.name, text, e.name, kinds[i], output)
			}
			if !best[i].ran || s.cpu < best[i].cpu {
				best[i] = s
			}
		}
	}
	return best, nil
}

// once runs a program under one plugin.
func once(e *emulator, kind string, p program, scale string) (s sample, output string, err error) {
	file, err := os.CreateTemp("", "weir-bench-")
	if err != nil {
		return s, "", err
	}
	file.Close()
	defer os.Remove(file.Name())
	argv, env, count := e.command(kind)
	argv = append(argv, p.path, scale)
	ctx, cancel := context.WithTimeout(context.Background(), runTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(append(os.Environ(), env...), envCount+"="+file.Name())
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		return s, "", fmt.Errorf("%s: %w", strings.Join(argv, " "), err)
	}
	s = sample{cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), ran: true}
	if count {
		n, err := os.ReadFile(file.Name())
		if err != nil {
			return s, "", err
		}
		if s.events, err = strconv.ParseUint(strings.TrimSpace(string(n)), 10, 64); err != nil {
			return s, "", fmt.Errorf("%s, plugin %s: number of events: %w", strings.Join(argv, " "), kind, err)
		}
	}
	return s, strings.TrimSpace(string(text)), nil
}
