// Package binfmt makes and reads rules of the kernel's binfmt_misc, by which programs for another
// CPU are started as if they were the host's own: what is written to its register file, and the files in
// which it shows the rules (Documentation/admin-guide/binfmt-misc.rst). It touches no files and knows
// nothing of how weir is started. Start with [Rule], [ForELF] and [Parse].
package binfmt

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Rule is one rule that goes by the first bytes of a file.
type Rule struct {
	Name        string
	Enabled     bool
	Interpreter string
	Flags       string // of P, O, C, F
	Offset      int
	Magic, Mask []byte // of the same length
}

// Flags of a rule. Weir understands all of them.
const (
	// FlagPreserve passes the program's own argv[0] as a further argument; AT_FLAGS bit 0 tells.
	FlagPreserve = 'P'
	// FlagOpen passes the program as an open file, in AT_EXECFD: it needs not be readable.
	FlagOpen = 'O'
	// FlagCredentials lets set-user-ID bits of the program count. It implies FlagOpen.
	FlagCredentials = 'C'
	// FlagFix opens the interpreter when the rule is made: it is there in every container and chroot.
	FlagFix = 'F'
)

// DefaultFlags is what a rule for weir should have.
const DefaultFlags = "POCF"

// Path is where the rules are.
const Path = "/proc/sys/fs/binfmt_misc"

// headerSize is how much of the ELF header a rule looks at: up to e_machine.
const headerSize = 20

// Header is the start of a 64-bit little-endian ELF program for a machine.
func Header(machine uint16) []byte {
	const class64, dataLSB, version, etExec = 2, 1, 1, 2
	h := make([]byte, headerSize)
	copy(h, "\x7fELF")
	h[4], h[5], h[6] = class64, dataLSB, version
	h[16] = etExec
	h[18], h[19] = byte(machine), byte(machine>>8)
	return h
}

// ForELF returns a rule for programs of an ELF machine: of any OS ABI, at fixed addresses or not.
func ForELF(name string, machine uint16, interpreter, flags string) Rule {
	const osABI, typ = 7, 16
	mask := []byte(strings.Repeat("\xff", headerSize))
	mask[osABI] = 0
	mask[typ] = 0xfe // ET_EXEC 2 and ET_DYN 3
	return Rule{Name: name, Enabled: true, Interpreter: interpreter, Flags: flags, Magic: Header(machine), Mask: mask}
}

// Limits of the kernel (fs/binfmt_misc.c).
const (
	maxInterpreter = 127
	maxRegister    = 1920
)

// Register returns the line that makes the rule when it is written to the register file, and that
// systemd-binfmt reads from /etc/binfmt.d.
func (r Rule) Register() (string, error) {
	switch {
	case !strings.HasPrefix(r.Interpreter, "/"):
		return "", fmt.Errorf("interpreter %q: want an absolute path", r.Interpreter)
	case len(r.Interpreter) > maxInterpreter:
		return "", fmt.Errorf("interpreter %s: the kernel takes at most %d characters", r.Interpreter, maxInterpreter)
	case strings.ContainsAny(r.Interpreter, "\n\x00"):
		return "", fmt.Errorf("interpreter %q: the kernel takes no line breaks", r.Interpreter)
	case r.Name == "" || r.Name == "." || r.Name == ".." || r.Name == "register" || r.Name == "status" || strings.ContainsAny(r.Name, "/\n\x00"):
		return "", fmt.Errorf("name %q: want the name of a file", r.Name)
	}
	for _, f := range r.Flags {
		if !strings.ContainsRune(DefaultFlags, f) {
			return "", fmt.Errorf("flag %q: there are P, O, C and F", string(f))
		}
	}
	const delimiters = ":,;|!~^" // the first character of the line is the one it uses
	i := strings.IndexFunc(delimiters, func(d rune) bool { return !strings.ContainsRune(r.Name+r.Interpreter, d) })
	if i < 0 {
		return "", fmt.Errorf("interpreter %s: no character is left to separate the fields", r.Interpreter)
	}
	d := delimiters[i : i+1]
	offset := ""
	if r.Offset != 0 {
		offset = strconv.Itoa(r.Offset)
	}
	line := d + strings.Join([]string{r.Name, "M", offset, escape(r.Magic), escape(r.Mask), r.Interpreter, r.Flags}, d)
	if len(line) > maxRegister {
		return "", errors.New("the rule is longer than the kernel takes")
	}
	return line, nil
}

func escape(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		fmt.Fprintf(&s, `\x%02x`, c)
	}
	return s.String()
}

// Parse reads a rule as the kernel shows it in a file with the rule's name. ok is false for a rule that
// goes by file name extensions, and for what is none.
func Parse(name, text string) (r Rule, ok bool) {
	r.Name = name
	for line := range strings.Lines(text) {
		key, val, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		var err error
		switch key {
		case "enabled":
			r.Enabled = true
		case "interpreter":
			r.Interpreter = val
		case "flags:":
			r.Flags = val
		case "offset":
			r.Offset, err = strconv.Atoi(val)
		case "magic":
			r.Magic, err = hex.DecodeString(val)
		case "mask":
			r.Mask, err = hex.DecodeString(val)
		}
		if err != nil {
			return r, false
		}
	}
	if r.Mask == nil {
		r.Mask = []byte(strings.Repeat("\xff", len(r.Magic)))
	}
	return r, len(r.Magic) > 0 && len(r.Mask) == len(r.Magic) && r.Offset >= 0 && r.Interpreter != ""
}

// Matches reports whether the rule is for a file that starts with head.
func (r Rule) Matches(head []byte) bool {
	if r.Offset+len(r.Magic) > len(head) {
		return false
	}
	for i, m := range r.Mask {
		if (head[r.Offset+i]^r.Magic[i])&m != 0 {
			return false
		}
	}
	return true
}

// Has reports whether the rule has a flag.
func (r Rule) Has(flag rune) bool { return strings.ContainsRune(r.Flags, flag) }
