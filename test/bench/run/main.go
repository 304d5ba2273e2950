// Command run measures weir against native execution and against qemu-user.
//
//	go run ./test/bench/run [-weir bin/weir] [-only REGEXP] [-n 5] [-md] [-plugin NAME[,ARGS]] [-variant LABEL=ARGS]
//
// Every program is built twice, for this machine and for riscv64, with the same compiler flags. The runs of the
// contestants are interleaved and their order rotates, so that a noisy neighbour hits all of them; of each contestant the
// least time counts. All contestants must print the same checksum, otherwise the command fails.
//
// Contestants must run the same guest code. Newer qemu-user offers the vector extension by default, Go programs find it and
// use it, and qemu is 3 to 5 times slower with it than without. Weir does not offer it, so by default qemu runs
// with "-cpu rv64,v=false"; -qemuargs changes that, and the report states what was used.
//
// Times are relative: quote the ratios, which carry from machine to machine far better than the milliseconds.
//
// The command knows weir only as a program with a command line. Start reading at run; measure.go times processes,
// report.go writes the tables.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/weir-emu/weir/internal/testenv"
)

// A contestant is one way to run a program.
type contestant struct {
	label  string
	prefix []string // command put before the guest program; nil runs the native program
}

// A program is one thing to run, in both builds.
type program struct {
	section, name string
	native, guest string
	args          []string
}

// options are the command's flags.
type options struct {
	weir, qemu string
	qemuArgs   string
	only       *regexp.Regexp
	runs       int
	starts     int
	scale      string
	markdown   bool
	variants   []string // LABEL=ARGS
}

func main() {
	if err := run(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		os.Exit(1)
	}
}

func run(args []string, stdout, stderr io.Writer) error {
	opt, err := parse(args, stderr)
	if err != nil {
		return err
	}
	contestants, err := opt.contestants()
	if err != nil {
		return err
	}
	programs, err := find(opt.only)
	if err != nil {
		return err
	}
	if len(programs) == 0 {
		return errors.New("-only matches no program; names look like kernels/fib, go/json, micro/getpid, startup/helloc")
	}
	for i := range programs {
		fmt.Fprintf(stderr, "building %s/%s\n", programs[i].section, programs[i].name)
		if err := programs[i].build(); err != nil {
			return err
		}
	}
	out := report{w: stdout, markdown: opt.markdown, contestants: contestants}
	out.preamble(args)
	return measureAll(opt, contestants, programs, &out, stderr)
}

func parse(args []string, stderr io.Writer) (options, error) {
	var opt options
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&opt.weir, "weir", "", "weir binary; default: the tree's own, built with make; 'none' leaves it out")
	flags.StringVar(&opt.qemu, "qemu", "qemu-riscv64-static", "qemu-user binary; 'none' leaves it out")
	flags.StringVar(&opt.qemuArgs, "qemuargs", "-cpu rv64,v=false", "arguments of qemu-user")
	only := flags.String("only", "", "regular expression of SECTION/NAME to run")
	flags.IntVar(&opt.runs, "n", 5, "runs of each program")
	flags.IntVar(&opt.starts, "starts", 30, "runs of each start-up program, at least 20 for a stable median")
	flags.StringVar(&opt.scale, "scale", "", "scale argument of kernels and Go workloads (default 100)")
	flags.BoolVar(&opt.markdown, "md", false, "write Markdown")
	flags.Func("plugin", "also run weir with this plugin; may be repeated", func(s string) error {
		opt.variants = append(opt.variants, "weir "+strings.SplitN(s, ",", 2)[0]+"=-plugin "+s)
		return nil
	})
	flags.Func("variant", "also run weir with arguments, LABEL=ARGS; may be repeated", func(s string) error {
		if !strings.Contains(s, "=") {
			return errors.New("want LABEL=ARGS")
		}
		opt.variants = append(opt.variants, s)
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return opt, err
	}
	if flags.NArg() > 0 {
		return opt, fmt.Errorf("unexpected argument %q; programs are chosen with -only", flags.Arg(0))
	}
	if opt.runs < 1 || opt.starts < 1 {
		return opt, errors.New("-n and -starts must be at least 1")
	}
	var err error
	opt.only, err = regexp.Compile(*only)
	return opt, err
}

// contestants returns native first, then weir and its variants, then qemu.
func (opt *options) contestants() ([]contestant, error) {
	list := []contestant{{label: "native"}}
	if opt.weir != "none" {
		weir := opt.weir
		if weir == "" {
			var err error
			if weir, err = testenv.BuildWeir(); err != nil {
				return nil, err
			}
		}
		weir, err := filepath.Abs(weir)
		if err != nil {
			return nil, err
		}
		if _, err := os.Stat(weir); err != nil {
			return nil, fmt.Errorf("%w; build it with make build", err)
		}
		list = append(list, contestant{"weir", []string{weir}})
		for _, v := range opt.variants {
			label, args, _ := strings.Cut(v, "=")
			list = append(list, contestant{label, append([]string{weir}, strings.Fields(args)...)})
		}
	}
	if opt.qemu != "none" {
		qemu, err := exec.LookPath(opt.qemu)
		if err != nil {
			return nil, fmt.Errorf("%w; run %s, or leave it out with -qemu none", err, testenv.Mend)
		}
		list = append(list, contestant{"qemu", append([]string{qemu}, strings.Fields(opt.qemuArgs)...)})
	}
	return list, nil
}

// ops are the operations of test/bench/micro/ops.c.
var ops = []string{
	"fork", "vfork", "spawn", "exec", "thread", "signal", "pipe", "futex", "mmap", "clock", "coarse", "boottime", "getcpu",
}

// find lists the programs whose "SECTION/NAME" matches.
func find(only *regexp.Regexp) ([]program, error) {
	root, err := testenv.Root()
	if err != nil {
		return nil, err
	}
	var list []program
	add := func(section, name string) {
		if only.MatchString(section + "/" + name) {
			list = append(list, program{section: section, name: name})
		}
	}
	kernels, err := filepath.Glob(filepath.Join(root, "test/bench/kernels/*.c"))
	if err != nil {
		return nil, err
	}
	for _, k := range kernels {
		add("kernels", strings.TrimSuffix(filepath.Base(k), ".c"))
	}
	workloads, err := filepath.Glob(filepath.Join(root, "test/bench/go/*/main.go"))
	if err != nil {
		return nil, err
	}
	for _, w := range workloads {
		add("go", filepath.Base(filepath.Dir(w)))
	}
	add("micro", "getpid")
	add("micro", "cold")
	for _, op := range ops {
		add("micro", op)
	}
	add("startup", "helloc")
	add("startup", "hellogo")
	return list, nil
}

func (p *program) build() (err error) {
	build, source := testenv.BuildC, ""
	switch {
	case p.section == "kernels":
		source = "test/bench/kernels/" + p.name + ".c"
	case p.section == "go":
		build, source = testenv.BuildGo, "test/bench/go/"+p.name
	case p.name == "getpid", p.name == "cold":
		source = "test/bench/micro/" + p.name + ".c"
	case p.section == "micro":
		source = "test/bench/micro/ops.c"
		p.args = []string{p.name}
	case p.name == "helloc":
		source = "test/bench/micro/hello.c"
	case p.name == "hellogo":
		build, source = testenv.BuildGo, "test/bench/micro/hellogo"
	}
	if p.native, err = build(testenv.Native, source); err != nil {
		return err
	}
	p.guest, err = build(testenv.RISCV64, source)
	return err
}
