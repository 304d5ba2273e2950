//go:build linux

package linux

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weir-emu/weir/internal/testenv"
)

var updateDocs = flag.Bool("update", false, "write docs/syscalls.md instead of comparing it")

// TestDocs: docs/syscalls.md is what the rows say.
func TestDocs(t *testing.T) {
	root, err := testenv.Root()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, "docs", "syscalls.md")
	want := syscallsDoc()
	if *updateDocs {
		if err := os.WriteFile(file, []byte(want), 0o666); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("docs/syscalls.md is not up to date: go test ./internal/linux -run TestDocs -update")
	}
}

func syscallsDoc() string {
	var b strings.Builder
	rows := Rows()
	n := map[Level]int{}
	for _, r := range rows {
		n[r.Level]++
	}
	fmt.Fprintf(&b, `# Syscalls

Generated from the rows of internal/linux by `+"`go test ./internal/linux -run TestDocs -update`"+`; do not edit.

The table is that of riscv64 (asm-generic), up to Linux 6.19: %d calls, %d full, %d partial, %d unsupported.
`+"`weir syscalls`"+` prints it, `+"`weir syscalls -json`"+` with the kind of every argument.

- **full**: behaves as the kernel does; most calls are the host kernel's own, with addresses translated.
- **partial**: works but for what the note says.
- **unsupported**: answers ENOSYS, and `+"`-d unimp`"+` says so.

Numbers that are not listed are not assigned on riscv64 and answer ENOSYS, as the kernel does.

| nr | syscall | level | note |
|---:|---|---|---|
`, len(rows), n[Full], n[Partial], n[Unsupported])
	for _, r := range rows {
		names := make([]string, len(r.Args))
		for i, a := range r.Args {
			names[i] = a.Name
		}
		fmt.Fprintf(&b, "| %d | %s(%s) | %s | %s |\n", r.Nr, strings.ReplaceAll(r.Name, "_", `\_`), strings.ReplaceAll(strings.Join(names, ", "), "_", `\_`), r.Level, r.Note)
	}
	return b.String()
}
