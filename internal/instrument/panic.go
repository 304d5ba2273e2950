package instrument

import (
	"fmt"
	"os"
	"runtime"
	"strings"

	"github.com/weir-emu/weir/plugin"
)

// PanicStatus is the exit status of a run that a plugin's panic has ended.
const PanicStatus = 124

// exitProcess is os.Exit, replaced in tests.
var exitProcess = os.Exit

// guard is deferred around every callback: a panic must not take the guest
// thread down silently, so it is reported with plugin, event and syscall and the
// run ends with a status of its own.
func (r *Registry) guard(e *entry, c *plugin.Call) {
	x := recover()
	if x == nil {
		return
	}
	where := ""
	if c != nil {
		where = " of " + c.Name()
	}
	fmt.Fprintf(r.cfg.Log, "weir: plugin %s: panic in %s%s: %v%s\n", e.plugin, e.event, where, x, panicSite())
	exitProcess(PanicStatus)
}

// panicSite returns " at file:line" of the innermost frame of the panic that
// is not the runtime's.
func panicSite() string {
	var pcs [32]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	seen := false
	for {
		f, more := frames.Next()
		rt := strings.HasPrefix(f.Function, "runtime.")
		if f.Function == "runtime.gopanic" || f.Function == "runtime.sigpanic" {
			seen = true
		} else if seen && !rt {
			file := f.File[strings.LastIndexByte(f.File, '/')+1:]
			return fmt.Sprintf(" at %s:%d", file, f.Line)
		}
		if !more {
			return ""
		}
	}
}
