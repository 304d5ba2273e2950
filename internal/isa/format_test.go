package isa

import (
	"strconv"
	"testing"
)

func TestFormat(t *testing.T) {
	operand := func(dst []byte, name string, i *Inst) ([]byte, bool) {
		switch name {
		case "rd":
			return strconv.AppendInt(append(dst, 'x'), int64(i.Rd), 10), true
		case "rs1":
			return strconv.AppendInt(append(dst, 'x'), int64(i.Rs1), 10), true
		case "imm":
			return strconv.AppendInt(dst, i.Imm, 10), true
		case "rm":
			if i.RM == 7 {
				return dst, true
			}
			return append(dst, "rtz"...), true
		case "aq":
			return append(dst, ".aq"...), true
		}
		return dst, false
	}
	value := func(name string, i *Inst) (int64, bool) {
		switch name {
		case "rd":
			return int64(i.Rd), true
		case "rs1":
			return int64(i.Rs1), true
		case "imm":
			return i.Imm, true
		}
		return 0, false
	}
	const addi = "addi rd, rs1, imm | nop: rd=0 rs1=0 imm=0 | li rd, imm: rs1=0 | dec rd: rd=rs1 imm=-1 | mv rd, rs1: imm=0 | nz rd: imm!=5 rd=9"
	for _, c := range []struct {
		syntax string
		i      Inst
		want   string
	}{
		{addi, Inst{Rd: 1, Rs1: 2, Imm: -3}, "addi\tx1,x2,-3"},
		{addi, Inst{}, "nop"},
		{addi, Inst{Rd: 1, Imm: 3}, "li\tx1,3"},
		{addi, Inst{Rd: 1, Rs1: 1, Imm: -1}, "dec\tx1"},
		{addi, Inst{Rd: 1, Rs1: 2, Imm: -1}, "addi\tx1,x2,-1"},
		{addi, Inst{Rd: 1, Rs1: 2}, "mv\tx1,x2"},
		{addi, Inst{Rd: 9, Rs1: 2, Imm: 4}, "nz\tx9"},
		{addi, Inst{Rd: 9, Rs1: 2, Imm: 5}, "addi\tx9,x2,5"},
		{"c.x rd | x rd, sp", Inst{Rd: 3}, "x\tx3,sp"},
		{"ld rd, imm(rs1)", Inst{Rd: 1, Rs1: 2, Imm: 8}, "ld\tx1,8(x2)"},
		{"lr{aq} rd, (rs1)", Inst{Rd: 1, Rs1: 2}, "lr.aq\tx1,(x2)"},
		{"cvt rd, rs1, rm", Inst{RM: 7}, "cvt\tx0,x0"},
		{"cvt rd, rs1, rm", Inst{RM: 1}, "cvt\tx0,x0,rtz"},
		{"x rm, rd", Inst{RM: 7}, "x\tx0"},
		{"ecall", Inst{}, "ecall"},
		{"ecall | bad: zz=1", Inst{}, "ecall"},
	} {
		c.i.Row = &Row{Syntax: c.syntax}
		if got := string(Format(nil, &c.i, operand, value)); got != c.want {
			t.Errorf("%s, %+v: %q, want %q", c.syntax, c.i, got, c.want)
		}
	}
}

func TestName(t *testing.T) {
	for syntax, want := range map[string]string{
		"ecall": "ecall", "lr.w{aqrl} rd, (rs1)": "lr.w", "c.nop imm | nop": "c.nop",
	} {
		if got := Name(&Row{Syntax: syntax}); got != want {
			t.Errorf("Name(%q) = %q, want %q", syntax, got, want)
		}
	}
}
