package procfs

import (
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	isTask := func(tid int) bool { return tid == 100 || tid == 101 }
	for _, c := range []struct {
		path string
		want *File
	}{
		{"/proc/self/exe", &File{Name: "exe"}},
		{"/proc/100/maps", &File{Name: "maps"}},
		{"/proc/101/stat", &File{Name: "stat", TID: 101}},
		{"/proc/thread-self/status", &File{Name: "status", TID: -1}},
		{"/proc/self/task/101/stat", &File{Name: "stat", TID: 101}},
		{"/proc//self/./cmdline", &File{Name: "cmdline"}},
		{"/proc/self/../self/auxv", &File{Name: "auxv"}},
		{"/proc/cpuinfo", &File{Name: "cpuinfo"}},
		{"/proc/self/task/7/stat", nil},
		{"/proc/102/maps", nil},
		{"/proc/self/fd/exe", nil},
		{"/proc/self/mem", &File{Name: "mem"}},
		{"/proc/self/limits", nil},
		{"/proc/self", nil},
		{"/proc/", nil},
		{"/process/self/exe", nil},
		{"/proc/meminfo", nil},
	} {
		got := Find(c.path, 100, isTask)
		if (got == nil) != (c.want == nil) || got != nil && *got != *c.want {
			t.Errorf("%s: %+v, want %+v", c.path, got, c.want)
		}
	}
}

const hostMaps = `00010000-00020000 r--p 00001000 fe:00 77                                 /bin/prog
00020000-00021000 rw-p 00000000 00:00 0
00021000-00022000 r--p 00000000 00:00 0
7e0000000000-7e0000100000 r-xp 00000000 fe:00 88                         /bin/weir
7fff00000000-7fff00021000 rw-p 00000000 00:00 0                          [stack]
`

func TestMaps(t *testing.T) {
	areas := []Area{
		{Start: 0x10000, End: 0x14000, Read: true, Exec: true},
		{Start: 0x14000, End: 0x20000, Read: true},
		{Start: 0x20000, End: 0x22000, Read: true, Write: true, Exec: true, Name: "[heap]"},
		{Start: 0x40000, End: 0x41000, Shared: true},
	}
	want := `00010000-00014000 r-xp 00001000 fe:00 77                                 /bin/prog
00014000-00020000 r--p 00005000 fe:00 77                                 /bin/prog
00020000-00022000 rwxp 00000000 00:00 0                                  [heap]
00040000-00041000 ---s 00000000 00:00 0 
`
	if got := Maps(areas, hostMaps, 0); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	// The same in a window.
	const base = 0x100000000
	moved := strings.NewReplacer("00010000-00020000", "100010000-100020000", "00020000-00021000", "100020000-100021000", "00021000-00022000", "100021000-100022000").Replace(hostMaps)
	if got := Maps(areas, moved, base); got != want {
		t.Errorf("in a window: got\n%swant\n%s", got, want)
	}
	if s := Smaps(want); strings.Count(s, "\nSize:           ") != 4 || !strings.Contains(s, "\nSize:           48 kB\n") {
		t.Errorf("smaps:\n%s", s)
	}
}

func TestStat(t *testing.T) {
	host := "7 (a) b) S 1 7 7 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 12 0 555 999999 100 18446744073709551615 1 2 3 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0 4 5 6 7 8 9 10 0\n"
	in := Info{Threads: 2, VMSize: 4096, StartCode: 0x10000, EndCode: 0x20000, StackStart: 0x7000, ArgStart: 11, ArgEnd: 12, EnvStart: 13, EnvEnd: 14}
	got := Stat(host, in)
	rest, ok := strings.CutPrefix(got, "7 (a) b) ")
	f := strings.Fields(rest)
	if !ok || !strings.HasSuffix(got, "\n") || len(f) != 50 {
		t.Fatalf("%q has %d fields", got, len(f))
	}
	for field, want := range map[int]string{3: "S", 20: "2", 22: "555", 23: "4096", 26: "65536", 27: "131072", 28: "28672", 48: "11", 49: "12", 50: "13", 51: "14", 52: "0"} {
		if f[field-3] != want {
			t.Errorf("field %d is %s, want %s", field, f[field-3], want)
		}
	}
	if got := Stat("nonsense", in); got != "nonsense" {
		t.Errorf("%q", got)
	}
}

func TestStatus(t *testing.T) {
	got := Status("Name:\tprog\nVmPeak:\t 9999 kB\nVmSize:\t 9999 kB\nThreads:\t12\nSigIgn:\t0\nSigCgt:\t0\nCpus:\t3\n", Info{Threads: 2, VMSize: 8192, SigIgn: 1 << 12, SigCgt: 1 << 63})
	if want := "Name:\tprog\nVmPeak:\t       8 kB\nVmSize:\t       8 kB\nThreads:\t2\nSigIgn:\t0000000000001000\nSigCgt:\t8000000000000000\nCpus:\t3\n"; got != want {
		t.Errorf("%q", got)
	}
}
