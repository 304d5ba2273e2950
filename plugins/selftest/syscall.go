package selftest

import (
	"cmp"
	"fmt"
	"slices"
	"sync"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

var syscallOptions = []plugin.Option{
	boolOption("print", "print each call and its result, instead of a table at the end"),
	boolOption("log_writes", "print what write(2) writes, as a hex dump"),
}

type sysCount struct{ number, calls, errors int64 }

// syscalls counts the guest's syscalls.
func syscalls(h *plugin.Host, args plugin.Args) error {
	var print, dump bool
	if err := bools(args, map[string]*bool{"print": &print, "log_writes": &dump}); err != nil {
		return err
	}
	var mu sync.Mutex
	counts := make(map[abi.Sysno]*sysCount)
	count := func(nr abi.Sysno, calls, errors int64) {
		mu.Lock()
		defer mu.Unlock()
		c := counts[nr]
		if c == nil {
			c = &sysCount{number: int64(nr)}
			counts[nr] = c
		}
		c.calls += calls
		c.errors += errors
	}
	h.OnSyscall(plugin.AllSyscalls, func(c *plugin.Call) {
		if print {
			fmt.Fprintf(h.Output(), "syscall #%d\n", c.Number())
		} else {
			count(c.Number(), 1, 0)
		}
	})
	if dump {
		h.OnSyscall(plugin.Syscalls("write"), func(c *plugin.Call) {
			b := make([]byte, min(c.Arg(2), 1<<20))
			if err := c.VCPU().ReadMem(c.Arg(1), b); err != nil {
				fmt.Fprintf(h.Output(), "Error reading memory from vaddr %d\n", c.Arg(1))
				return
			}
			var r report
			hexdump(&r, b)
			r.to(h.Output())
		}, plugin.Priority(-1)) // behind the line of the call
	}
	h.OnSyscallReturn(plugin.AllSyscalls, func(c *plugin.Call) {
		ret, _ := c.Result()
		switch {
		case print:
			fmt.Fprintf(h.Output(), "syscall #%d returned -> %d\n", c.Number(), ret)
		case c.Errno() != 0:
			count(c.Number(), 0, 1)
		}
	})
	h.FilterSyscalls(plugin.Numbers(magic), func(c *plugin.Call) plugin.Verdict {
		if c.Arg(0) != 0x66CCFF {
			return plugin.Pass
		}
		if print {
			fmt.Fprintln(h.Output(), "magic syscall filtered, set magic return")
		}
		return plugin.Return(0xFFCC66)
	})
	h.OnExit(func(plugin.ExitInfo) {
		if print {
			return
		}
		mu.Lock()
		defer mu.Unlock()
		list := make([]*sysCount, 0, len(counts))
		for _, c := range counts {
			list = append(list, c)
		}
		slices.SortFunc(list, func(a, b *sysCount) int {
			return cmp.Or(cmp.Compare(b.calls, a.calls), cmp.Compare(a.number, b.number))
		})
		var r report
		r.printf("syscall no.  calls  errors\n")
		for _, c := range list {
			r.printf("%-13d%-6d %d\n", c.number, c.calls, c.errors)
		}
		r.to(h.Output())
	})
	return nil
}

// hexdump prints 16 bytes a line, as numbers and as characters.
func hexdump(r *report, b []byte) {
	for line := range slices.Chunk(b, 16) {
		text := make([]byte, len(line))
		for i, c := range line {
			r.printf("%02x ", c)
			if text[i] = '.'; c > ' ' && c < 0x7f {
				text[i] = c
			}
		}
		r.printf("%*s | %s\n", 3*(16-len(line)), "", text)
	}
}
