//go:build linux

package load

import (
	"encoding/binary"
	"strings"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/mem"
)

// Types of auxiliary vector entries (include/uapi/linux/auxvec.h; getauxval(3)).
const (
	ATNull        = 0
	ATPhdr        = 3
	ATPhent       = 4
	ATPhnum       = 5
	ATPagesz      = 6
	ATBase        = 7
	ATFlags       = 8
	ATEntry       = 9
	ATUID         = 11
	ATEUID        = 12
	ATGID         = 13
	ATEGID        = 14
	ATPlatform    = 15
	ATHWCap       = 16
	ATClkTck      = 17
	ATSecure      = 23
	ATRandom      = 25
	ATHWCap2      = 26
	ATExecFn      = 31
	ATSysinfoEhdr = 33
	ATMinSigStkSz = 51
)

// Limits of execve(2) (include/uapi/linux/binfmts.h, fs/exec.c).
const (
	// MaxArgLen bounds one argument or environment string, NUL included.
	MaxArgLen = 32 * pageSize
	// maxArgs bounds all of them with their pointers: three quarters of 8 MiB.
	maxArgs = 6 << 20
	// minArgs is what is always allowed, however small the stack.
	minArgs = 32 * pageSize
)

// Aux is one entry of the auxiliary vector.
type Aux struct{ Type, Value uint64 }

// Args are a program's arguments and environment.
type Args struct {
	Argv, Envp []string
	ExecFn     string // AT_EXECFN: the name the program was started by
}

// Check reports E2BIG if the arguments do not fit a stack of size bytes.
func (a *Args) Check(stack uint64) error {
	total := uint64(len(a.ExecFn) + 1)
	for _, list := range [2][]string{a.Argv, a.Envp} {
		for _, s := range list {
			if len(s) >= MaxArgLen {
				return &Error{abi.E2BIG, "an argument or environment string is longer than " + dec(MaxArgLen-1) + " bytes"}
			}
			total += uint64(len(s)) + 1 + 8
		}
	}
	if limit := max(minArgs, min(maxArgs, stack/4)); total > limit {
		return &Error{abi.E2BIG, "arguments and environment of " + dec(total) + " bytes: the stack has room for " + dec(limit)}
	}
	return nil
}

// StackSpec is what goes to the start of a program's stack.
type StackSpec struct {
	Args
	Platform string // AT_PLATFORM; empty for no such entry
	Random   [16]byte
	// Aux are the entries that need no place of their own on the stack, in
	// order. AT_RANDOM, AT_EXECFN, AT_PLATFORM and AT_NULL are appended.
	Aux []Aux
}

// StackInfo tells where things were put.
type StackInfo struct {
	SP                 uint64
	ArgStart, ArgEnd   uint64 // argv strings, for /proc/self/cmdline
	EnvStart, EnvEnd   uint64
	AuxStart, AuxBytes uint64 // the vector itself, for /proc/self/auxv
}

// Stack writes the initial stack of a program below top, which is page-aligned,
// in the kernel's order: from high to low the file name, environment strings,
// argument strings, platform, random bytes, then (aligned to 16 bytes) the
// auxiliary vector, the environment and argument pointers and argc, where the
// stack pointer is (fs/binfmt_elf.c, create_elf_tables).
func Stack(sp *mem.Space, top uint64, spec *StackSpec) (StackInfo, error) {
	var info StackInfo
	var b strings.Builder
	for _, s := range spec.Argv {
		b.WriteString(s)
		b.WriteByte(0)
	}
	envOff := b.Len()
	for _, s := range spec.Envp {
		b.WriteString(s)
		b.WriteByte(0)
	}
	fnOff := b.Len()
	b.WriteString(spec.ExecFn)
	b.WriteByte(0)
	strs := b.String()

	at := top - 8 - uint64(len(strs)) // the kernel leaves one null pointer at the top
	info.ArgStart, info.ArgEnd = at, at+uint64(envOff)
	info.EnvStart, info.EnvEnd = at+uint64(envOff), at+uint64(fnOff)
	execFn := at + uint64(fnOff)

	low := at &^ 15
	platform := uint64(0)
	if spec.Platform != "" {
		low -= uint64(len(spec.Platform) + 1)
		platform = low
	}
	low = low&^15 - 16
	random := low

	aux := append(make([]Aux, 0, len(spec.Aux)+4), spec.Aux...)
	aux = append(aux, Aux{ATRandom, random}, Aux{ATExecFn, execFn})
	if platform != 0 {
		aux = append(aux, Aux{ATPlatform, platform})
	}
	aux = append(aux, Aux{ATNull, 0})
	words := 1 + len(spec.Argv) + 1 + len(spec.Envp) + 1 + 2*len(aux)
	info.SP = (low - uint64(8*words)) &^ 15

	buf := make([]byte, top-info.SP)
	put := func(addr uint64, s string) { copy(buf[addr-info.SP:], s) }
	put(at, strs)
	put(platformOr(platform, info.SP), spec.Platform)
	copy(buf[random-info.SP:], spec.Random[:])
	w := buf[:0]
	word := func(v uint64) { w = binary.LittleEndian.AppendUint64(w, v) }
	word(uint64(len(spec.Argv)))
	p := info.ArgStart
	for _, list := range [2][]string{spec.Argv, spec.Envp} {
		for _, s := range list {
			word(p)
			p += uint64(len(s) + 1)
		}
		word(0)
	}
	info.AuxStart, info.AuxBytes = info.SP+uint64(len(w)), uint64(16*len(aux))
	for _, a := range aux {
		word(a.Type)
		word(a.Value)
	}
	if !sp.Write(info.SP, buf) {
		return info, &Error{abi.E2BIG, "arguments and environment of " + dec(uint64(len(buf))) + " bytes do not fit on the stack"}
	}
	return info, nil
}

func platformOr(p, sp uint64) uint64 {
	if p == 0 {
		return sp // nothing is written there
	}
	return p
}

// MapStack maps a stack of size bytes with a guard page below it and returns
// its top.
func MapStack(sp *mem.Space, size uint64, exec bool) (top uint64, err error) {
	size = pageUp(max(size, 16*pageSize))
	p := mem.ProtRead | mem.ProtWrite
	if exec {
		p |= mem.ProtExec
	}
	at, e := sp.Map(0, size+pageSize, p, mapPrivate|mapAnonymous|mapNoReserve|mapStack, -1, 0)
	if e == 0 {
		e = sp.Protect(at, pageSize, 0)
	}
	if e != 0 {
		return 0, &Error{abi.ENOMEM, "cannot map a stack of " + dec(size) + " bytes: " + e.Error() + "; choose a smaller -s"}
	}
	return at + pageSize + size, nil
}
