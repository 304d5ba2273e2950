// Package selftest holds the small plugins that exercise the plugin API itself, known by name from
// QEMU's tests, with the same options and output: counters (bb, insn, mem, syscall), checkers that
// end the run with a reason if the API does not keep its word (inline, reset, discons, registers,
// setpc), and those that meddle (patch) or do nothing (empty). They are examples of the API as
// well: each is a file of its own. They know neither the CPU nor the Linux personality. Start with
// [Infos] and bb.go.
package selftest

import (
	"fmt"
	"io"
	"strings"

	"github.com/weir-emu/weir/plugin"
)

// Infos describes the plugins, in alphabetical order.
func Infos() []plugin.Info {
	return []plugin.Info{
		info("bb", "count blocks and instructions", bbOptions, bb),
		info("discons", "check where signals, faults and syscalls come from and go to", disconsOptions, discons),
		info("empty", "look at each block and do nothing", nil, empty),
		info("inline", "check inline counters, conditions and scoreboards against callbacks", nil, inline),
		info("insn", "count instructions, their sizes, and those that match", insnOptions, insn),
		info("mem", "count, print or check memory accesses", memOptions, memory),
		info("patch", "replace code of the guest by other code of the same size", patchOptions, patch),
		info("registers", "check that registers can be read and written when a thread starts", nil, registers),
		info("reset", "check that resetting and uninstalling end all callbacks", nil, reset),
		info("setpc", "jump where the guest asks for with syscall 4096", nil, setpc),
		info("syscall", "count or print syscalls; answer syscall 4096(0x66CCFF)", syscallOptions, syscalls),
	}
}

// info makes an Info whose install function gets arguments that have been checked.
func info(name, summary string, options []plugin.Option, install func(*plugin.Host, plugin.Args) error) plugin.Info {
	return plugin.Info{
		Name: name, Summary: summary, Options: options,
		New: func() plugin.Plugin {
			return plugin.InstallFunc(func(h *plugin.Host, args plugin.Args) error {
				if err := args.Check(options); err != nil {
					return err
				}
				return install(h, args)
			})
		},
	}
}

func boolOption(key, help string) plugin.Option {
	return plugin.Option{Key: key, Value: "on|off", Help: help + " (off)"}
}

// bools reads switches that are off by default.
func bools(args plugin.Args, into map[string]*bool) (err error) {
	for key, p := range into {
		if *p, err = args.Bool(key, false); err != nil {
			return err
		}
	}
	return nil
}

// report collects lines, which reach the output in one write: other processes write there too.
type report struct{ strings.Builder }

func (r *report) printf(format string, args ...any) { fmt.Fprintf(r, format, args...) }

func (r *report) to(w io.Writer) { io.WriteString(w, r.String()) }

// Magic syscall of the guest programs that are made for these plugins; no kernel has it.
const magic = 4096

func cpuName(index int) string { return fmt.Sprintf("CPU%d", index) }
