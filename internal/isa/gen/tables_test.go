package main

import (
	"strings"
	"testing"

	"github.com/weir-emu/weir/internal/isa"
)

func TestTables(t *testing.T) {
	fields := func(name string) isa.Field {
		if name == "rd" {
			return isa.Field{Width: 5, Slots: isa.SlotRd}
		}
		return isa.Field{}
	}
	text := string(tables("guest", []isa.Set{{Name: "X", Rows: []isa.Row{
		{Pattern: "imm[31:12] rd 0110111", Syntax: "lui rd, imm20"},
		{Pattern: "uimm[31:12] rd 0010111", Syntax: "auipc rd, imm20"},
	}}}, fields))
	for _, want := range []string{
		"package guest\n",
		"{0x0000007f, 0x00000037, 0, 0, 0, 0, 4}, // 1 lui\n",
		"{0x0000007f, 0x00000017, 0, 1, 0, 1, 4}, // 2 auipc\n",
		"[8]uint32{0xfffff000, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0},\n\t\t[8]uint8{0, 0, 0, 0, 0, 0, 0, 0}, 1, 32,\n\t\t[5][3]uint8{{7, 31, 0}, {0, 0, 0}, {0, 0, 0}, {0, 0, 0}, {0, 0, 0}},",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
