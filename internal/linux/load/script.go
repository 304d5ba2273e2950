//go:build linux

package load

import (
	"strings"

	"github.com/weir-emu/weir/abi"
)

// scriptLine is how much of a script the kernel looks at (BINPRM_BUF_SIZE,
// include/uapi/linux/binfmts.h).
const scriptLine = 256

// Script parses a `#!` line as fs/binfmt_script.c does: the interpreter, and at
// most one argument with inner blanks. ok is false if the file is no script.
func Script(f *File) (interp, arg string, ok bool, err error) {
	var buf [scriptLine]byte
	n := min(int64(len(buf)), f.Size)
	if n < 2 || !f.readAt(buf[:n], 0) || string(buf[:2]) != "#!" {
		return "", "", false, nil
	}
	line := string(buf[2:n])
	line, _, whole := strings.Cut(line, "\n")
	line, _, nul := strings.Cut(line, "\x00")
	whole = whole || nul || n < scriptLine
	line = strings.TrimLeft(line, " \t")
	interp, arg, found := strings.Cut(strings.ReplaceAll(line, "\t", " "), " ")
	if found { // keep the argument's own tabs
		arg = strings.Trim(line[len(interp):], " \t")
	}
	switch {
	case !whole && !found:
		return "", "", true, noexec("the script's interpreter line is longer than " + dec(scriptLine) + " bytes")
	case interp == "":
		return "", "", true, noexec("the script's first line names no interpreter")
	}
	return interp, arg, true, nil
}

// MaxScriptDepth is how many scripts may be each other's interpreter
// (fs/exec.c, exec_binprm); beyond it execve fails with ELOOP.
const MaxScriptDepth = 5

// ErrDepth is returned for scripts nested too deep.
var ErrDepth = &Error{abi.ELOOP, "too many scripts are each other's interpreter"}
