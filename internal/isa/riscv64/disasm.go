package riscv64

import (
	"math"
	"strconv"

	"github.com/weir-emu/weir/internal/isa"
	"github.com/weir-emu/weir/internal/softfp"
)

// Disasm is isa.Guest.Disasm: the text that "objdump -d" of binutils 2.40
// prints, without symbols and comments. What is no instruction is shown as data.
func Disasm(code []byte, pc uint64) (text string, n int) {
	raw, n := fetch(code)
	if n == 0 { // the code ends within it
		for n < min(len(code), 2) {
			raw |= uint32(code[n]) << (8 * n)
			n++
		}
		n = max(n, 1)
		return string(appendData(nil, raw, n)), n
	}
	if raw == 0 && n == 2 {
		return "unimp", 2 // defined illegal
	}
	var i isa.Inst
	if !decoder.Decode(raw, pc, &i) {
		return string(appendData(nil, raw, n)), n
	}
	var buf [64]byte
	return string(isa.Format(buf[:0], &i, operand, value)), n
}

func appendData(dst []byte, raw uint32, n int) []byte {
	dst = append(dst, '.')
	dst = strconv.AppendInt(dst, int64(n), 10)
	dst = append(dst, "byte\t0x"...)
	return strconv.AppendUint(dst, uint64(raw), 16)
}

// operand prints the operands and suffixes that the rows' syntax names.
func operand(dst []byte, name string, i *isa.Inst) ([]byte, bool) {
	switch name {
	case "rd":
		return append(dst, xName(i.Rd)...), true
	case "rs1":
		return append(dst, xName(i.Rs1)...), true
	case "rs2":
		return append(dst, xName(i.Rs2)...), true
	case "frd":
		return append(dst, fName(i.Rd)...), true
	case "frs1":
		return append(dst, fName(i.Rs1)...), true
	case "frs2":
		return append(dst, fName(i.Rs2)...), true
	case "frs3":
		return append(dst, fName(i.Rs3)...), true
	case "imm":
		return strconv.AppendInt(dst, i.Imm, 10), true
	case "uimm":
		return strconv.AppendUint(dst, uint64(i.Rs1), 10), true
	case "imm20":
		return appendHex(dst, uint64(i.Imm)>>12&0xfffff), true
	case "shamt":
		return appendHex(dst, uint64(i.Imm)), true
	case "target":
		return appendHex(dst, i.PC+uint64(i.Imm)), true
	case "csr":
		return appendCSR(dst, i.Imm), true
	case "rm":
		return append(dst, rmNames[i.RM]...), true
	case "pred":
		return appendFenceSet(dst, i.Imm>>4), true
	case "succ":
		return appendFenceSet(dst, i.Imm), true
	case "aqrl":
		return append(dst, [...]string{"", ".rl", ".aq", ".aqrl"}[i.Imm&3]...), true
	case "fli":
		return appendFli(dst, i.Rs1), true
	}
	return dst, false
}

// value is the fields that conditions of a syntax look at.
func value(name string, i *isa.Inst) (int64, bool) {
	switch name {
	case "rd":
		return int64(i.Rd), true
	case "rs1":
		return int64(i.Rs1), true
	case "rs2":
		return int64(i.Rs2), true
	case "imm", "csr":
		return i.Imm, true
	case "rm":
		return int64(i.RM), true
	}
	return 0, false
}

// rmNames: the dynamic mode is the default and not shown.
var rmNames = [8]string{"rne", "rtz", "rdn", "rup", "rmm", "unknown", "unknown", ""}

func appendHex(dst []byte, v uint64) []byte {
	return strconv.AppendUint(append(dst, "0x"...), v, 16)
}

// appendFenceSet prints a predecessor or successor set of fence.
func appendFenceSet(dst []byte, set int64) []byte {
	if set&15 == 0 {
		return append(dst, "unknown"...)
	}
	for n, c := range []byte("iorw") {
		if set>>(3-n)&1 != 0 {
			dst = append(dst, c)
		}
	}
	return dst
}

// appendCSR prints the user-level registers by name, others as numbers.
func appendCSR(dst []byte, n int64) []byte {
	switch n {
	case csrFFlags:
		return append(dst, "fflags"...)
	case csrFRM:
		return append(dst, "frm"...)
	case csrFCSR:
		return append(dst, "fcsr"...)
	case csrCycle:
		return append(dst, "cycle"...)
	case csrTime:
		return append(dst, "time"...)
	case csrInstret:
		return append(dst, "instret"...)
	case 0x008:
		return append(dst, "vstart"...)
	case 0x009:
		return append(dst, "vxsat"...)
	case 0x00a:
		return append(dst, "vxrm"...)
	case 0x00f:
		return append(dst, "vcsr"...)
	case 0x015:
		return append(dst, "seed"...)
	case 0xc20:
		return append(dst, "vl"...)
	case 0xc21:
		return append(dst, "vtype"...)
	case 0xc22:
		return append(dst, "vlenb"...)
	}
	if n > csrInstret && n < csrCycle+32 {
		return strconv.AppendInt(append(dst, "hpmcounter"...), n-csrCycle, 10)
	}
	return appendHex(dst, uint64(n))
}

// appendFli prints the constant of fli as C's %a does, or by name where that
// depends on the format.
func appendFli(dst []byte, n uint8) []byte {
	switch n {
	case 1:
		return append(dst, "min"...)
	case 30:
		return append(dst, "inf"...)
	case 31:
		return append(dst, "nan"...)
	}
	v := math.Float64frombits(softfp.Fli64(uint(n)))
	text := strconv.FormatFloat(v, 'x', -1, 64)
	// Go writes at least two digits of exponent, C as few as possible.
	k := len(text) - 2
	if text[k] == '0' {
		text = text[:k] + text[k+1:]
	}
	return append(dst, text...)
}
