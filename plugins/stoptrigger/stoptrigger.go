// Package stoptrigger ends the process when a thread has executed so many instructions, or
// is about to execute the instruction at an address. It shows conditional callbacks, which cost a
// comparison while the condition does not hold, and [plugin.VCPU.Exit].
package stoptrigger

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// options are the arguments that the plugin takes.
var options = []plugin.Option{
	{Key: "icount", Value: "N[:CODE]", Help: "exit with CODE (0) when a thread has executed N instructions, before the next one", Multi: true},
	{Key: "addr", Value: "ADDR[:CODE]", Help: "exit with CODE (0) before the instruction at ADDR is executed", Multi: true},
}

// Info describes the plugin.
func Info() plugin.Info {
	return plugin.Info{
		Name:    "stoptrigger",
		Summary: "exit at a number of instructions or at an address",
		Options: options,
		New:     func() plugin.Plugin { return plugin.InstallFunc(install) },
	}
}

// trigger is where to stop: a count or an address, and the exit status then.
type trigger struct {
	at   uint64
	code int
}

// parse parses the triggers of a key. Of two for one place the last counts. An address is
// hexadecimal whether or not it begins with 0x.
func parse(args plugin.Args, key string) (list []trigger, err error) {
	for _, text := range args.All(key) {
		at, code, ok := strings.Cut(text, ":")
		t := trigger{}
		base, digits := 0, at
		if key == "addr" {
			base, digits = 16, strings.TrimPrefix(strings.TrimPrefix(at, "0x"), "0X")
		}
		if t.at, err = strconv.ParseUint(digits, base, 64); err != nil {
			return nil, fmt.Errorf("%s=%s: %q is no number", key, text, at)
		}
		if ok {
			n, err := strconv.ParseUint(code, 0, 8)
			if err != nil {
				return nil, fmt.Errorf("%s=%s: exit code %q: want a number from 0 to 255", key, text, code)
			}
			t.code = int(n)
		}
		list = append(list, t)
	}
	return list, nil
}

func install(h *plugin.Host, args plugin.Args) error {
	if err := args.Check(options); err != nil {
		return err
	}
	counts, err := parse(args, "icount")
	if err != nil {
		return err
	}
	addrs, err := parse(args, "addr")
	if err != nil {
		return err
	}
	if len(counts)+len(addrs) == 0 {
		return fmt.Errorf("no trigger: want icount=N or addr=ADDR")
	}
	stop := func(v *plugin.VCPU, code int, why string) {
		fmt.Fprintf(h.Output(), "%s, exiting\n", why)
		v.Exit(code)
	}
	at := make(map[abi.Addr]int, len(addrs))
	for _, t := range addrs {
		at[t.at] = t.code
	}
	// A thread that has come to the lowest count ends the process, so that the others do not matter.
	slices.SortStableFunc(counts, func(a, b trigger) int { return cmp.Compare(a.at, b.at) })
	insns := plugin.NewCounter(h)
	h.OnThreadStart(func(v *plugin.VCPU) { insns.Set(v, 0) }) // another one may have had its index
	h.OnTranslate(func(b *plugin.Block) {
		for _, i := range b.Insns {
			pc := i.PC()
			if len(counts) > 0 {
				i.OnExecIf(insns.EQ(counts[0].at), plugin.SetPC, func(v *plugin.VCPU) {
					stop(v, counts[0].code, fmt.Sprintf("icount reached at %#x", pc))
				})
				i.Add(insns, 1)
			}
			if code, ok := at[pc]; ok {
				i.OnExec(plugin.SetPC, func(v *plugin.VCPU) { stop(v, code, fmt.Sprintf("%#x reached", pc)) })
			}
		}
	})
	return nil
}
