// Package redirect makes the guest see one part of the file system in place of
// another: paths below FROM are looked up below TO. It shows how a filter changes
// an argument and lets the call go on. It works on the text that the guest
// passes: relative paths are left alone, and what the kernel answers (getcwd,
// readlink) names TO.
package redirect

import (
	"errors"
	"fmt"
	"strings"

	"github.com/weir-emu/weir/plugin"
)

// options are the arguments that the plugin takes.
var options = []plugin.Option{{
	Key: "path", Value: "FROM:TO", Multi: true,
	Help: "absolute paths equal to FROM or below it become TO or below it",
}}

// Info describes the plugin.
func Info() plugin.Info {
	return plugin.Info{
		Name:    "redirect",
		Summary: "replace a path prefix by another in every syscall that takes paths",
		Options: options,
		New:     func() plugin.Plugin { return plugin.InstallFunc(install) },
	}
}

type rule struct{ from, to string }

func install(h *plugin.Host, args plugin.Args) error {
	if err := args.Check(options); err != nil {
		return err
	}
	var rules []rule
	for _, v := range args.All("path") {
		from, to, ok := strings.Cut(v, ":")
		if !ok || !strings.HasPrefix(from, "/") || !strings.HasPrefix(to, "/") {
			return fmt.Errorf("path=%s: want FROM:TO, both absolute", v)
		}
		rules = append(rules, rule{strings.TrimRight(from, "/"), strings.TrimRight(to, "/")})
	}
	if len(rules) == 0 {
		return errors.New("no path given: want path=FROM:TO")
	}
	h.FilterSyscalls(h.SyscallsWith("path"), func(c *plugin.Call) plugin.Verdict {
		for i := range plugin.NumABIArgs {
			kind, ok := c.Kind(i)
			if !ok {
				break
			}
			if kind != "path" {
				continue
			}
			if p, changed := apply(rules, c.Path(i)); changed {
				c.SetPath(i, p)
			}
		}
		return plugin.Pass
	})
	return nil
}

// apply replaces the prefix of the first rule that fits, at a component border.
func apply(rules []rule, p string) (string, bool) {
	for _, r := range rules {
		rest, ok := strings.CutPrefix(p, r.from)
		if p == "" || !ok || rest != "" && rest[0] != '/' {
			continue
		}
		if to := r.to + rest; to != "" {
			return to, true
		}
		return "/", true
	}
	return p, false
}
