package riscv64

import (
	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/isa"
)

// rowsI is the RV64I base (unprivileged manual, chapters RV32I and RV64I).
var rowsI = []isa.Row{
	{"imm[31:12] rd 0110111", "lui rd, imm20", lui, 0, 0, 0},
	{"imm[31:12] rd 0010111", "auipc rd, imm20", auipc, 0, 0, 0},
	{"imm[20|10:1|11|19:12] rd 1101111", "jal rd, target | j target: rd=0 | jal target: rd=1", jal, 0, 0, 0},
	{"imm[11:0] rs1 000 rd 1100111", "jalr rd, imm(rs1) | ret: rd=0 rs1=1 imm=0 | jr rs1: rd=0 imm=0 | jr imm(rs1): rd=0 | jalr rs1: rd=1 imm=0 | jalr imm(rs1): rd=1 | jalr rd, rs1: imm=0", jalr, 0, 0, 0},

	{"imm[12|10:5] rs2 rs1 000 imm[4:1|11] 1100011", "beq rs1, rs2, target | beqz rs1, target: rs2=0", branch, 0, 0, uint8(ir.Eq)},
	{"imm[12|10:5] rs2 rs1 001 imm[4:1|11] 1100011", "bne rs1, rs2, target | bnez rs1, target: rs2=0", branch, 0, 0, uint8(ir.Ne)},
	{"imm[12|10:5] rs2 rs1 100 imm[4:1|11] 1100011", "blt rs1, rs2, target | bltz rs1, target: rs2=0 | bgtz rs2, target: rs1=0", branch, 0, 0, uint8(ir.LtS)},
	{"imm[12|10:5] rs2 rs1 101 imm[4:1|11] 1100011", "bge rs1, rs2, target | blez rs2, target: rs1=0 | bgez rs1, target: rs2=0", branch, 0, 0, uint8(ir.GeS)},
	{"imm[12|10:5] rs2 rs1 110 imm[4:1|11] 1100011", "bltu rs1, rs2, target", branch, 0, 0, uint8(ir.LtU)},
	{"imm[12|10:5] rs2 rs1 111 imm[4:1|11] 1100011", "bgeu rs1, rs2, target", branch, 0, 0, uint8(ir.GeU)},

	{"imm[11:0] rs1 000 rd 0000011", "lb rd, imm(rs1)", load, 0, 0, uint8(ir.M8S)},
	{"imm[11:0] rs1 001 rd 0000011", "lh rd, imm(rs1)", load, 0, 0, uint8(ir.M16S)},
	{"imm[11:0] rs1 010 rd 0000011", "lw rd, imm(rs1)", load, 0, 0, uint8(ir.M32S)},
	{"imm[11:0] rs1 011 rd 0000011", "ld rd, imm(rs1)", load, 0, 0, uint8(ir.M64)},
	{"imm[11:0] rs1 100 rd 0000011", "lbu rd, imm(rs1)", load, 0, 0, uint8(ir.M8U)},
	{"imm[11:0] rs1 101 rd 0000011", "lhu rd, imm(rs1)", load, 0, 0, uint8(ir.M16U)},
	{"imm[11:0] rs1 110 rd 0000011", "lwu rd, imm(rs1)", load, 0, 0, uint8(ir.M32U)},
	{"imm[11:5] rs2 rs1 000 imm[4:0] 0100011", "sb rs2, imm(rs1)", store, 0, 0, uint8(ir.M8U)},
	{"imm[11:5] rs2 rs1 001 imm[4:0] 0100011", "sh rs2, imm(rs1)", store, 0, 0, uint8(ir.M16U)},
	{"imm[11:5] rs2 rs1 010 imm[4:0] 0100011", "sw rs2, imm(rs1)", store, 0, 0, uint8(ir.M32U)},
	{"imm[11:5] rs2 rs1 011 imm[4:0] 0100011", "sd rs2, imm(rs1)", store, 0, 0, uint8(ir.M64)},

	{"imm[11:0] rs1 000 rd 0010011", "addi rd, rs1, imm | nop: rd=0 rs1=0 imm=0 | li rd, imm: rs1=0 | mv rd, rs1: imm=0", addi, 0, 0, 0},
	{"imm[11:0] rs1 010 rd 0010011", "slti rd, rs1, imm", setImm, 0, 0, uint8(ir.LtS)},
	{"imm[11:0] rs1 011 rd 0010011", "sltiu rd, rs1, imm | seqz rd, rs1: imm=1", setImm, 0, 0, uint8(ir.LtU)},
	{"imm[11:0] rs1 100 rd 0010011", "xori rd, rs1, imm | not rd, rs1: imm=-1", aluImm, ir.OpXor, ir.I64, 0},
	{"imm[11:0] rs1 110 rd 0010011", "ori rd, rs1, imm", aluImm, ir.OpOr, ir.I64, 0},
	{"imm[11:0] rs1 111 rd 0010011", "andi rd, rs1, imm | zext.b rd, rs1: imm=255", aluImm, ir.OpAnd, ir.I64, 0},
	{"000000 shamt[5:0] rs1 001 rd 0010011", "slli rd, rs1, shamt", aluImm, ir.OpShl, ir.I64, 0},
	{"000000 shamt[5:0] rs1 101 rd 0010011", "srli rd, rs1, shamt", aluImm, ir.OpShr, ir.I64, 0},
	{"010000 shamt[5:0] rs1 101 rd 0010011", "srai rd, rs1, shamt", aluImm, ir.OpSar, ir.I64, 0},
	{"imm[11:0] rs1 000 rd 0011011", "addiw rd, rs1, imm | sext.w rd, rs1: imm=0", addiw, 0, 0, 0},
	{"0000000 shamt[4:0] rs1 001 rd 0011011", "slliw rd, rs1, shamt", aluImm, ir.OpShl, ir.I32, 0},
	{"0000000 shamt[4:0] rs1 101 rd 0011011", "srliw rd, rs1, shamt", aluImm, ir.OpShr, ir.I32, 0},
	{"0100000 shamt[4:0] rs1 101 rd 0011011", "sraiw rd, rs1, shamt", aluImm, ir.OpSar, ir.I32, 0},

	{"0000000 rs2 rs1 000 rd 0110011", "add rd, rs1, rs2", add, 0, 0, 0},
	{"0100000 rs2 rs1 000 rd 0110011", "sub rd, rs1, rs2 | neg rd, rs2: rs1=0", alu, ir.OpSub, ir.I64, 0},
	{"0000000 rs2 rs1 001 rd 0110011", "sll rd, rs1, rs2", alu, ir.OpShl, ir.I64, 0},
	{"0000000 rs2 rs1 010 rd 0110011", "slt rd, rs1, rs2 | sltz rd, rs1: rs2=0 | sgtz rd, rs2: rs1=0", setReg, 0, 0, uint8(ir.LtS)},
	{"0000000 rs2 rs1 011 rd 0110011", "sltu rd, rs1, rs2 | snez rd, rs2: rs1=0", setReg, 0, 0, uint8(ir.LtU)},
	{"0000000 rs2 rs1 100 rd 0110011", "xor rd, rs1, rs2", alu, ir.OpXor, ir.I64, 0},
	{"0000000 rs2 rs1 101 rd 0110011", "srl rd, rs1, rs2", alu, ir.OpShr, ir.I64, 0},
	{"0100000 rs2 rs1 101 rd 0110011", "sra rd, rs1, rs2", alu, ir.OpSar, ir.I64, 0},
	{"0000000 rs2 rs1 110 rd 0110011", "or rd, rs1, rs2", alu, ir.OpOr, ir.I64, 0},
	{"0000000 rs2 rs1 111 rd 0110011", "and rd, rs1, rs2", alu, ir.OpAnd, ir.I64, 0},
	{"0000000 rs2 rs1 000 rd 0111011", "addw rd, rs1, rs2", alu, ir.OpAdd, ir.I32, 0},
	{"0100000 rs2 rs1 000 rd 0111011", "subw rd, rs1, rs2 | negw rd, rs2: rs1=0", alu, ir.OpSub, ir.I32, 0},
	{"0000000 rs2 rs1 001 rd 0111011", "sllw rd, rs1, rs2", alu, ir.OpShl, ir.I32, 0},
	{"0000000 rs2 rs1 101 rd 0111011", "srlw rd, rs1, rs2", alu, ir.OpShr, ir.I32, 0},
	{"0100000 rs2 rs1 101 rd 0111011", "sraw rd, rs1, rs2", alu, ir.OpSar, ir.I32, 0},

	// Unused fields of fence are reserved for finer fences: software must treat
	// them as an ordinary one.
	{"fm pred succ rs1 000 rd 0001111", "fence pred, succ | fence: imm=255 rs1=0 rd=0", fence, 0, 0, 0},
	{"1000 0011 0011 00000 000 00000 0001111", "fence.tso", fenceTSO, 0, 0, 0},
	{"000000000000 00000 000 00000 1110011", "ecall", exitAfter, 0, 0, uint8(cpu.ExitSyscall)},
	{"000000000001 00000 000 00000 1110011", "ebreak", exitAt, 0, 0, uint8(cpu.ExitBreak)},
}

// rowsZifencei is instruction-fetch fence. Its other fields are reserved and
// ignored.
var rowsZifencei = []isa.Row{
	{"imm[11:0] rs1 001 rd 0001111", "fence.i", exitAfter, 0, 0, uint8(cpu.ExitFenceI)},
}

// rowsZihintpause: a hint in the encoding space of fence.
var rowsZihintpause = []isa.Row{
	{"0000 0001 0000 00000 000 00000 0001111", "pause", hint, 0, 0, 0},
}

// rowsZihintntl: hints in the encoding space of add.
var rowsZihintntl = []isa.Row{
	{"0000000 00010 00000 000 00000 0110011", "ntl.p1", hint, 0, 0, 0},
	{"0000000 00011 00000 000 00000 0110011", "ntl.pall", hint, 0, 0, 0},
	{"0000000 00100 00000 000 00000 0110011", "ntl.s1", hint, 0, 0, 0},
	{"0000000 00101 00000 000 00000 0110011", "ntl.all", hint, 0, 0, 0},
	{"1001 00000 00010 10", "c.ntl.p1 | ntl.p1", hint, 0, 0, 0},
	{"1001 00000 00011 10", "c.ntl.pall | ntl.pall", hint, 0, 0, 0},
	{"1001 00000 00100 10", "c.ntl.s1 | ntl.s1", hint, 0, 0, 0},
	{"1001 00000 00101 10", "c.ntl.all | ntl.all", hint, 0, 0, 0},
}

// rowsWeir is Weir's own: an instruction in the custom-0 space that only the
// guest's vDSO contains. Elsewhere the personality answers it with SIGILL.
var rowsWeir = []isa.Row{
	{"000000000000 00000 000 00000 0001011", "weir.vdso", exitAfter, 0, 0, uint8(cpu.ExitVDSO)},
}
