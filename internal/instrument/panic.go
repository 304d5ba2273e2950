//go:build linux

package instrument

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/weir-emu/weir/internal/callback"
	"github.com/weir-emu/weir/plugin"
)

// PanicStatus is the exit status of a run that a plugin's panic has ended.
const PanicStatus = 124

// exitProcess is os.Exit, replaced in tests.
var exitProcess = os.Exit

// failed ends the run after a callback that has not returned: it must not take the
// guest thread down silently, so it is reported with plugin, event and syscall, and the
// run ends with a status of its own. x is what recover returned. The caller is the
// function that was deferred.
func (r *Registry) failed(e *callback.Entry, c *plugin.Call, x any) {
	where := e.Event.String()
	if c != nil {
		where += " of " + c.Name()
	}
	fmt.Fprintf(r.cfg.Log, "weir: plugin %s: %s\n", e.Plugin, failure(x, where))
	exitProcess(PanicStatus)
}

// Fail implements plugin.System.
func (r *Registry) Fail(p, text string) {
	fmt.Fprintf(r.cfg.Log, "weir: plugin %s: %s\n", p, text)
	exitProcess(PanicStatus)
}

// caught is deferred around a callback, and ends the run if the callback has not come to its end.
func (r *Registry) caught(e *callback.Entry, c *plugin.Call, done *bool) {
	if !*done {
		r.failed(e, c, recover())
	}
}

// failure describes a panic, or a runtime.Goexit if x is nil, and where it happened.
func failure(x any, where string) string {
	if x == nil {
		return "runtime.Goexit in " + where + panicSite()
	}
	return "panic in " + where + ": " + strings.ReplaceAll(fmt.Sprint(x), "\n", " ") + panicSite()
}

// panicSite returns " at file:line" of the innermost frame of the panic that
// is not the runtime's.
func panicSite() string {
	var pcs [64]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	seen := false
	for {
		f, more := frames.Next()
		switch {
		case f.Function == "runtime.gopanic" || f.Function == "runtime.Goexit":
			seen = true
		case seen && !strings.HasPrefix(f.Function, "runtime."):
			return fmt.Sprintf(" at %s:%d", f.File[strings.LastIndexByte(f.File, '/')+1:], f.Line)
		}
		if !more {
			return ""
		}
	}
}
