//go:build linux

package plugintest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weir-emu/weir/internal/linux"
)

// The table is a part of the real one: the same numbers, names, arguments and kinds.
func TestTable(t *testing.T) {
	real := map[string]string{}
	for _, r := range linux.Rows() {
		var args []string
		for _, a := range r.Args {
			args = append(args, a.Name+":"+a.Kind.String())
		}
		real[fmt.Sprint(r.Nr)+" "+r.Name] = strings.Join(args, " ")
	}
	for _, row := range table {
		key := fmt.Sprint(row.nr) + " " + row.name
		if args, ok := real[key]; !ok {
			t.Errorf("%s is no syscall of the guest", key)
		} else if args != row.args {
			t.Errorf("want {%d, %q, %q}", row.nr, row.name, args)
		}
	}
}
