//go:build linux

package plugins

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/weir-emu/weir/internal/testenv"
)

// execlogExact is the log of "exact" with registers s0 to s11 and t0.
func execlogExact() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, "0, "+format+"\n", args...) }
	line(`0x10000, 0x20437, "lui s0,0x20", s0 -> 0x0000000000020000`)
	line(`0x10004, 0x6400493, "li s1,100", s1 -> 0x0000000000000064`)
	for i := range 100 {
		line(`0x10008, 0x43283, "ld t0,0(s0)", load, 0x00020000`)
		line(`0x1000c, 0x128293, "addi t0,t0,1", t0 -> 0x%016x`, i+1)
		line(`0x10010, 0x543023, "sd t0,0(s0)", store, 0x00020000`)
		line(`0x10014, 0xfff48493, "addi s1,s1,-1", s1 -> 0x%016x`, 99-i)
		line(`0x10018, 0xfe0498e3, "bnez s1,0x10008"`)
	}
	line(`0x1001c, 0xa00913, "li s2,10", s2 -> 0x000000000000000a`)
	for i := range 10 {
		line(`0x10020, 0x60000ef, "jal 0x10080"`)
		if i == 0 {
			line(`0x10080, 0x222b7, "lui t0,0x22", t0 -> 0x0000000000022000`)
		} else {
			line(`0x10080, 0x222b7, "lui t0,0x22"`)
		}
		line(`0x10084, 0x2a303, "lw t1,0(t0)", load, 0x00022000`)
		line(`0x10088, 0x62a223, "sw t1,4(t0)", store, 0x00022004`)
		line(`0x1008c, 0x8067, "ret"`)
		line(`0x10024, 0xfff90913, "addi s2,s2,-1", s2 -> 0x%016x`, 9-i)
		line(`0x10028, 0xfe091ce3, "bnez s2,0x10020"`)
	}
	line(`0x1002c, 0x13983, "ld s3,0(sp)", load, 0xSTACK, s3 -> 0x0000000000000001`)
	for n, to := range []int{0x100c0, 0x10140, 0x10180, 0x101c0, 0x10200} {
		at := 0x10030 + 8*n
		line(`%#x, %#x, "li t1,%d"`, at, 0x200313+n<<20, n+2)
		off := to - at - 4
		op := 0x00698063 | off>>12&1<<31 | off>>5&63<<25 | off>>1&15<<8 | off>>11&1<<7
		line(`%#x, %#x, "beq s3,t1,%#x"`, at+4, op, to)
	}
	line(`0x10058, 0x513, "li a0,0"`)
	line(`0x1005c, 0x5e00893, "li a7,94"`)
	line(`0x10060, 0x73, "ecall"`)
	return b.String()
}

var stackAddress = regexp.MustCompile(`(?m)("ld s3,0\(sp\)", load, 0x)[0-9a-f]{9,}`)

func TestExeclog(t *testing.T) {
	want := execlogExact()
	for _, e := range engines {
		r := run(t, e.cfg, "exact", nil, bundle(t, "execlog,reg=s?,reg=s1?,reg=t0"))
		if got := stackAddress.ReplaceAllString(r.log, "${1}STACK"); r.status != 0 || got != want {
			t.Errorf("%s: status %d\n%s", e.name, r.status, difference(got, want))
		}
		// What filters select, with registers that are looked at before the next instruction, and rdisas.
		r = run(t, e.cfg, "exact", nil, bundle(t, "execlog,reg=ra,reg=x9,afilter=1001c,ifilter=jal,rdisas=on"))
		var some strings.Builder
		for l := range strings.Lines(want) {
			l = regexp.MustCompile(`, (s2|t0|s0|s3) -> 0x[0-9a-f]+`).ReplaceAllString(l, "")
			if strings.Contains(l, "s1") || strings.Contains(l, `"jal`) || strings.Contains(l, "0x1001c,") {
				some.WriteString(l)
			}
		}
		if r.log != some.String() {
			t.Errorf("%s: filtered\n%s", e.name, difference(r.log, some.String()))
		}
	}
}

// difference shows the first line that differs.
func difference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for n := range max(len(g), len(w)) {
		switch {
		case n >= len(g):
			return fmt.Sprintf("line %d is missing: %s", n+1, w[n])
		case n >= len(w):
			return fmt.Sprintf("line %d is too many: %s", n+1, g[n])
		case g[n] != w[n]:
			return fmt.Sprintf("line %d: %s\nwant %s", n+1, g[n], w[n])
		}
	}
	return ""
}

// There are as many lines, loads and stores as another plugin counts, with threads, faults and signals; no line is torn.
func TestExeclogCounts(t *testing.T) {
	form := regexp.MustCompile(`^[0-9]+, 0x[0-9a-f]+, 0x[0-9a-f]{1,8}, "[^"]+"(, (load|store), 0x[0-9a-f]{8,})*(, [a-z0-9]+ -> 0x[0-9a-f]{16})*\n$`)
	for _, e := range engines[:2] {
		for _, args := range [][]string{{"work"}, {"threads", "3", "1"}, {"fault"}} {
			var c counted
			r := run(t, e.cfg, "probe", args, bundle(t, "execlog,reg=a?"), c.counter())
			got := counted{blocks: c.blocks}
			for l := range strings.Lines(r.log) {
				got.insns++
				got.loads += uint64(strings.Count(l, ", load, "))
				got.stores += uint64(strings.Count(l, ", store, "))
				if !form.MatchString(l) {
					t.Errorf("%s %v: line %q", e.name, args, l)
				}
			}
			if r.status != 0 || got != c {
				t.Errorf("%s %v: status %d: %+v, want %+v", e.name, args, r.status, got, c)
			}
		}
	}
}

// Parent and child write what they execute, once; after an execve and up to a deadly signal too.
func TestExeclogProcesses(t *testing.T) {
	guest := testenv.GuestC(t, "exact")
	const before = 2 + 500 + 1 + 70 + 3 // up to the branch to forks
	for _, tc := range []struct {
		args  []string
		lines int
	}{
		{[]string{"fork"}, before + 7 + 1 + 6 + 1 + 3 + 1 + 3*5 + 3},
		{[]string{"1", "exec"}, before + 2 + 7 + exactInsns},
		{[]string{"1", "2", "3", "dies"}, before + 2 + 2 + 2 + 5},
	} {
		r := command(t, append([]string{"-plugin", "execlog", guest}, tc.args...)...)
		if n := strings.Count(r.log, "\n"); n != tc.lines {
			t.Errorf("%v: status %d, signal %d, %d lines, want %d", tc.args, r.status, r.signal, n, tc.lines)
		}
	}
	refuse(t, "execlog,reg=a0,reg=q7", "reg=q7: the guest has no such register")
	refuse(t, "execlog,afilter=main", "afilter=main: want a hexadecimal address")
}
