//go:build linux

package load

import (
	"fmt"
	"os"
	"testing"

	"github.com/weir-emu/weir/internal/hostsys"
)

// Guest memory is read with recovery from faults, which takes the handlers.
func TestMain(m *testing.M) {
	if err := hostsys.Init(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}
