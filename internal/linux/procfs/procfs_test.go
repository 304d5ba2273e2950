package procfs

import (
	"strings"
	"testing"
)

func TestFind(t *testing.T) {
	for _, c := range []struct {
		path string
		want *File
	}{
		{"/proc/self/exe", &File{Name: "exe"}},
		{"/proc/100/maps", &File{Name: "maps", PID: 100}},
		{"/proc/thread-self/status", &File{Name: "status", TID: -1}},
		{"/proc/self/task/101/stat", &File{Name: "stat", TID: 101}},
		{"/proc/7/task/8/statm", &File{Name: "statm", PID: 7, TID: 8}},
		{"/proc/7/task/8/children", &File{PID: 7, TID: 8}},
		{"/proc/7/task/8", &File{PID: 7, TID: 8}},
		{"/proc//self/./cmdline", &File{Name: "cmdline"}},
		{"/proc/self/../self/auxv", &File{Name: "auxv"}},
		{"/proc/cpuinfo", &File{Name: "cpuinfo"}},
		{"/proc/sys/kernel/arch", &File{Name: "sys/kernel/arch"}},
		{"/proc/self/fd/62", &File{Name: "fd", Arg: "62"}},
		{"/proc/self/fd/62/deeper/in", &File{Name: "fd", Arg: "62"}},
		{"/proc/9/task/9/fdinfo/1", &File{Name: "fdinfo", PID: 9, TID: 9, Arg: "1"}},
		{"/proc/self/mem", &File{Name: "mem"}},
		{"/proc/self/limits", &File{Name: "limits"}},
		{"/proc/self/fd", nil},
		{"/proc/self/net/stat", nil},
		{"/proc/0/maps", nil},
		{"/proc/-1/maps", nil},
		{"/proc/self/task/x/maps", nil},
		{"/proc/self", nil},
		{"/proc/", nil},
		{"/process/self/exe", nil},
		{"/proc/meminfo", nil},
	} {
		got := Find(c.path)
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
}
