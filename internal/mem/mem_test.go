//go:build linux

package mem

import (
	"bytes"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/hostsys"
)

const anon = mapPrivate | mapAnonymous

// both runs a test on a space with base 0 and on one in a window.
func both(t *testing.T, f func(t *testing.T, s *Space)) {
	if err := hostsys.Init(); err != nil {
		t.Fatal(err)
	}
	for name, cfg := range map[string]Config{"direct": {}, "window": {Window: true, Reserve: 1 << 32}} {
		t.Run(name, func(t *testing.T) {
			s, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			f(t, s)
			if err := s.Reset(); err != nil {
				t.Error(err)
			}
			if len(s.Areas()) != 0 {
				t.Errorf("areas after Reset: %v", s.Areas())
			}
			s.Close()
			if base := s.Base(); base != 0 && !Free(base, base+1<<32) {
				t.Error("the window is still mapped after Close")
			}
		})
	}
}

func mustMap(t *testing.T, s *Space, addr, n uint64, prot Prot, flags int) uint64 {
	t.Helper()
	at, e := s.Map(addr, n, prot, flags, -1, 0)
	if e != 0 {
		t.Fatalf("map %#x+%#x: %v", addr, n, e)
	}
	return at
}

func want(t *testing.T, what string, got, want abi.Errno) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %s, want %s", what, got.Name(), want.Name())
	}
}

func TestMapErrors(t *testing.T) {
	both(t, func(t *testing.T, s *Space) {
		a := mustMap(t, s, 0, 4*PageSize, ProtRead|ProtWrite, anon)
		_, e := s.Map(0, 0, ProtRead, anon, -1, 0)
		want(t, "length 0", e, abi.EINVAL)
		_, e = s.Map(a+1, PageSize, ProtRead, anon|mapFixed, -1, 0)
		want(t, "fixed, unaligned", e, abi.EINVAL)
		_, e = s.Map(a, PageSize, ProtRead, anon|mapFixedNoReplace, -1, 0)
		want(t, "no-replace over a mapping", e, abi.EEXIST)
		_, e = s.Map(0, 1<<63, ProtRead, anon, -1, 0)
		want(t, "huge", e, abi.ENOMEM)
		_, e = s.Map(0, PageSize, ProtRead, mapPrivate, -1, 0)
		want(t, "bad descriptor", e, abi.EBADF)
		_, e = s.Map(0, PageSize, ProtRead, mapPrivate, 0, 1)
		want(t, "unaligned offset", e, abi.EINVAL)
		want(t, "unmap unaligned", s.Unmap(a+1, PageSize), abi.EINVAL)
		want(t, "unmap nothing", s.Unmap(a, 0), abi.EINVAL)
		want(t, "unmap one page", s.Unmap(a+PageSize, PageSize), 0)
		want(t, "unmap a hole", s.Unmap(a+PageSize, PageSize), 0)
		want(t, "protect over a hole", s.Protect(a, 4*PageSize, ProtRead), abi.ENOMEM)
		if ar, _ := s.Lookup(a); ar.Prot != ProtRead {
			t.Errorf("the part before the hole has protection %d, want changed", ar.Prot)
		}
		if ar, _ := s.Lookup(a + 2*PageSize); ar.Prot != ProtRead|ProtWrite {
			t.Errorf("the part after the hole has protection %d, want unchanged", ar.Prot)
		}
		want(t, "advise over a hole", s.Advise(a, 4*PageSize, madvDontNeed), abi.ENOMEM)
		want(t, "mincore over a hole", s.Incore(a, 4*PageSize, a), abi.ENOMEM)
		want(t, "mlock over a hole", s.Lock(a, 4*PageSize, 0), abi.ENOMEM)
		want(t, "msync over a hole", s.Sync(a, 4*PageSize, 4), abi.ENOMEM)
		want(t, "msync bad flags", s.Sync(a, PageSize, 5), abi.EINVAL)
		want(t, "msync around the end", s.Sync(a, ^uint64(PageSize-1), 4), abi.ENOMEM)
		_, e = s.Map(0, PageSize, ProtRead, mapShared|mapAnonymous|mapGrowsDown, -1, 0)
		want(t, "shared and growing down", e, abi.EINVAL)
	})
}

// TestWeirsMemoryIsSafe checks that no call of the guest touches what is not the guest's.
func TestWeirsMemoryIsSafe(t *testing.T) {
	if err := hostsys.Init(); err != nil {
		t.Fatal(err)
	}
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	mine, err := syscall.Mmap(-1, 0, PageSize, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Munmap(mine)
	mine[0] = 42
	var at uint64
	for _, l := range maps(t) { // the address of mine
		if p, f := hostsys.Load8(uintptr(l)); f.Sig == 0 && p == 42 {
			mine[0] = 43
			if p, _ := hostsys.Load8(uintptr(l)); p == 43 {
				at = l
			}
			mine[0] = 42
		}
	}
	if at == 0 {
		t.Skip("the mapping was merged with another one; its address is not known")
	}
	_, e := s.Map(at, PageSize, ProtRead, anon|mapFixed, -1, 0)
	want(t, "fixed over weir", e, abi.ENOMEM)
	want(t, "unmap of weir", s.Unmap(at, PageSize), 0)
	want(t, "protect of weir", s.Protect(at, PageSize, 0), abi.ENOMEM)
	want(t, "advise of weir", s.Advise(at, PageSize, madvDontNeed), abi.ENOMEM)
	if mine[0] != 42 {
		t.Error("weir's memory was changed")
	}
}

// maps lists the start addresses of the process's mappings.
func maps(t *testing.T) (out []uint64) {
	b, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range bytes.Split(b, []byte("\n")) {
		var v uint64
		for _, c := range l {
			if c == '-' {
				out = append(out, v)
				break
			}
			d := uint64(c - '0')
			if c >= 'a' {
				d = uint64(c-'a') + 10
			}
			v = v<<4 | d
		}
	}
	return out
}

func TestReadWrite(t *testing.T) {
	both(t, func(t *testing.T, s *Space) {
		a := mustMap(t, s, 0, 3*PageSize, ProtRead|ProtWrite, anon)
		want(t, "guard page", s.Protect(a+2*PageSize, PageSize, 0), 0)
		text := []byte("hello\x00world")
		if !s.Write(a+PageSize-3, text) {
			t.Fatal("write over a page border failed")
		}
		got := make([]byte, len(text))
		if !s.Read(a+PageSize-3, got) || !bytes.Equal(got, text) {
			t.Errorf("read %q", got)
		}
		if str, e := s.ReadCString(a+PageSize-3, 100); e != 0 || string(str) != "hello" {
			t.Errorf("string %q, %v", str, e)
		}
		_, e := s.ReadCString(a+PageSize-3, 3)
		want(t, "string too long", e, abi.ENAMETOOLONG)
		s.Write(a+2*PageSize-2, []byte("xy"))
		_, e = s.ReadCString(a+2*PageSize-2, 100)
		want(t, "string off the end", e, abi.EFAULT)
		if s.Read(a+2*PageSize-1, got) || s.Write(a+2*PageSize-1, got) {
			t.Error("access over the end succeeded")
		}
		if s.Read(s.limit-1, got) || s.Read(^uint64(0)-2, got) {
			t.Error("access beyond the address space succeeded")
		}
		want(t, "protect", s.Protect(a, PageSize, ProtRead), 0)
		if s.Write(a, text) {
			t.Error("write to a read-only page succeeded")
		}
		if !s.Poke(a, text) || !s.Read(a, got) || !bytes.Equal(got, text) {
			t.Error("Poke to a read-only page failed")
		}
		if s.Write(a, text) {
			t.Error("Poke left the page writable")
		}
		want(t, "protect", s.Protect(a, PageSize, 0), 0)
		clear(got)
		if !s.Peek(a, got) || !bytes.Equal(got, text) {
			t.Error("Peek of an unreadable page failed")
		}
		if s.Read(a, got) {
			t.Error("Peek left the page readable")
		}
		// Over a border to a page that is watched for writes, which it stays.
		invalidated := false
		s.OnInvalidate(func(uint64, uint64) { invalidated = true })
		want(t, "protect", s.Protect(a+PageSize, PageSize, ProtRead|ProtWrite|ProtExec), 0)
		s.WatchCode(a+PageSize, a+PageSize+8)
		invalidated = false
		if !s.Peek(a+PageSize-4, got) || invalidated {
			t.Errorf("Peek over a border failed, or invalidated code (%v)", invalidated)
		}
		if s.Write(a+PageSize, got); !invalidated {
			t.Error("after Peek a page is not watched any more")
		}
		if s.Peek(a+10*PageSize, got) && s.Peek(s.limit-1, got) {
			t.Error("Peek of nothing succeeded")
		}
	})
}

func TestRemap(t *testing.T) {
	both(t, func(t *testing.T, s *Space) {
		a := mustMap(t, s, 0, 4*PageSize, ProtRead|ProtWrite, anon)
		s.WriteU64(a, 0x1234)
		b, e := s.Remap(a, 4*PageSize, 2*PageSize, 0, 0)
		if e != 0 || b != a {
			t.Fatalf("shrink: %#x %v", b, e)
		}
		if s.Read(a+2*PageSize, make([]byte, 1)) {
			t.Error("the shrunk part is still there")
		}
		c := mustMap(t, s, 0, PageSize, ProtRead|ProtWrite, anon)
		want(t, "unmap", s.Unmap(c, PageSize), 0)
		mustMap(t, s, a+2*PageSize, PageSize, ProtRead, anon|mapFixed) // in the way of growth
		_, e = s.Remap(a, 2*PageSize, 8*PageSize, 0, 0)
		want(t, "growth in place over a mapping", e, abi.ENOMEM)
		b, e = s.Remap(a, 2*PageSize, 8*PageSize, mremapMayMove, 0)
		if e != 0 || b == a {
			t.Fatalf("move: %#x %v", b, e)
		}
		if v, ok := s.ReadU64(b); !ok || v != 0x1234 {
			t.Errorf("moved content %#x", v)
		}
		if _, ok := s.ReadU64(a); ok {
			t.Error("the old place is still mapped")
		}
		d := mustMap(t, s, 0, 8*PageSize, ProtRead, anon)
		e2, e := s.Remap(b, 8*PageSize, 4*PageSize, mremapMayMove|mremapFixed, d)
		if e != 0 || e2 != d {
			t.Fatalf("fixed: %#x %v", e2, e)
		}
		if v, ok := s.ReadU64(d); !ok || v != 0x1234 {
			t.Errorf("content at the fixed place %#x", v)
		}
		_, e = s.Remap(b, PageSize, PageSize, 0, 0)
		want(t, "remap of nothing", e, abi.EFAULT)
		_, e = s.Remap(d+1, PageSize, PageSize, 0, 0)
		want(t, "unaligned", e, abi.EINVAL)
		_, e = s.Remap(d, PageSize, 0, 0, 0)
		want(t, "new length 0", e, abi.EINVAL)
		_, e = s.Remap(d, PageSize, 1<<60, mremapMayMove, 0)
		want(t, "huge new length", e, abi.EINVAL)
		_, e = s.Remap(d, ^uint64(PageSize-1), PageSize, 0, 0)
		want(t, "shrink of what goes around the end", e, abi.EINVAL)
		_, e = s.Remap(d, ^uint64(PageSize-1), PageSize, mremapMayMove|mremapFixed, a)
		want(t, "move of what goes around the end", e, abi.EFAULT)
		_, e = s.Remap(d, PageSize, PageSize, mremapFixed, d)
		want(t, "fixed without maymove", e, abi.EINVAL)
	})
}

func TestFileMapping(t *testing.T) {
	both(t, func(t *testing.T, s *Space) {
		name := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(name, bytes.Repeat([]byte("ab"), PageSize/2), 0o600); err != nil {
			t.Fatal(err)
		}
		fd, err := syscall.Open(name, syscall.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer syscall.Close(fd)
		a, e := s.Map(0, 2*PageSize, ProtRead|ProtWrite, mapShared, fd, 0)
		want(t, "map", e, 0)
		if !s.Write(a, []byte("XY")) {
			t.Error("write failed")
		}
		want(t, "msync", s.Sync(a, PageSize, 4), 0)
		if b, _ := os.ReadFile(name); string(b[:4]) != "XYab" {
			t.Errorf("file has %q", b[:4])
		}
		var st cpu.State
		if _, ok := s.Load(&st, a+PageSize, 8); ok || st.FaultSig != 7 || st.FaultCode != 2 || st.FaultAddr != a+PageSize {
			t.Errorf("beyond the file: ok %v, signal %d code %d addr %#x", ok, st.FaultSig, st.FaultCode, st.FaultAddr)
		}
	})
}

func TestFaults(t *testing.T) {
	both(t, func(t *testing.T, s *Space) {
		a := mustMap(t, s, 0, 2*PageSize, ProtRead, anon)
		want(t, "unmap", s.Unmap(a+PageSize, PageSize), 0)
		for _, c := range []struct {
			name  string
			addr  uint64
			write bool
			code  int64
		}{
			{"store to read-only", a, true, segvAccErr},
			{"load of nothing", a + PageSize, false, segvMapErr},
			{"store to nothing", a + PageSize, true, segvMapErr},
			{"beyond the space", s.limit, false, segvMapErr},
			{"not canonical", 1 << 63, true, segvMapErr},
		} {
			var st cpu.State
			ok := false
			if c.write {
				ok = s.Store(&st, c.addr, 4, 1)
			} else {
				_, ok = s.Load(&st, c.addr, 4)
			}
			if ok || st.FaultSig != sigSEGV || st.FaultCode != c.code || st.FaultAddr != c.addr || (st.FaultErr&2 != 0) != c.write {
				t.Errorf("%s: ok %v, signal %d code %d addr %#x err %d", c.name, ok, st.FaultSig, st.FaultCode, st.FaultAddr, st.FaultErr)
			}
		}
	})
}

func TestWatch(t *testing.T) {
	both(t, func(t *testing.T, s *Space) {
		var dropped [][2]uint64
		s.OnInvalidate(func(lo, hi uint64) { dropped = append(dropped, [2]uint64{lo, hi}) })
		a := mustMap(t, s, 0, 2*PageSize, ProtRead|ProtWrite|ProtExec, anon)
		check := func(what string, n int) {
			t.Helper()
			if len(dropped) != n {
				t.Errorf("%s: %d invalidations %v, want %d", what, len(dropped), dropped, n)
			}
			dropped = nil
		}
		if !s.WatchCode(a, a+8) {
			t.Error("private memory is not tracked")
		}
		if _, f := hostsys.Load64(s.Host(a)); f.Sig != 0 {
			t.Error("a watched page is not readable")
		}
		if f := hostsys.Store64(s.Host(a), 1); f.Sig != sigSEGV {
			t.Error("a watched page is writable on the host")
		}
		if !s.HandleFault(a, true) {
			t.Error("fault on a watched page is not handled")
		}
		check("HandleFault", 1)
		if f := hostsys.Store64(s.Host(a), 1); f.Sig != 0 {
			t.Error("still protected")
		}
		s.WatchCode(a, a+8)
		if !s.Write(a, []byte{1}) {
			t.Error("Write to a watched page failed")
		}
		check("Write", 1)
		s.WatchCode(a, a+8)
		var st cpu.State
		if !s.Store(&st, a+8, 8, 5) {
			t.Error("Store to a watched page failed")
		}
		check("Store", 1)
		s.WatchCode(a, a+8)
		if !s.UnwatchForWrite(a+PageSize-4, 8) || s.UnwatchForWrite(a, 8) {
			t.Error("UnwatchForWrite")
		}
		check("UnwatchForWrite", 1)
		for range maxHits {
			s.WatchCode(a, a+8)
			s.HandleFault(a, true)
		}
		dropped = nil
		if s.WatchCode(a, a+8) {
			t.Error("a page that is written to all the time is watched for ever")
		}
		if f := hostsys.Store64(s.Host(a), 1); f.Sig != 0 {
			t.Error("it is protected")
		}
		want(t, "protect", s.Protect(a, PageSize, ProtRead|ProtWrite|ProtExec), 0)
		dropped = nil
		if !s.WatchCode(a, a+8) {
			t.Error("a page with another protection is not watched")
		}
		s.WatchCode(a, a+2*PageSize)
		want(t, "protect", s.Protect(a, PageSize, ProtRead|ProtExec), 0)
		check("Protect", 1)
		if s.HandleFault(a, true) {
			t.Error("a write to a page that the guest may not write was handled")
		}
		want(t, "unmap", s.Unmap(a, 2*PageSize), 0)
		check("Unmap", 1)

		fd, err := memfd()
		if err != nil {
			t.Fatal(err)
		}
		defer syscall.Close(fd)
		b, e := s.Map(0, PageSize, ProtRead|ProtExec, mapShared, fd, 0)
		want(t, "map", e, 0)
		if s.WatchCode(b, b+4) {
			t.Error("shared memory is said to be tracked")
		}
	})
}

func memfd() (int, error) {
	name := []byte("x\x00")
	r := hostsys.RawSyscall(319, hostAddr(name), 0, 0, 0, 0, 0)
	if hostsys.IsErr(r) {
		return -1, syscall.Errno(hostsys.Errno(r))
	}
	return int(r), syscall.Ftruncate(int(r), PageSize)
}

func TestFetch(t *testing.T) {
	both(t, func(t *testing.T, s *Space) {
		a := mustMap(t, s, 0, 3*PageSize, ProtRead|ProtWrite, anon)
		want(t, "protect", s.Protect(a, 2*PageSize, ProtRead|ProtExec), 0)
		buf := make([]byte, 100)
		for _, c := range []struct {
			pc uint64
			n  int
		}{{a, 100}, {a + PageSize - 10, 100}, {a + 2*PageSize - 10, 10}, {a + 2*PageSize, 0}, {8, 0}} {
			if n := s.Fetch(c.pc, buf); n != c.n {
				t.Errorf("Fetch(%#x) = %d, want %d", c.pc-a, n, c.n)
			}
		}
	})
}

func TestBrk(t *testing.T) {
	both(t, func(t *testing.T, s *Space) {
		a := mustMap(t, s, 0, 64*PageSize, ProtRead, anon)
		want(t, "unmap", s.Unmap(a, 64*PageSize), 0)
		s.SetBrk(a + 100)
		for _, c := range []struct{ ask, want uint64 }{
			{0, a + 100},
			{a + 50, a + 100},
			{a + 200, a + 200},
			{a + 3*PageSize + 1, a + 3*PageSize + 1},
			{a + PageSize, a + PageSize},
			{s.limit, a + PageSize},
		} {
			if got := s.Brk(c.ask); got != c.want {
				t.Errorf("Brk(a+%#x) = a+%#x, want a+%#x", c.ask-a, got-a, c.want-a)
			}
		}
		if _, ok := s.ReadU64(a + 2*PageSize); ok {
			t.Error("memory beyond the break is mapped")
		}
		mustMap(t, s, a+4*PageSize, PageSize, ProtRead, anon|mapFixed)
		if got := s.Brk(a + 10*PageSize); got != a+PageSize {
			t.Errorf("the break grew over a mapping, to %#x", got)
		}
	})
}

func TestNewErrors(t *testing.T) {
	for _, c := range []Config{{Reserve: 123}, {Reserve: 1 << 60}, {Base: 1, Reserve: 1 << 30}, {Base: 1<<47 + 4096, Reserve: 1 << 30}} {
		if s, err := New(c); err == nil {
			t.Errorf("New(%+v) = base %#x, want an error", c, s.Base())
		}
	}
}

// A host with a larger address space than the guest's: what its kernel would place beyond is placed below.
func TestHostIsLarger(t *testing.T) {
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.limit = 1 << 45 // the kernel begins at the top of its 47 or 48 bits
	const n = 4 * PageSize
	var at [3]uint64
	for i := range at {
		var e abi.Errno
		if at[i], e = s.Map(0, n, ProtRead|ProtWrite, mapPrivate|mapAnonymous, -1, 0); e != 0 || at[i] > s.limit-n {
			t.Fatalf("mmap: %#x %v", at[i], e)
		}
	}
	if !s.WriteU64(at[0], 0x1234) {
		t.Fatal("not writable")
	}
	// Something of Weir's at the place that comes next.
	next, ok := s.areas.gapBelow(s.limit-PageSize, MinAddr, n)
	if _, e := hostMmap(next, n, 0, hostMapAnonReserve|mapFixedNoReplace, -1, 0); !ok || e != 0 {
		t.Fatalf("%#x: %v", next, e)
	}
	defer hostMunmap(next, n)
	// Neither may grow where it is: at[1] not over at[0], and at[0] not beyond the limit, although the host would let it.
	moved, e := s.Remap(at[1], n, 8*n, mremapMayMove, 0)
	if e != 0 || moved > s.limit-8*n {
		t.Fatalf("mremap: %#x %v", moved, e)
	}
	if moved, e = s.Remap(at[0], n, 16*n, mremapMayMove, 0); e != 0 || moved > s.limit-16*n {
		t.Fatalf("mremap: %#x %v", moved, e)
	}
	if v, ok := s.ReadU64(moved); !ok || v != 0x1234 {
		t.Errorf("contents after mremap: %#x", v)
	}
	if _, e := s.Map(0, 1<<46, ProtRead, mapPrivate|mapAnonymous|mapNoReserve, -1, 0); e != abi.ENOMEM {
		t.Errorf("more than there is: %v", e)
	}
}
