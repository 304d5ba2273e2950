//go:build linux

package plugins

import (
	"debug/elf"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/weir-emu/weir"
	"github.com/weir-emu/weir/internal/testenv"
)

var engines = []struct {
	name string
	cfg  weir.Config
}{{"jit", weir.Config{}}, {"interpreter", weir.Config{Interpret: true}}, {"one", weir.Config{OneInsn: true}}}

// The process ends with the very instruction: another counter has seen not one more.
func TestStopTrigger(t *testing.T) {
	for _, e := range engines {
		t.Run(e.name, func(t *testing.T) {
			for _, tc := range []struct {
				args   string
				insns  uint64
				status int
				out    string
			}{
				{"icount=0:5", 0, 5, "icount reached at 0x10000, exiting\n"},
				{"icount=1:6", 1, 6, "icount reached at 0x10004, exiting\n"},
				{"icount=250:7", 250, 7, "icount reached at 0x10014, exiting\n"},
				{fmt.Sprintf("icount=%d:9", exactInsns-1), exactInsns - 1, 9, "icount reached at 0x10060, exiting\n"},
				{fmt.Sprintf("icount=%d:9", exactInsns), exactInsns, 0, ""},
				{"addr=0x1008c:255", 2 + 500 + 1 + 1 + 3, 255, "0x1008c reached, exiting\n"},
				{"addr=10060", exactInsns - 1, 0, "0x10060 reached, exiting\n"},
				{"addr=10060:1,icount=100:2", 100, 2, "icount reached at 0x10014, exiting\n"},
			} {
				var c counted
				r := run(t, e.cfg, "exact", nil, bundle(t, "stoptrigger,"+tc.args), c.counter())
				if r.status != tc.status || r.signal != 0 || r.log != tc.out || c.insns != tc.insns {
					t.Errorf("%s: status %d, %d instructions, %q; want %d, %d, %q", tc.args, r.status, c.insns, r.log, tc.status, tc.insns, tc.out)
				}
			}
		})
	}
}

// Other threads run when one comes to the address, and a forked child ends by itself.
func TestStopTriggerProcesses(t *testing.T) {
	guest := testenv.GuestC(t, "probe")
	fib := symbolOf(t, guest, "probe_fib")
	r := command(t, "-plugin", fmt.Sprintf("stoptrigger,addr=%#x:77", fib), guest, "threads", "4", "1000")
	if r.status != 77 || !strings.HasPrefix(r.log, fmt.Sprintf("%#x reached, exiting\n", fib)) {
		t.Errorf("threads: status %d, %q", r.status, r.log)
	}
	// The child of "exact" is at child+8 when it has called leaf twice; its parent waits, and ends well.
	r = command(t, "-plugin", "stoptrigger,addr=0x10104:8", testenv.GuestC(t, "exact"), "fork")
	if r.status != 0 || r.log != "0x10104 reached, exiting\n" {
		t.Errorf("fork: status %d, %q", r.status, r.log)
	}
	r = command(t, "-plugin", "stoptrigger,icount=700:8", testenv.GuestC(t, "exact"), "1", "2", "3", "4", "5") // spins
	if r.status != 8 {
		t.Errorf("count: status %d, %q", r.status, r.log)
	}
	r = command(t, "-plugin", "stoptrigger,addr=0x10060:8", testenv.GuestC(t, "exact"), "1", "2") // after execve
	if r.status != 8 || r.log != "0x10060 reached, exiting\n" {
		t.Errorf("exec: status %d, %q", r.status, r.log)
	}
}

func TestStopTriggerArguments(t *testing.T) {
	refuse(t, "stoptrigger", "no trigger: want icount=N or addr=ADDR")
	refuse(t, "stoptrigger,icount=many", `icount=many: "many" is no number`)
}

// symbolOf is the address of a symbol of a program.
func symbolOf(t *testing.T, path, name string) uint64 {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	list, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(s elf.Symbol) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("no symbol %s in %s", name, path)
	}
	return list[i].Value
}
