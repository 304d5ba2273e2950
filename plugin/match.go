package plugin

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// Match selects calls by name and by what their arguments are. Its text form is
// what bundled plugins take in rules:
//
//	NAME[|NAME...][:path=GLOB][:argN=VALUE]...
//
// "*" as NAME selects every syscall. path= holds if any path argument of the
// call, lexically cleaned, matches GLOB, in which * stands for any characters, / included, and
// ? for one. argN= compares argument N (0 to 5) with a number. All conditions must hold.
type Match struct {
	set   Set
	globs []string
	args  []argCond
}

type argCond struct {
	index int
	value uint64
}

// ParseMatch parses the names and as many conditions as there are; it returns
// the fields that it did not understand, for the caller's own.
func ParseMatch(text string) (m Match, rest []string, err error) {
	fields := strings.Split(text, ":")
	if fields[0] == "" {
		return m, nil, fmt.Errorf("rule %q names no syscall", text)
	}
	if fields[0] == "*" {
		m.set = AllSyscalls
	} else {
		m.set = Syscalls(strings.Split(fields[0], "|")...)
	}
	for _, f := range fields[1:] {
		key, value, _ := strings.Cut(f, "=")
		switch {
		case key == "path" && value != "":
			m.globs = append(m.globs, value)
		case len(key) == 4 && strings.HasPrefix(key, "arg") && key[3] >= '0' && key[3] <= '5':
			v, err := strconv.ParseUint(value, 0, 64)
			if err != nil {
				var s int64
				if s, err = strconv.ParseInt(value, 0, 64); err != nil {
					return m, nil, fmt.Errorf("rule %q: %s=%q: want a number", text, key, value)
				}
				v = uint64(s)
			}
			m.args = append(m.args, argCond{int(key[3] - '0'), v})
		default:
			rest = append(rest, f)
		}
	}
	return m, rest, nil
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
	for i := range 6 {
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

// Glob reports whether s matches pattern, in which * stands for any characters
// and ? for one.
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
