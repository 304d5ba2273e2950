package isa

import (
	"strings"
	"testing"
)

// testFields is a small vocabulary in the manner of RISC-V.
func testFields(name string) Field {
	switch name {
	case "rd":
		return Field{Width: 5, Slots: SlotRd}
	case "rs1":
		return Field{Width: 5, Slots: SlotRs1}
	case "rs2":
		return Field{Width: 5, Slots: SlotRs2}
	case "rd'/rs1'":
		return Field{Width: 3, Slots: SlotRd | SlotRs1, Add: 8}
	case "csr":
		return Field{Width: 12}
	}
	return Field{}
}

func TestCompileDecode(t *testing.T) {
	for _, c := range []struct {
		pattern string
		raw     uint32
		want    Inst // Row, Raw and PC are not compared
	}{
		{"0000000 rs2 rs1 000 rd 0110011", 0x00c585b3, Inst{Len: 4, Rd: 11, Rs1: 11, Rs2: 12}},
		{"imm[11:0] rs1 000 rd 0010011", 0xfff58513, Inst{Len: 4, Rd: 10, Rs1: 11, Imm: -1}},
		{"imm[11:0] rs1 000 rd 0010011", 0x7ff58513, Inst{Len: 4, Rd: 10, Rs1: 11, Imm: 2047}},
		{"uimm[11:0] rs1 000 rd 0010011", 0xfff58513, Inst{Len: 4, Rd: 10, Rs1: 11, Imm: 4095}},
		{"imm[11:5] rs2 rs1 011 imm[4:0] 0100011", 0xfe113c23, Inst{Len: 4, Rs1: 2, Rs2: 1, Imm: -8}},
		{"imm[12|10:5] rs2 rs1 000 imm[4:1|11] 1100011", 0xfe000ee3, Inst{Len: 4, Imm: -4}},
		{"imm[12|10:5] rs2 rs1 000 imm[4:1|11] 1100011", 0x7e000fe3, Inst{Len: 4, Imm: 4094}},
		{"imm[20|10:1|11|19:12] rd 1101111", 0x800000ef, Inst{Len: 4, Rd: 1, Imm: -1 << 20}},
		{"imm[31:12] rd 0110111", 0x80000537, Inst{Len: 4, Rd: 10, Imm: -1 << 31}},
		{"csr rs1 001 rd 1110011", 0xc0001073, Inst{Len: 4, Imm: 0xc00}},
		{"000 nzimm[5] rd!=0 nzimm[4:0] 01", 0x157d, Inst{Len: 2, Rd: 10, Imm: -1}},
		{"100 shamt[5] 00 rd'/rs1' shamt[4:0] 01", 0x917d, Inst{Len: 2, Rd: 10, Rs1: 10, Imm: 63}},
		{"011 nzimm[9] 00010 nzimm[4|6|8:7|5] 01; rd=2 rs1=2", 0x7139, Inst{Len: 2, Rd: 2, Rs1: 2, Imm: -64}},
		{"101 imm[11|4|9:8|10|6|7|3:1|5] 01", 0xbffd, Inst{Len: 2, Imm: -2}},
	} {
		sets := []Set{{Rows: []Row{{Pattern: c.pattern}}}}
		var got Inst
		if !NewDecoder(sets, testFields).Decode(c.raw, 0x1000, &got) {
			t.Errorf("%s: %x is not decoded", c.pattern, c.raw)
			continue
		}
		want := c.want
		want.Raw, want.PC, want.Row = c.raw, 0x1000, &sets[0].Rows[0]
		if got != want {
			t.Errorf("%s: %x:\n got %+v\nwant %+v", c.pattern, c.raw, got, want)
		}
	}
}

func TestNonZero(t *testing.T) {
	sets := []Set{{Rows: []Row{{Pattern: "000 nzimm[5] rd!=0 nzimm[4:0] 01"}}}}
	d := NewDecoder(sets, testFields)
	for raw, want := range map[uint32]bool{
		0x0505: true,  // rd 10, imm 1
		0x1501: true,  // rd 10, imm -32
		0x0501: false, // imm 0
		0x0005: false, // rd 0
		0x0001: false,
		0x0506: false, // other quadrant
	} {
		var i Inst
		if got := d.Decode(raw, 0, &i); got != want {
			t.Errorf("Decode(%#x) = %v, want %v", raw, got, want)
		}
	}
}

func TestCompileErrors(t *testing.T) {
	for pattern, want := range map[string]string{
		"0000000 rs2 rs1 000 rd 011001":                     "not 16 or 32 bits",
		"0000000 rs2 rs1 000 rd 01100111":                   "not 16 or 32 bits",
		"0000000 rsx rs1 000 rd 0110011":                    "unknown field rsx",
		"imm[0:11] rs1 000 rd 0010011":                      "bad bit range",
		"imm[11:] rs1 000 rd 0010011":                       "bad bit range",
		"imm[32:21] rs1 000 rd 0010011":                     "bad bit range",
		"000000000000 rs1 000 rd 0000000":                   "all-zero",
		"0000000 rs2 rs1 000 rd 0110011; rq=2":              "implied",
		"0000000 rs2 rs1 000 rd 0110011; rs1":               "implied",
		"0000000 rs2 rs1 000 rd 0110011; rs1=x":             "implied",
		"0000000 rs2!=0 rs1!=0 000 rd!=0 0110011":           "too many nonzero",
		"imm[0|1|2|3|4|5|6|7|8|9|10|11] rs1 000 rd 0010011": "too many immediate pieces",
	} {
		_, _, _, err := Bits(pattern, testFields)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one about %q", pattern, err, want)
		}
	}
}

func TestBits(t *testing.T) {
	mask, match, n, err := Bits("0100000 rs2 rs1 000 rd 0110011", testFields)
	if err != nil || mask != 0xfe00707f || match != 0x40000033 || n != 4 {
		t.Errorf("Bits = %#x %#x %d %v", mask, match, n, err)
	}
	mask, match, n, err = Bits("100 1 00000 00000 10", testFields)
	if err != nil || mask != 0xffff || match != 0x9002 || n != 2 {
		t.Errorf("Bits = %#x %#x %d %v", mask, match, n, err)
	}
}
