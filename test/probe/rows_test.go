//go:build linux

package probe

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/plugin"
)

// rows are the names of QEMU's plugin API, version 7, without "qemu_plugin_", in the order of docs/PLUGINS.md. Each
// has a test called TestRow_ and the name without "register_" and "vcpu_", which runs in the interpreter and with
// generated code; those that Weir has no form of, since they are about devices and physical memory, are in none.
var rows = strings.Fields(`
	version install info_t id_t uninstall reset register_flush_cb register_atexit_cb

	register_vcpu_init_cb register_vcpu_exit_cb vcpu_index register_vcpu_idle_cb register_vcpu_resume_cb
	register_vcpu_discon_cb vcpu_for_each num_vcpus

	register_vcpu_tb_trans_cb tb_n_insns tb_vaddr tb_get_insn insn_data insn_size insn_vaddr insn_haddr insn_disas
	insn_symbol

	register_vcpu_tb_exec_cb register_vcpu_tb_exec_cond_cb register_vcpu_tb_exec_inline_per_vcpu
	register_vcpu_insn_exec_cb register_vcpu_insn_exec_cond_cb register_vcpu_insn_exec_inline_per_vcpu
	register_vcpu_mem_cb register_vcpu_mem_inline_per_vcpu cb_flags
	mem_size_shift mem_is_sign_extended mem_is_big_endian mem_is_store mem_get_value
	get_hwaddr hwaddr_is_io hwaddr_phys_addr hwaddr_device_name

	scoreboard_new scoreboard_free scoreboard_find scoreboard_u64 scoreboard_u64_in_struct
	u64_add u64_get u64_set u64_sum

	register_vcpu_syscall_cb register_vcpu_syscall_filter_cb register_vcpu_syscall_ret_cb

	get_registers read_register write_register set_pc read_memory_vaddr write_memory_vaddr
	read_memory_hwaddr write_memory_hwaddr translate_vaddr

	outs bool_parse path_to_binary start_code end_code entry_code request_time_control update_ns
`)

var none = strings.Fields("get_hwaddr hwaddr_is_io hwaddr_phys_addr hwaddr_device_name read_memory_hwaddr write_memory_hwaddr translate_vaddr")

// rowTest is the name of a row's test.
func rowTest(row string) string {
	return "TestRow_" + strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(row, "register_"), "vcpu_"), "qemu_plugin_")
}

// eachRow runs f for the two engines that execute guest code in different ways.
func eachRow(t *testing.T, f func(t *testing.T, cfg weir.Config)) {
	for _, e := range engines[:2] {
		t.Run(e.name, func(t *testing.T) { f(t, e.cfg) })
	}
}

// onCode registers f for each block of the functions whose names begin with prefix.
func onCode(h *plugin.Host, prefix string, f func(b *plugin.Block)) {
	h.OnTranslate(func(b *plugin.Block) {
		if s, ok := b.Insn(0).Symbol(); ok && strings.HasPrefix(s.Raw, prefix) {
			f(b)
		}
	})
}

// Every row of QEMU's API has a test, and stands in the table of the manual.
func TestEveryRowHasATest(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var tests []string
	for _, f := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), f, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				tests = append(tests, fn.Name.Name)
			}
		}
	}
	for _, r := range rows {
		if has := slices.Contains(tests, rowTest(r)); has == slices.Contains(none, r) {
			t.Errorf("%s: has a test called %s: %v", r, rowTest(r), has)
		}
	}
	for _, name := range tests {
		if strings.HasPrefix(name, "TestRow_") && !slices.ContainsFunc(rows, func(r string) bool { return rowTest(r) == name }) {
			t.Errorf("%s is the test of no row", name)
		}
	}
}

// exported lists what package plugin exports: "Name", and "Type.Name" of methods and fields.
func exported(t *testing.T) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	files, err := filepath.Glob("../../plugin/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("package plugin: %v, %v", files, err)
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					names[d.Name.Name] = true
				} else {
					names[receiver(d.Recv.List[0].Type)+"."+d.Name.Name] = true
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.ValueSpec:
						for _, n := range s.Names {
							names[n.Name] = true
						}
					case *ast.TypeSpec:
						names[s.Name.Name] = true
						if st, ok := s.Type.(*ast.StructType); ok {
							for _, field := range st.Fields.List {
								for _, n := range field.Names {
									names[s.Name.Name+"."+n.Name] = true
								}
							}
						}
						if it, ok := s.Type.(*ast.InterfaceType); ok {
							for _, m := range it.Methods.List {
								for _, n := range m.Names {
									names[s.Name.Name+"."+n.Name] = true
								}
							}
						}
					}
				}
			}
		}
	}
	return names
}

func receiver(x ast.Expr) string {
	switch x := x.(type) {
	case *ast.StarExpr:
		return receiver(x.X)
	case *ast.IndexExpr:
		return receiver(x.X)
	case *ast.Ident:
		return x.Name
	}
	return ""
}

// The manual's table has every row, in order, and names only what package plugin exports.
func TestTableOfTheManual(t *testing.T) {
	text, err := os.ReadFile("../../docs/PLUGINS.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, ok := strings.Cut(string(text), "\n## QEMU's functions\n")
	if !ok {
		t.Fatal("the manual has no section QEMU's functions")
	}
	table, _, _ = strings.Cut(table, "\n## ")
	api := exported(t)
	var seen []string
	code := regexp.MustCompile("`([^`]+)`")
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 || !strings.Contains(cells[1], "`") {
			continue
		}
		var here []string
		for _, m := range code.FindAllStringSubmatch(cells[1], -1) {
			here = append(here, m[1])
		}
		seen = append(seen, here...)
		forms := code.FindAllStringSubmatch(cells[2], -1)
		if bare := slices.Contains(none, here[0]); bare != (len(forms) == 0) {
			t.Errorf("%v: its form is %s", here, cells[2])
		}
		for _, m := range forms {
			if !api[m[1]] {
				t.Errorf("%v: package plugin has no %s", here, m[1])
			}
		}
	}
	if !slices.Equal(seen, rows) {
		for _, r := range rows {
			if !slices.Contains(seen, r) {
				t.Errorf("%s is not in the table", r)
			}
		}
		t.Errorf("the table has %v, want %v", seen, rows)
	}
}
