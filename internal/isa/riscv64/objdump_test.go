package riscv64

import (
	"bufio"
	"bytes"
	"debug/elf"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

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
	case "addi", "andi", "ori", "xori", "slli", "srli", "srai", "rori", "bclri", "bexti", "binvi", "bseti", "csrsi", "csrci", "csrwi":
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
		text = as240(text)
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

// hasSection guards against a sweep over a file without code.
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
