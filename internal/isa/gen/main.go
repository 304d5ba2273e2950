// Command gen writes what is made from the rows of the guests' instruction sets:
// the documentation and the decoder's tables. "go generate ./..." runs it; the
// first run after a change of rows must succeed with the old tables, so they
// must still compile.
//
// It knows the row type and nothing of what the instructions do. Start with
// [document] and [tables].
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/weir-emu/weir/internal/isa/riscv64"
)

func main() {
	doc := flag.String("doc", "docs/isa-riscv64.md", "Markdown file to write")
	tab := flag.String("tables", "internal/isa/riscv64/tables.go", "Go file to write")
	flag.Parse()
	err := os.WriteFile(*doc, document(riscv64.Sets), 0o666)
	if err == nil {
		err = os.WriteFile(*tab, tables("riscv64", riscv64.Sets, riscv64.Field), 0o666)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}
