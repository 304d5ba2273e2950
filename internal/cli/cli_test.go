package cli

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/weir-emu/weir/internal/launch"
	"github.com/weir-emu/weir/plugin"
	"github.com/weir-emu/weir/plugins/bundled"
)

var update = flag.Bool("update", false, "rewrite testdata")

// runCLI runs the command with a launcher that fails with err, and returns what it was
// asked to launch.
func runCLI(err error, env []string, argv ...string) (cfg *launch.Config, status int, stdout, stderr string) {
	return runWith(bundled.Plugins(), err, env, argv...)
}

func runWith(plugins []plugin.Info, err error, env []string, argv ...string) (cfg *launch.Config, status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	c := &command{env: env, stdout: &out, stderr: &errs, plugins: plugins, launch: func(l launch.Config) error {
		cfg = &l
		return err
	}}
	status = c.run(argv)
	return cfg, status, out.String(), errs.String()
}

var errTest = errors.New("test")

func TestErrors(t *testing.T) {
	var bundledNames []string
	for _, p := range bundled.Plugins() {
		bundledNames = append(bundledNames, p.Name)
	}
	for _, tc := range []struct {
		args string // separated by blanks
		env  []string
		want string
	}{
		{"", nil, "no program given: weir [options] PROGRAM [ARGS] (weir -h lists the options)"},
		{"-strace", nil, "no program given: weir [options] PROGRAM [ARGS] (weir -h lists the options)"},
		{"--", nil, "no program given: weir [options] PROGRAM [ARGS] (weir -h lists the options)"},
		{"-nope prog", nil, "unknown option -nope (weir -h lists the options; a program of that name is run as ./-nope)"},
		{"--nope=3 prog", nil, "unknown option --nope=3 (weir -h lists the options; a program of that name is run as ./--nope=3)"},
		{"---strace prog", nil, "unknown option ---strace (weir -h lists the options; a program of that name is run as ./---strace)"},
		{"-strace=on prog", nil, "option -strace takes no value"},
		{"-s", nil, "option -s needs a value: -s SIZE"},
		{"-plugin", nil, "option -plugin needs a value: -plugin NAME[,key=value...]"},
		{"-s 8X prog", nil, `option -s: "8X": want a size such as 65536, 64k or 8M`},
		{"-s 0 prog", nil, `option -s: "0": want a size such as 65536, 64k or 8M`},
		{"-s= prog", nil, `option -s: "": want a size such as 65536, 64k or 8M`},
		{"-s -1 prog", nil, `option -s: "-1": want a size such as 65536, 64k or 8M`},
		{"-s 1.5M prog", nil, `option -s: "1.5M": want a size such as 65536, 64k or 8M`},
		{"-s 99999999999G prog", nil, `option -s: "99999999999G": want a size such as 65536, 64k or 8M`},
		{"-R k prog", nil, `option -R: "k": want a size such as 65536, 64k or 8M`},
		{"-tb-size x prog", nil, `option -tb-size: "x": want a size such as 64 (MiB) or 512k`},
		{"-B here prog", nil, `option -B: "here": want an address such as 0x100000000000`},
		{"-seed x prog", nil, `option -seed: "x": want a number`},
		{"-jit maybe prog", nil, `option -jit: "maybe": want on or off`},
		{"-pairing 1 prog", nil, `option -pairing: "1": want on or off`},
		{"-host old prog", nil, `option -host: "old": want native or baseline`},
		{"-E A prog", nil, `option -E: "A": want VAR=VALUE`},
		{"-E A=1,B prog", nil, `option -E: "B": want VAR=VALUE`},
		{"-E =1 prog", nil, `option -E: "=1": want VAR=VALUE`},
		{"-U A=1 prog", nil, `option -U: "A=1": want the name of a variable`},
		{"-U A,,B prog", nil, `option -U: "": want the name of a variable`},
		{"-cpu z80 prog", nil, `option -cpu: unknown model "z80" (-cpu help lists them)`},
		{"-cpu max,v=on prog", nil, `option -cpu: unknown extension "v": there are m, a, f, d, c, zba, zbb, zbc, zbs, zicond, zfhmin, zfa, zacas, zawrs, zicbom, zicbop, zicboz, zihintpause, zihintntl, zcb`},
		{"-d strace,nope prog", nil, `option -d: unknown log item "nope": there are in_asm, op, op_opt, out_asm, exec, cpu, fpu, nochain, int, guest_errors, invalid_mem, page, cpu_reset, unimp, strace, plugin, tid, op_ind, vpu, mmu, pcall (-d help tells more)`},
		{"-d trace:user_* prog", nil, "option -d: " + launch.ErrNoTrace.Error()},
		{"-trace enable=* prog", nil, "option -trace: " + launch.ErrNoTrace.Error()},
		{"-d tid prog", nil, "option -d: tid needs -D FILE with %d in the name, for the thread's ID"},
		{"-d tid -D log prog", nil, "option -d: tid needs -D FILE with %d in the name, for the thread's ID"},
		{"-dfilter 4..3 prog", nil, `option -dfilter: "4..3": want a range such as 0x10000..0x1ffff, 0x10000+0x1000 or 0x1ffff-0x1000`},
		{"-dfilter 1..2, prog", nil, `option -dfilter: "": want a range such as 0x10000..0x1ffff, 0x10000+0x1000 or 0x1ffff-0x1000`},
		{"-g 1234 prog", nil, "option -g: there is no gdb stub yet"},
		{"prog", []string{"QEMU_GDB=1234"}, "environment variable QEMU_GDB: there is no gdb stub yet"},
		{"-p 65536 prog", nil, `option -p: "65536": the guest's pages have 4096 bytes, as the host's`},
		{"-t=34_35_1 prog", nil, `option -t: "34 35 1": weir keeps the numbers of signals, and the guest has all of them: leave the map out`},
		{"-t=34_34_32 prog", nil, `option -t: "34 34 32": want TSIG HSIG N[,...], real-time signals from 32 to 64`},
		{"-t=34_34 prog", nil, `option -t: "34 34": want TSIG HSIG N[,...], real-time signals from 32 to 64`},
		{"-t=34_34_1, prog", nil, `option -t: "": want TSIG HSIG N[,...], real-time signals from 32 to 64`},
		{"-plugin nope prog", nil, `unknown plugin "nope": there are ` + strings.Join(bundledNames, ", ") + ` (weir plugins tells more)`},
		{"-plugin deny,=1 prog", nil, `option -plugin: plugin deny: argument "=1" has no name: want key=value`},
		{"prog", []string{"QEMU_STACK_SIZE=big"}, `environment variable QEMU_STACK_SIZE: "big": want a size such as 65536, 64k or 8M`},
		{"prog", []string{"WEIR_SET_ENV=A"}, `environment variable WEIR_SET_ENV: "A": want VAR=VALUE`},
		{"version x", nil, `weir version takes no argument "x" (a program of that name is run as ./version)`},
		{"help x", nil, `weir help takes no argument "x" (a program of that name is run as ./help)`},
		{"plugins -json", nil, `weir plugins takes no argument "-json" (a program of that name is run as ./plugins)`},
	} {
		cfg, status, stdout, stderr := runCLI(errTest, tc.env, blanks(strings.Fields(tc.args))...)
		if cfg != nil || status != 1 || stdout != "" || stderr != "weir: "+tc.want+"\n" {
			t.Errorf("weir %s: launched %v, status %d, stdout %q\nstderr %swant   weir: %s", tc.args, cfg != nil, status, stdout, stderr, tc.want)
		}
	}
}

func TestLaunchStatus(t *testing.T) {
	for _, tc := range []struct {
		err    error
		status int
	}{
		{fmt.Errorf("p: %w", launch.ErrNotFound), 127},
		{fmt.Errorf("p: %w", launch.ErrNotRunnable), 126},
		{errors.New("two\nlines"), 1},
	} {
		_, status, _, stderr := runCLI(tc.err, nil, "p")
		if status != tc.status || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%v: status %d, stderr %q", tc.err, status, stderr)
		}
	}
}

// A program of a verb's name is run where there are no verbs.
func TestName(t *testing.T) {
	for argv0, verb := range map[string]bool{"weir": true, "/usr/bin/weir": true, "/usr/bin/qemu-riscv64": false, "qemu-riscv64-static": false, "./my-weir": true} {
		var out, errs bytes.Buffer
		program := ""
		c := &command{stdout: &out, stderr: &errs, launch: func(cfg launch.Config) error {
			program = cfg.Path
			return errTest
		}}
		c.main([]string{argv0, "version"})
		if isVerb := strings.HasPrefix(out.String(), "weir "); isVerb != verb || (program == "version") == verb {
			t.Errorf("%s: printed %q, ran %q", argv0, out.String(), program)
		}
	}
	var out, errs bytes.Buffer
	if status := Main(nil, nil, &out, &errs, nil); status != 1 || !strings.Contains(errs.String(), "no program given") {
		t.Errorf("empty argv: status %d, %s", status, errs.String())
	}
}

func TestHelp(t *testing.T) {
	golden := filepath.Join("testdata", "help.txt")
	_, status, stdout, stderr := runCLI(errTest, nil, "help")
	if status != 0 || stderr != "" {
		t.Fatalf("status %d, stderr %q", status, stderr)
	}
	if *update {
		if err := os.WriteFile(golden, []byte(stdout), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if stdout != string(want) {
		t.Errorf("help is\n%s\ndiffers from %s: if that is right, run go test ./internal/cli -update", stdout, golden)
	}
	for _, words := range [][]string{{"-h"}, {"-help"}, {"--help"}, {"-strace", "-h", "prog"}} {
		if cfg, status, out, _ := runCLI(errTest, nil, words...); cfg != nil || status != 0 || out != stdout {
			t.Errorf("%v: status %d, other output than weir help", words, status)
		}
	}
	for line := range strings.Lines(stdout) {
		if len(line) > 160 {
			t.Errorf("line of %d characters: %s", len(line), line)
		}
	}
}

func TestVersionPluginsItems(t *testing.T) {
	for _, words := range [][]string{{"version"}, {"-version"}, {"--version", "prog"}} {
		_, status, out, _ := runCLI(errTest, nil, words...)
		if status != 0 || !strings.HasPrefix(out, "weir ") || !strings.Contains(out, "plugin API") || strings.Count(out, "\n") != 1 {
			t.Errorf("%v: %d %q", words, status, out)
		}
	}
	if _, status, out, _ := runCLI(errTest, []string{"QEMU_VERSION=1"}, "prog"); status != 0 || !strings.HasPrefix(out, "weir ") {
		t.Errorf("QEMU_VERSION: %d %q", status, out)
	}
	_, status, out, _ := runCLI(errTest, nil, "plugins")
	if status != 0 {
		t.Errorf("plugins: %d", status)
	}
	for _, p := range bundled.Plugins() {
		if !strings.Contains(out, p.Name+": "+p.Summary+"\n") {
			t.Errorf("plugins does not list %s", p.Name)
		}
		for _, o := range p.Options {
			if !strings.Contains(out, "    "+o.Key+"="+o.Value) || !strings.Contains(out, o.Help) {
				t.Errorf("plugins does not list %s %s", p.Name, o.Key)
			}
		}
	}
	for _, words := range [][]string{{"-d", "help"}, {"-d", "strace,help", "prog"}} {
		_, status, out, _ = runCLI(errTest, nil, words...)
		if status != 0 || len(strings.Split(strings.TrimSpace(out), "\n")) != len(launch.LogItems()) {
			t.Errorf("%v: %d %q", words, status, out)
		}
	}
	if _, status, out, _ = runCLI(errTest, nil, "-cpu", "help"); status != 0 || !strings.HasPrefix(out, "max ") {
		t.Errorf("-cpu help: %d %q", status, out)
	}
}

func TestPluginHelp(t *testing.T) {
	_, _, all, _ := runCLI(errTest, nil, "plugins")
	for _, words := range [][]string{{"-plugin", "help"}, {"-plugin", "magic", "-plugin", "help", "prog"}} {
		if _, status, out, _ := runCLI(errTest, nil, words...); status != 0 || out != all {
			t.Errorf("%v: %d %q", words, status, out)
		}
	}
	_, status, out, _ := runCLI(errTest, nil, "-plugin", "magic", "-plugin", "ips,help")
	if status != 0 || !strings.HasPrefix(out, "ips: ") || !strings.Contains(out, " ipq=") || strings.Contains(out, "magic") {
		t.Errorf("ips,help: %d %q", status, out)
	}
	if _, status, out, errs := runCLI(errTest, nil, "-plugin", "nope,help"); status == 0 || out != "" || !strings.Contains(errs, `unknown plugin "nope"`) {
		t.Errorf("nope,help: %d %q %q", status, out, errs)
	}
}

// The forms in which qemu-user's -plugin and QEMU_PLUGIN select plugins.
func TestPluginForms(t *testing.T) {
	type selected struct{ name, args string }
	for _, tc := range []struct {
		args, env string
		want      []selected
	}{
		{"-plugin bb,inline=on prog", "", []selected{{"bb", "[{inline on}]"}}},
		{"-plugin file=./contrib/plugins/libcache.so,limit=3 prog", "", []selected{{"cache", "[{limit 3}]"}}},
		{"-plugin ./tests/libbb.so,inline prog", "", []selected{{"bb", "[{inline on}]"}}},
		{"-plugin hotblocks.so prog", "", []selected{{"hotblocks", "[]"}}},
		{"prog", "file=/x/libbb.so,inline=on,file=libinsn.so,file=mem.so,inline=on,track=r", []selected{{"bb", "[{inline on}]"}, {"insn", "[]"}, {"mem", "[{inline on} {track r}]"}}},
		{"-plugin trace,file=x.so -plugin file=profile,file=y prog", "", []selected{{"trace", "[{file x.so}]"}, {"profile", "[{file y}]"}}},
		{"-plugin execlog,ifilter=a -plugin magic -plugin libexeclog.so,ifilter=b prog", "", []selected{{"execlog", "[{ifilter a} {ifilter b}]"}, {"magic", "[]"}}},
	} {
		var env []string
		if tc.env != "" {
			env = []string{"QEMU_PLUGIN=" + tc.env}
		}
		cfg, _, _, errs := runCLI(errTest, env, strings.Fields(tc.args)...)
		if cfg == nil {
			t.Errorf("%s, %s: %s", tc.args, tc.env, errs)
			continue
		}
		var got []selected
		for _, p := range cfg.Plugins {
			got = append(got, selected{p.Name, fmt.Sprint(p.Args)})
		}
		if !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s, %s: %v, want %v", tc.args, tc.env, got, tc.want)
		}
	}
}

func TestConfig(t *testing.T) {
	cfg, _, _, _ := runCLI(errTest, []string{"HOME=/h"}, strings.Fields("-L /root -r 5.5 -s 2M -B 0x1000 -R 1G -tb-size 16 -seed 0x10 -cpu max,zba=off"+
		" -jit=off -host baseline -pairing off -window -one-insn-per-tb -perfmap -jitdump -dfilter 1..2 -cpuprofile c -D log -d in_asm,strace -d exec -0 name prog -x -- y")...)
	if cfg == nil {
		t.Fatal("not launched")
	}
	want := launch.Config{
		Path: "prog", Argv: []string{"name", "-x", "--", "y"}, Env: []string{"HOME=/h"},
		CPU: "max,zba=off", Sysroot: "/root", Release: "5.5", StackSize: 2 << 20, Seed: 16, Seeded: true,
		Base: 0x1000, Reserve: 1 << 30, Window: true, TBSize: 16 << 20,
		Interpret: true, Baseline: true, NoPairing: true, OneInsn: true,
		Strace: true, Log: launch.Log{InAsm: true, Exec: true, Strace: true, Ranges: []launch.Range{{Lo: 1, Hi: 2}}}, LogFile: "log", PerfMap: true, JITDump: true, CPUProfile: "c",
	}
	cfg.Stderr, cfg.Reexec = nil, nil
	if !reflect.DeepEqual(*cfg, want) {
		t.Errorf("%+v\nwant %+v", *cfg, want)
	}
	// One that goes on with another's run appends to its log.
	if cfg, _, _, _ = runCLI(errTest, []string{"WEIR_UNAME=x"}, "-no-env", "-D", "log", "prog"); !cfg.Resumed || cfg.Release != "" {
		t.Errorf("resumed: %+v", cfg)
	}
	cfg, _, _, _ = runCLI(errTest, nil, "-0", "", "prog")
	if !reflect.DeepEqual(cfg.Argv, []string{""}) {
		t.Errorf("empty argv[0]: %q", cfg.Argv)
	}
	cfg, _, _, _ = runCLI(errTest, nil, "prog")
	if !reflect.DeepEqual(cfg.Argv, []string{"prog"}) || cfg.Seeded || cfg.Strace {
		t.Errorf("defaults: %+v", cfg)
	}
}

func TestPlugins(t *testing.T) {
	var installed []string
	mk := func(name string, always bool) plugin.Info {
		return plugin.Info{Name: name, Always: always, New: func() plugin.Plugin {
			installed = append(installed, name)
			return plugin.InstallFunc(func(*plugin.Host, plugin.Args) error { return nil })
		}}
	}
	infos := []plugin.Info{mk("a", false), mk("always", true), mk("b", false)}
	for words, want := range map[string]string{
		"prog":                                 "always[]",
		"-plugin b,k=1,,2,w -plugin a prog":    "always[] b[{k 1,2} {w on}] a[]",
		"-plugin always,x=1 prog":              "always[{x 1}]",
		"-plugin file=b,k=v prog":              "always[] b[{k v}]",
		"-plugin a -plugin a,k=v prog -plugin": "always[] a[{k v}]",
	} {
		installed = nil
		cfg, _, _, stderr := runWith(infos, errTest, nil, strings.Fields(words)...)
		var got, names []string
		for _, p := range cfg.Plugins {
			got = append(got, fmt.Sprintf("%s%v", p.Name, p.Args))
			names = append(names, p.Name)
		}
		if strings.Join(got, " ") != want || !reflect.DeepEqual(names, installed) {
			t.Errorf("%s: %s (made %v), want %s\n%s", words, got, installed, want, stderr)
		}
	}
	// The environment's plugins come first.
	cfg, _, _, _ := runWith(infos, errTest, []string{"WEIR_PLUGIN=b"}, "-plugin", "a", "prog")
	if len(cfg.Plugins) != 3 || cfg.Plugins[1].Name != "b" || cfg.Plugins[2].Name != "a" {
		t.Errorf("plugins %v", cfg.Plugins)
	}
}
