package riscv64

import "github.com/weir-emu/weir/internal/isa"

// rowsZicsr is access to control and status registers. Aux is the kind of
// access: csrWrite, csrSet or csrClear.
var rowsZicsr = []isa.Row{
	{"csr rs1 001 rd 1110011", "csrrw rd, csr, rs1 | unimp: rd=0 csr=3072 rs1=0 | fscsr rs1: rd=0 csr=3 | fscsr rd, rs1: csr=3 | fsrm rs1: rd=0 csr=2 | fsrm rd, rs1: csr=2 | fsflags rs1: rd=0 csr=1 | fsflags rd, rs1: csr=1 | csrw csr, rs1: rd=0", csrReg, 0, 0, csrWrite},
	{"csr rs1 010 rd 1110011", "csrrs rd, csr, rs1 | frflags rd: csr=1 rs1=0 | frrm rd: csr=2 rs1=0 | frcsr rd: csr=3 rs1=0 | rdcycle rd: csr=3072 rs1=0 | rdtime rd: csr=3073 rs1=0 | rdinstret rd: csr=3074 rs1=0 | csrr rd, csr: rs1=0 | csrs csr, rs1: rd=0", csrReg, 0, 0, csrSet},
	{"csr rs1 011 rd 1110011", "csrrc rd, csr, rs1 | csrc csr, rs1: rd=0", csrReg, 0, 0, csrClear},
	{"csr uimm 101 rd 1110011", "csrrwi rd, csr, uimm | fsrmi uimm: rd=0 csr=2 | fsrmi rd, uimm: csr=2 | fsflagsi uimm: rd=0 csr=1 | fsflagsi rd, uimm: csr=1 | csrwi csr, uimm: rd=0", csrImm, 0, 0, csrWrite},
	{"csr uimm 110 rd 1110011", "csrrsi rd, csr, uimm | csrsi csr, uimm: rd=0", csrImm, 0, 0, csrSet},
	{"csr uimm 111 rd 1110011", "csrrci rd, csr, uimm | csrci csr, uimm: rd=0", csrImm, 0, 0, csrClear},
}
