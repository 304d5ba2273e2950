package riscv64

import (
	"debug/elf"
	"testing"

	"github.com/weir-emu/weir/internal/ir"
	"github.com/weir-emu/weir/internal/isa"
	"github.com/weir-emu/weir/internal/testenv"
)

// text returns the .text section of a program and its address.
func text(tb testing.TB, file string) (code []byte, addr uint64) {
	tb.Helper()
	f, err := elf.Open(file)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	s := f.Section(".text")
	if s == nil {
		tb.Fatalf("%s has no .text", file)
	}
	if code, err = s.Data(); err != nil {
		tb.Fatal(err)
	}
	return code, s.Addr
}

func BenchmarkNewDecoder(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		isa.NewDecoder(Sets, Field)
	}
}

func BenchmarkDecode(b *testing.B) {
	code, addr := text(b, testenv.Busybox(b))
	var i isa.Inst
	b.ReportAllocs()
	at := 0
	for b.Loop() {
		raw, n := fetch(code[at:])
		decoder.Decode(raw, addr, &i)
		if at += n; at+4 > len(code) {
			at = 0
		}
	}
}

func BenchmarkLift(b *testing.B) {
	code, addr := text(b, testenv.Busybox(b))
	var blk ir.Block
	at, insns := 0, 0
	b.ReportAllocs()
	for b.Loop() {
		blk.Reset(addr + uint64(at))
		Lift(&blk, code[at:], 64)
		insns += blk.NInsn
		if at += int(blk.End - blk.PC); at+4 > len(code) {
			at = 0
		}
	}
	b.ReportMetric(float64(insns)/b.Elapsed().Seconds(), "insn/s")
	b.ReportMetric(float64(insns)/float64(b.N), "insn/block")
}

func BenchmarkVDSO(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		buildVDSO()
	}
}
