package amd64

// Host general registers, in encoding order.
const (
	rax = iota
	rcx
	rdx
	rbx
	rsp
	rbp
	rsi
	rdi
	r8
	r9
	r10
	r11
	r12
	r13
	r14
	r15
)

// Scratch vector registers; 0-13 hold pinned FP slots.
const (
	xmm14 = 14
	xmm15 = 15
)

// A condition code, the low nibble of jcc, setcc and cmovcc.
type cc uint8

const (
	ccO  cc = 0
	ccB  cc = 2
	ccAE cc = 3
	ccE  cc = 4
	ccNE cc = 5
	ccBE cc = 6
	ccA  cc = 7
	ccS  cc = 8
	ccNS cc = 9
	ccP  cc = 10
	ccNP cc = 11
	ccL  cc = 12
	ccGE cc = 13
	ccLE cc = 14
	ccG  cc = 15
)

// opc is an instruction: opcode byte, escape (none, 0F, 0F38, 0F3A), mandatory
// prefix, and whether the register operands are bytes. The same value serves
// the legacy and the VEX encoding.
type opc uint32

const (
	e0f   opc = 1 << 8
	e38   opc = 2 << 8
	e3a   opc = 3 << 8
	byteR opc = 1 << 10
	p66   opc = 0x66 << 16
	pF2   opc = 0xf2 << 16
	pF3   opc = 0xf3 << 16
)

// Arithmetic group: the number of the operation in 0x00-0x3f and in group 1.
const (
	aADD = 0
	aOR  = 1
	aAND = 4
	aSUB = 5
	aXOR = 6
	aCMP = 7
)

// Shift group 2.
const (
	sROL = 0
	sROR = 1
	sSHL = 4
	sSHR = 5
	sSAR = 7
)

// General instructions. Those with a /n are groups: pass n as the register.
const (
	oMOV     opc = 0x8b // reg <- r/m
	oMOVst   opc = 0x89 // r/m <- reg
	oMOVst8      = 0x88 | byteR
	oMOVst16     = 0x89 | p66
	oMOVi    opc = 0xc7 // /0 imm32
	oMOVi8       = 0xc6 | byteR
	oMOVi16      = 0xc7 | p66
	oLEA     opc = 0x8d
	oMOVSXD  opc = 0x63
	oMOVZX8      = e0f | 0xb6 | byteR
	oMOVZX16     = e0f | 0xb7
	oMOVSX8      = e0f | 0xbe | byteR
	oMOVSX16     = e0f | 0xbf
	oTEST    opc = 0x85
	oTESTi8      = 0xf6 | byteR // /0 imm8
	oIMUL        = e0f | 0xaf
	oIMULi   opc = 0x69
	oIMULi8  opc = 0x6b
	oGrp3    opc = 0xf7 // /0 test imm /2 not /3 neg /4 mul /5 imul /6 div /7 idiv
	oGrp5    opc = 0xff // /2 call /4 jmp /6 push
	oPOPm    opc = 0x8f // /0
	oSHIFTi  opc = 0xc1
	oSHIFT1  opc = 0xd1
	oSHIFTcl opc = 0xd3
	oSETcc       = e0f | 0x90 | byteR
	oCMOV        = e0f | 0x40
	oBT          = e0f | 0xa3
	oBTS         = e0f | 0xab
	oBTR         = e0f | 0xb3
	oBTC         = e0f | 0xbb
	oBTi         = e0f | 0xba // /4 bt /5 bts /6 btr /7 btc
	oLZCNT       = pF3 | e0f | 0xbd
	oTZCNT       = pF3 | e0f | 0xbc
	oPOPCNT      = pF3 | e0f | 0xb8
	oBSR         = e0f | 0xbd
	oBSF         = e0f | 0xbc
	oXCHG    opc = 0x87
	oXADD        = e0f | 0xc1
	oCMPXCHG     = e0f | 0xb1
	oGrp9        = e0f | 0xc7 // /1 cmpxchg16b
	oGrp15       = e0f | 0xae // /2 ldmxcsr /3 stmxcsr

	// VEX only.
	oANDN = e38 | 0xf2
	oSHLX = p66 | e38 | 0xf7
	oSHRX = pF2 | e38 | 0xf7
	oSARX = pF3 | e38 | 0xf7
	oRORX = pF2 | e3a | 0xf0
)

// Vector instructions. Scalar ones are given for double; sgl turns them into
// the single form.
const (
	oMOVSDld   = pF2 | e0f | 0x10
	oMOVSDst   = pF2 | e0f | 0x11
	oMOVSSld   = pF3 | e0f | 0x10
	oMOVSSst   = pF3 | e0f | 0x11
	oMOVAPS    = e0f | 0x28
	oMOVUPSld  = e0f | 0x10
	oMOVUPSst  = e0f | 0x11
	oMOVQ      = p66 | e0f | 0x6e // xmm <- r/m (W selects 64 bits)
	oMOVQst    = p66 | e0f | 0x7e // r/m <- xmm
	oMOVQxx    = pF3 | e0f | 0x7e // xmm <- xmm/m64, upper half zero
	oADDSD     = pF2 | e0f | 0x58
	oMULSD     = pF2 | e0f | 0x59
	oSUBSD     = pF2 | e0f | 0x5c
	oMINSD     = pF2 | e0f | 0x5d
	oDIVSD     = pF2 | e0f | 0x5e
	oMAXSD     = pF2 | e0f | 0x5f
	oSQRTSD    = pF2 | e0f | 0x51
	oUCOMISD   = p66 | e0f | 0x2e
	oCOMISD    = p66 | e0f | 0x2f
	oUCOMISS   = e0f | 0x2e
	oCOMISS    = e0f | 0x2f
	oCVTSI2SD  = pF2 | e0f | 0x2a
	oCVTTSD2SI = pF2 | e0f | 0x2c
	oCVTSD2SI  = pF2 | e0f | 0x2d
	oCVTSD2SS  = pF2 | e0f | 0x5a
	oCVTSS2SD  = pF3 | e0f | 0x5a
	oROUNDSD   = p66 | e3a | 0x0b
	oROUNDSS   = p66 | e3a | 0x0a
	oANDPS     = e0f | 0x54
	oANDNPS    = e0f | 0x55
	oORPS      = e0f | 0x56
	oXORPS     = e0f | 0x57
	oPTEST     = p66 | e38 | 0x17
	oPCLMUL    = p66 | e3a | 0x44
	oPSRLDQ    = p66 | e0f | 0x73 // /3 imm8
	oFMADD132  = p66 | e38 | 0x99 // scalar; +2 fmsub, +4 fnmadd, +6 fnmsub; 213 +0x10, 231 +0x20
	oCMPSD     = pF2 | e0f | 0xc2
	oPCMPEQB   = p66 | e0f | 0x74
)

// opn is the r/m operand.
type opn struct {
	mem   bool
	guest bool  // a guest address: takes the GS prefix when the guest has a base
	rip   bool  // disp is a region offset
	sc    uint8 // log2 of the scale
	r     int8
	base  int8 // -1: none
	idx   int8 // -1: none
	disp  int32
}

func reg(r int) opn { return opn{r: int8(r)} }

func mem(base int, disp int32) opn {
	return opn{mem: true, base: int8(base), idx: -1, disp: disp}
}

func ripAt(off int) opn { return opn{mem: true, rip: true, base: -1, idx: -1, disp: int32(off)} }

// asm writes instructions at b[p].
type asm struct {
	b  []byte
	p  int
	gs bool // guest operands take a GS prefix
}

func (a *asm) b1(x byte) { a.b[a.p] = x; a.p++ }

func (a *asm) b2(x, y byte) {
	b := a.b[a.p : a.p+2]
	b[0], b[1] = x, y
	a.p += 2
}

func (a *asm) d32(v int32) {
	b := a.b[a.p : a.p+4]
	b[0], b[1], b[2], b[3] = byte(v), byte(v>>8), byte(v>>16), byte(v>>24)
	a.p += 4
}

func (a *asm) d64(v uint64) { a.d32(int32(v)); a.d32(int32(v >> 32)) }

func isI8(v int64) bool  { return v == int64(int8(v)) }
func isI32(v int64) bool { return v == int64(int32(v)) }

// modrm writes the ModRM byte, SIB and displacement. tail is the number of
// immediate bytes that follow (a rip-relative displacement counts from the
// end of the instruction).
func (a *asm) modrm(reg int, o opn, tail int) {
	r := byte(reg&7) << 3
	switch {
	case !o.mem:
		a.b1(0xc0 | r | byte(o.r&7))
		return
	case o.rip:
		a.b1(r | 5)
		a.d32(o.disp - int32(a.p+4+tail))
		return
	case o.base < 0:
		i := byte(4)
		if o.idx >= 0 {
			i = byte(o.idx & 7)
		}
		a.b2(r|4, o.sc<<6|i<<3|5)
		a.d32(o.disp)
		return
	}
	mod := byte(0x80)
	switch {
	case o.disp == 0 && o.base&7 != rbp:
		mod = 0
	case o.disp == int32(int8(o.disp)):
		mod = 0x40
	}
	switch {
	case o.idx >= 0:
		a.b2(mod|r|4, o.sc<<6|byte(o.idx&7)<<3|byte(o.base&7))
	case o.base&7 == rsp:
		a.b2(mod|r|4, 0x20|byte(o.base&7))
	default:
		a.b1(mod | r | byte(o.base&7))
	}
	switch mod {
	case 0x40:
		a.b1(byte(o.disp))
	case 0x80:
		a.d32(o.disp)
	}
}

// ins writes a legacy-encoded instruction; w is REX.W.
func (a *asm) ins(op opc, w bool, reg int, o opn) { a.insT(op, w, reg, o, 0) }

func (a *asm) insT(op opc, w bool, reg int, o opn, tail int) {
	if o.guest && a.gs {
		a.b1(0x65)
	}
	if p := byte(op >> 16); p != 0 {
		a.b1(p)
	}
	rex := byte(reg>>3&1) << 2
	if w {
		rex |= 8
	}
	if o.mem {
		if o.idx >= 8 {
			rex |= 2
		}
		if o.base >= 8 {
			rex |= 1
		}
	} else {
		rex |= byte(o.r >> 3 & 1)
	}
	if rex != 0 || op&byteR != 0 && (reg >= 4 || !o.mem && o.r >= 4) {
		a.b1(0x40 | rex)
	}
	switch op & e3a {
	case e0f:
		a.b1(0x0f)
	case e38:
		a.b2(0x0f, 0x38)
	case e3a:
		a.b2(0x0f, 0x3a)
	}
	a.b1(byte(op))
	a.modrm(reg, o, tail)
}

// lock writes the LOCK prefix of the next instruction.
func (a *asm) lock() { a.b1(0xf0) }

func (a *asm) alu(n int, w bool, d int, s opn)   { a.ins(opc(n<<3|3), w, d, s) }
func (a *asm) aluMR(n int, w bool, d opn, s int) { a.ins(opc(n<<3|1), w, s, d) }

func (a *asm) aluI(n int, w bool, d opn, i int32) {
	if isI8(int64(i)) {
		a.insT(0x83, w, n, d, 1)
		a.b1(byte(i))
		return
	}
	if !d.mem && d.r == rax {
		if w {
			a.b1(0x48)
		}
		a.b1(byte(n<<3 | 5))
	} else {
		a.insT(0x81, w, n, d, 4)
	}
	a.d32(i)
}

func (a *asm) mov(d, s int) {
	if d != s {
		a.ins(oMOV, true, d, reg(s))
	}
}

func (a *asm) mov32(d, s int)      { a.ins(oMOV, false, d, reg(s)) }
func (a *asm) ld(d int, m opn)     { a.ins(oMOV, true, d, m) }
func (a *asm) st(m opn, s int)     { a.ins(oMOVst, true, s, m) }
func (a *asm) movsxd(d int, s opn) { a.ins(oMOVSXD, true, d, s) }

func (a *asm) lea(w bool, d int, m opn) {
	m.guest = false
	a.ins(oLEA, w, d, m)
}

// movi loads a constant and leaves the flags alone.
func (a *asm) movi(d int, v int64) {
	switch {
	case v >= 0 && v < 1<<32:
		if d >= 8 {
			a.b1(0x41)
		}
		a.b1(0xb8 | byte(d&7))
		a.d32(int32(v))
	case isI32(v):
		a.ins(oMOVi, true, 0, reg(d))
		a.d32(int32(v))
	default:
		a.b2(0x48|byte(d>>3&1), 0xb8|byte(d&7))
		a.d64(uint64(v))
	}
}

// zero clears d and the flags.
func (a *asm) zero(d int) { a.ins(aXOR<<3|3, false, d, reg(d)) }

// movMI stores a constant that fits 32 bits, sign-extended, to 64 bits.
func (a *asm) movMI(m opn, v int32) {
	a.insT(oMOVi, true, 0, m, 4)
	a.d32(v)
}

// movMI32 stores a 32-bit constant.
func (a *asm) movMI32(m opn, v int32) {
	a.insT(oMOVi, false, 0, m, 4)
	a.d32(v)
}

func (a *asm) shI(n int, w bool, d opn, k int) {
	switch k {
	case 0:
	case 1:
		a.ins(oSHIFT1, w, n, d)
	default:
		a.insT(oSHIFTi, w, n, d, 1)
		a.b1(byte(k))
	}
}

func (a *asm) shCL(n int, w bool, d opn) { a.ins(oSHIFTcl, w, n, d) }

func (a *asm) setcc(c cc, d int)               { a.ins(oSETcc|opc(c), false, 0, reg(d)) }
func (a *asm) cmov(c cc, w bool, d int, s opn) { a.ins(oCMOV|opc(c), w, d, s) }

func (a *asm) bswap(d int) {
	a.b1(0x48 | byte(d>>3&1))
	a.b2(0x0f, 0xc8|byte(d&7))
}

func (a *asm) push(r int) {
	if r >= 8 {
		a.b1(0x41)
	}
	a.b1(0x50 | byte(r&7))
}

func (a *asm) pushM(m opn) { a.ins(oGrp5, false, 6, m) }
func (a *asm) popM(m opn)  { a.ins(oPOPm, false, 0, m) }
func (a *asm) ret()        { a.b1(0xc3) }

// jmp, call and jcc return the position of their 32-bit displacement.
func (a *asm) jmp() int  { a.b1(0xe9); a.d32(0); return a.p - 4 }
func (a *asm) call() int { a.b1(0xe8); a.d32(0); return a.p - 4 }

func (a *asm) jcc(c cc) int {
	a.b2(0x0f, 0x80|byte(c))
	a.d32(0)
	return a.p - 4
}

// jcc8 returns the position of an 8-bit displacement; here8 resolves it.
func (a *asm) jcc8(c cc) int { a.b2(0x70|byte(c), 0); return a.p - 1 }

func (a *asm) here8(at int) {
	n := a.p - at - 1
	if n > 127 {
		panic("BUG: short jump out of range")
	}
	a.b[at] = byte(n)
}

// jcc8To jumps back to position to.
func (a *asm) jcc8To(c cc, to int) { a.b2(0x70|byte(c), byte(to-a.p-2)) }

func (a *asm) jmpM(m opn)  { a.ins(oGrp5, false, 4, m) }
func (a *asm) callM(m opn) { a.ins(oGrp5, false, 2, m) }

// patch points the displacement at position at to region offset to.
func (a *asm) patch(at, to int) {
	v := int32(to - at - 4)
	b := a.b[at : at+4]
	b[0], b[1], b[2], b[3] = byte(v), byte(v>>8), byte(v>>16), byte(v>>24)
}

func (a *asm) here(at int)  { a.patch(at, a.p) }
func (a *asm) jmpTo(to int) { a.patch(a.jmp(), to) }

func (a *asm) jccTo(c cc, to int) { a.patch(a.jcc(c), to) }

// nop writes n bytes of padding in as few instructions as possible.
func (a *asm) nop(n int) {
	for n > 0 {
		k := min(n, len(nops))
		copy(a.b[a.p:a.p+k], nops[k-1][:k])
		a.p += k
		n -= k
	}
}

// Recommended multi-byte forms (Intel SDM vol. 2, NOP).
var nops = [9][9]byte{
	{0x90},
	{0x66, 0x90},
	{0x0f, 0x1f, 0x00},
	{0x0f, 0x1f, 0x40, 0x00},
	{0x0f, 0x1f, 0x44, 0x00, 0x00},
	{0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00},
	{0x0f, 0x1f, 0x80, 0x00, 0x00, 0x00, 0x00},
	{0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
	{0x66, 0x0f, 0x1f, 0x84, 0x00, 0x00, 0x00, 0x00, 0x00},
}
