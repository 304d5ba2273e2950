package argfmt

import (
	"encoding/binary"

	"github.com/weir-emu/weir/abi"
)

// fake is a call with memory of its own at memBase.
type fake struct {
	args   [8]uint64
	result int64
	done   bool
	mem    []byte
	copies map[int][]byte
	layout Layout
}

const memBase = 0x10000

func (f *fake) Arg(i int) uint64 {
	if i < 0 || i >= len(f.args) {
		return 0
	}
	return f.args[i]
}
func (f *fake) Result() (int64, bool) { return f.result, f.done }
func (f *fake) Layout() Layout        { return f.layout }

func (f *fake) Read(addr uint64, b []byte) bool {
	if addr < memBase || addr-memBase+uint64(len(b)) > uint64(len(f.mem)) {
		return false
	}
	copy(b, f.mem[addr-memBase:])
	return true
}

func (f *fake) In(i, n int) ([]byte, abi.Errno) {
	if b, ok := f.copies[i]; ok && len(b) >= n {
		return b[:n], 0
	}
	b := make([]byte, n)
	if !f.Read(f.args[i], b) {
		return nil, abi.EFAULT
	}
	if f.copies == nil {
		f.copies = map[int][]byte{}
	}
	f.copies[i] = b
	return b, 0
}

func (f *fake) Peek(i, n int) ([]byte, bool) {
	if b, ok := f.copies[i]; ok {
		return b[:min(n, len(b))], true
	}
	b := make([]byte, n)
	return b, f.Read(f.args[i], b)
}

func (f *fake) CString(i, limit int) (string, abi.Errno) {
	var s []byte
	for a := f.args[i]; len(s) < limit; a++ {
		var c [1]byte
		if !f.Read(a, c[:]) {
			return "", abi.EFAULT
		}
		if c[0] == 0 {
			return string(s), 0
		}
		s = append(s, c[0])
	}
	return string(s), abi.ENAMETOOLONG
}

// put appends bytes to memory at a multiple of 8 and returns their address.
func (f *fake) put(b []byte) uint64 {
	for len(f.mem)%8 != 0 {
		f.mem = append(f.mem, 0)
	}
	at := memBase + uint64(len(f.mem))
	f.mem = append(f.mem, b...)
	return at
}

func (f *fake) str(s string) uint64 { return f.put(append([]byte(s), 0)) }

// bin packs values: int8 to uint64 as they are, strings as bytes.
func bin(vals ...any) []byte {
	var b []byte
	for _, v := range vals {
		switch v := v.(type) {
		case string:
			b = append(b, v...)
		case int:
			b = binary.LittleEndian.AppendUint64(b, uint64(v))
		default:
			b, _ = binary.Append(b, binary.LittleEndian, v)
		}
	}
	return b
}

// line is the strace line of a call in two parts, as a printer prints it: what is
// known before it, and the rest.
func line(f *fake, ret Kind, result int64, args ...Arg) (before, after string) {
	f.done = false
	b, next := AppendArgs(nil, f, args, 0, false)
	before = string(b)
	f.result, f.done = result, true
	b, _ = AppendArgs(nil, f, args, next, true)
	return before, string(AppendResult(append(b, ") = "...), f, args, ret))
}
