//go:build linux

package plugins

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/internal/testenv"
	"github.com/weir-emu/weir/plugin"
)

type covModule struct {
	base, end, entry uint64
	path             string
}

// covBlock is an executed block, by address.
type covBlock struct {
	pc     uint64
	size   int
	module int
}

var covRow = regexp.MustCompile(`^(\d+), 0x([0-9a-f]+), 0x([0-9a-f]+), 0x([0-9a-f]+), (/.*)$`)

// readCov reads a drcov file of version 2 and takes nothing that the format does not allow.
func readCov(t *testing.T, name string) (modules []covModule, blocks []covBlock) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	line := func() string {
		l, rest, ok := strings.Cut(string(data), "\n")
		if !ok {
			t.Fatalf("%s: no end of line in %q", name, data)
		}
		data = []byte(rest)
		return l
	}
	number := func(format, l string) (n int) {
		if _, err := fmt.Sscanf(l, format, &n); err != nil || l != fmt.Sprintf(format, n) {
			t.Fatalf("%s: %q is not %q", name, l, format)
		}
		return n
	}
	if l := line(); l != "DRCOV VERSION: 2" {
		t.Fatalf("%s: %q", name, l)
	}
	if l := line(); l != "DRCOV FLAVOR: drcov-64" {
		t.Fatalf("%s: %q", name, l)
	}
	n := number("Module Table: version 2, count %d", line())
	if l := line(); l != "Columns: id, base, end, entry, path" {
		t.Fatalf("%s: %q", name, l)
	}
	for i := range n {
		l := line()
		m := covRow.FindStringSubmatch(l)
		if m == nil || m[1] != strconv.Itoa(i) {
			t.Fatalf("%s: module %d: %q", name, i, l)
		}
		var v [3]uint64
		for k := range v {
			if v[k], err = strconv.ParseUint(m[2+k], 16, 64); err != nil {
				t.Fatal(err)
			}
		}
		if v[0] >= v[1] {
			t.Fatalf("%s: %q is empty", name, l)
		}
		modules = append(modules, covModule{v[0], v[1], v[2], m[5]})
	}
	n = number("BB Table: %d bbs", line())
	if len(data) != 8*n {
		t.Fatalf("%s: %d bytes for %d blocks", name, len(data), n)
	}
	for ; len(data) > 0; data = data[8:] {
		b := covBlock{uint64(binary.LittleEndian.Uint32(data)), int(binary.LittleEndian.Uint16(data[4:])), int(binary.LittleEndian.Uint16(data[6:]))}
		if b.module >= len(modules) || b.size == 0 {
			t.Fatalf("%s: %+v", name, b)
		}
		if b.pc += modules[b.module].base; b.pc >= modules[b.module].end {
			t.Fatalf("%s: %+v is not in its module", name, b)
		}
		if slices.Contains(blocks, b) {
			t.Fatalf("%s: %+v twice", name, b)
		}
		blocks = append(blocks, b)
	}
	return modules, blocks
}

// exactCov are the blocks of "exact" without arguments.
var exactCov = []covBlock{
	{0x10000, 28, 0},
	{0x10008, 20, 0},
	{0x1001c, 8, 0},
	{0x10020, 4, 0},
	{0x10024, 8, 0},
	{0x1002c, 12, 0},
	{0x10038, 8, 0},
	{0x10040, 8, 0},
	{0x10048, 8, 0},
	{0x10050, 8, 0},
	{0x10058, 12, 0},
	{0x10080, 16, 0},
}

func checkExactCov(t *testing.T, file string) {
	t.Helper()
	path := testenv.GuestC(t, "exact")
	modules, blocks := readCov(t, file)
	if len(modules) != 1 || modules[0] != (covModule{0xf000, 0x23000, 0x10000, path}) {
		t.Errorf("modules %+v", modules)
	}
	if !slices.Equal(blocks, exactCov) {
		t.Errorf("blocks %x", blocks)
	}
}

func TestDrcovGolden(t *testing.T) {
	for _, interpret := range []bool{false, true} {
		file := filepath.Join(t.TempDir(), "out")
		if r := run(t, weir.Config{Interpret: interpret}, "exact", nil, bundle(t, "drcov,filename="+file)); r.log != "" {
			t.Errorf("printed %q", r.log)
		}
		checkExactCov(t, file)
	}
}

// The blocks are those that a callback of another plugin sees executed.
func TestDrcovAgrees(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out")
	seen := map[covBlock]bool{} // the guest has one thread
	see := own("see", func(h *plugin.Host) {
		h.OnTranslate(func(b *plugin.Block) {
			k := covBlock{b.PC(), b.Size(), 0}
			b.OnExec(plugin.NoRegs, func(*plugin.VCPU) { seen[k] = true })
		})
	})
	if r := run(t, weir.Config{}, "probe", []string{"work"}, see, bundle(t, "drcov,filename="+file)); r.status != 0 {
		t.Fatalf("%+v", r)
	}
	modules, blocks := readCov(t, file)
	for b := range seen {
		if b.pc < modules[0].base || b.pc >= modules[0].end {
			delete(seen, b) // the vDSO
		}
	}
	for _, b := range blocks {
		if !seen[b] {
			t.Errorf("%x was not executed", b)
		}
	}
	if len(blocks) != len(seen) || len(seen) < 100 {
		t.Errorf("%d blocks, %d were executed", len(blocks), len(seen))
	}
}

// Each process and each program has its own file.
func TestDrcovProcesses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "out")
	exact := testenv.GuestC(t, "exact")
	if r := command(t, "-plugin", "drcov,filename="+file, exact, "1"); r.status != 0 || r.log != "" {
		t.Fatalf("%+v", r)
	}
	children, err := filepath.Glob(file + ".*")
	if err != nil || len(children) != 1 {
		t.Fatalf("files %v", children)
	}
	if _, blocks := readCov(t, file); len(blocks) != 12 || slices.Contains(blocks, covBlock{0x100fc, 4, 0}) {
		t.Errorf("parent %x", blocks)
	}
	_, blocks := readCov(t, children[0])
	want := []covBlock{{0x10080, 16, 0}, {0x100dc, 4, 0}, {0x100fc, 4, 0}, {0x10100, 4, 0}, {0x10104, 4, 0}, {0x10108, 12, 0}}
	if !slices.Equal(blocks, want) {
		t.Errorf("child %x", blocks)
	}

	// An execve: the file of the first program, and that of the second.
	file = filepath.Join(dir, "two")
	if r := command(t, "-plugin", "drcov,filename="+file, exact, "2", ""); r.status != 0 || r.log != "" {
		t.Fatalf("%+v", r)
	}
	if _, blocks := readCov(t, file); len(blocks) != 9 || !slices.Contains(blocks, covBlock{0x10140, 28, 0}) {
		t.Errorf("before execve %x", blocks)
	}
	checkExactCov(t, file+".exec1")

	// A signal that kills the process.
	file = filepath.Join(dir, "three")
	if r := command(t, "-plugin", "drcov,filename="+file, exact, "4", "", "", ""); r.signal != 15 {
		t.Fatalf("%+v", r)
	}
	if _, blocks := readCov(t, file); !slices.Contains(blocks, covBlock{0x101c0, 8, 0}) {
		t.Errorf("killed: %x", blocks)
	}
}

// A child of vfork goes on in a process of its own, which does not touch its parent's file.
func TestDrcovSpawn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out")
	exact := testenv.GuestC(t, "exact")
	r := command(t, "-plugin", "drcov,filename="+file, testenv.GuestC(t, "probe"), "spawn", exact)
	if r.status != 0 || r.log != "" {
		t.Fatalf("%+v", r)
	}
	if modules, _ := readCov(t, file); modules[0].path != testenv.GuestC(t, "probe") {
		t.Errorf("modules %+v", modules)
	}
	children, err := filepath.Glob(file + ".*")
	if err != nil || len(children) != 1 {
		t.Fatalf("files %v", children)
	}
	checkExactCov(t, children[0])
}

// Code of shared libraries is in modules of its own.
func TestDrcovLibraries(t *testing.T) {
	root, err := testenv.Sysroot()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "out")
	prog := filepath.Join(root, "bin/true")
	if _, err := os.Stat(prog); err != nil {
		prog = filepath.Join(root, "usr/bin/true")
	}
	if r := command(t, "-L", root, "-plugin", "drcov,filename="+file, prog); r.status != 0 || r.log != "" {
		t.Fatalf("%+v", r)
	}
	modules, blocks := readCov(t, file)
	count := make([]int, len(modules))
	for _, b := range blocks {
		count[b.module]++
	}
	if len(modules) < 3 || slices.Contains(count, 0) {
		t.Errorf("modules %+v have %d blocks", modules, count)
	}
}

func TestDrcovRefuses(t *testing.T) {
	refuse(t, "drcov,file=x", "file")
	refuse(t, "drcov,filename=/nonexistent/dir/x", "/nonexistent/dir/x")
}
