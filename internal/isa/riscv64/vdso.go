package riscv64

import (
	"encoding/binary"
	"sync"

	"github.com/weir-emu/weir/internal/isa"
)

// VDSO returns the guest's vDSO: an ELF shared object with the symbols of the
// kernel's arch/riscv/kernel/vdso, version LINUX_4.15. The calls that read the
// clock or the processor number are the system call number in a7 and Weir's
// private instruction; the others are plain system calls, so that filters see
// them. It needs no data page. The image is position independent, has one
// read-execute segment and is shared: do not modify it.
func VDSO() isa.VDSO {
	vdso.once.Do(func() { vdso.VDSO = buildVDSO() })
	return vdso.VDSO
}

// vdso is not a sync.OnceValue, which would be made at every start.
var vdso struct {
	once sync.Once
	isa.VDSO
}

// Instruction words of the vDSO.
const (
	insnECall = 0x00000073
	insnVDSO  = 0x0000000b
	insnRet   = 0x00008067 // jalr zero,0(ra)
)

// insnLiA7 is li a7,n.
func insnLiA7(n uint32) uint32 { return n<<20 | regA7<<7 | 0x13 }

func sigreturnCode() []byte {
	var c []byte
	c = binary.LittleEndian.AppendUint32(c, insnLiA7(sysRtSigreturn))
	return binary.LittleEndian.AppendUint32(c, insnECall)
}

// vdsoFunc is one function: li a7,nr; trap; ret.
type vdsoFunc struct {
	name string
	nr   uint32
	trap uint32
}

var vdsoFuncs = [...]vdsoFunc{
	{"__vdso_rt_sigreturn", sysRtSigreturn, insnECall}, // unwinders know these two instructions
	{"__vdso_gettimeofday", 169, insnVDSO},
	{"__vdso_clock_gettime", 113, insnVDSO},
	{"__vdso_clock_getres", 114, insnVDSO},
	{"__vdso_getcpu", 168, insnVDSO},
	{"__vdso_flush_icache", 259, insnECall},
	{"__vdso_riscv_hwprobe", 258, insnECall},
}

const (
	vdsoSoname  = "linux-vdso.so.1"
	vdsoVersion = "LINUX_4.15"
)

// Sizes and constants of ELF-64 (elf.h) that debug/elf has too; that package is
// too large for a program that starts quickly.
const (
	ehSize, phSize, symSize, dynSize = 64, 56, 24, 16

	ptLoad, ptDynamic           = 1, 2
	dtHash, dtStrtab, dtSymtab  = 4, 5, 6
	dtStrsz, dtSyment, dtSoname = 10, 11, 14
	dtVersym                    = 0x6ffffff0
	dtVerdef, dtVerdefnum       = 0x6ffffffc, 0x6ffffffd
	verdefSize, verdauxSize     = 20, 8
	verFlagBase                 = 1
	symGlobalFunc               = 1<<4 | 2 // STB_GLOBAL, STT_FUNC
	textIndex                   = 1        // any defined section: readers only ask for "not undefined"
)

// elfHash is the hash of symbol and version names (System V gABI, "Hash Table").
func elfHash(name string) (h uint32) {
	for i := range len(name) {
		h = h<<4 + uint32(name[i])
		g := h & 0xf0000000
		h ^= g>>24 ^ g
	}
	return h
}

// buildVDSO lays out: ELF header, program headers, hash table, symbols,
// strings, versions, dynamic section, code. There are no section headers:
// loaders do not read them.
func buildVDSO() isa.VDSO {
	le := binary.LittleEndian
	nsym := uint32(len(vdsoFuncs)) + 1

	// Strings. Offsets are noted in order.
	strs := append(make([]byte, 0, 256), 0)
	str := func(s string) uint32 {
		at := len(strs)
		strs = append(append(strs, s...), 0)
		return uint32(at)
	}
	var names [len(vdsoFuncs)]uint32
	for n, f := range vdsoFuncs {
		names[n] = str(f.name)
	}
	soname, version := str(vdsoSoname), str(vdsoVersion)

	align := func(at, to int) int { return (at + to - 1) &^ (to - 1) }
	hashAt := ehSize + 2*phSize
	symAt := align(hashAt+4*int(2+nsym+nsym), 8) // one bucket per symbol
	strAt := symAt + symSize*int(nsym)
	versymAt := align(strAt+len(strs), 2)
	verdefAt := align(versymAt+2*int(nsym), 4)
	dynAt := align(verdefAt+2*(verdefSize+verdauxSize), 8)
	const ndyn = 10
	codeAt := align(dynAt+ndyn*dynSize, 16)
	const funcSize = 16 // three instructions, aligned
	returnAt := codeAt + funcSize*len(vdsoFuncs)
	size := returnAt + 4
	img := make([]byte, size)

	copy(img, "\x7fELF\x02\x01\x01") // 64-bit, little-endian, version 1
	le.PutUint16(img[16:], 3)        // ET_DYN
	le.PutUint16(img[18:], 243)      // EM_RISCV
	le.PutUint32(img[20:], 1)
	le.PutUint64(img[32:], ehSize) // e_phoff
	le.PutUint32(img[48:], 5)      // e_flags: RVC, double-float ABI
	le.PutUint16(img[52:], ehSize)
	le.PutUint16(img[54:], phSize)
	le.PutUint16(img[56:], 2) // e_phnum

	phdr := func(n int, typ, flags uint32, off, size, al int) {
		p := img[ehSize+n*phSize:]
		le.PutUint32(p, typ)
		le.PutUint32(p[4:], flags)
		le.PutUint64(p[8:], uint64(off))
		le.PutUint64(p[16:], uint64(off))
		le.PutUint64(p[24:], uint64(off))
		le.PutUint64(p[32:], uint64(size))
		le.PutUint64(p[40:], uint64(size))
		le.PutUint64(p[48:], uint64(al))
	}
	phdr(0, ptLoad, 5, 0, size, pageSize)              // R+X
	phdr(1, ptDynamic, 4, dynAt, int(ndyn*dynSize), 8) // R

	copy(img[strAt:], strs)
	le.PutUint32(img[hashAt:], nsym) // buckets
	le.PutUint32(img[hashAt+4:], nsym)
	buckets, chain := img[hashAt+8:], img[hashAt+8+4*int(nsym):]
	for n, f := range vdsoFuncs {
		k := uint32(n) + 1
		at := codeAt + n*funcSize
		s := img[symAt+int(k)*symSize:]
		le.PutUint32(s, names[n])
		s[4] = symGlobalFunc
		le.PutUint16(s[6:], textIndex)
		le.PutUint64(s[8:], uint64(at))
		le.PutUint64(s[16:], funcSize)
		le.PutUint16(img[versymAt+2*int(k):], 2) // vdsoVersion

		b := 4 * (elfHash(f.name) % nsym)
		copy(chain[4*k:], buckets[b:b+4])
		le.PutUint32(buckets[b:], k)

		c := img[at:]
		le.PutUint32(c, insnLiA7(f.nr))
		le.PutUint32(c[4:], f.trap)
		le.PutUint32(c[8:], insnRet)
	}

	verdef := func(at int, flags, index uint16, name uint32, text string, next uint32) {
		v := img[at:]
		le.PutUint16(v, 1) // vd_version
		le.PutUint16(v[2:], flags)
		le.PutUint16(v[4:], index)
		le.PutUint16(v[6:], 1) // names
		le.PutUint32(v[8:], elfHash(text))
		le.PutUint32(v[12:], verdefSize) // to the name
		le.PutUint32(v[16:], next)
		le.PutUint32(v[verdefSize:], name)
	}
	verdef(verdefAt, verFlagBase, 1, soname, vdsoSoname, verdefSize+verdauxSize)
	verdef(verdefAt+verdefSize+verdauxSize, 0, 2, version, vdsoVersion, 0)

	for n, d := range [ndyn][2]uint64{
		{dtSoname, uint64(soname)},
		{dtHash, uint64(hashAt)},
		{dtStrtab, uint64(strAt)},
		{dtSymtab, uint64(symAt)},
		{dtStrsz, uint64(len(strs))},
		{dtSyment, symSize},
		{dtVersym, uint64(versymAt)},
		{dtVerdef, uint64(verdefAt)},
		{dtVerdefnum, 2},
		{}, // DT_NULL
	} {
		le.PutUint64(img[dynAt+n*dynSize:], d[0])
		le.PutUint64(img[dynAt+n*dynSize+8:], d[1])
	}
	le.PutUint32(img[returnAt:], insnVDSO)
	return isa.VDSO{Image: img, Sigreturn: uint64(codeAt), Return: uint64(returnAt)}
}
