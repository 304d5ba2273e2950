package amd64

import (
	"fmt"
	"strings"

	"golang.org/x/arch/x86/x86asm"
)

// Disasm implements host.Backend: one instruction a line, address, bytes and
// text in Intel syntax.
func (g *gen) Disasm(code []byte, addr uintptr) string {
	var s strings.Builder
	for len(code) > 0 {
		text, n := disasm(code, uint64(addr))
		fmt.Fprintf(&s, "%#x:\t%-24x\t%s\n", addr, code[:n], text)
		code = code[n:]
		addr += uintptr(n)
	}
	return s.String()
}

func disasm(code []byte, pc uint64) (text string, n int) {
	if t, n := disasmVEX(code, pc); n > 0 {
		return t, n
	}
	i, err := x86asm.Decode(code, 64)
	if err != nil || i.Len == 0 || i.Len > len(code) {
		return fmt.Sprintf("byte %#02x", code[0]), 1
	}
	return x86asm.IntelSyntax(i, pc, nil), i.Len
}

// vexNames are the instructions with no legacy form: by map, prefix and opcode.
func vexName(m, pp, op byte, w bool) string {
	switch {
	case m == 2 && op == 0xf2:
		return "andn"
	case m == 2 && op == 0xf7:
		return [4]string{"bextr", "shlx", "sarx", "shrx"}[pp]
	case m == 3 && op == 0xf0:
		return "rorx"
	case m == 2 && op >= 0x99 && op <= 0xbf && op&1 != 0:
		t := "ss"
		if w {
			t = "sd"
		}
		kind := [4]string{"vfmadd", "vfmsub", "vfnmadd", "vfnmsub"}[op>>1&3]
		return kind + [4]string{"", "132", "213", "231"}[op>>4&3] + t
	}
	return ""
}

// disasmVEX decodes a VEX-encoded instruction by way of the legacy encoding, which the
// decoder of x/arch knows: same operands, with vvvv in front of the second. Instructions without
// a legacy form are decoded as a move between registers of the same kind.
func disasmVEX(code []byte, pc uint64) (string, int) {
	seg := 0
	if code[0] == 0x65 {
		seg = 1
	}
	c := code[seg:]
	if len(c) < 5 || c[0] != 0xc5 && c[0] != 0xc4 {
		return "", 0
	}
	r, x, b, w, m, last := c[1]>>7^1, byte(0), byte(0), byte(0), byte(1), c[1]
	head := 2
	if c[0] == 0xc4 {
		x, b, m, last, head = c[1]>>6&1^1, c[1]>>5&1^1, c[1]&31, c[2], 3
		w = last >> 7
	}
	v := int(^last >> 3 & 15)
	pp, op := last&3, c[head]
	name := vexName(m, pp, op, w != 0)
	legacy := make([]byte, 0, 24)
	legacy = append(legacy, code[:seg]...)
	tail := 0 // immediate that the stand-in does not have
	if name == "" {
		if p := [4]byte{0, 0x66, 0xf3, 0xf2}[pp]; p != 0 {
			legacy = append(legacy, p)
		}
	}
	legacy = append(legacy, 0x40|w<<3|r<<2|x<<1|b)
	gpr := name != "" && !strings.HasPrefix(name, "v")
	switch {
	case gpr:
		legacy = append(legacy, 0x8b)
		if m == 3 {
			tail = 1
		}
	case name != "":
		legacy = append(legacy, 0x0f, 0x10)
	default:
		legacy = append(legacy, [4][]byte{1: {0x0f}, 2: {0x0f, 0x38}, 3: {0x0f, 0x3a}}[m&3]...)
		legacy = append(legacy, op)
	}
	used := len(legacy)
	legacy = append(legacy, c[head+1:min(len(c), head+11)]...)
	i, err := x86asm.Decode(legacy, 64)
	if err != nil {
		return "", 0
	}
	n := seg + head + 1 + i.Len - used + tail
	if n > len(code) {
		return "", 0
	}
	text := x86asm.IntelSyntax(i, pc+uint64(n-i.Len), nil)
	old, args, _ := strings.Cut(text, " ")
	if name == "" {
		name = "v" + old
	}
	// The legacy form writes its first operand, the VEX one takes another source.
	if v != 0 || gpr && m == 2 {
		reg := fmt.Sprintf("xmm%d", v)
		if gpr {
			reg = [16]string{"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15"}[v]
		}
		if first, rest, ok := strings.Cut(args, ", "); ok {
			args = first + ", " + reg + ", " + rest
		}
	}
	if tail == 1 {
		args += fmt.Sprintf(", %#x", code[n-1])
	}
	return name + " " + args, n
}
