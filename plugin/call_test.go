package plugin

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weir-emu/weir/abi"
)

// fakeCall is a CallState of openat(AT_FDCWD, "/x", O_RDONLY).
type fakeCall struct {
	args     [NumArgs]uint64
	set      [6][]byte
	isString [6]bool
	result   int64
	done     bool
	hidden   bool
	invoked  []uint64
}

func (f *fakeCall) Resolve(int) (File, abi.Errno)     { return File{}, abi.ENOSYS }
func (f *fakeCall) Addresses() ([]Address, abi.Errno) { return nil, abi.ENOSYS }

func (f *fakeCall) Number() abi.Sysno      { return 56 }
func (f *fakeCall) Name() string           { return "openat" }
func (f *fakeCall) PC() abi.Addr           { return 0x1004 }
func (f *fakeCall) Arg(i int) uint64       { return f.args[i] }
func (f *fakeCall) SetArg(i int, v uint64) { f.args[i] = v }
func (f *fakeCall) CString(i int) (string, abi.Errno) {
	if i != 1 {
		return "", abi.EFAULT
	}
	return "/x", 0
}

func (f *fakeCall) Bytes(i, n int) ([]byte, abi.Errno) {
	if i != 1 || n > 3 {
		return nil, abi.EFAULT
	}
	return []byte("/x\x00")[:n], 0
}
func (f *fakeCall) SetBytes(i int, b []byte, s bool) { f.set[i], f.isString[i] = b, s }
func (f *fakeCall) Kind(i int) (string, bool) {
	if i >= 3 {
		return "", false
	}
	return [...]string{"dirfd", "path", "flags"}[i], true
}

func (f *fakeCall) Decode(i int) (Arg, bool) {
	k, ok := f.Kind(i)
	return Arg{Name: k, Kind: k}, ok
}
func (f *fakeCall) Result() (int64, bool)  { return f.result, f.done }
func (f *fakeCall) SetResult(v int64)      { f.result = v }
func (f *fakeCall) FilteredBy() string     { return "p" }
func (f *fakeCall) Elapsed() time.Duration { return 5 }
func (f *fakeCall) Hide()                  { f.hidden = true }
func (f *fakeCall) Invoke() int64          { f.invoked = append(f.invoked, f.args[0]); return 3 }
func (f *fakeCall) InvokeOther(nr abi.Sysno, a [6]uint64) int64 {
	f.invoked = append(append(f.invoked, uint64(nr)), a[:]...)
	return 4
}

func newCall() (*Call, *fakeCall) {
	f := &fakeCall{args: [NumArgs]uint64{1, 2, 3, 4, 5, 6, 7, 8}}
	c := new(Call)
	c.Bind(f, NewVCPU(0, 0, 1, new(fakeCPU)))
	return c, f
}

func TestCallReads(t *testing.T) {
	c, _ := newCall()
	if c.Number() != 56 || c.Name() != "openat" || c.PC() != 0x1004 || c.VCPU().TID() != 1 {
		t.Errorf("%d %s %#x", c.Number(), c.Name(), c.PC())
	}
	if c.Args() != [8]uint64{1, 2, 3, 4, 5, 6, 7, 8} {
		t.Errorf("arguments %v", c.Args())
	}
	for i, want := range map[int]uint64{0: 1, 7: 8, -1: 0, 8: 0} {
		if got := c.Arg(i); got != want {
			t.Errorf("Arg(%d) = %d, want %d", i, got, want)
		}
	}
	if c.Path(1) != "/x" || c.Path(0) != "" || c.Path(-1) != "" || c.Path(7) != "" {
		t.Error("Path")
	}
	if s, err := c.CString(1); s != "/x" || err != nil {
		t.Errorf("CString: %q, %v", s, err)
	}
	for _, i := range []int{0, -1, 6, 99} {
		if _, err := c.CString(i); err != ErrFault {
			t.Errorf("CString(%d): %v", i, err)
		}
		if _, err := c.Bytes(i, 1); err != ErrFault {
			t.Errorf("Bytes(%d): %v", i, err)
		}
	}
	if b, err := c.Bytes(1, 2); string(b) != "/x" || err != nil {
		t.Errorf("Bytes: %q, %v", b, err)
	}
	if _, err := c.Bytes(1, -1); err != ErrFault {
		t.Errorf("Bytes of -1: %v", err)
	}
	if _, err := c.Bytes(1, MaxBytes+1); err != abi.E2BIG {
		t.Errorf("Bytes of too many: %v", err)
	}
	if a, ok := c.Decode(1); !ok || a.Kind != "path" {
		t.Errorf("Decode: %v, %v", a, ok)
	}
	for _, i := range []int{-1, 3, 6, 9} {
		if _, ok := c.Decode(i); ok {
			t.Errorf("Decode(%d) has a value", i)
		}
		if _, ok := c.Kind(i); ok {
			t.Errorf("Kind(%d) has a value", i)
		}
	}
	if c.FilteredBy() != "p" || c.Elapsed() != 5 {
		t.Error("FilteredBy or Elapsed")
	}
}

func TestCallChanges(t *testing.T) {
	c, f := newCall()
	c.SetArg(7, 77)
	c.SetPath(1, "/y")
	b := []byte("data")
	c.SetBytes(2, b)
	b[0] = 'X'
	if f.args[7] != 77 || string(f.set[1]) != "/y" || !f.isString[1] || string(f.set[2]) != "data" || f.isString[2] {
		t.Errorf("%v %q %v", f.args, f.set, f.isString)
	}
	c.Hide()
	if !f.hidden {
		t.Error("Hide")
	}
	for name, do := range map[string]func(){
		"SetArg of argument 8":    func() { c.SetArg(8, 0) },
		"SetArg of argument -1":   func() { c.SetArg(-1, 0) },
		"SetPath of argument 6":   func() { c.SetPath(6, "") },
		"SetBytes of argument -2": func() { c.SetBytes(-2, nil) },
	} {
		func() {
			defer func() {
				if x, _ := recover().(string); !strings.Contains(x, name) {
					t.Errorf("%s: panic %q", name, x)
				}
			}()
			do()
		}()
	}
}

func TestCallResult(t *testing.T) {
	c, f := newCall()
	f.result = -2
	if c.Errno() != 0 || c.Restarted() {
		t.Error("an error before there is a result")
	}
	f.done = true
	for _, tc := range []struct {
		result    int64
		errno     abi.Errno
		restarted bool
	}{{0, 0, false}, {-2, abi.ENOENT, false}, {-4095, 4095, false}, {-4096, 0, false}, {ResultRestart, 0, true}, {ResultHandled, 0, false}, {7, 0, false}} {
		c.SetResult(tc.result)
		if v, done := c.Result(); v != tc.result || !done {
			t.Errorf("result %d, %v", v, done)
		}
		if c.Errno() != tc.errno || c.Restarted() != tc.restarted {
			t.Errorf("%d: errno %d, restarted %v", tc.result, c.Errno(), c.Restarted())
		}
	}
	f.invoked = nil
	if c.Invoke() != 3 || c.InvokeOther(172, 9, 8) != 4 {
		t.Error("Invoke or InvokeOther")
	}
	if want := []uint64{1, 172, 9, 8, 0, 0, 0, 0}; !slices.Equal(f.invoked, want) {
		t.Errorf("invoked %v, want %v", f.invoked, want)
	}
}

func TestMatch(t *testing.T) {
	for _, tc := range []struct {
		rule  string
		rest  string
		names string
		match bool
		err   string
	}{
		{rule: "openat", names: "openat", match: true},
		{rule: "openat|read", names: "openat read", match: true},
		{rule: "*", names: "ALL", match: true},
		{rule: "read|*", names: "ALL", match: true},
		{rule: "openat:path=/x", names: "openat", match: true},
		{rule: "openat:path=/*", names: "openat", match: true},
		{rule: "openat:path=/y", names: "openat"},
		{rule: "openat:path=/x:path=/y", names: "openat"},
		{rule: "openat:arg0=1:arg5=6", names: "openat", match: true},
		{rule: "openat:arg0=0x1", names: "openat", match: true},
		{rule: "openat:arg0=2", names: "openat"},
		{rule: "openat:arg0=-1", names: "openat"},
		{rule: "openat:EACCES:path=/x:at=3", names: "openat", rest: "EACCES at=3", match: true},
		{rule: "", err: `rule "" names no syscall: want NAME, NAME|NAME or *`},
		{rule: ":path=/x", err: `rule ":path=/x" names no syscall: want NAME, NAME|NAME or *`},
		{rule: "read||write", err: `rule "read||write" names no syscall: want NAME, NAME|NAME or *`},
		{rule: "read:path=", err: `rule "read:path=" : path= is empty: want a pattern such as path=/etc/*`},
		{rule: "read:path", err: `rule "read:path" : path= is empty: want a pattern such as path=/etc/*`},
		{rule: "read:arg6=1", err: `rule "read:arg6=1" : unknown part "arg6=1": want arg0= to arg5=`},
		{rule: "read:arg=1", err: `rule "read:arg=1" : unknown part "arg=1": want arg0= to arg5=`},
		{rule: "read:arg0=x", err: `rule "read:arg0=x" : arg0="x": want a number`},
		{rule: "read:arg0=-", err: `rule "read:arg0=-" : arg0="-": want a number`},
		{rule: "read:arg0=18446744073709551616", err: `rule "read:arg0=18446744073709551616" : arg0="18446744073709551616": want a number`},
	} {
		m, rest, err := ParseMatch(tc.rule)
		if want := strings.Replace(tc.err, `" :`, `":`, 1); errText(err) != want {
			t.Errorf("%s: error %v, want %q", tc.rule, err, want)
			continue
		}
		if err != nil {
			continue
		}
		names := strings.Join(m.Set().Names(), " ")
		if m.Set().All() {
			names = "ALL"
		}
		if names != tc.names || strings.Join(rest, " ") != tc.rest {
			t.Errorf("%s: names %q rest %q", tc.rule, names, rest)
		}
		c, _ := newCall()
		if got := m.Matches(c); got != tc.match {
			t.Errorf("%s: matches %v, want %v", tc.rule, got, tc.match)
		}
	}
	// A negative number is all 64 bits.
	m, _, err := ParseMatch("read:arg0=-100")
	if err != nil {
		t.Fatal(err)
	}
	c, f := newCall()
	if f.args[0] = ^uint64(99); !m.Matches(c) {
		t.Error("-100 does not match AT_FDCWD")
	}
}

func TestGlob(t *testing.T) {
	for _, tc := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "/any/thing", true},
		{"?", "", false},
		{"?", "a", true},
		{"/etc/*", "/etc/", true},
		{"/etc/*", "/etc", false},
		{"/etc/*", "/etc/a/b", true},
		{"*.so", "/lib/libc.so", true},
		{"*.so", "/lib/libc.so.6", false},
		{"*.so*", "/lib/libc.so.6", true},
		{"a*b*c", "aXbXbYc", true},
		{"a*b*c", "aXbXb", false},
		{"a?c", "abc", true},
		{"a?c", "abbc", false},
		{"**a", "xxa", true},
		{"*aab", "aaaab", true},
		{"abc", "ab", false},
		{"*a*a*a*a*a*a*a*a*b", strings.Repeat("a", 60), false},
	} {
		if got := Glob(tc.pattern, tc.s); got != tc.want {
			t.Errorf("Glob(%q, %q) = %v", tc.pattern, tc.s, got)
		}
	}
}
