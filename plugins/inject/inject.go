// Package inject causes faults: on the Nth matching call it makes the call fail,
// delays it, or sends a signal to the thread that makes it. It shows state kept
// over calls of all threads. A forked child counts on from what its parent had.
package inject

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// options are the arguments that the plugin takes.
var options = []plugin.Option{{
	Key: "rule", Value: "NAME[|NAME...][:path=GLOB][:argN=VALUE][:at=N|N+|every=N]:errno=E|delay=D|signal=S", Multi: true,
	Help: "on matching call N (N+: from N on; every=N: each Nth; without: all) do what follows, e.g. rule=read:at=3:errno=EIO",
}}

// Info describes the plugin.
func Info() plugin.Info {
	return plugin.Info{
		Name:    "inject",
		Summary: "fail, delay or signal on the Nth matching syscall",
		Options: options,
		New:     func() plugin.Plugin { return plugin.InstallFunc(install) },
	}
}

// rule is one rule with its count of matching calls.
type rule struct {
	match    plugin.Match
	at       uint64 // 0 for every call
	onwards  bool
	every    uint64
	errno    abi.Errno
	delay    time.Duration
	signal   abi.Signal
	matching atomic.Uint64
}

func install(h *plugin.Host, args plugin.Args) error {
	if err := args.Check(options); err != nil {
		return err
	}
	rules := args.All("rule")
	if len(rules) == 0 {
		return errors.New("no rule given: want rule=" + options[0].Value)
	}
	kill, hasTgkill := h.Syscall("tgkill")
	getpid, _ := h.Syscall("getpid")
	for i := len(rules) - 1; i >= 0; i-- {
		r, err := parse(rules[i])
		if err != nil {
			return err
		}
		if r.signal != 0 && !hasTgkill {
			return fmt.Errorf("rule %q: the guest has no tgkill", rules[i])
		}
		h.FilterSyscalls(r.match.Set(), func(c *plugin.Call) plugin.Verdict {
			if !r.match.Matches(c) || !r.due(r.matching.Add(1)) {
				return plugin.Pass
			}
			if r.delay > 0 {
				time.Sleep(r.delay)
			}
			if r.signal != 0 {
				c.InvokeOther(kill, uint64(c.InvokeOther(getpid)), uint64(c.VCPU().TID()), uint64(r.signal))
			}
			if r.errno != 0 {
				return plugin.Fail(r.errno)
			}
			return plugin.Pass
		})
	}
	return nil
}

// due reports whether the nth matching call is one to act on.
func (r *rule) due(n uint64) bool {
	switch {
	case r.every != 0:
		return n%r.every == 0
	case r.at == 0:
		return true
	case r.onwards:
		return n >= r.at
	}
	return n == r.at
}

func parse(text string) (*rule, error) {
	m, rest, err := plugin.ParseMatch(text)
	if err != nil {
		return nil, err
	}
	r := &rule{match: m}
	for _, f := range rest {
		key, v, _ := strings.Cut(f, "=")
		bad := func(want string) error { return fmt.Errorf("rule %q: %s=%q: want %s", text, key, v, want) }
		switch key {
		case "at":
			n, plus := strings.CutSuffix(v, "+")
			if r.at, err = strconv.ParseUint(n, 10, 63); err != nil || r.at == 0 {
				return nil, bad("a number from 1, or N+")
			}
			r.onwards = plus
		case "every":
			if r.every, err = strconv.ParseUint(v, 10, 63); err != nil || r.every == 0 {
				return nil, bad("a number from 1")
			}
		case "errno":
			e, ok := abi.ErrnoByName(v)
			if !ok {
				return nil, bad("an error name such as EIO")
			}
			r.errno = e
		case "delay":
			if r.delay, err = time.ParseDuration(v); err != nil || r.delay < 0 {
				return nil, bad("a duration such as 10ms")
			}
		case "signal":
			s, ok := abi.SignalByName(v)
			if !ok {
				return nil, bad("a signal such as SIGTERM")
			}
			r.signal = s
		default:
			return nil, fmt.Errorf("rule %q: unknown part %q: want at=, every=, errno=, delay= or signal=", text, f)
		}
	}
	if r.at != 0 && r.every != 0 {
		return nil, fmt.Errorf("rule %q: want at= or every=, not both", text)
	}
	if r.errno == 0 && r.delay == 0 && r.signal == 0 {
		return nil, fmt.Errorf("rule %q does nothing: want errno=, delay= or signal=", text)
	}
	return r, nil
}
