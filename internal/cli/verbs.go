package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/weir-emu/weir/plugin"
)

// verb is a fixed word in place of a program.
type verb struct {
	name string
	help string
	run  func(c *command, args []string) int
}

func verbs() []verb {
	return []verb{
		{"help", "print this help", verbHelp},
		{"version", "print version, guest, host and plugin API", verbVersion},
		{"plugins", "list the bundled plugins and their arguments", verbPlugins},
		{"syscalls", "list the guest's syscalls and how far they are supported; -json for machines", verbSyscalls},
		{"doctor", "look at this host: what keeps guests from running well, and how to mend it", verbDoctor},
		{"binfmt", "print the rule for /proc/sys/fs/binfmt_misc/register or /etc/binfmt.d; -flags, -interpreter", verbBinfmt},
	}
}

func findVerb(word string) *verb {
	for _, v := range verbs() {
		if v.name == word {
			return &v
		}
	}
	return nil
}

func (c *command) noArgs(name string, args []string) (int, bool) {
	if len(args) == 0 {
		return 0, true
	}
	return c.fail(statusUsage, fmt.Errorf("weir %s takes no argument %q (a program of that name is run as ./%s)", name, args[0], name)), false
}

func verbHelp(c *command, args []string) int {
	if status, ok := c.noArgs("help", args); !ok {
		return status
	}
	fmt.Fprint(c.stdout, `weir runs Linux programs built for another CPU and filters every syscall they make.

usage: weir [options] PROGRAM [ARGS]
       weir VERB

options (--name works too; each can be given by the variable WEIR_... or QEMU_... shown):
`)
	for _, o := range options {
		if o.help == "" {
			continue
		}
		flag := "-" + o.flag
		if o.arg != "" {
			flag += " " + o.arg
		}
		env := ""
		if o.env != "" {
			env = " [" + o.env + "]"
		}
		if len(flag) > 24 {
			fmt.Fprintf(c.stdout, "  %s\n  %24s %s%s\n", flag, "", o.help, env)
		} else {
			fmt.Fprintf(c.stdout, "  %-24s %s%s\n", flag, o.help, env)
		}
	}
	fmt.Fprint(c.stdout, "\nverbs (a program of such a name is run as ./NAME):\n")
	for _, v := range verbs() {
		fmt.Fprintf(c.stdout, "  %-24s %s\n", v.name, v.help)
	}
	fmt.Fprint(c.stdout, `
exit status: the program's; 127 if it is not found, 126 if it cannot be run, 1 for
a mistake on the command line. A program killed by a signal kills weir by the same.
`)
	return 0
}

func verbVersion(c *command, args []string) int {
	if status, ok := c.noArgs("version", args); !ok {
		return status
	}
	v := "devel"
	if bi, ok := debug.ReadBuildInfo(); ok && bi.Main.Version != "" && bi.Main.Version != "(devel)" {
		v = bi.Main.Version
	}
	fmt.Fprintf(c.stdout, "weir %s, guest riscv64, host %s/%s, %s, plugin API %d\n", v, runtime.GOOS, runtime.GOARCH, runtime.Version(), plugin.APIVersion)
	return 0
}

func verbPlugins(c *command, args []string) int {
	if status, ok := c.noArgs("plugins", args); !ok {
		return status
	}
	c.printPlugins(c.plugins)
	return 0
}

// printPlugins prints what plugins are for, and their arguments.
func (c *command) printPlugins(plugins []plugin.Info) {
	for _, p := range plugins {
		fmt.Fprintf(c.stdout, "%s: %s\n", p.Name, p.Summary)
		for _, o := range p.Options {
			many := ""
			if o.Multi {
				many = " (repeatable)"
			}
			fmt.Fprintf(c.stdout, "    %s=%s%s\n        %s\n", o.Key, o.Value, many, o.Help)
		}
	}
}
