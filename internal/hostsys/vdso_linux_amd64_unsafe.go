//go:build linux && amd64

package hostsys

import (
	"sync"
	"unsafe"
)

func vdsoCall(fn, clock uintptr) (a, b int64, r uintptr)
func vdsoCall2(fn uintptr) (a, b uint32, r uintptr)

// vdso holds addresses of functions in the host's vDSO, 0 for what it does not have.
type vdso struct {
	clockGettime, getcpu uintptr
}

// vdsoFound is filled on first use, to cost nothing at the start.
var vdsoFound struct {
	once sync.Once
	vdso
}

func vdsoSymbols() *vdso {
	vdsoFound.once.Do(func() {
		const atSysinfoEhdr = 33
		if base, ok := Auxv(atSysinfoEhdr); ok && base != 0 {
			vdsoFound.find(base)
		}
	})
	return &vdsoFound.vdso
}

func vdsoClock(clock int32) (sec, nsec int64, ok bool) {
	f := vdsoSymbols().clockGettime
	if f == 0 {
		return 0, 0, false
	}
	sec, nsec, r := vdsoCall(f, uintptr(clock))
	return sec, nsec, int32(r) == 0
}

func vdsoGetcpu() (cpu, node uint32, ok bool) {
	f := vdsoSymbols().getcpu
	if f == 0 {
		return 0, 0, false
	}
	c, n, r := vdsoCall2(f)
	return uint32(c), uint32(n), int32(r) == 0
}

// find looks the functions up in the ELF image at base (System V gABI, chapter 5).
func (v *vdso) find(base uintptr) {
	const (
		ptLoad, ptDynamic                     = 1, 2
		dtHash, dtStrtab, dtSymtab, dtGNUHash = 4, 5, 6, 0x6ffffef5
		phdrSize, symSize                     = 56, 24
	)
	phdr, n := base+uintptr(word[uint64](base, 32)), word[uint16](base, 56)
	bias, dynamic, loaded := uintptr(0), uintptr(0), false
	for range n {
		switch word[uint32](phdr, 0) {
		case ptLoad:
			if !loaded {
				bias = base + uintptr(word[uint64](phdr, 8)) - uintptr(word[uint64](phdr, 16))
				loaded = true
			}
		case ptDynamic:
			dynamic = base + uintptr(word[uint64](phdr, 8))
		}
		phdr += phdrSize
	}
	if !loaded || dynamic == 0 {
		return
	}
	var strtab, symtab, hash, gnuHash uintptr
	for ; word[uint64](dynamic, 0) != 0; dynamic += 16 {
		p := uintptr(word[uint64](dynamic, 8)) + bias
		switch word[uint64](dynamic, 0) {
		case dtHash:
			hash = p
		case dtGNUHash:
			gnuHash = p
		case dtStrtab:
			strtab = p
		case dtSymtab:
			symtab = p
		}
	}
	if strtab == 0 || symtab == 0 {
		return
	}
	count := uint32(0)
	switch {
	case hash != 0:
		count = word[uint32](hash, 4)
	case gnuHash != 0:
		count = gnuCount(gnuHash)
	}
	for i := range uintptr(count) {
		s := symtab + i*symSize
		if word[uint16](s, 6) == 0 { // undefined
			continue
		}
		p := bias + uintptr(word[uint64](s, 8))
		switch name := strtab + uintptr(word[uint32](s, 0)); {
		case isString(name, "__vdso_clock_gettime"):
			v.clockGettime = p
		case isString(name, "__vdso_getcpu"):
			v.getcpu = p
		}
	}
}

// gnuCount is the number of symbols that a DT_GNU_HASH table covers: the chain of the highest bucket ends
// with the last symbol.
func gnuCount(h uintptr) (n uint32) {
	buckets, first, bloom := word[uint32](h, 0), word[uint32](h, 4), word[uint32](h, 8)
	bucket := h + 16 + 8*uintptr(bloom)
	for i := range uintptr(buckets) {
		n = max(n, word[uint32](bucket, 4*i))
	}
	if n < first {
		return 0
	}
	chain := bucket + 4*uintptr(buckets)
	for word[uint32](chain, 4*uintptr(n-first))&1 == 0 {
		n++
	}
	return n + 1
}

// word reads memory that is not Go's.
func word[T uint16 | uint32 | uint64](base, off uintptr) T {
	return *(*T)(hostPointer(base + off))
}

// isString reports whether the C string at p is s.
func isString(p uintptr, s string) bool {
	b := unsafe.Slice((*byte)(hostPointer(p)), len(s)+1)
	return string(b[:len(s)]) == s && b[len(s)] == 0
}
