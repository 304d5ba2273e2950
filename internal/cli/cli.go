// Package cli is the weir command: the option table, the environment variables
// and the verbs. It turns words into a launch.Config and errors into one line on
// standard error; it knows nothing of how programs run. Start with [Main] and
// the table in options.go.
package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/launch"
	"github.com/weir-emu/weir/plugin"
)

// Exit statuses of weir itself; otherwise the guest's status is weir's.
const (
	statusUsage       = 1   // bad option, argument or environment variable
	statusNotRunnable = 126 // found, but not a program for this guest
	statusNotFound    = 127
)

// Main runs the command and returns its exit status. A guest that runs to its
// end does not return: it ends the process as it ended itself.
//
// Under a name such as qemu-riscv64 there are no verbs: every word is a program.
func Main(argv, env []string, stdout, stderr io.Writer, plugins []plugin.Info) int {
	c := &command{start: started(), env: env, stdout: stdout, stderr: stderr, plugins: plugins, launch: launch.Run}
	return c.main(argv)
}

type command struct {
	start          start
	env            []string
	stdout, stderr io.Writer
	plugins        []plugin.Info
	noVerbs        bool
	launch         func(launch.Config) error // launch.Run, replaced in tests
}

// fail prints err as one line and returns the status.
func (c *command) fail(status int, err error) int {
	fmt.Fprintln(c.stderr, "weir: "+strings.ReplaceAll(err.Error(), "\n", " "))
	return status
}

func (c *command) main(argv []string) int {
	if c.start.secure {
		c.env = withoutOptions(c.env)
	}
	if len(argv) == 0 { // execve(2) allows it
		return c.run(nil)
	}
	if c.start.preserved || c.start.file != nil {
		return c.interpret(argv[1:])
	}
	c.noVerbs = strings.HasPrefix(filepath.Base(argv[0]), "qemu-")
	return c.run(argv[1:])
}

func (c *command) run(args []string) int {
	if len(args) > 0 && !c.noVerbs {
		if v := findVerb(args[0]); v != nil {
			return v.run(c, args[1:])
		}
	}
	s, err := parse(args, c.env)
	if err != nil {
		return c.fail(statusUsage, err)
	}
	return c.runProgram(s)
}

// runProgram does what the settings say.
func (c *command) runProgram(s *settings) int {
	switch {
	case s.help:
		return verbHelp(c, nil)
	case s.version:
		return verbVersion(c, nil)
	case s.cpu == "help":
		fmt.Fprint(c.stdout, launch.CPUHelp())
		return 0
	case slices.Contains(s.log, "help"):
		return c.printLogItems(c.stdout)
	case slices.ContainsFunc(s.plugins, wantsHelp):
		return c.pluginHelp(s.plugins)
	case s.program == "":
		return c.fail(statusUsage, errors.New("no program given: weir [options] PROGRAM [ARGS] (weir -h lists the options)"))
	}
	cfg, err := c.config(s)
	if err != nil {
		return c.fail(statusUsage, err)
	}
	err = c.launch(cfg)
	switch {
	case errors.Is(err, launch.ErrNotFound):
		return c.fail(statusNotFound, err)
	case errors.Is(err, launch.ErrNotRunnable):
		return c.fail(statusNotRunnable, err)
	}
	return c.fail(statusUsage, err)
}

// wantsHelp is true of -plugin help and -plugin NAME,help.
func wantsHelp(p pluginArg) bool {
	return p.name == "help" || slices.Contains(p.args, plugin.KeyValue{Key: "help", Value: "on"})
}

// pluginHelp prints the arguments of the plugins of which it was asked.
func (c *command) pluginHelp(asked []pluginArg) int {
	var list []plugin.Info
	for _, p := range asked {
		if !wantsHelp(p) {
			continue
		}
		if p.name == "help" {
			list = c.plugins
			break
		}
		info, err := c.plugin(p.name)
		if err != nil {
			return c.fail(statusUsage, err)
		}
		list = append(list, info)
	}
	c.printPlugins(list)
	return 0
}

// config makes a launch configuration of the settings.
func (c *command) config(s *settings) (launch.Config, error) {
	cfg := launch.Config{
		Path: s.program, File: c.start.file, Argv: append([]string{s.program}, s.args...), Env: s.guestEnv(c.env),
		CPU: s.cpu, Sysroot: s.sysroot, Release: s.release, StackSize: s.stackSize,
		Base: s.base, Reserve: s.reserve, Window: s.window,
		TBSize: s.tbSize, Interpret: s.noJIT, Baseline: s.baseline, NoPairing: s.noPairing,
		OneInsn: s.oneInsn, PerfMap: s.perfmap, JITDump: s.jitdump, CPUProfile: s.cpuprofile,
		Strace: s.strace, LogFile: s.logFile, Resumed: s.resumed, Stderr: c.stderr, Reexec: s.reexec(), Seccomp: s.seccomp, Board: s.board, DenyNative: s.denyNative,
	}
	if s.hasArgv0 {
		cfg.Argv[0] = s.argv0
	}
	if s.seed != "" {
		cfg.Seed, _ = strconv.ParseUint(s.seed, 0, 64)
		cfg.Seeded = true
	}
	if cfg.Sysroot == "" {
		if _, err := os.Stat(defaultSysroot); err == nil {
			cfg.Sysroot = defaultSysroot
		}
	}
	cfg.Log.Ranges = s.ranges
	if s.cpu != "" {
		if err := launch.CheckCPU(s.cpu); err != nil {
			return cfg, fmt.Errorf("option -cpu: %w", err)
		}
	}
	for _, item := range s.log {
		if err := cfg.Log.Set(item); err != nil {
			return cfg, fmt.Errorf("option -d: %w", err)
		}
	}
	if cfg.Log.TID && !strings.Contains(s.logFile, "%d") {
		return cfg, errors.New("option -d: tid needs -D FILE with %d in the name, for the thread's ID")
	}
	if cfg.Log.Strace {
		cfg.Strace = true
	}
	for _, info := range c.plugins {
		selected := slices.ContainsFunc(s.plugins, func(p pluginArg) bool { return p.name == info.Name })
		if info.Always && !selected { // selected, it gets its arguments below
			cfg.Plugins = append(cfg.Plugins, launch.Named{Name: info.Name, Plugin: info.New()})
		}
	}
	plugins := s.plugins
	if len(s.policy) > 0 {
		plugins = append(slices.Clone(plugins), pluginArg{policyPlugin, s.policy})
	}
	for _, p := range plugins {
		info, err := c.plugin(p.name)
		if err != nil {
			return cfg, err
		}
		cfg.Plugins = append(cfg.Plugins, launch.Named{Name: info.Name, Plugin: info.New(), Args: p.args})
	}
	return cfg, nil
}

// plugin finds a plugin by name.
func (c *command) plugin(name string) (plugin.Info, error) {
	names := make([]string, 0, len(c.plugins))
	for _, info := range c.plugins {
		if info.Name == name {
			return info, nil
		}
		names = append(names, info.Name)
	}
	return plugin.Info{}, fmt.Errorf("unknown plugin %q: there are %s (weir plugins tells more)", name, strings.Join(names, ", "))
}

func (c *command) printLogItems(w io.Writer) int {
	for _, i := range launch.LogItems() {
		fmt.Fprintf(w, "%-10s %s\n", i.Name, i.Help)
	}
	return 0
}

// Process runs Main for the current process.
func Process(plugins []plugin.Info) {
	hostsys.GrowStack()
	os.Exit(Main(os.Args, launch.Environ(), os.Stdout, os.Stderr, plugins))
}
