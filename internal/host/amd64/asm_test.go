package amd64

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// asmRows are instructions, their encoding, and their text as objdump -M intel prints it.
var asmRows = []struct {
	emit  func(a *asm)
	bytes string
	text  string
}{
	{func(a *asm) { a.mov(rax, r15) }, `498bc7`, `mov rax,r15`},
	{func(a *asm) { a.mov32(r9, rcx) }, `448bc9`, `mov r9d,ecx`},
	{func(a *asm) { a.ld(rdx, mem(rbp, -128)) }, `488b5580`, `mov rdx,QWORD PTR [rbp-0x80]`},
	{func(a *asm) { a.ld(r12, mem(rbp, 128)) }, `4c8ba580000000`, `mov r12,QWORD PTR [rbp+0x80]`},
	{func(a *asm) { a.ld(rax, mem(r13, 0)) }, `498b4500`, `mov rax,QWORD PTR [r13+0x0]`},
	{func(a *asm) { a.ld(rax, mem(r12, 0)) }, `498b0424`, `mov rax,QWORD PTR [r12]`},
	{func(a *asm) { a.ld(rax, mem(rsp, 8)) }, `488b442408`, `mov rax,QWORD PTR [rsp+0x8]`},
	{func(a *asm) { a.st(mem(rbx, 4), rdi) }, `48897b04`, `mov QWORD PTR [rbx+0x4],rdi`},
	{func(a *asm) { a.ld(rax, opn{mem: true, base: -1, idx: -1, disp: 0x1234}) }, `488b042534120000`, `mov rax,QWORD PTR ds:0x1234`},
	{func(a *asm) { a.ld(rax, opn{mem: true, base: -1, idx: r9, sc: 3, disp: 16}) }, `4a8b04cd10000000`, `mov rax,QWORD PTR [r9*8+0x10]`},
	{func(a *asm) { a.ld(r8, opn{mem: true, base: r14, idx: rcx, sc: 1, disp: -4}) }, `4d8b444efc`, `mov r8,QWORD PTR [r14+rcx*2-0x4]`},
	{func(a *asm) { a.ld(r8, opn{mem: true, base: rbp, idx: rax}) }, `4c8b440500`, `mov r8,QWORD PTR [rbp+rax*1+0x0]`},
	{func(a *asm) { a.ins(oMOVst8, false, rsi, mem(rax, 1)) }, `40887001`, `mov BYTE PTR [rax+0x1],sil`},
	{func(a *asm) { a.ins(oMOVst8, false, rcx, mem(r10, 1)) }, `41884a01`, `mov BYTE PTR [r10+0x1],cl`},
	{func(a *asm) { a.ins(oMOVst16, false, r9, mem(rax, 1)) }, `6644894801`, `mov WORD PTR [rax+0x1],r9w`},
	{func(a *asm) { a.ins(oMOVZX8, false, rdx, reg(rdi)) }, `400fb6d7`, `movzx edx,dil`},
	{func(a *asm) { a.ins(oMOVZX8, false, rdx, mem(rdi, 0)) }, `0fb617`, `movzx edx,BYTE PTR [rdi]`},
	{func(a *asm) { a.ins(oMOVZX16, false, r10, reg(r11)) }, `450fb7d3`, `movzx r10d,r11w`},
	{func(a *asm) { a.ins(oMOVSX8, true, rdx, reg(rsi)) }, `480fbed6`, `movsx rdx,sil`},
	{func(a *asm) { a.ins(oMOVSX16, true, rdx, mem(rsi, 2)) }, `480fbf5602`, `movsx rdx,WORD PTR [rsi+0x2]`},
	{func(a *asm) { a.movsxd(r8, reg(rcx)) }, `4c63c1`, `movsxd r8,ecx`},
	{func(a *asm) { a.lea(true, rax, opn{mem: true, base: rbx, idx: rdx, sc: 2, disp: 1000}) }, `488d8493e8030000`, `lea rax,[rbx+rdx*4+0x3e8]`},
	{func(a *asm) { a.lea(false, r9, mem(r9, -1)) }, `458d49ff`, `lea r9d,[r9-0x1]`},
	{func(a *asm) { a.alu(aADD, true, r11, reg(rax)) }, `4c03d8`, `add r11,rax`},
	{func(a *asm) { a.alu(aXOR, false, rcx, mem(rbp, 8)) }, `334d08`, `xor ecx,DWORD PTR [rbp+0x8]`},
	{func(a *asm) { a.aluMR(aCMP, true, mem(rsp, 8), r13) }, `4c396c2408`, `cmp QWORD PTR [rsp+0x8],r13`},
	{func(a *asm) { a.aluI(aSUB, true, reg(r8), 127) }, `4983e87f`, `sub r8,0x7f`},
	{func(a *asm) { a.aluI(aAND, true, reg(rax), -4096) }, `482500f0ffff`, `and rax,0xfffffffffffff000`},
	{func(a *asm) { a.aluI(aOR, false, reg(rcx), 0x12345678) }, `81c978563412`, `or ecx,0x12345678`},
	{func(a *asm) { a.aluI(aCMP, true, mem(rbp, 0), 1000) }, `48817d00e8030000`, `cmp QWORD PTR [rbp+0x0],0x3e8`},
	{func(a *asm) { a.movi(rax, 5) }, `b805000000`, `mov eax,0x5`},
	{func(a *asm) { a.movi(r9, 0x80000000) }, `41b900000080`, `mov r9d,0x80000000`},
	{func(a *asm) { a.movi(rdx, -5) }, `48c7c2fbffffff`, `mov rdx,0xfffffffffffffffb`},
	{func(a *asm) { a.movi(r10, 0x123456789abcdef0) }, `49baf0debc9a78563412`, `movabs r10,0x123456789abcdef0`},
	{func(a *asm) { a.movMI(mem(rbp, 8), -2) }, `48c74508feffffff`, `mov QWORD PTR [rbp+0x8],0xfffffffffffffffe`},
	{func(a *asm) { a.movMI32(mem(rbp, 8), 7) }, `c7450807000000`, `mov DWORD PTR [rbp+0x8],0x7`},
	{func(a *asm) { a.zero(r9) }, `4533c9`, `xor r9d,r9d`},
	{func(a *asm) { a.shI(sSHL, true, reg(r9), 1) }, `49d1e1`, `shl r9,1`},
	{func(a *asm) { a.shI(sSAR, false, reg(rdx), 31) }, `c1fa1f`, `sar edx,0x1f`},
	{func(a *asm) { a.shI(sROR, true, reg(rdx), 3) }, `48c1ca03`, `ror rdx,0x3`},
	{func(a *asm) { a.shCL(sROL, true, reg(rbx)) }, `48d3c3`, `rol rbx,cl`},
	{func(a *asm) { a.setcc(ccA, rsi) }, `400f97c6`, `seta sil`},
	{func(a *asm) { a.cmov(ccL, true, rdx, reg(r9)) }, `490f4cd1`, `cmovl rdx,r9`},
	{func(a *asm) { a.bswap(r11) }, `490fcb`, `bswap r11`},
	{func(a *asm) { a.push(rbx) }, `53`, `push rbx`},
	{func(a *asm) { a.push(r12) }, `4154`, `push r12`},
	{func(a *asm) { a.pushM(mem(rbp, 16)) }, `ff7510`, `push QWORD PTR [rbp+0x10]`},
	{func(a *asm) { a.popM(mem(rbp, 16)) }, `8f4510`, `pop QWORD PTR [rbp+0x10]`},
	{func(a *asm) { a.jmpM(mem(rbp, 16)) }, `ff6510`, `jmp QWORD PTR [rbp+0x10]`},
	{func(a *asm) { a.callM(opn{mem: true, base: rbp, idx: rax, sc: 3, disp: 0xf88}) }, `ff94c5880f0000`, `call QWORD PTR [rbp+rax*8+0xf88]`},
	{func(a *asm) { a.ins(oGrp3, true, 2, reg(r8)) }, `49f7d0`, `not r8`},
	{func(a *asm) { a.ins(oGrp3, false, 3, reg(rax)) }, `f7d8`, `neg eax`},
	{func(a *asm) { a.ins(oGrp3, true, 4, reg(rcx)) }, `48f7e1`, `mul rcx`},
	{func(a *asm) { a.ins(oGrp3, true, 5, reg(rcx)) }, `48f7e9`, `imul rcx`},
	{func(a *asm) { a.ins(oGrp3, false, 6, reg(rcx)) }, `f7f1`, `div ecx`},
	{func(a *asm) { a.ins(oGrp3, true, 7, reg(rcx)) }, `48f7f9`, `idiv rcx`},
	{func(a *asm) { a.ins(oIMUL, true, r9, mem(rbp, 8)) }, `4c0faf4d08`, `imul r9,QWORD PTR [rbp+0x8]`},
	{func(a *asm) { a.ins(oTEST, true, rdi, reg(rdi)) }, `4885ff`, `test rdi,rdi`},
	{func(a *asm) { a.ins(oXCHG, true, rax, mem(rcx, 0)) }, `488701`, `xchg QWORD PTR [rcx],rax`},
	{func(a *asm) {
		a.lock()
		a.ins(oXADD, false, rax, mem(rcx, 0))
	}, `f00fc101`, `lock xadd DWORD PTR [rcx],eax`},
	{func(a *asm) {
		a.lock()
		a.ins(oCMPXCHG, true, rdx, mem(r8, 0))
	}, `f0490fb110`, `lock cmpxchg QWORD PTR [r8],rdx`},
	{func(a *asm) { a.ins(oBTS, true, rcx, reg(rdx)) }, `480fabca`, `bts rdx,rcx`},
	{func(a *asm) { a.ins(oBT, true, rcx, reg(rdx)) }, `480fa3ca`, `bt rdx,rcx`},
	{func(a *asm) { a.ins(oBSR, true, rax, reg(rdx)) }, `480fbdc2`, `bsr rax,rdx`},
	{func(a *asm) { a.ins(oLZCNT, true, r9, reg(rdx)) }, `f34c0fbdca`, `lzcnt r9,rdx`},
	{func(a *asm) { a.ins(oTZCNT, false, rax, mem(rbp, 0)) }, `f30fbc4500`, `tzcnt eax,DWORD PTR [rbp+0x0]`},
	{func(a *asm) { a.ins(oPOPCNT, true, rax, reg(r15)) }, `f3490fb8c7`, `popcnt rax,r15`},
	{func(a *asm) { a.ins(oGrp15, false, 2, mem(rbp, 64)) }, `0fae5540`, `ldmxcsr DWORD PTR [rbp+0x40]`},
	{func(a *asm) { a.ins(oGrp15, false, 3, mem(rbp, 64)) }, `0fae5d40`, `stmxcsr DWORD PTR [rbp+0x40]`},
	{func(a *asm) { a.ins(oADDSD, false, 9, reg(3)) }, `f2440f58cb`, `addsd xmm9,xmm3`},
	{func(a *asm) { a.ins(sgl(oMULSD), false, 1, mem(rbp, 0)) }, `f30f594d00`, `mulss xmm1,DWORD PTR [rbp+0x0]`},
	{func(a *asm) { a.ins(oCVTSI2SD, true, 1, reg(rdx)) }, `f2480f2aca`, `cvtsi2sd xmm1,rdx`},
	{func(a *asm) { a.ins(oCVTTSD2SI, true, r9, reg(1)) }, `f24c0f2cc9`, `cvttsd2si r9,xmm1`},
	{func(a *asm) { a.ins(oCVTSD2SI, false, rax, reg(12)) }, `f2410f2dc4`, `cvtsd2si eax,xmm12`},
	{func(a *asm) { a.ins(oMOVQ, true, 9, reg(rax)) }, `664c0f6ec8`, `movq xmm9,rax`},
	{func(a *asm) { a.ins(oMOVQst, false, 9, reg(rax)) }, `66440f7ec8`, `movd eax,xmm9`},
	{func(a *asm) { a.ins(oUCOMISD, false, 9, reg(2)) }, `66440f2eca`, `ucomisd xmm9,xmm2`},
	{func(a *asm) { a.ins(sgl(oCOMISD), false, 9, reg(2)) }, `440f2fca`, `comiss xmm9,xmm2`},
	{func(a *asm) { a.ins(oPTEST, false, 9, mem(rbp, 0)) }, `66440f38174d00`, `ptest xmm9,XMMWORD PTR [rbp+0x0]`},
	{func(a *asm) { a.ins(oPCMPEQB, false, 9, reg(14)) }, `66450f74ce`, `pcmpeqb xmm9,xmm14`},
	{func(a *asm) { a.ins(oCVTSD2SS, false, 9, reg(14)) }, `f2450f5ace`, `cvtsd2ss xmm9,xmm14`},
	{func(a *asm) { a.ins(oCVTSS2SD, false, 9, reg(14)) }, `f3450f5ace`, `cvtss2sd xmm9,xmm14`},
	{func(a *asm) { a.vex(oADDSD, false, 1, 2, reg(3)) }, `c5eb58cb`, `vaddsd xmm1,xmm2,xmm3`},
	{func(a *asm) { a.vex(oSUBSD, false, 9, 10, reg(11)) }, `c4412b5ccb`, `vsubsd xmm9,xmm10,xmm11`},
	{func(a *asm) { a.vex(oDIVSD, false, 9, 1, mem(rbp, -8)) }, `c5735e4df8`, `vdivsd xmm9,xmm1,QWORD PTR [rbp-0x8]`},
	{func(a *asm) { a.vex(sgl(oSQRTSD), false, 1, 2, reg(2)) }, `c5ea51ca`, `vsqrtss xmm1,xmm2,xmm2`},
	{func(a *asm) { a.vex(oMOVSDld, false, 3, 0, opn{mem: true, base: r9, idx: r10, sc: 3, disp: 8}) }, `c4817b105cd108`, `vmovsd xmm3,QWORD PTR [r9+r10*8+0x8]`},
	{func(a *asm) { a.vex(oMOVSDst, false, 12, 0, mem(rsi, 0)) }, `c57b1126`, `vmovsd QWORD PTR [rsi],xmm12`},
	{func(a *asm) { a.vex(oMOVAPS, false, 1, 0, reg(9)) }, `c4c17828c9`, `vmovaps xmm1,xmm9`},
	{func(a *asm) { a.vex(oMOVQ, true, 1, 0, reg(r9)) }, `c4c1f96ec9`, `vmovq xmm1,r9`},
	{func(a *asm) { a.vex(oMOVQst, true, 14, 0, reg(rdx)) }, `c461f97ef2`, `vmovq rdx,xmm14`},
	{func(a *asm) { a.vex(oCVTSI2SD, true, 5, 5, reg(rdx)) }, `c4e1d32aea`, `vcvtsi2sd xmm5,xmm5,rdx`},
	{func(a *asm) { a.vex(oCVTTSD2SI, true, r9, 0, reg(5)) }, `c461fb2ccd`, `vcvttsd2si r9,xmm5`},
	{func(a *asm) { a.vex(oFMADD132+0x20, true, 1, 2, reg(3)) }, `c4e2e9b9cb`, `vfmadd231sd xmm1,xmm2,xmm3`},
	{func(a *asm) { a.vex(oFMADD132+0x10, false, 9, 2, mem(rbp, 0)) }, `c46269a94d00`, `vfmadd213ss xmm9,xmm2,DWORD PTR [rbp+0x0]`},
	{func(a *asm) { a.vex(oFMADD132+0x22, true, 1, 2, reg(3)) }, `c4e2e9bbcb`, `vfmsub231sd xmm1,xmm2,xmm3`},
	{func(a *asm) { a.vex(oFMADD132+0x24, true, 1, 2, reg(3)) }, `c4e2e9bdcb`, `vfnmadd231sd xmm1,xmm2,xmm3`},
	{func(a *asm) { a.vex(oFMADD132+0x26, true, 1, 2, reg(3)) }, `c4e2e9bfcb`, `vfnmsub231sd xmm1,xmm2,xmm3`},
	{func(a *asm) { a.vex(oANDN, true, rdx, rcx, mem(rbp, 8)) }, `c4e2f0f25508`, `andn rdx,rcx,QWORD PTR [rbp+0x8]`},
	{func(a *asm) { a.vex(oSHLX, true, rdx, rcx, reg(r9)) }, `c4c2f1f7d1`, `shlx rdx,r9,rcx`},
	{func(a *asm) { a.vex(oSHRX, false, rdx, r9, reg(rax)) }, `c4e233f7d0`, `shrx edx,eax,r9d`},
	{func(a *asm) { a.vex(oSARX, true, r15, rcx, mem(rbp, 0)) }, `c462f2f77d00`, `sarx r15,QWORD PTR [rbp+0x0],rcx`},
	{func(a *asm) {
		a.vexT(oRORX, true, rdx, 0, reg(r9), 1)
		a.b1(7)
	}, `c4c3fbf0d107`, `rorx rdx,r9,0x7`},
	{func(a *asm) {
		a.vexT(oCMPSD, false, 1, 2, reg(3), 1)
		a.b1(0)
	}, `c5ebc2cb00`, `vcmpeqsd xmm1,xmm2,xmm3`},
	{func(a *asm) {
		a.vexT(oROUNDSD, false, 1, 2, reg(3), 1)
		a.b1(9)
	}, `c4e3690bcb09`, `vroundsd xmm1,xmm2,xmm3,0x9`},
	{func(a *asm) {
		a.vexT(oPCLMUL, false, 1, 2, reg(3), 1)
		a.b1(0)
	}, `c4e36944cb00`, `vpclmullqlqdq xmm1,xmm2,xmm3`},
	{func(a *asm) {
		a.vexT(oPSRLDQ, false, 3, 14, reg(14), 1)
		a.b1(8)
	}, `c4c10973de08`, `vpsrldq xmm14,xmm14,0x8`},
	{func(a *asm) { a.vex(oPTEST, false, 9, 0, mem(rbp, 0)) }, `c46279174d00`, `vptest xmm9,XMMWORD PTR [rbp+0x0]`},
	{func(a *asm) { a.vex(oORPS, false, 1, 2, ripAt(0x1000)) }, `c5e8560df80f0000`, `vorps xmm1,xmm2,XMMWORD PTR [rip+0xff8]`},
	{func(a *asm) {
		a.gs = true
		o := mem(rdi, 8)
		o.guest = true
		a.ins(oMOV, true, rax, o)
	}, `65488b4708`, `mov rax,QWORD PTR gs:[rdi+0x8]`},
	{func(a *asm) {
		a.gs = true
		o := mem(rdi, 8)
		o.guest = true
		a.vex(oMOVSDld, false, 3, 0, o)
	}, `65c5fb105f08`, `vmovsd xmm3,QWORD PTR gs:[rdi+0x8]`},
	{func(a *asm) {
		a.gs = true
		o := mem(rdi, 8)
		o.guest = true
		a.lea(true, rax, o)
	}, `488d4708`, `lea rax,[rdi+0x8]`},
}

func encode(emit func(*asm)) []byte {
	a := asm{b: make([]byte, 64)}
	emit(&a)
	return a.b[:a.p]
}

func TestEncodings(t *testing.T) {
	for _, r := range asmRows {
		if got := fmt.Sprintf("%x", encode(r.emit)); got != r.bytes {
			t.Errorf("%s: bytes %s, want %s", r.text, got, r.bytes)
		}
	}
}

// TestEncodingsObjdump has binutils read the rows' bytes.
func TestEncodingsObjdump(t *testing.T) {
	tool, err := exec.LookPath("objdump")
	if err != nil {
		t.Skip("objdump is not installed (Debian: binutils)")
	}
	for _, r := range asmRows {
		f := filepath.Join(t.TempDir(), "code")
		if err := os.WriteFile(f, encode(r.emit), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(tool, "-D", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", "--no-show-raw-insn", f).Output()
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		last := lines[len(lines)-1]
		_, text, _ := strings.Cut(last, ":\t")
		text, _, _ = strings.Cut(text, " #")
		if got := strings.Join(strings.Fields(text), " "); got != r.text || !strings.HasPrefix(strings.TrimSpace(last), "0:") {
			t.Errorf("%x is %q, want %q", encode(r.emit), got, r.text)
		}
	}
}

func TestNops(t *testing.T) {
	for n := range 40 {
		a := asm{b: make([]byte, 64)}
		a.nop(n)
		if a.p != n {
			t.Errorf("nop(%d) has %d bytes", n, a.p)
		}
	}
}

func TestPadding(t *testing.T) {
	for p := range 256 {
		q := p + padding(p)
		if q/patchAlign != (q+3)/patchAlign || q-p > 3 {
			t.Errorf("displacement at %d moved to %d", p, q)
		}
	}
}
