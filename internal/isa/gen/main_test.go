package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/weir-emu/weir/internal/isa/riscv64"
)

// TestUpToDate: the generated files are what the rows say.
func TestUpToDate(t *testing.T) {
	for file, want := range map[string][]byte{
		"../../../docs/isa-riscv64.md": document(riscv64.Sets),
		"../riscv64/tables.go":         tables("riscv64", riscv64.Sets, riscv64.Field),
	} {
		got, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
		} else if !bytes.Equal(got, want) {
			t.Errorf("%s is out of date; run go generate ./internal/isa/...", file)
		}
	}
}
