// Package uapi converts the few structures of the Linux kernel interface that differ
// between 64-bit little-endian machines: struct stat and struct epoll_event, and
// struct semid64_ds, and the flags of open(2). Everything else is the same and needs no conversion; the tests
// check the sizes against the host's own structures.
//
// Functions work on the bytes of a structure. The package knows no memory, no syscall
// and no host. Start with [Layout].
package uapi

import "encoding/binary"

// Layout is one of the variants that exist.
type Layout uint8

const (
	// Generic is that of asm-generic: riscv64, arm64, loongarch64.
	Generic Layout = iota
	// X86 is that of amd64.
	X86
)

var le = binary.LittleEndian

// Sizes in bytes.
const (
	StatSize    = 128 // Generic
	StatSizeX86 = 144

	EpollSize    = 16 // Generic
	EpollSizeX86 = 12 // packed

	SemidSize    = 88 // Generic, struct semid64_ds
	SemidSizeX86 = 104
)

// StatLen is the size of struct stat.
func (l Layout) StatLen() int {
	if l == X86 {
		return StatSizeX86
	}
	return StatSize
}

// EpollLen is the size of struct epoll_event.
func (l Layout) EpollLen() int {
	if l == X86 {
		return EpollSizeX86
	}
	return EpollSize
}

// SemidLen is the size of struct semid64_ds.
func (l Layout) SemidLen() int {
	if l == X86 {
		return SemidSizeX86
	}
	return SemidSize
}

// statFields are the offsets of the fields of struct stat before st_blocks; all later
// ones are the same. include/uapi/asm-generic/stat.h, arch/x86/include/uapi/asm/stat.h.
type statFields struct{ mode, nlink, uid, gid, rdev, blksize int }

var statLayouts = [...]statFields{
	Generic: {mode: 16, nlink: 20, uid: 24, gid: 28, rdev: 32, blksize: 56},
	X86:     {nlink: 16, mode: 24, uid: 28, gid: 32, rdev: 40, blksize: 56},
}

// Stat converts a struct stat. dst and src have the lengths that the layouts say.
func Stat(dst []byte, to Layout, src []byte, from Layout) {
	if to == from {
		copy(dst[:to.StatLen()], src)
		return
	}
	clear(dst[:to.StatLen()])
	d, s := &statLayouts[to], &statLayouts[from]
	copy(dst[0:16], src[0:16])                 // st_dev, st_ino
	copy(dst[d.mode:d.mode+4], src[s.mode:])   //
	copy(dst[d.uid:d.uid+4], src[s.uid:])      //
	copy(dst[d.gid:d.gid+4], src[s.gid:])      //
	copy(dst[d.rdev:d.rdev+8], src[s.rdev:])   //
	copy(dst[48:56], src[48:56])               // st_size
	copy(dst[d.blksize:d.blksize+4], src[56:]) // int, or a long that fits in one
	copy(dst[64:120], src[64:120])             // st_blocks and the three times
	if to == Generic {
		le.PutUint32(dst[d.nlink:], uint32(le.Uint64(src[s.nlink:])))
	} else {
		le.PutUint64(dst[d.nlink:], uint64(le.Uint32(src[s.nlink:])))
	}
}

// EpollEvents converts n struct epoll_event.
func EpollEvents(dst []byte, to Layout, src []byte, from Layout, n int) {
	dl, sl := to.EpollLen(), from.EpollLen()
	for i := range n {
		d, s := dst[i*dl:(i+1)*dl], src[i*sl:(i+1)*sl]
		events, data := le.Uint32(s), le.Uint64(s[sl-8:])
		clear(d)
		le.PutUint32(d, events)
		le.PutUint64(d[dl-8:], data)
	}
}

// SwapOpenFlags turns flags of open(2) as asm-generic and amd64 have them into those of arm and arm64, or back:
// O_DIRECT (1<<14, 1<<16), O_LARGEFILE (1<<15, 1<<17), O_DIRECTORY (1<<16, 1<<14), O_NOFOLLOW (1<<17, 1<<15).
func SwapOpenFlags(f uint64) uint64 {
	const low = 3 << 14
	return f&^(low|low<<2) | f&low<<2 | f>>2&low
}

// Semid converts a struct semid64_ds: struct ipc64_perm of 48 bytes, then the times and
// the number of semaphores, on amd64 each followed by a reserved word but the last.
func Semid(dst []byte, to Layout, src []byte, from Layout) {
	if to == from {
		copy(dst[:to.SemidLen()], src)
		return
	}
	clear(dst[:to.SemidLen()])
	copy(dst[:48], src[:48])
	at := func(l Layout, field int) int {
		if l == X86 {
			return 48 + 16*field
		}
		return 48 + 8*field
	}
	for field := range 3 { // sem_otime, sem_ctime, sem_nsems
		d, s := at(to, field), at(from, field)
		copy(dst[d:d+8], src[s:])
	}
}
