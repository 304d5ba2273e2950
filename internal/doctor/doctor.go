// Package doctor looks at a host and says whether guests can run there, what will get in their way,
// and how to mend it. It only reads: [Host] is what it looks through, so that tests
// can show it any machine. It knows no guest beyond its name and ELF machine. Start with [Check].
package doctor

import (
	"fmt"
	"strconv"
	"strings"
)

// Host is the machine as the checks see it.
type Host struct {
	OS, Arch string // as in GOOS and GOARCH
	Env      []string

	Read     func(name string) (string, error)  // a whole file
	List     func(dir string) ([]string, error) // names in a folder
	LookPath func(name string) (string, error)  // a command
	Init     func() error                       // whether weir's runtime works here
	MapExec  func() error                       // whether memory can be writable and executable
	Free     func(lo, hi uint64) bool           // whether host addresses are free
	Running  string                             // path of weir itself
	Guest    Guest
}

// Guest is what the checks must know of the guest.
type Guest struct {
	Name    string
	Machine uint16   // ELF machine
	Loaders []string // dynamic loaders of its C libraries, absolute paths
	Sysroot string   // the sysroot used by default
}

// Level says how bad a fact is.
type Level int

// Levels.
const (
	OK   Level = iota
	Warn       // some programs will not run, or not as well
	Fail       // no program will run
)

func (l Level) String() string { return [...]string{"ok", "warn", "fail"}[l] }

// Fact is what one check has found.
type Fact struct {
	Level Level
	Name  string // of the check
	Text  string
	Mend  string // what to do; empty if it is ok
}

// String is the fact's line.
func (f Fact) String() string {
	s := fmt.Sprintf("%-4s  %s: %s", f.Level, f.Name, f.Text)
	if f.Mend != "" {
		s += "; " + f.Mend
	}
	return s
}

func ok(name, format string, a ...any) Fact {
	return Fact{OK, name, fmt.Sprintf(format, a...), ""}
}

func warn(name, mend, format string, a ...any) Fact {
	return Fact{Warn, name, fmt.Sprintf(format, a...), mend}
}

func fail(name, mend, format string, a ...any) Fact {
	return Fact{Fail, name, fmt.Sprintf(format, a...), mend}
}

// Check runs all checks.
func Check(h *Host) []Fact {
	if h.OS != "linux" || h.Arch != "amd64" {
		return []Fact{fail("host", "run weir on Linux on x86-64", "%s/%s cannot run guests", h.OS, h.Arch)}
	}
	checks := []func(*Host) Fact{
		kernel, proc, runtime, executable, seccomp, processor, // what every guest needs
		minAddr, lowAddresses, overcommit, addressLimit, descriptors, // what memory some need
		sysroot, rule, variables, profiler, // what is around them
	}
	facts := []Fact{ok("host", "%s/%s", h.OS, h.Arch)}
	for _, c := range checks {
		facts = append(facts, c(h))
	}
	return facts
}

// word reads a file of one value.
func (h *Host) word(name string) (string, bool) {
	s, err := h.Read(name)
	return strings.TrimSpace(s), err == nil
}

func (h *Host) number(name string) (int, bool) {
	s, ok := h.word(name)
	n, err := strconv.Atoi(s)
	return n, ok && err == nil
}

// field returns the rest of the line in text that starts with key.
func field(text, key string) (string, bool) {
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, key); ok {
			return strings.TrimSpace(rest), true
		}
	}
	return "", false
}
