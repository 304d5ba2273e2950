package mem

import (
	"slices"
	"sort"
)

// Prot is a page protection as mmap(2) has it: PROT_READ 1, PROT_WRITE 2, PROT_EXEC 4.
type Prot uint8

// Protections.
const (
	ProtRead  Prot = 1
	ProtWrite Prot = 2
	ProtExec  Prot = 4

	protMask = ProtRead | ProtWrite | ProtExec
)

// Area is a range of the guest's address space with one kind of mapping, the
// kernel's vm_area_struct.
type Area struct {
	Start, End uint64 // page-aligned, Start < End
	Prot       Prot   // as the guest asked
	Shared     bool   // MAP_SHARED
	File       bool   // backed by a file
	GrowsDown  bool   // MAP_GROWSDOWN
	Stack      bool   // the initial stack
	Sealed     bool   // mseal
}

// same reports whether adjacent areas a and b may be one.
func (a Area) same(b Area) bool {
	return a.Prot == b.Prot && a.Shared == b.Shared && !a.File && !b.File && a.GrowsDown == b.GrowsDown && a.Stack == b.Stack && a.Sealed == b.Sealed
}

// areas is the set of mapped ranges: sorted by address, disjoint.
type areas []Area

// find returns the index of the first area that ends above addr.
func (as areas) find(addr uint64) int {
	return sort.Search(len(as), func(i int) bool { return as[i].End > addr })
}

// at returns the area that contains addr.
func (as areas) at(addr uint64) (Area, bool) {
	if i := as.find(addr); i < len(as) && as[i].Start <= addr {
		return as[i], true
	}
	return Area{}, false
}

// overlaps reports whether any area meets [start,end).
func (as areas) overlaps(start, end uint64) bool {
	i := as.find(start)
	return i < len(as) && as[i].Start < end
}

// covered reports whether [start,end) has no hole, and if it has, where the first is.
func (as areas) covered(start, end uint64) (hole uint64, ok bool) {
	for i := as.find(start); start < end; i++ {
		if i >= len(as) || as[i].Start > start {
			return start, false
		}
		start = as[i].End
	}
	return 0, true
}

// pieces calls f for the part of each area inside [start,end), in order.
func (as areas) pieces(start, end uint64, f func(lo, hi uint64, a Area)) {
	for i := as.find(start); i < len(as) && as[i].Start < end; i++ {
		f(max(start, as[i].Start), min(end, as[i].End), as[i])
	}
}

// holes calls f for each unmapped range inside [start,end), in order.
func (as areas) holes(start, end uint64, f func(lo, hi uint64)) {
	for i := as.find(start); start < end; i++ {
		if i >= len(as) || as[i].Start >= end {
			f(start, end)
			return
		}
		if as[i].Start > start {
			f(start, as[i].Start)
		}
		start = as[i].End
	}
}

// remove cuts [start,end) out of the set.
func (as *areas) remove(start, end uint64) {
	i := as.find(start)
	if i >= len(*as) || (*as)[i].Start >= end {
		return
	}
	if a := (*as)[i]; a.Start < start {
		(*as)[i].End = start
		i++
		if a.End > end { // a hole in the middle of one area
			a.Start = end
			*as = slices.Insert(*as, i, a)
			return
		}
	}
	j := i
	for j < len(*as) && (*as)[j].End <= end {
		j++
	}
	if j < len(*as) && (*as)[j].Start < end {
		(*as)[j].Start = end
	}
	*as = slices.Delete(*as, i, j)
}

// insert puts a in place of whatever was in its range and merges it with equal
// neighbours.
func (as *areas) insert(a Area) {
	as.remove(a.Start, a.End)
	i := as.find(a.Start)
	if i > 0 && (*as)[i-1].End == a.Start && (*as)[i-1].same(a) {
		i--
		a.Start = (*as)[i].Start
		*as = slices.Delete(*as, i, i+1)
	}
	if i < len(*as) && (*as)[i].Start == a.End && (*as)[i].same(a) {
		(*as)[i].Start = a.Start
		return
	}
	*as = slices.Insert(*as, i, a)
}

// update applies f to the parts of areas inside [start,end), splitting and
// merging as needed.
func (as *areas) update(start, end uint64, f func(*Area)) {
	var parts []Area
	as.pieces(start, end, func(lo, hi uint64, a Area) {
		a.Start, a.End = lo, hi
		f(&a)
		parts = append(parts, a)
	})
	for _, a := range parts {
		as.insert(a)
	}
}

// gapBelow returns the highest start of a free range of n bytes that ends at or
// below limit and starts at or above floor.
func (as areas) gapBelow(limit, floor, n uint64) (uint64, bool) {
	end := limit
	for i := as.find(limit - 1); ; i-- {
		if i < len(as) && as[i].Start < end {
			lo := uint64(0)
			if as[i].End < end {
				lo = as[i].End
				if end-lo >= n && end-n >= floor {
					return end - n, true
				}
			}
			end = as[i].Start
		}
		if i == 0 {
			break
		}
	}
	if end >= n && end-n >= floor {
		return end - n, true
	}
	return 0, false
}
