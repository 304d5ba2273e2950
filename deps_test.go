package weir_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// importPolicy is the import graph of the project: each package (test files
// aside) with the packages of the module that it may import. "X/..." stands for
// the folder's packages, "+ name" for packages from outside the standard library.
//
// Guests never see a host, Linux or memory; hosts never see a guest; the engine
// does not know Linux; Linux does not know any CPU; plugins know neither.
const importPolicy = `
abi:
internal/cpu:
internal/softfp:
internal/ir:              internal/cpu
internal/ir/eval:         internal/cpu internal/ir internal/softfp
internal/isa:             abi internal/cpu internal/ir
internal/isa/gen:         internal/isa internal/isa/riscv64
internal/isa/riscv64:     abi internal/cpu internal/ir internal/isa internal/softfp
internal/host:            internal/cpu internal/ir
internal/host/amd64:      internal/cpu internal/ir internal/host + golang.org/x/arch
internal/hostsys:         internal/cpu + golang.org/x/sys
internal/mem:             abi internal/cpu internal/hostsys
internal/engine:          abi internal/cpu internal/ir internal/ir/eval internal/isa internal/host internal/hostsys
internal/argfmt:          abi
internal/linux/load:      abi internal/isa internal/mem
internal/linux/bpf:
internal/linux/uapi:      abi
internal/linux/procfs:    abi internal/mem
internal/linux/tree:      internal/hostsys internal/mem
internal/linux:           abi internal/argfmt internal/cpu internal/engine internal/hostsys internal/isa internal/linux/... internal/mem
internal/linux/gen:       internal/linux
plugin:                   abi
plugin/plugintest:        abi internal/callback plugin
internal/callback:        abi plugin
internal/symbols:         + github.com/ianlancetaylor/demangle
internal/instrument:      abi internal/callback internal/engine internal/hostsys internal/cpu internal/ir internal/isa internal/linux internal/mem internal/symbols plugin
internal/machine:         abi internal/host internal/host/... internal/isa internal/isa/riscv64
internal/launch:          abi internal/argfmt internal/cpu internal/engine internal/host internal/hostsys internal/instrument internal/isa internal/linux internal/linux/load internal/machine internal/mem plugin
internal/export:          plugin
plugins/bundled:          plugin plugins/...
plugins/...:              abi plugin internal/export + github.com/opencontainers/runtime-spec
internal/binfmt:
internal/doctor:         internal/binfmt
internal/cli:             abi internal/binfmt internal/doctor internal/hostsys internal/launch internal/linux plugin plugins/bundled
internal/testenv:
weir:                     abi internal/cli internal/launch plugin plugins/bundled
cmd/weir:                 weir internal/cli plugins/bundled
test/...:                 weir abi plugin internal/testenv
examples/...:             weir abi plugin
`

type goPackage struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

const module = "github.com/weir-emu/weir"

// TestImports checks every package of the module against importPolicy.
func TestImports(t *testing.T) {
	type rule struct{ local, outside []string }
	rules := map[string]rule{}
	for line := range strings.Lines(importPolicy) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		pkg, rest, ok := strings.Cut(line, ":")
		if !ok {
			t.Fatalf("importPolicy: no colon in %q", line)
		}
		local, outside, _ := strings.Cut(rest, "+")
		rules[pkg] = rule{strings.Fields(local), strings.Fields(outside)}
	}
	match := func(patterns []string, name string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool {
			if dir, ok := strings.CutSuffix(p, "/..."); ok {
				return name == dir || strings.HasPrefix(name, dir+"/")
			}
			return name == p
		})
	}
	find := func(name string) (rule, bool) {
		if r, ok := rules[name]; ok {
			return r, true
		}
		for p, r := range rules {
			if strings.HasSuffix(p, "/...") && match([]string{p}, name) {
				return r, true
			}
		}
		return rule{}, false
	}
	short := func(path string) string {
		if path == module {
			return "weir"
		}
		return strings.TrimPrefix(path, module+"/")
	}
	for _, p := range listPackages(t) {
		name := short(p.ImportPath)
		r, ok := find(name)
		if !ok {
			t.Errorf("%s: not in the import policy; add its line to importPolicy", name)
			continue
		}
		for _, imp := range p.Imports {
			switch {
			case imp == module || strings.HasPrefix(imp, module+"/"):
				if !match(r.local, short(imp)) {
					t.Errorf("%s may not import %s", name, short(imp))
				}
			case imp == "syscall" && name != "internal/hostsys" && !strings.HasPrefix(name, "test/") && name != "internal/testenv":
				t.Errorf("%s imports syscall: only internal/hostsys may", name)
			case imp == "C":
				t.Errorf("%s uses cgo", name)
			case strings.Contains(strings.SplitN(imp, "/", 2)[0], "."):
				if !slices.ContainsFunc(r.outside, func(o string) bool { return imp == o || strings.HasPrefix(imp, o+"/") }) {
					t.Errorf("%s may not import %s", name, imp)
				}
			}
		}
	}
}

func listPackages(t *testing.T) (ps []goPackage) {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Standard", "./...")
	out, err := cmd.Output()
	if err != nil {
		var ee *exec.ExitError
		if errors.As(err, &ee) {
			t.Fatalf("go list: %v\n%s", err, ee.Stderr)
		}
		t.Fatal(err)
	}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return ps
		} else if err != nil {
			t.Fatal(err)
		}
		ps = append(ps, p)
	}
}
