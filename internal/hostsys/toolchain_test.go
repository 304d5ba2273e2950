package hostsys

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The build line of the Makefile sets a variable of the runtime by name, which the linker does not
// check.
func TestGodebugDefault(t *testing.T) {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatalf("go env: %v", err)
	}
	var src []byte
	for _, name := range []string{"runtime.go", "runtime1.go"} {
		b, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "src/runtime", name))
		if err != nil {
			t.Fatal(err)
		}
		src = append(src, b...)
	}
	for _, want := range []string{"\nvar godebugDefault string", `"asyncpreemptoff"`, `"containermaxprocs"`, `"updatemaxprocs"`, `"memprofilerate"`} {
		if !strings.Contains(string(src), want) {
			t.Errorf("the runtime has no %q", want)
		}
	}
}
