package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// node is a JSON value that knows where it stands in its file.
type node struct {
	f     *file
	off   int
	what  string // "the file", "syscalls[3].action"
	value any    // string, json.Number, bool, nil, []*node, *object
}

// object is a JSON object, in the file's order.
type object struct {
	keys   []string
	keyOff []int
	values []*node
}

// file is the text of a profile.
type file struct {
	name string
	text []byte
}

// errorAt is an error with file, line and column.
func (f *file) errorAt(off int, format string, args ...any) error {
	off = min(max(off, 0), len(f.text))
	col := off - bytes.LastIndexByte(f.text[:off], '\n')
	return fmt.Errorf("%s:%d:%d: %s", f.name, f.line(off), col, fmt.Sprintf(format, args...))
}

// line is the line of an offset, from 1.
func (f *file) line(off int) int {
	return 1 + bytes.Count(f.text[:min(off, len(f.text))], []byte{'\n'})
}

// errorf is an error about the value.
func (n *node) errorf(format string, args ...any) error {
	return n.f.errorAt(n.off, "%s", n.what+": "+fmt.Sprintf(format, args...))
}

// readTree reads a JSON file.
func readTree(name string) (*node, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return parseTree(name, text)
}

func parseTree(name string, text []byte) (*node, error) {
	f := &file{name, text}
	var raw json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		var se *json.SyntaxError
		if errors.As(err, &se) {
			return nil, f.errorAt(int(se.Offset)-1, "no valid JSON: %s", se.Error())
		}
		return nil, f.errorAt(0, "no valid JSON: %s", err.Error())
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return f.value(d, "the profile", 0)
}

// maxDepth bounds how deep values may nest.
const maxDepth = 32

// next reads a token and tells where it begins.
func (f *file) next(d *json.Decoder) (json.Token, int, error) {
	off := int(d.InputOffset())
	for off < len(f.text) && strings.IndexByte(" \t\r\n,:", f.text[off]) >= 0 {
		off++
	}
	t, err := d.Token()
	if err != nil {
		return nil, off, f.errorAt(off, "%s", err.Error())
	}
	return t, off, nil
}

func (f *file) value(d *json.Decoder, what string, depth int) (*node, error) {
	t, off, err := f.next(d)
	if err != nil {
		return nil, err
	}
	n := &node{f: f, off: off, what: what, value: t}
	delim, ok := t.(json.Delim)
	if !ok {
		return n, nil
	}
	if depth == maxDepth {
		return nil, n.errorf("nested too deep")
	}
	if delim == '[' {
		list := []*node{}
		for d.More() {
			x, err := f.value(d, what+"["+strconv.Itoa(len(list))+"]", depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, x)
		}
		n.value = list
		_, err = d.Token()
		return n, err
	}
	o := &object{}
	for d.More() {
		k, at, err := f.next(d)
		if err != nil {
			return nil, err
		}
		key := k.(string)
		inner := key
		if depth > 0 {
			inner = what + "." + key
		}
		if slices.Contains(o.keys, key) {
			return nil, f.errorAt(at, "%s is given twice", inner)
		}
		x, err := f.value(d, inner, depth+1)
		if err != nil {
			return nil, err
		}
		o.keys, o.keyOff, o.values = append(o.keys, key), append(o.keyOff, at), append(o.values, x)
	}
	n.value = o
	_, err = d.Token()
	return n, err
}

func (n *node) isNull() bool { return n.value == nil }

// each calls do for each member of an object; one that it does not know is an error.
func (n *node) each(do func(key string, v *node) (known bool, err error), known string) error {
	o, ok := n.value.(*object)
	if !ok {
		return n.errorf("want an object")
	}
	for i, k := range o.keys {
		ok, err := do(k, o.values[i])
		if err != nil {
			return err
		}
		if !ok {
			return n.f.errorAt(o.keyOff[i], "%s: unknown key %q: there are %s", n.what, k, known)
		}
	}
	return nil
}

func (n *node) items() ([]*node, error) {
	switch l := n.value.(type) {
	case nil:
		return nil, nil
	case []*node:
		return l, nil
	}
	return nil, n.errorf("want a list")
}

func (n *node) text() (string, error) {
	if s, ok := n.value.(string); ok {
		return s, nil
	}
	return "", n.errorf("want a string")
}

// texts is a list of strings; with single also one string alone.
func (n *node) texts(single bool) (out []string, err error) {
	if s, ok := n.value.(string); ok && single {
		return []string{s}, nil
	}
	l, err := n.items()
	if err != nil {
		if single {
			return nil, n.errorf("want a string or a list of strings")
		}
		return nil, err
	}
	for _, x := range l {
		s, err := x.text()
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

func (n *node) number() (uint64, error) {
	if s, ok := n.value.(json.Number); ok {
		if v, err := strconv.ParseUint(string(s), 10, 64); err == nil {
			return v, nil
		}
	}
	return 0, n.errorf("want a whole number from 0 to 18446744073709551615")
}

func (n *node) boolean() (bool, error) {
	if b, ok := n.value.(bool); ok {
		return b, nil
	}
	return false, n.errorf("want true or false")
}
