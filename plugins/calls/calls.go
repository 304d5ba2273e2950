// Package calls prints each execution of the functions that are chosen by name: thread, nesting, arguments by name and
// value, who called it, and the result.
//
//	4711 hk_tail(n=4) <- main+0x1c
//	4711   hk_target(n=5) <- main+0x1c
//	4711   hk_target = 15
//	4711 hk_tail = 15
//
// Names, types and values come from DWARF and the calling convention, of C or of Go; of a function without DWARF the
// first integer arguments and the integer result are printed. It shows a plugin that watches functions.
package calls

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"github.com/weir-emu/weir/internal/export"
	"github.com/weir-emu/weir/plugin"
)

var options = []plugin.Option{
	{Key: "func", Value: "[IMAGE!]GLOB", Help: "functions to print, by symbol, raw or demangled, e.g. func=libc*!malloc", Multi: true},
	{Key: "args", Value: "on|off", Help: "print arguments and results (on)"},
	{Key: "caller", Value: "on|off", Help: "print who called (on)"},
	{Key: "words", Value: "N", Help: "arguments of functions without DWARF (4)"},
	{Key: "file", Value: "PATH", Help: "the file to write (standard error, or that of -D); other processes add their ID to it"},
}

// Info describes the plugin.
func Info() plugin.Info {
	return plugin.Info{
		Name:    "calls",
		Summary: "print calls of functions by name: arguments, results, nesting, threads",
		Options: options,
		New:     func() plugin.Plugin { return new(printer) },
	}
}

type printer struct {
	host         *plugin.Host
	files        *export.Files
	args, caller bool
	words        uint64
	out          atomic.Pointer[io.Writer]
}

// Install implements plugin.Plugin.
func (p *printer) Install(h *plugin.Host, args plugin.Args) (err error) {
	if err = args.Check(options); err != nil {
		return err
	}
	p.host = h
	if p.args, err = args.Bool("args", true); err != nil {
		return err
	}
	if p.caller, err = args.Bool("caller", true); err != nil {
		return err
	}
	if p.words, err = args.Uint("words", 4); err != nil {
		return err
	}
	funcs := args.All("func")
	if len(funcs) == 0 {
		return errors.New("which functions? Give func=GLOB")
	}
	out := h.Output()
	p.out.Store(&out)
	if name := args.Get("file", ""); name != "" {
		if p.files, err = export.New(h, name); err != nil {
			return err
		}
		if err = p.open(); err != nil {
			return err
		}
		h.OnFork(func(*plugin.VCPU) { p.files.Forked(); p.reopen() })
		h.OnExec(func(*plugin.VCPU) { p.files.Executed(); p.reopen() })
	}
	for _, f := range funcs {
		h.OnFunction(f, plugin.Watch{Entry: p.entry, Exit: p.exit, Lost: p.lost})
	}
	return nil
}

func (p *printer) open() error {
	f, err := p.files.Open("")
	if err != nil {
		return err
	}
	var w io.Writer = f
	p.out.Store(&w)
	return nil
}

func (p *printer) reopen() {
	if err := p.open(); err != nil {
		fmt.Fprintf(p.host.Output(), "calls: %v\n", err)
		w := io.Discard
		p.out.Store(&w)
	}
}

// print writes a line about f.
func (p *printer) print(f *plugin.Frame, text string) {
	fmt.Fprintf(*p.out.Load(), "%d %*s%s%s\n", f.VCPU().TID(), 2*f.Depth(), "", f.Symbol().Name, text)
}

func (p *printer) entry(f *plugin.Frame) {
	text := ""
	if p.args {
		list, ok := f.Args()
		var parts []string
		for _, a := range list {
			parts = append(parts, a.Name+"="+a.Text)
		}
		if !ok {
			for i := range p.words {
				parts = append(parts, fmt.Sprintf("%#x", f.Arg(int(i))))
			}
			parts = append(parts, "...")
		}
		text = "(" + strings.Join(parts, ", ") + ")"
	}
	if p.caller {
		at := f.Caller()
		if s, ok := p.host.Symbolizer().At(at - 1); ok {
			text += fmt.Sprintf(" <- %s+%#x", s.Name, at-s.Addr)
		} else {
			text += fmt.Sprintf(" <- %#x", at)
		}
	}
	p.print(f, text)
}

func (p *printer) exit(f *plugin.Frame) {
	if !p.args {
		p.print(f, " returns")
		return
	}
	list, ok := f.Results()
	switch {
	case !ok:
		p.print(f, fmt.Sprintf(" = %#x", f.Result()))
	case len(list) == 0:
		p.print(f, " returns")
	default:
		var parts []string
		for _, a := range list {
			parts = append(parts, a.Text)
		}
		p.print(f, " = "+strings.Join(parts, ", "))
	}
}

func (p *printer) lost(f *plugin.Frame) { p.print(f, " left") }
