//go:build linux

package load

import (
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/mem"
)

// mmap(2) flags the loader uses.
const (
	mapPrivate        = 0x02
	mapFixed          = 0x10
	mapAnonymous      = 0x20
	mapNoReserve      = 0x4000
	mapStack          = 0x20000
	mapFixedNoReplace = 0x100000
)

// Map maps the segments of im into sp and returns the load bias: what to add to
// the image's addresses. A PIE goes to or near hint, anything else where it is
// linked.
func (im *Image) Map(sp *mem.Space, f *File, hint uint64) (bias uint64, err error) {
	size := im.Hi - im.Lo
	if im.PIE {
		if bias, err = im.place(sp, hint, size); err != nil {
			return 0, err
		}
	} else if im.Hi > sp.Limit() {
		return 0, &Error{abi.ENOMEM, "addresses up to " + hex(im.Hi) + " are outside the guest's address space of " + hex(sp.Limit()) + " bytes"}
	}
	for _, s := range im.Segments {
		if err := s.mapInto(sp, f, bias, im.PIE); err != nil {
			return 0, err
		}
	}
	return bias, nil
}

// place reserves the address range of a PIE, so that nothing else comes between
// its segments.
func (im *Image) place(sp *mem.Space, hint, size uint64) (bias uint64, err error) {
	fail := func(e abi.Errno) error {
		return &Error{e, "cannot map the program's " + hex(size) + " bytes: " + e.Error()}
	}
	const flags = mapPrivate | mapAnonymous | mapNoReserve
	hint = (hint + im.Align - 1) &^ (im.Align - 1)
	at, errno := sp.Map(hint, size, 0, flags, -1, 0)
	if errno != 0 {
		return 0, fail(errno)
	}
	if at&(im.Align-1) != im.Lo&(im.Align-1) && im.Align > pageSize {
		// The kernel chose: take more than needed and trim.
		sp.Unmap(at, size)
		over := size + im.Align
		if at, errno = sp.Map(0, over, 0, flags, -1, 0); errno != 0 {
			return 0, fail(errno)
		}
		good := (at+im.Align-1)&^(im.Align-1) + im.Lo&(im.Align-1)
		if good-at > im.Align {
			good -= im.Align
		}
		if good > at {
			sp.Unmap(at, good-at)
		}
		if end := at + over; end > good+size {
			sp.Unmap(good+size, end-good-size)
		}
		at = good
	}
	return at - im.Lo, nil
}

// mapInto maps one segment: whole pages of the file, zeros for the rest.
func (s *Segment) mapInto(sp *mem.Space, f *File, bias uint64, over bool) error {
	fail := func(e abi.Errno) error {
		return &Error{e, "cannot map the segment at " + hex(s.Addr+bias) + " of " + hex(s.MemSize) + " bytes: " + e.Error()}
	}
	addr := s.Addr + bias
	start, fileEnd, end := pageDown(addr), addr+s.FileSize, pageUp(addr+s.MemSize)
	mapEnd := start // end of the pages backed by the file
	// Replacing is right for a PIE's reserved range and for a page shared by
	// two segments; everything else must have been free.
	how := mapFixedNoReplace
	if over || pageIsMapped(sp, start) {
		how = mapFixed
	}
	if s.FileSize > 0 {
		mapEnd = pageUp(fileEnd)
		if f.FD >= 0 {
			if _, e := sp.Map(start, mapEnd-start, s.Prot, mapPrivate|how, f.FD, int64(s.Off-(addr-start))); e != 0 {
				return fail(e)
			}
		} else if e := s.copyInto(sp, f, start, mapEnd, how); e != 0 {
			return fail(e)
		}
		// The kernel clears the rest of the last page only where the segment is
		// writable: elsewhere the file's bytes stay visible.
		if s.Prot&mem.ProtWrite != 0 && fileEnd < mapEnd && s.MemSize > s.FileSize {
			if !sp.Write(fileEnd, make([]byte, mapEnd-fileEnd)) {
				return fail(abi.EFAULT)
			}
		}
	}
	if end > mapEnd {
		if how == mapFixedNoReplace && pageIsMapped(sp, mapEnd) {
			how = mapFixed
		}
		if _, e := sp.Map(mapEnd, end-mapEnd, s.Prot, mapPrivate|mapAnonymous|how, -1, 0); e != 0 {
			return fail(e)
		}
	}
	return nil
}

func pageIsMapped(sp *mem.Space, addr uint64) bool {
	_, ok := sp.Lookup(addr)
	return ok
}

// copyInto is the file mapping of a program that has no descriptor.
func (s *Segment) copyInto(sp *mem.Space, f *File, start, end uint64, how int) abi.Errno {
	if _, e := sp.Map(start, end-start, mem.ProtRead|mem.ProtWrite, mapPrivate|mapAnonymous|how, -1, 0); e != 0 {
		return e
	}
	skip := pageSize - 1 - (pageSize-1-s.Off)&(pageSize-1) // s.Off's offset in its page
	off := s.Off - skip
	buf := make([]byte, 64<<10)
	for at := start; at < end; {
		n := min(end-at, uint64(len(buf)), max(uint64(f.Size)-min(off, uint64(f.Size)), 1))
		if off >= uint64(f.Size) {
			break
		}
		if !f.readAt(buf[:n], off) {
			return abi.EIO
		}
		if !sp.Write(at, buf[:n]) {
			return abi.EFAULT
		}
		at += n
		off += n
	}
	return sp.Protect(start, end-start, s.Prot)
}
