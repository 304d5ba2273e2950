package testenv

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// Mend is the command that installs every tool this package needs, relative to the top of the tree.
const Mend = "scripts/setup-guest.sh"

// buildTimeout bounds one compiler or make run.
const buildTimeout = 5 * time.Minute

// A Target says for which machine to build.
type Target struct {
	Name   string // as in CFLAGS_<name> directives and cache file names
	CC     string // C compiler
	GOARCH string
}

// The targets there are.
var (
	Native  = Target{Name: runtime.GOARCH, CC: "gcc", GOARCH: runtime.GOARCH}
	RISCV64 = Target{Name: "riscv64", CC: "riscv64-linux-gnu-gcc", GOARCH: "riscv64"}
)

// baseCFlags are the flags of every C program. -fno-math-errno because an errno store after sqrt measures libm, not the
// translator; -fno-pie gives a fixed text address, the harder case for a loader.
var baseCFlags = []string{"-O2", "-fno-math-errno", "-static", "-fno-pie", "-no-pie", "-pthread", "-D_GNU_SOURCE", "-Wall", "-Wno-unused-result"}

// Root returns the top of the source tree: the nearest folder with a go.mod, upwards from the working directory.
var Root = sync.OnceValues(func() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no go.mod in %s or above; run inside the source tree", start)
		}
	}
})

// CacheDir returns the folder for what is built or downloaded: $WEIR_CACHE, by default $HOME/.cache/weir.
func CacheDir() (string, error) {
	if dir := os.Getenv("WEIR_CACHE"); dir != "" {
		return filepath.Abs(dir)
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("%w; set WEIR_CACHE to a folder for built programs", err)
	}
	return filepath.Join(home, ".cache", "weir"), nil
}

// Debian returns a file of the riscv64 Debian programs that setup-guest.sh unpacks, by its path inside the package.
func Debian(path string) (string, error) {
	return unpacked("debian-riscv64", path, Mend)
}

// Sysroot returns the small dynamically linked riscv64 root that "setup-guest.sh --sysroot" unpacks.
func Sysroot() (string, error) {
	return unpacked("sysroot-riscv64", "", Mend+" --sysroot")
}

// BuildUserland is [Userland] for callers that are not tests.
func BuildUserland(all bool) (string, error) {
	const mend = "scripts/setup-sysroot.sh"
	if all {
		if _, err := unpacked("sysroot-debian-riscv64", "usr/bin/gcc", mend+" --all"); err != nil {
			return "", err
		}
	}
	return unpacked("sysroot-debian-riscv64", "", mend)
}

func unpacked(dir, path, mend string) (string, error) {
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	full := filepath.Join(cache, dir, path)
	if _, err := os.Stat(full); err != nil {
		return "", fmt.Errorf("%s is missing; run %s", full, mend)
	}
	return full, nil
}

// BuildC compiles one C source file, named relative to the top of the tree, into a static program and returns its path.
//
// Lines of the source of the form "// CFLAGS: ..." add flags for every target, "// CFLAGS_riscv64: ..." for one.
func BuildC(target Target, source string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	version, err := compilerVersion(target.CC)
	if err != nil {
		return "", err
	}
	src := filepath.Join(root, source)
	text, err := os.ReadFile(src)
	if err != nil {
		return "", err
	}
	flags := slices.Concat(baseCFlags, directives(text, "CFLAGS"), directives(text, "CFLAGS_"+target.Name))
	headers, err := filepath.Glob(filepath.Join(filepath.Dir(src), "*.h"))
	if err != nil {
		return "", err
	}
	key, err := hashFiles([]string{target.CC, version, strings.Join(flags, " ")}, append(headers, src))
	if err != nil {
		return "", err
	}
	name := strings.TrimSuffix(filepath.Base(source), ".c")
	return cached(target, "c", name, key, func(out string) error {
		args := append(slices.Clone(flags), "-o", out, src, "-lm", "-lrt")
		return run(root, nil, target.CC, args...)
	})
}

// BuildGo compiles the Go program in dir, relative to the top of the tree, and returns its path. The program may import
// the standard library only: the cache key covers its own folder and the Go version.
func BuildGo(target Target, dir string) (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	if _, err := exec.LookPath("go"); err != nil {
		return "", errors.New("no go command in PATH; add the Go toolchain's bin folder to PATH")
	}
	var files []string
	err = filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		return "", err
	}
	key, err := hashFiles([]string{"go", runtime.Version(), target.GOARCH}, files)
	if err != nil {
		return "", err
	}
	return cached(target, "go", filepath.Base(dir), key, func(out string) error {
		env := []string{"GOOS=linux", "GOARCH=" + target.GOARCH, "CGO_ENABLED=0", "GOFLAGS="}
		return run(root, env, "go", "build", "-trimpath", "-o", out, "./"+filepath.ToSlash(dir))
	})
}

// BuildWeir is [Weir] for callers that are not tests.
var BuildWeir = sync.OnceValues(func() (string, error) {
	if bin := os.Getenv("WEIR_BIN"); bin != "" {
		if _, err := os.Stat(bin); err != nil {
			return "", fmt.Errorf("WEIR_BIN: %w; unset it or name an existing binary", err)
		}
		return filepath.Abs(bin)
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(cache, 0o777); err != nil {
		return "", err
	}
	// Test processes of several packages get here at the same time, and a binary being linked cannot be run.
	command := []string{"make", "-s", "build"}
	if _, err := exec.LookPath("flock"); err == nil {
		command = append([]string{"flock", filepath.Join(cache, "build.lock")}, command...)
	}
	if err := run(root, nil, command[0], command[1:]...); err != nil {
		return "", err
	}
	bin := filepath.Join(root, "bin", "weir")
	if _, err := os.Stat(bin); err != nil {
		return "", fmt.Errorf("make build succeeded but left no %s", bin)
	}
	return bin, nil
})

// compilerVersion returns the first line of the compiler's version output.
func compilerVersion(cc string) (string, error) {
	path, err := exec.LookPath(cc)
	if err != nil {
		return "", fmt.Errorf("no %s in PATH; run %s", cc, Mend)
	}
	versions.Lock()
	defer versions.Unlock()
	if v, ok := versions.of[path]; ok {
		return v, nil
	}
	out, err := exec.Command(path, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("%s --version: %w; run %s", cc, err, Mend)
	}
	line, _, _ := strings.Cut(string(out), "\n")
	if versions.of == nil {
		versions.of = make(map[string]string)
	}
	versions.of[path] = line
	return line, nil
}

var versions struct {
	sync.Mutex
	of map[string]string
}

// directives collects the words after "// KEY:" at the start of a line.
func directives(source []byte, key string) []string {
	var words []string
	for line := range bytes.Lines(source) {
		if rest, ok := bytes.CutPrefix(line, []byte("// "+key+":")); ok {
			words = append(words, strings.Fields(string(rest))...)
		}
	}
	return words
}

// hashFiles hashes the words and the names and contents of the files.
func hashFiles(words, files []string) (string, error) {
	h := sha256.New()
	for _, w := range words {
		fmt.Fprintf(h, "%d %s\n", len(w), w)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n", filepath.Base(f), len(text))
		h.Write(text)
	}
	return hex.EncodeToString(h.Sum(nil))[:16], nil
}

// cached returns the program kept under the key, calling build to make it when there is none.
func cached(target Target, lang, name, key string, build func(out string) error) (string, error) {
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "built", target.Name, lang)
	final := filepath.Join(dir, name+"-"+key)
	if _, err := os.Stat(final); err == nil {
		return final, nil
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	tmpDir, err := os.MkdirTemp(dir, ".tmp-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmpDir)
	tmp := filepath.Join(tmpDir, name)
	if err := build(tmp); err != nil {
		return "", err
	}
	return final, os.Rename(tmp, final)
}

// run runs a command and returns its output as the error when it fails.
func run(dir string, env []string, name string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), buildTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
