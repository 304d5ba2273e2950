package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"

	"github.com/weir-emu/weir/internal/testenv"
)

// qemuVariants are those of variants that qemu/count.c has.
var qemuVariants = []string{"blocks", "insns by block", "insns", "accesses", "trace", "call block", "call insn", "call access"}

// newQemu returns qemu-user with the plugins of qemu/count.c, or nil and the reason why there is none.
func newQemu(name string) (*emulator, string) {
	if name == "none" {
		return nil, "left out"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return nil, "left out: " + err.Error()
	}
	help, err := exec.Command(path, "-help").CombinedOutput()
	if err != nil && len(help) == 0 {
		return nil, fmt.Sprintf("left out: %s: %v", path, err)
	}
	if !bytes.Contains(help, []byte("-plugin")) {
		return nil, fmt.Sprintf("left out: %s has been built without plugins", path)
	}
	root, err := testenv.Root()
	if err != nil {
		return nil, "left out: " + err.Error()
	}
	cache, err := testenv.CacheDir()
	if err != nil {
		return nil, "left out: " + err.Error()
	}
	lib := filepath.Join(cache, "bench-count.so")
	source := filepath.Join(root, "test/bench/plugins/qemu/count.c")
	if out, err := exec.Command("gcc", "-O2", "-Wall", "-shared", "-fPIC", "-o", lib, source).CombinedOutput(); err != nil {
		return nil, fmt.Sprintf("left out: qemu/count.c: %v\n%s", err, out)
	}
	version, _ := exec.Command(path, "-version").Output()
	first, _, _ := bytes.Cut(version, []byte("\n"))
	e := &emulator{name: "qemu", plugins: qemuVariants}
	e.command = func(v string) (argv, env []string, count bool) {
		argv = []string{path, "-cpu", "rv64,v=false"}
		if v == "none" {
			return argv, nil, false
		}
		return append(argv, "-plugin", lib), []string{envVariant + "=" + v}, true
	}
	return e, fmt.Sprintf("`%s`, -cpu rv64,v=false", first)
}
