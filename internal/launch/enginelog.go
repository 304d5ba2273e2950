//go:build linux

package launch

import (
	"bufio"
	"fmt"
	"os"
	"sync"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/engine"
)

// engineLog makes the engine's log functions of -d and -perfmap.
func (r *run) engineLog() (l engine.Log) {
	var mu sync.Mutex
	section := func(title string) func(pc uint64, text string) {
		return func(pc uint64, text string) {
			mu.Lock()
			defer mu.Unlock()
			fmt.Fprintf(r.log, "---- %s of %#x\n%s\n", title, pc, text)
		}
	}
	if r.cfg.Log.InAsm {
		l.InAsm = section("IN: code")
	}
	if r.cfg.Log.Op {
		l.Op = section("OP: intermediate representation")
	}
	if r.cfg.Log.OutAsm {
		l.OutAsm = section("OUT: host code")
	}
	if r.cfg.Log.Exec {
		l.Exec = func(_ *cpu.State, pc uint64) {
			mu.Lock()
			defer mu.Unlock()
			fmt.Fprintf(r.log, "Trace %#x\n", pc)
		}
	}
	if r.cfg.PerfMap {
		if f, err := os.Create(fmt.Sprintf("/tmp/perf-%d.map", r.pid)); err != nil {
			fmt.Fprintf(r.log, "weir: perf map: %v\n", err)
		} else {
			w := bufio.NewWriter(f)
			l.Code = func(addr uintptr, size int, pc uint64) {
				mu.Lock()
				defer mu.Unlock()
				fmt.Fprintf(w, "%x %x guest_%#x\n", addr, size, pc)
			}
			r.closes = append(r.closes, func() { w.Flush(); f.Close() })
		}
	}
	return l
}
