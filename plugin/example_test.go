package plugin_test

import (
	"fmt"
	"strings"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
	"github.com/weir-emu/weir/plugin/plugintest"
)

// A filter refuses one directory and moves another.
func ExampleHost_FilterSyscalls() {
	g := plugintest.New() // a fake guest; Install gets a real one's Host
	h := g.Host("example")

	h.FilterSyscalls(plugin.Syscalls("openat"), func(c *plugin.Call) plugin.Verdict {
		path := c.Path(1)
		switch {
		case strings.HasPrefix(path, "/etc/"):
			return plugin.Fail(abi.EACCES)
		case strings.HasPrefix(path, "/data/"):
			c.SetPath(1, "/srv"+path)
		}
		return plugin.Pass
	})

	for _, path := range []string{"/etc/passwd", "/data/x", "/tmp/y"} {
		r := g.Do("openat", -100, path, 0)
		fmt.Println(path, r.Verdict, r.Ran, r.Paths[1])
	}
	// Output:
	// /etc/passwd Fail(EACCES) false /etc/passwd
	// /data/x Pass true /srv/data/x
	// /tmp/y Pass true /tmp/y
}

// A return event changes the result of a call that really ran.
func ExampleHost_OnSyscallReturn() {
	g := plugintest.New()
	g.Handle("getpid", func(*plugin.Call) int64 { return 41 })

	g.Host("example").OnSyscallReturn(plugin.Syscalls("getpid"), func(c *plugin.Call) {
		if v, _ := c.Result(); v > 0 {
			c.SetResult(v + 1)
		}
	})
	fmt.Println(g.Do("getpid").Value)
	// Output: 42
}

// The policy is replaced while the guest runs; no call falls between the two.
func ExampleNamed() {
	g := plugintest.New()
	h := g.Host("example")
	policy := func(e abi.Errno) func(*plugin.Call) plugin.Verdict {
		return func(*plugin.Call) plugin.Verdict { return plugin.Fail(e) }
	}
	r := h.FilterSyscalls(plugin.Syscalls("socket"), policy(abi.EPERM), plugin.Named("policy"))
	fmt.Println(g.Do("socket", 2, 1, 0).Verdict)
	h.FilterSyscalls(plugin.Syscalls("socket"), policy(abi.EACCES), plugin.Named("policy"))
	fmt.Println(g.Do("socket", 2, 1, 0).Verdict)
	r.Remove() // has been replaced: nothing
	h.FilterSyscalls(plugin.Set{}, nil, plugin.Named("policy"))
	fmt.Println(g.Do("socket", 2, 1, 0).Verdict)
	// Output:
	// Fail(EPERM)
	// Fail(EACCES)
	// Pass
}

func ExampleParseArgs() {
	args, err := plugin.ParseArgs("rule=a,,b,quiet")
	fmt.Println(args, err)
	// Output: [{rule a,b} {quiet on}] <nil>
}
