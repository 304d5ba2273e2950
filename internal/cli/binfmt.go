package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/weir-emu/weir/internal/binfmt"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/launch"
)

// start is how the kernel has started weir.
type start struct {
	file      *int // the program's open file: by a binfmt_misc rule with flag O or C
	preserved bool // the program's own argv[0] follows its path: flag P
	secure    bool // weir has more rights than its caller: flag C, or set-user-ID
}

// started asks the kernel's auxiliary vector.
func started() (s start) {
	if fd, ok := hostsys.Auxv(hostsys.ATExecFD); ok {
		n := int(fd)
		s.file = &n
	}
	flags, _ := hostsys.Auxv(hostsys.ATFlags)
	secure, _ := hostsys.Auxv(hostsys.ATSecure)
	s.preserved, s.secure = flags&1 != 0, secure != 0
	return s
}

// interpret runs a program as binfmt_misc wants it: args is the program's path, with flag P its own
// argv[0], and its arguments. None of them is an option or a verb.
func (c *command) interpret(args []string) int {
	s, err := parse([]string{"--"}, c.env)
	if err != nil {
		return c.fail(statusUsage, err)
	}
	if len(args) == 0 {
		return c.fail(statusUsage, errors.New("started by binfmt_misc without a program"))
	}
	s.program, s.args = args[0], args[1:]
	if c.start.preserved && len(s.args) > 0 {
		if !s.hasArgv0 {
			s.argv0, s.hasArgv0 = s.args[0], true
		}
		s.args = s.args[1:]
	}
	return c.runProgram(s)
}

// withoutOptions removes weir's variables: whoever starts a program with the rights of another user
// must not tell weir what to do in that user's name.
func withoutOptions(env []string) (out []string) {
	for _, kv := range env {
		if !strings.HasPrefix(kv, "WEIR_") && !strings.HasPrefix(kv, "QEMU_") {
			out = append(out, kv)
		}
	}
	return out
}

const binfmtUsage = "weir binfmt [-flags FLAGS] [-interpreter PATH]"

// verbBinfmt prints the rule with which the kernel starts guest programs under weir.
func verbBinfmt(c *command, args []string) int {
	flags, interpreter := binfmt.DefaultFlags, ""
	for len(args) > 0 {
		word := args[0]
		name, val, ok := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(word, "-"), "-"), "=")
		args = args[1:]
		if !strings.HasPrefix(word, "-") || name != "flags" && name != "interpreter" {
			return c.fail(statusUsage, fmt.Errorf("weir binfmt: unknown argument %q: %s", word, binfmtUsage))
		}
		if !ok {
			if len(args) == 0 {
				return c.fail(statusUsage, fmt.Errorf("weir binfmt: -%s needs a value: %s", name, binfmtUsage))
			}
			val, args = args[0], args[1:]
		}
		if name == "flags" {
			flags = val
		} else {
			interpreter = val
		}
	}
	if interpreter == "" {
		exe, err := os.Executable()
		if err != nil {
			return c.fail(statusUsage, fmt.Errorf("weir binfmt: %w; give -interpreter PATH", err))
		}
		interpreter = filepath.Clean(exe)
	}
	line, err := binfmt.ForELF("weir-"+launch.GuestName, guestMachine, interpreter, flags).Register()
	if err != nil {
		return c.fail(statusUsage, fmt.Errorf("weir binfmt: %w", err))
	}
	fmt.Fprintln(c.stdout, line)
	return 0
}

// guestMachine is the ELF machine of the guest (EM_RISCV).
const guestMachine = 243
