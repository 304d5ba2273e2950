//go:build linux

package load

import (
	"io"
	"strconv"

	"github.com/weir-emu/weir/abi"
)

// Error says why a program cannot run.
type Error struct {
	Errno abi.Errno // what execve(2) returns
	Text  string    // one line, without the program's name
}

func (e *Error) Error() string { return e.Text }

func noexec(text string) *Error { return &Error{abi.ENOEXEC, text} }

func hex(v uint64) string { return "0x" + strconv.FormatUint(v, 16) }

func dec(v uint64) string { return strconv.FormatUint(v, 10) }

const pageSize = 4096

func pageDown(a uint64) uint64 { return a &^ (pageSize - 1) }

func pageUp(a uint64) uint64 { return (a + pageSize - 1) &^ (pageSize - 1) }

// File is an open program file.
type File struct {
	R    io.ReaderAt
	Size int64
	FD   int // descriptor to map from; negative: the contents are copied from R
}

// readAt fills p from offset off and reports whether the file has that much.
func (f *File) readAt(p []byte, off uint64) bool {
	if off > uint64(f.Size) || uint64(len(p)) > uint64(f.Size)-off {
		return false
	}
	n, err := f.R.ReadAt(p, int64(off))
	return n == len(p) && (err == nil || err == io.EOF)
}
