//go:build linux

package load

import (
	"encoding/binary"
	"math/bits"
	"slices"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/isa"
	"github.com/weir-emu/weir/internal/mem"
)

// Sizes and constants of ELF64 (System V gABI, chapters 4 and 5; elf(5)).
const (
	ehdrSize = 64
	phdrSize = 56
	// maxPhdrs is what the kernel accepts: 64 KiB of program headers (fs/binfmt_elf.c, load_elf_phdrs).
	maxPhdrs = 65536 / phdrSize

	etRel, etExec, etDyn, etCore = 1, 2, 3, 4

	ptLoad     = 1
	ptDynamic  = 2
	ptInterp   = 3
	ptNote     = 4
	ptPhdr     = 6
	ptGNUStack = 0x6474e551

	pfX, pfW, pfR = 1, 2, 4

	// maxAlign bounds p_align: no page size of any machine is larger.
	maxAlign = 1 << 30
	// maxAddr is the end of every guest's address space.
	maxAddr = 1 << 47
)

// Segment is a PT_LOAD program header.
type Segment struct {
	Addr, MemSize, Off, FileSize uint64
	Prot                         mem.Prot
}

// Image is a checked ELF program.
type Image struct {
	PIE       bool      // ET_DYN: may be loaded anywhere
	Entry     uint64    // e_entry
	Segments  []Segment // sorted by address, disjoint, at least one
	Lo, Hi    uint64    // page-aligned range that the segments need
	Align     uint64    // of the load address of a PIE, at least a page
	PhdrAddr  uint64    // address of the program headers in memory, 0 if not loaded
	PhNum     int
	Interp    string // PT_INTERP, empty if none
	ExecStack bool   // PT_GNU_STACK asks for an executable stack
	Flags     uint32 // e_flags
	Go        bool   // made by the Go toolchain: it has Go's build ID
}

// Parse reads and checks the headers of an ELF program for guest g.
func Parse(f *File, g *isa.Guest) (*Image, error) {
	if f.Size == 0 {
		return nil, noexec("the file is empty")
	}
	var h [ehdrSize]byte
	if !f.readAt(h[:4], 0) || string(h[:4]) != "\x7fELF" {
		if string(h[:2]) == "#!" {
			return nil, noexec("a script, not an ELF program")
		}
		return nil, noexec("not an ELF program")
	}
	if !f.readAt(h[:], 0) {
		return nil, noexec("truncated ELF header: the file has " + dec(uint64(f.Size)) + " bytes, an ELF header " + dec(ehdrSize))
	}
	le := binary.LittleEndian
	if err := checkIdent(&h, g); err != nil {
		return nil, err
	}
	im := &Image{Entry: le.Uint64(h[24:]), Flags: le.Uint32(h[48:]), PhNum: int(le.Uint16(h[56:])), Align: pageSize}
	switch t := le.Uint16(h[16:]); t {
	case etExec:
	case etDyn:
		im.PIE = true
	case etRel:
		return nil, noexec("an object file, not a program: link it first")
	case etCore:
		return nil, noexec("a core dump, not a program")
	default:
		return nil, noexec("unknown ELF type " + dec(uint64(t)))
	}
	if g.Linux.CheckELFFlags != nil {
		if err := g.Linux.CheckELFFlags(im.Flags); err != nil {
			return nil, noexec(err.Error())
		}
	}
	phoff := le.Uint64(h[32:])
	if size := le.Uint16(h[54:]); size != phdrSize {
		return nil, noexec("program header entries of " + dec(uint64(size)) + " bytes instead of " + dec(phdrSize))
	}
	if im.PhNum == 0 || im.PhNum > maxPhdrs {
		return nil, noexec(dec(uint64(im.PhNum)) + " program headers: want 1 to " + dec(maxPhdrs))
	}
	table := make([]byte, im.PhNum*phdrSize)
	if !f.readAt(table, phoff) {
		return nil, noexec("truncated: the program headers at offset " + hex(phoff) + " are not in the file")
	}
	for ; len(table) > 0; table = table[phdrSize:] {
		if err := im.header(f, table[:phdrSize]); err != nil {
			return nil, err
		}
	}
	return im, im.finish(phoff)
}

// checkIdent checks class, byte order, version and machine.
func checkIdent(h *[ehdrSize]byte, g *isa.Guest) error {
	le := binary.LittleEndian
	machine := le.Uint16(h[18:])
	switch h[5] {
	case 1:
	case 2:
		machine = binary.BigEndian.Uint16(h[18:])
	default:
		return noexec("unknown ELF byte order " + dec(uint64(h[5])))
	}
	if h[4] != 1 && h[4] != 2 {
		return noexec("unknown ELF class " + dec(uint64(h[4])))
	}
	if machine != g.ELFMachine || h[4] != 2 || h[5] != 1 {
		return noexec("a program for " + MachineName(machine, h[4] == 1, h[5] == 2) + ", but this weir runs " + g.Arch.String())
	}
	if v := h[6]; v != 1 {
		return noexec("unknown ELF version " + dec(uint64(v)))
	}
	return nil
}

// header takes one program header.
func (im *Image) header(f *File, p []byte) error {
	le := binary.LittleEndian
	flags := le.Uint32(p[4:])
	off, addr, filesz, memsz, align := le.Uint64(p[8:]), le.Uint64(p[16:]), le.Uint64(p[32:]), le.Uint64(p[40:]), le.Uint64(p[48:])
	switch le.Uint32(p) {
	case ptInterp:
		if im.Interp != "" {
			return noexec("more than one program interpreter")
		}
		if filesz < 2 || filesz > 4096 {
			return noexec("program interpreter's name of " + dec(filesz) + " bytes")
		}
		name := make([]byte, filesz)
		if !f.readAt(name, off) {
			return noexec("truncated: the program interpreter's name is not in the file")
		}
		n := slices.Index(name, 0)
		if n < 1 || name[filesz-1] != 0 {
			return noexec("malformed name of the program interpreter")
		}
		im.Interp = string(name[:n])
	case ptNote:
		im.Go = im.Go || goNote(f, off, filesz)
	case ptGNUStack:
		im.ExecStack = flags&pfX != 0
	case ptLoad:
		return im.segment(f, Segment{Addr: addr, MemSize: memsz, Off: off, FileSize: filesz, Prot: prot(flags)}, align)
	}
	return nil
}

// goNote reports whether a note segment holds Go's build ID: a note of name "Go" and type 4
// (cmd/internal/buildid). What is malformed is skipped, as the kernel does.
func goNote(f *File, off, size uint64) bool {
	const maxNotes = 4096
	if off > uint64(f.Size) {
		return false
	}
	b := make([]byte, min(size, maxNotes, uint64(f.Size)-off))
	if !f.readAt(b, off) {
		return false
	}
	le := binary.LittleEndian
	for len(b) >= 12 {
		name, desc := (uint64(le.Uint32(b))+3)&^3, (uint64(le.Uint32(b[4:]))+3)&^3
		kind := le.Uint32(b[8:])
		b = b[12:]
		if name > uint64(len(b)) {
			return false
		}
		if kind == 4 && string(b[:name]) == "Go\x00\x00" {
			return true
		}
		b = b[min(name+desc, uint64(len(b))):]
	}
	return false
}

func prot(flags uint32) (p mem.Prot) {
	if flags&pfR != 0 {
		p |= mem.ProtRead
	}
	if flags&pfW != 0 {
		p |= mem.ProtWrite
	}
	if flags&pfX != 0 {
		p |= mem.ProtExec
	}
	return p
}

// segment checks a PT_LOAD header and adds it.
func (im *Image) segment(f *File, s Segment, align uint64) error {
	if s.MemSize == 0 && s.FileSize == 0 {
		return nil
	}
	at := "segment at " + hex(s.Addr)
	switch {
	case s.FileSize > s.MemSize:
		return noexec(at + " has more bytes in the file than in memory")
	case s.MemSize > maxAddr || s.Addr > maxAddr-s.MemSize:
		return &Error{abi.ENOMEM, at + " of " + hex(s.MemSize) + " bytes is beyond every address space"}
	case s.FileSize > 0 && (s.Off > uint64(f.Size) || s.FileSize > uint64(f.Size)-s.Off):
		return noexec("truncated: " + at + " ends at file offset " + hex(s.Off) + "+" + hex(s.FileSize) + ", the file has " + hex(uint64(f.Size)) + " bytes")
	case s.FileSize > 0 && (s.Addr-s.Off)%pageSize != 0:
		return &Error{abi.EINVAL, at + " and its file offset " + hex(s.Off) + " differ within a page"}
	}
	if bits.OnesCount64(align) == 1 { // others are ignored, as the kernel does
		if align > maxAlign {
			return noexec(at + " wants an alignment of " + hex(align) + " bytes")
		}
		im.Align = max(im.Align, align)
	}
	im.Segments = append(im.Segments, s)
	return nil
}

// finish checks the segments against each other.
func (im *Image) finish(phoff uint64) error {
	if len(im.Segments) == 0 {
		return noexec("no loadable segment")
	}
	slices.SortFunc(im.Segments, func(a, b Segment) int {
		switch {
		case a.Addr < b.Addr:
			return -1
		case a.Addr > b.Addr:
			return 1
		}
		return 0
	})
	phsize := uint64(im.PhNum * phdrSize)
	end := uint64(0)
	for i, s := range im.Segments {
		if i > 0 && s.Addr < end {
			return noexec("segments overlap at " + hex(s.Addr))
		}
		end = s.Addr + s.MemSize
		if s.Off <= phoff && phoff-s.Off <= s.FileSize && s.FileSize-(phoff-s.Off) >= phsize {
			im.PhdrAddr = s.Addr + phoff - s.Off
		}
	}
	im.Lo, im.Hi = pageDown(im.Segments[0].Addr), pageUp(end)
	return nil
}
