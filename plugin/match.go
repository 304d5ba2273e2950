package plugin

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Match selects calls by name and by what their arguments are. Its text form is
// what bundled plugins take in rules:
//
//	NAME[|NAME...][:path=GLOB][:argN=VALUE]...
//
// "*" as NAME selects every syscall. path= holds if any path argument of the
// call, lexically cleaned, matches GLOB (see [Glob]); GLOB has no colon in it.
// argN= compares all 64 bits of argument N (0 to 5) with a number, which may be
// negative. All conditions must hold.
type Match struct {
	set   Set
	globs []string
	args  []argCond
}

type argCond struct {
	index int
	value uint64
}

// ParseMatch parses the names and conditions of a rule. It returns the fields
// that are no conditions, in their order, for the caller's own use.
func ParseMatch(text string) (m Match, rest []string, err error) {
	fields := strings.Split(text, ":")
	names := strings.Split(fields[0], "|")
	switch {
	case slices.Contains(names, ""):
		return m, nil, fmt.Errorf("rule %q names no syscall: want NAME, NAME|NAME or *", text)
	case slices.Contains(names, "*"):
		m.set = AllSyscalls
	default:
		m.set = Syscalls(names...)
	}
	for _, f := range fields[1:] {
		key, value, _ := strings.Cut(f, "=")
		index, isArg := strings.CutPrefix(key, "arg")
		switch {
		case key == "path":
			if value == "" {
				return m, nil, fmt.Errorf("rule %q: path= is empty: want a pattern such as path=/etc/*", text)
			}
			m.globs = append(m.globs, value)
		case isArg:
			if len(index) != 1 || index[0] < '0' || index[0] > '5' {
				return m, nil, fmt.Errorf("rule %q: unknown part %q: want arg0= to arg5=", text, f)
			}
			v, err := parseNumber(value)
			if err != nil {
				return m, nil, fmt.Errorf("rule %q: %s=%q: want a number", text, key, value)
			}
			m.args = append(m.args, argCond{int(index[0] - '0'), v})
		default:
			rest = append(rest, f)
		}
	}
	return m, rest, nil
}

// parseNumber reads a signed or unsigned 64-bit number.
func parseNumber(s string) (uint64, error) {
	if strings.HasPrefix(s, "-") {
		v, err := strconv.ParseInt(s, 0, 64)
		return uint64(v), err
	}
	return strconv.ParseUint(s, 0, 64)
}

// Set returns the syscalls that can match, for registering.
func (m Match) Set() Set { return m.set }

// Matches reports whether the conditions hold for c, whose number is in Set.
func (m Match) Matches(c *Call) bool {
	for _, a := range m.args {
		if c.Arg(a.index) != a.value {
			return false
		}
	}
	for _, g := range m.globs {
		if !anyPath(c, g) {
			return false
		}
	}
	return true
}

// anyPath reports whether a path argument of c matches glob.
func anyPath(c *Call, glob string) bool {
	for i := range NumABIArgs {
		kind, ok := c.Kind(i)
		if !ok {
			return false
		}
		if kind != "path" {
			continue
		}
		if p := c.Path(i); p != "" && Glob(glob, path.Clean(p)) {
			return true
		}
	}
	return false
}

// Glob reports whether all of s matches pattern, in which * stands for any number
// of bytes, also none, / included, and ? for one.
func Glob(pattern, s string) bool {
	star, mark := -1, 0
	i, j := 0, 0
	for j < len(s) {
		switch {
		case i < len(pattern) && pattern[i] == '*':
			star, mark = i, j
			i++
		case i < len(pattern) && (pattern[i] == '?' || pattern[i] == s[j]):
			i, j = i+1, j+1
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(pattern) && pattern[i] == '*' {
		i++
	}
	return i == len(pattern)
}
