//go:build linux && amd64

package weir_test

import (
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/testenv"
	"github.com/weir-emu/weir/plugin"
)

// guestProgram returns a riscv64 Go program; see test/script/guest.
func guestProgram() string {
	path, err := testenv.BuildGo(testenv.RISCV64, "test/script/guest")
	if err != nil {
		log.Fatal(err)
	}
	return path
}

// A guest runs inside the host program, under a filter that changes an argument.
func ExampleStart() {
	kinder := plugin.InstallFunc(func(h *plugin.Host, _ plugin.Args) error {
		h.FilterSyscalls(plugin.Syscalls("exit_group"), func(c *plugin.Call) plugin.Verdict {
			fmt.Println("guest wants to exit with", c.Arg(0))
			c.SetArg(0, 4)
			return plugin.Pass
		})
		return nil
	})
	p, err := weir.Start(weir.Config{
		Path:    guestProgram(),
		Args:    []string{"exit", "3"},
		Plugins: []weir.Plugin{{Name: "kinder", Plugin: kinder}},
	})
	if err != nil {
		log.Fatal(err)
	}
	err = p.Wait()
	var ee *weir.ExitError
	if errors.As(err, &ee) {
		fmt.Println(ee, "- code", ee.Code)
	}
	// Output:
	// guest wants to exit with 3
	// guest exited with status 4 - code 4
}

// What a guest opens, without letting it open anything below /etc.
func ExampleConfig() {
	var opened []string
	watch := plugin.InstallFunc(func(h *plugin.Host, _ plugin.Args) error {
		h.FilterSyscalls(plugin.Syscalls("openat"), func(c *plugin.Call) plugin.Verdict {
			if strings.HasPrefix(c.Path(1), "/etc/") {
				opened = append(opened, c.Path(1)) // the guest has one thread that opens files
				return plugin.Fail(abi.EACCES)
			}
			return plugin.Pass
		})
		return nil
	})
	var trace strings.Builder
	p, err := weir.Start(weir.Config{
		Path: guestProgram(), Args: []string{"open", "/etc/motto"}, Env: []string{"LANG=C"},
		Plugins: []weir.Plugin{{Name: "watch", Plugin: watch}},
		Strace:  true, Log: &trace,
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(opened)
	for line := range strings.Lines(trace.String()) {
		if _, call, ok := strings.Cut(line, "openat(AT_FDCWD, \"/etc/"); ok {
			fmt.Print(call)
		}
	}
	// Output:
	// [/etc/motto]
	// motto", O_RDONLY|O_CLOEXEC) = -1 EACCES (Permission denied) (by plugin watch)
}

// A command of one's own: all of weir, and a plugin beside the bundled ones.
func ExampleMain() {
	weir.Main(plugin.Info{
		Name:    "quiet",
		Summary: "nothing is written to standard error",
		New: func() plugin.Plugin {
			return plugin.InstallFunc(func(h *plugin.Host, args plugin.Args) error {
				if err := args.Check(nil); err != nil {
					return err
				}
				h.FilterSyscalls(plugin.Syscalls("write"), func(c *plugin.Call) plugin.Verdict {
					if c.Arg(0) == 2 {
						return plugin.Return(int64(c.Arg(2)))
					}
					return plugin.Pass
				})
				return nil
			})
		},
	})
}
