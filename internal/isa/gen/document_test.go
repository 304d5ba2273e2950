package main

import (
	"strings"
	"testing"

	"github.com/weir-emu/weir/internal/isa"
)

func TestDocument(t *testing.T) {
	text := string(document([]isa.Set{{
		Name: "Zx", Title: "some, things", Note: "Beware.",
		Rows: []isa.Row{{Pattern: "imm[12|10:5] 0110011", Syntax: "addi rd | nop: rd=0 imm=0 | li rd"}},
	}}))
	for _, want := range []string{
		"1 instructions in 1 extensions",
		"| [Zx](#zx-some-things) | 1 | some, things |",
		"## Zx: some, things\n\nBeware.\n",
		"| `addi rd` | `imm[12\\|10:5] 0110011` | `nop` if rd=0, imm=0; `li rd` |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
