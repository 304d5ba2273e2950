// Package deny refuses syscalls by rule: each rule names syscalls, conditions on
// their arguments and the error that the guest gets. It shows how a filter reads
// decoded arguments. It judges the text of paths: links, relative paths and
// descriptors lead around it, so it is a test tool and no sandbox. It knows
// nothing of how rules are matched; see plugin.ParseMatch.
package deny

import (
	"errors"
	"fmt"
	"strings"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// options are the arguments that the plugin takes.
var options = []plugin.Option{{
	Key: "rule", Value: "NAME[|NAME...][:path=GLOB][:argN=VALUE]:ERRNO", Multi: true,
	Help: "fail matching calls with ERRNO, e.g. rule=openat:path=/etc/*:EACCES",
}}

// Info describes the plugin.
func Info() plugin.Info {
	return plugin.Info{
		Name:    "deny",
		Summary: "refuse syscalls by rule, with an error of choice",
		Options: options,
		New:     func() plugin.Plugin { return plugin.InstallFunc(install) },
	}
}

func install(h *plugin.Host, args plugin.Args) error {
	if err := args.Check(options); err != nil {
		return err
	}
	rules := args.All("rule")
	if len(rules) == 0 {
		return errors.New("no rule given: want rule=" + options[0].Value)
	}
	// The filter registered last is asked first: this way the first rule wins.
	for i := len(rules) - 1; i >= 0; i-- {
		m, rest, err := plugin.ParseMatch(rules[i])
		if err != nil {
			return err
		}
		for _, f := range rest {
			if strings.Contains(f, "=") {
				return fmt.Errorf("rule %q: unknown part %q: want path=, arg0= to arg5= and ERRNO", rules[i], f)
			}
		}
		if len(rest) != 1 {
			return fmt.Errorf("rule %q: want one ERRNO at its end, such as EACCES", rules[i])
		}
		errno, ok := abi.ErrnoByName(rest[0])
		if !ok {
			return fmt.Errorf("rule %q: unknown error %q", rules[i], rest[0])
		}
		h.FilterSyscalls(m.Set(), func(c *plugin.Call) plugin.Verdict {
			if m.Matches(c) {
				return plugin.Fail(errno)
			}
			return plugin.Pass
		})
	}
	return nil
}
