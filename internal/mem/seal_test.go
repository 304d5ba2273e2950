//go:build linux

package mem

import (
	"testing"

	"github.com/weir-emu/weir/abi"
)

func TestSeal(t *testing.T) {
	both(t, func(t *testing.T, s *Space) {
		p := mustMap(t, s, 0, 4*PageSize, ProtRead|ProtWrite, anon)
		want(t, "seal of an odd address", s.Seal(p+1, PageSize), abi.EINVAL)
		want(t, "seal beyond the end", s.Seal(p, ^uint64(0)), abi.EINVAL)
		want(t, "seal of nothing", s.Seal(p, 0), 0)
		want(t, "seal", s.Seal(p+PageSize, PageSize), 0)
		want(t, "munmap", s.Unmap(p, 4*PageSize), abi.EPERM)
		want(t, "mprotect", s.Protect(p+PageSize, PageSize, ProtRead), abi.EPERM)
		_, e := s.Map(p+PageSize, PageSize, ProtRead, anon|mapFixed, -1, 0)
		want(t, "mmap", e, abi.EPERM)
		_, e = s.Remap(p+PageSize, PageSize, 2*PageSize, mremapMayMove, 0)
		want(t, "mremap", e, abi.EPERM)
		want(t, "munmap beside it", s.Unmap(p+2*PageSize, 2*PageSize), 0)
		want(t, "mprotect beside it", s.Protect(p, PageSize, ProtRead), 0)
		want(t, "seal of a hole", s.Seal(p, 4*PageSize), abi.ENOMEM)
		if a, _ := s.Lookup(p); a.Sealed {
			t.Error("a failed seal has sealed a part")
		}
		// Code that is watched changes the host's protection, not the seal.
		s.WatchCode(p+PageSize, p+PageSize+4)
		if !s.Write(p+PageSize, []byte{1}) {
			t.Error("a sealed page cannot be written")
		}
	})
}

func TestLimits(t *testing.T) {
	both(t, func(t *testing.T, s *Space) {
		const mib = 1 << 20
		p := mustMap(t, s, 0, 4*mib, ProtRead|ProtWrite, anon)
		if total, data := s.Usage(); total != 4*mib || data != 4*mib {
			t.Errorf("usage %d, %d", total, data)
		}
		s.SetLimits(8*mib, noLimit)
		_, e := s.Map(0, 4*mib+PageSize, 0, anon, -1, 0)
		want(t, "beyond RLIMIT_AS", e, abi.ENOMEM)
		q := mustMap(t, s, 0, 4*mib, ProtRead, anon)
		_, e = s.Remap(q, 4*mib, 5*mib, mremapMayMove, 0)
		want(t, "growing beyond it", e, abi.ENOMEM)
		mustMap(t, s, q, 4*mib, ProtRead, anon|mapFixed)
		s.SetLimits(noLimit, 5*mib)
		want(t, "mprotect beyond RLIMIT_DATA", s.Protect(q, 4*mib, ProtRead|ProtWrite), abi.ENOMEM)
		want(t, "mprotect within it", s.Protect(q, mib, ProtRead|ProtWrite), 0)
		_, e = s.Map(0, mib, ProtRead|ProtWrite, anon, -1, 0)
		want(t, "beyond RLIMIT_DATA", e, abi.ENOMEM)
		mustMap(t, s, 0, mib, ProtRead|ProtWrite, mapShared|mapAnonymous)
		s.SetLimits(0, 0)
		_, e = s.Map(0, PageSize, 0, anon, -1, 0)
		want(t, "nothing at all", e, abi.ENOMEM)
		s.SetLimits(noLimit, noLimit)
		s.SetStack(p, p+4*mib)
		if total, data := s.Usage(); total != stackCharge+5*mib || data != mib {
			t.Errorf("usage with a stack %d, %d", total, data)
		}
	})
}

func TestAdopt(t *testing.T) {
	both(t, func(t *testing.T, s *Space) {
		p := mustMap(t, s, 0, 4*PageSize, ProtRead, anon)
		s.Disown(p+PageSize, PageSize)
		if _, ok := s.Lookup(p + PageSize); ok {
			t.Error("still there")
		}
		s.Adopt(p+PageSize, 100, ProtRead|ProtWrite)
		if a, ok := s.Lookup(p + PageSize); !ok || a.End != p+2*PageSize || !a.Shared || a.Prot != ProtRead|ProtWrite {
			t.Errorf("%v %v", a, ok)
		}
	})
}
