package riscv64

import (
	"bufio"
	"bytes"
	"debug/elf"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/weir-emu/weir/internal/isa"
	"github.com/weir-emu/weir/internal/testenv"
)

// dumpLine is one instruction as objdump shows it.
type dumpLine struct {
	pc   uint64
	raw  uint32
	n    int
	text string
}

var targetRE = regexp.MustCompile(`(0x)?([0-9a-f]+) <[^>]*>`)

// normalise removes from objdump's text what depends on symbols: "<sym+0x4>"
// behind an address, and the comment behind "#".
func normalise(text string) string {
	text = targetRE.ReplaceAllString(text, "0x$2")
	text, _, _ = strings.Cut(text, " #")
	return strings.TrimSpace(text)
}

// as240 respells the mnemonics of immediate forms as binutils 2.39 and 2.40
// print them, without the i; releases before and after print the manual's.
func as240(text string) string {
	name, rest, _ := strings.Cut(text, "\t")
	switch name {
	case "addi", "andi", "ori", "xori", "slli", "srli", "srai", "rori", "bclri", "bexti", "binvi", "bseti", "csrsi", "csrci", "csrwi", "csrrsi", "csrrci", "csrrwi":
		return name[:len(name)-1] + "\t" + rest
	case "addiw", "slliw", "srliw", "sraiw", "roriw":
		return name[:len(name)-2] + "w\t" + rest
	}
	return text
}

// objdump disassembles file.
func objdump(t *testing.T, file string, flags ...string) []dumpLine {
	t.Helper()
	path, err := exec.LookPath("riscv64-linux-gnu-objdump")
	if err != nil {
		t.Fatalf("no riscv64-linux-gnu-objdump in PATH; run %s", testenv.Mend)
	}
	out, err := exec.Command(path, append(append([]string{"-d", "-z"}, flags...), file)...).Output()
	if err != nil {
		t.Fatalf("objdump %s: %v", file, err)
	}
	var lines []dumpLine
	for sc := bufio.NewScanner(bytes.NewReader(out)); sc.Scan(); {
		addr, rest, ok := strings.Cut(strings.TrimSpace(sc.Text()), ":\t")
		if !ok {
			continue
		}
		pc, err := strconv.ParseUint(addr, 16, 64)
		if err != nil {
			continue
		}
		hex, text, _ := strings.Cut(rest, "\t")
		hex = strings.TrimSpace(hex)
		raw, err := strconv.ParseUint(hex, 16, 32)
		if err != nil {
			continue // longer than 32 bits
		}
		lines = append(lines, dumpLine{pc, uint32(raw), len(hex) / 2, normalise(text)})
	}
	return lines
}

// sweep compares every instruction of a program, except those that objdump
// does not know at all.
func sweep(t *testing.T, file string, flags ...string) {
	t.Helper()
	lines := objdump(t, file, flags...)
	if len(lines) < 10000 {
		t.Fatalf("%s: only %d instructions", file, len(lines))
	}
	bad, unknown := 0, 0
	for _, l := range lines {
		code := []byte{byte(l.raw), byte(l.raw >> 8), byte(l.raw >> 16), byte(l.raw >> 24)}[:l.n]
		text, n := Disasm(code, l.pc)
		text, l.text = as240(text), as240(l.text)
		if strings.HasPrefix(l.text, ".4byte") || strings.HasPrefix(l.text, ".2byte") {
			unknown++
			continue
		}
		if text == "pause" && l.text == "fence\tw,unknown" {
			continue // a program that does not declare Zihintpause
		}
		if text != l.text || n != l.n {
			if bad++; bad <= 40 {
				t.Errorf("%x: %0*x\n got %q\nwant %q", l.pc, 2*l.n, l.raw, text, l.text)
			}
		}
	}
	t.Logf("%s: %d instructions, %d differ, %d unknown to objdump", filepath.Base(file), len(lines), bad, unknown)
}

// hasText guards against a sweep over a file without code.
func hasText(t *testing.T, file string) {
	t.Helper()
	f, err := elf.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if f.Section(".text") == nil {
		t.Fatalf("%s has no .text", file)
	}
}

func TestSweepC(t *testing.T) {
	file := testenv.Busybox(t)
	hasText(t, file)
	sweep(t, file)
}

func TestSweepGo(t *testing.T) {
	file := testenv.GuestGo(t, "test/bench/micro/hellogo")
	hasText(t, file)
	sweep(t, file)
}

// newerThanBinutils is the extensions that binutils 2.40 does not know.
var newerThanBinutils = []string{"Zicond", "Zfa", "Zacas", "Zihintntl", "Zcb", "Xweir"}

// march names the extensions that binutils 2.40 does know.
const march = "rv64gc_zicsr_zifencei_zba_zbb_zbc_zbs_zfhmin_zawrs_zicbom_zicbop_zicboz_zihintpause"

// assemble writes the encodings as .insn lines, one after another from address
// 0, and disassembles the object file.
func assemble(t *testing.T, words []uint32) []dumpLine {
	t.Helper()
	as, err := exec.LookPath("riscv64-linux-gnu-as")
	if err != nil {
		t.Fatalf("no riscv64-linux-gnu-as in PATH; run %s", testenv.Mend)
	}
	var src strings.Builder
	src.WriteString(".text\n")
	for _, w := range words {
		src.WriteString(".insn 0x" + strconv.FormatUint(uint64(w), 16) + "\n")
	}
	dir := t.TempDir()
	s, o := filepath.Join(dir, "a.s"), filepath.Join(dir, "a.o")
	if err := os.WriteFile(s, []byte(src.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(as, "-march="+march, "-o", o, s).CombinedOutput(); err != nil {
		t.Fatalf("as: %v\n%s", err, out)
	}
	lines := objdump(t, o)
	if len(lines) != len(words) {
		t.Fatalf("assembled %d words, objdump shows %d", len(words), len(lines))
	}
	return lines
}

// TestRowsAgainstObjdump compares random encodings of every row.
func TestRowsAgainstObjdump(t *testing.T) {
	const perRow = 60
	r := rand.New(rand.NewPCG(1, 2))
	var words []uint32
	for _, set := range Sets {
		if slices.Contains(newerThanBinutils, set.Name) {
			continue
		}
		for n := range set.Rows {
			for range perRow {
				fill := r.Uint32()
				if r.IntN(4) == 0 { // x0 and zero immediates are special
					fill &= r.Uint32() & r.Uint32() & r.Uint32()
				}
				if r.IntN(8) == 0 { // so are ra and minus one
					fill = fill&^0xf8f80 | 0x8080
				}
				if r.IntN(8) == 0 {
					fill |= 0xfff00000
				}
				if raw, n := Encode(&set.Rows[n], fill); n == 4 {
					words = append(words, raw)
				}
			}
		}
	}
	compare(t, assemble(t, words))
}

// TestCompressedAgainstObjdump compares all 16-bit encodings.
func TestCompressedAgainstObjdump(t *testing.T) {
	var words []uint32
	for w := range uint32(1 << 16) {
		if w&3 != 3 {
			words = append(words, w)
		}
	}
	compare(t, assemble(t, words))
}

func compare(t *testing.T, lines []dumpLine) {
	t.Helper()
	bad := 0
	kinds := map[string]int{}
	for _, l := range lines {
		code := []byte{byte(l.raw), byte(l.raw >> 8), byte(l.raw >> 16), byte(l.raw >> 24)}[:l.n]
		text, _ := Disasm(code, l.pc)
		text = as240(text)
		if text == l.text || allowed(l) {
			continue
		}
		bad++
		name, _, _ := strings.Cut(text, "\t")
		wname, _, _ := strings.Cut(l.text, "\t")
		key := name + "/" + wname
		if kinds[key]++; kinds[key] <= 4 {
			t.Errorf("%0*x\n got %q\nwant %q", 2*l.n, l.raw, text, l.text)
		}
	}
	t.Logf("%d encodings, %d differ", len(lines), bad)
}

// allowed says where the two may differ.
func allowed(l dumpLine) bool {
	if l.raw == 0x6101 {
		return true // c.addi16sp by 0 is reserved; objdump shows it
	}
	i, ok := Decode(l.raw, l.pc)
	if !ok {
		return false
	}
	if strings.HasSuffix(l.text, "byte\t0x"+strconv.FormatUint(uint64(l.raw), 16)) {
		// Reserved fields that must be ignored, rounding modes that do not matter.
		switch isa.Name(i.Row) {
		case "fence", "fence.i", "fcvt.d.w", "fcvt.d.wu", "fcvt.d.s", "fcvt.s.h", "fcvt.d.h":
			return true
		}
	}
	for _, set := range Sets {
		if !slices.Contains(newerThanBinutils, set.Name) {
			continue
		}
		for n := range set.Rows {
			if &set.Rows[n] == i.Row {
				return true
			}
		}
	}
	// objdump knows the names of registers that user mode does not have.
	if strings.HasPrefix(isa.Name(i.Row), "csr") {
		return strings.HasPrefix(string(appendCSR(nil, i.Imm)), "0x")
	}
	return false
}
