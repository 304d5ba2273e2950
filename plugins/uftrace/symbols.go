package uftrace

import (
	"cmp"
	"debug/elf"
	"fmt"
	"slices"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// image is an ELF file in a session's map.
type image struct {
	plugin.Image
	lo, hi      abi.Addr // where it is mapped
	plt, pltEnd abi.Addr // the table of jumps to other images; empty for none
	base        uint64   // lowest address in the file
}

// newImage reads where the parts of a file are; what cannot be read is taken for one part.
func newImage(im plugin.Image) image {
	i := image{Image: im, lo: im.Start &^ 4095, hi: (im.End + 4095) &^ 4095}
	i.base = i.lo - im.Bias
	f, err := elf.Open(im.Path)
	if err != nil {
		return i
	}
	defer f.Close()
	lo, hi := ^uint64(0), uint64(0)
	for _, p := range f.Progs {
		if p.Type == elf.PT_LOAD {
			lo, hi = min(lo, p.Vaddr&^4095), max(hi, (p.Vaddr+p.Memsz+4095)&^4095)
		}
	}
	if lo < hi {
		i.base, i.lo, i.hi = lo, im.Bias+lo, im.Bias+hi
	}
	if s := f.Section(".plt"); s != nil && s.Addr != 0 {
		i.plt, i.pltEnd = im.Bias+s.Addr, im.Bias+s.Addr+s.Size
	}
	return i
}

// symbols is the content of the file's symbol file: functions by address, relative to the beginning of the map.
func (i *image) symbols() []byte {
	var list []elf.Symbol
	if f, err := elf.Open(i.Path); err == nil {
		defer f.Close()
		if list, err = f.Symbols(); err != nil {
			list, _ = f.DynamicSymbols()
		}
	}
	list = slices.DeleteFunc(list, func(s elf.Symbol) bool {
		return elf.ST_TYPE(s.Info) != elf.STT_FUNC || s.Section == elf.SHN_UNDEF || s.Name == "" || s.Value < i.base
	})
	// Of several names of a function the global one, the shortest.
	rank := func(s elf.Symbol) int {
		switch elf.ST_BIND(s.Info) {
		case elf.STB_GLOBAL:
			return 0
		case elf.STB_WEAK:
			return 1
		}
		return 2
	}
	slices.SortFunc(list, func(a, b elf.Symbol) int {
		return cmp.Or(cmp.Compare(a.Value, b.Value), rank(a)-rank(b), len(a.Name)-len(b.Name), cmp.Compare(a.Name, b.Name))
	})
	list = slices.CompactFunc(list, func(a, b elf.Symbol) bool { return a.Value == b.Value })
	b := fmt.Appendf(nil, "# symbols: %d\n# path name: %s\n# build-id: \n", len(list), i.Path)
	end := i.base
	for n, s := range list {
		// A symbol reaches up to the next one, unless something stands between them: code without a name in
		// a file without its symbol table.
		const alignment = 16
		if n > 0 && s.Value > end+alignment && list[n-1].Size > 0 {
			b = fmt.Appendf(b, "%016x ? __func_end\n", end-i.base)
		}
		letter := "TWt"[rank(s)]
		b = fmt.Appendf(b, "%016x %c %s\n", s.Value-i.base, letter, s.Name)
		end = s.Value + max(s.Size, 1)
	}
	return fmt.Appendf(b, "%016x ? __sym_end\n", end-i.base)
}
