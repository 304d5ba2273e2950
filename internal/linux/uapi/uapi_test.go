package uapi

import (
	"bytes"
	"testing"
)

// stat makes a struct stat with a different value in every field.
func stat(l Layout) []byte {
	b := make([]byte, l.StatLen())
	f := &statLayouts[l]
	le.PutUint64(b[0:], 0x1111_0000_0001)
	le.PutUint64(b[8:], 0x2222_0000_0002)
	le.PutUint32(b[f.mode:], 0o100644)
	if l == X86 {
		le.PutUint64(b[f.nlink:], 3)
		le.PutUint64(b[f.blksize:], 4096)
	} else {
		le.PutUint32(b[f.nlink:], 3)
		le.PutUint32(b[f.blksize:], 4096)
	}
	le.PutUint32(b[f.uid:], 1000)
	le.PutUint32(b[f.gid:], 100)
	le.PutUint64(b[f.rdev:], 0x3333_0000_0003)
	le.PutUint64(b[48:], 0x4444_0000_0004)
	for off := 64; off < 120; off += 8 {
		le.PutUint64(b[off:], uint64(off)<<32|uint64(off))
	}
	return b
}

func TestStat(t *testing.T) {
	for _, from := range []Layout{Generic, X86} {
		for _, to := range []Layout{Generic, X86} {
			got := bytes.Repeat([]byte{0xff}, to.StatLen())
			Stat(got, to, stat(from), from)
			if want := stat(to); !bytes.Equal(got, want) {
				t.Errorf("%d to %d:\n%x\nwant\n%x", from, to, got, want)
			}
		}
	}
}

func TestEpollEvents(t *testing.T) {
	events := func(l Layout) []byte {
		var b []byte
		for i := range 3 {
			b = le.AppendUint32(b, 0x8000_0001+uint32(i))
			if l == Generic {
				b = le.AppendUint32(b, 0)
			}
			b = le.AppendUint64(b, 0x1122_3344_5566_7788+uint64(i))
		}
		return b
	}
	for _, from := range []Layout{Generic, X86} {
		for _, to := range []Layout{Generic, X86} {
			got := bytes.Repeat([]byte{0xff}, 3*to.EpollLen())
			EpollEvents(got, to, events(from), from, 3)
			if want := events(to); !bytes.Equal(got, want) {
				t.Errorf("%d to %d:\n%x\nwant\n%x", from, to, got, want)
			}
		}
	}
}

func TestSemid(t *testing.T) {
	semid := func(l Layout) []byte {
		b := make([]byte, l.SemidLen())
		for i := range 48 {
			b[i] = byte(i + 1)
		}
		step := 8
		if l == X86 {
			step = 16
		}
		for i := range 3 {
			le.PutUint64(b[48+i*step:], 0x7000_0000_0000+uint64(i))
		}
		return b
	}
	for _, from := range []Layout{Generic, X86} {
		for _, to := range []Layout{Generic, X86} {
			got := bytes.Repeat([]byte{0xff}, to.SemidLen())
			Semid(got, to, semid(from), from)
			if want := semid(to); !bytes.Equal(got, want) {
				t.Errorf("%d to %d:\n%x\nwant\n%x", from, to, got, want)
			}
		}
	}
}

func TestSwapOpenFlags(t *testing.T) {
	const direct, largefile, directory, nofollow = 0o40000, 0o100000, 0o200000, 0o400000
	const rest = 0o2000000 | 0o10000000 | 0o20000000 | 0o1 | 0o4000 // CLOEXEC, PATH, TMPFILE, WRONLY, NONBLOCK
	for generic, arm := range map[uint64]uint64{
		0: 0, direct: 0o200000, largefile: 0o400000, directory: 0o40000, nofollow: 0o100000,
		rest: rest, rest | directory | nofollow: rest | 0o140000,
	} {
		if got := SwapOpenFlags(generic); got != arm {
			t.Errorf("%#o: %#o, want %#o", generic, got, arm)
		}
		if got := SwapOpenFlags(arm); got != generic {
			t.Errorf("back from %#o: %#o, want %#o", arm, got, generic)
		}
	}
}
