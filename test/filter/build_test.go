//go:build linux

package filter

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// S-29, S-30, S-31: the tree builds and vets without a warning on every system it
// claims; the portable packages (plugin API, bundled plugins) are among them, and
// code for one system is in files of its own.
func TestS29S30S31Builds(t *testing.T) {
	if testing.Short() {
		t.Skip("cross-builds are part of `make check`; skipped with -short")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"linux/arm64", "freebsd/amd64", "darwin/arm64", "windows/amd64"} {
		goos, arch, _ := strings.Cut(target, "/")
		for _, verb := range []string{"vet"} { // which compiles, too
			cmd := exec.Command("go", verb, "./abi/...", "./plugin/...", "./plugins/...", "./internal/...", "./cmd/...", ".")
			cmd.Dir = root
			cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH="+arch, "CGO_ENABLED=0")
			if out, err := cmd.CombinedOutput(); err != nil || len(out) != 0 {
				t.Errorf("go %s for %s: %v\n%s", verb, target, err, out)
			}
		}
	}
}
