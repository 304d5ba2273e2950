// Package plugin is Weir's plugin API. A plugin is a Go value that registers
// callbacks on a [Host]; the centre is the syscall filter, which sees each
// syscall of the guest before it runs and may answer it, change it or let it
// pass:
//
//	h.FilterSyscalls(plugin.Syscalls("openat"), func(c *plugin.Call) plugin.Verdict {
//		if strings.HasPrefix(c.Path(1), "/etc/") {
//			return plugin.Fail(abi.EACCES)
//		}
//		return plugin.Pass
//	})
//
// Callbacks run on the thread of the guest thread (vCPU) that caused the event,
// concurrently for several of them, with no lock of Weir's held; they may block,
// and they may register and unregister callbacks. The package knows neither the
// CPU nor the Linux personality behind it. Start with [Plugin], [Host] and [Call].
package plugin

import (
	"fmt"
	"strconv"
	"strings"
)

// APIVersion is the version of this API. It grows when something is added; a
// release that breaks plugins changes the module's major version.
const APIVersion = 1

// Plugin is what a plugin implements.
type Plugin interface {
	// Install registers callbacks on h before the guest starts. An error ends
	// the run before the guest's first instruction.
	Install(h *Host, args Args) error
}

// InstallFunc is a function as a Plugin.
type InstallFunc func(h *Host, args Args) error

// Install calls f.
func (f InstallFunc) Install(h *Host, args Args) error { return f(h, args) }

// Info describes a plugin that can be selected by name on the command line.
type Info struct {
	Name    string
	Summary string   // one line
	Options []Option // what Args may contain
	New     func() Plugin
	Always  bool // installed on every run, without being selected
}

// Option describes one key=value argument of a named plugin.
type Option struct {
	Key   string
	Value string // form of the value, "NAME[:field=glob]:ERRNO"
	Help  string // one line
	Multi bool   // may be given more than once
}

// Args are a plugin's key=value arguments, in the order given. Reading methods
// take the last value of a key that is given several times.
type Args []KeyValue

// KeyValue is one argument; a bare word has the value "on".
type KeyValue struct{ Key, Value string }

// ParseArgs splits "key=value,key=value". A comma within a value is written
// twice; one comma at the end is ignored.
func ParseArgs(s string) (Args, error) {
	var out Args
	for s != "" {
		var b strings.Builder
		for {
			i := strings.IndexByte(s, ',')
			if i < 0 {
				b.WriteString(s)
				s = ""
				break
			}
			b.WriteString(s[:i])
			s = s[i+1:]
			if !strings.HasPrefix(s, ",") {
				break
			}
			b.WriteByte(',')
			s = s[1:]
		}
		k, v, ok := strings.Cut(b.String(), "=")
		if k == "" {
			return nil, fmt.Errorf("argument %q has no name: want key=value", b.String())
		}
		if !ok {
			v = "on"
		}
		out = append(out, KeyValue{k, v})
	}
	return out, nil
}

// last returns the last value of key and whether there is one.
func (a Args) last(key string) (string, bool) {
	for i := len(a) - 1; i >= 0; i-- {
		if a[i].Key == key {
			return a[i].Value, true
		}
	}
	return "", false
}

// Get returns the last value of key, or def.
func (a Args) Get(key, def string) string {
	if v, ok := a.last(key); ok {
		return v
	}
	return def
}

// All returns every value of key.
func (a Args) All(key string) (vs []string) {
	for _, kv := range a {
		if kv.Key == key {
			vs = append(vs, kv.Value)
		}
	}
	return vs
}

// Bool returns the last value of key, on/yes/true/1 or off/no/false/0, or def.
func (a Args) Bool(key string, def bool) (bool, error) {
	v, ok := a.last(key)
	if !ok {
		return def, nil
	}
	switch v {
	case "on", "yes", "true", "1":
		return true, nil
	case "off", "no", "false", "0":
		return false, nil
	default:
		return def, fmt.Errorf("%s=%s: want on or off", key, v)
	}
}

// Uint returns the last value of key as an unsigned number, decimal or with 0x, 0o or
// 0b in front, or def.
func (a Args) Uint(key string, def uint64) (uint64, error) {
	v, ok := a.last(key)
	if !ok {
		return def, nil
	}
	n, err := strconv.ParseUint(v, 0, 64)
	if err != nil {
		return def, fmt.Errorf("%s=%s: want a number", key, v)
	}
	return n, nil
}

// Check fails on a key that options does not list, naming those it does, and
// on a key given twice that may be given once.
func (a Args) Check(options []Option) error {
	seen := make(map[string]bool, len(a))
next:
	for _, kv := range a {
		for _, o := range options {
			if o.Key == kv.Key {
				if seen[kv.Key] && !o.Multi {
					return fmt.Errorf("argument %q is given twice", kv.Key)
				}
				seen[kv.Key] = true
				continue next
			}
		}
		if len(options) == 0 {
			return fmt.Errorf("unknown argument %q: it takes none", kv.Key)
		}
		keys := make([]string, len(options))
		for i, o := range options {
			keys[i] = o.Key
		}
		return fmt.Errorf("unknown argument %q: it takes %s", kv.Key, strings.Join(keys, ", "))
	}
	return nil
}
