package procfs

import (
	"strings"
	"testing"
)

const hostSmaps = `00010000-00020000 r--p 00001000 fe:00 77                                 /bin/prog
Size:                 64 kB
KernelPageSize:        4 kB
Rss:                  32 kB
Pss:                  10 kB
Anonymous:             0 kB
Swap:                  0 kB
THPeligible:           0
ProtectionKey:         0
VmFlags: rd mr mw me sd
00020000-00021000 rw-p 00000000 00:00 0
Size:                  4 kB
KernelPageSize:        4 kB
Rss:                   4 kB
Pss:                   4 kB
Anonymous:             4 kB
Swap:                  8 kB
THPeligible:           0
ProtectionKey:         0
VmFlags: rd wr mr mw me ac
00021000-00022000 r--p 00000000 00:00 0
Size:                  4 kB
KernelPageSize:        4 kB
Rss:                   4 kB
Pss:                   4 kB
Anonymous:             4 kB
Swap:                  0 kB
THPeligible:           0
VmFlags: rd mr mw me ac
7e0000000000-7e0000100000 r-xp 00000000 fe:00 88                         /bin/weir
Size:               1024 kB
Rss:                1024 kB
VmFlags: rd ex
`

var smapsAreas = []Area{
	{Start: 0x10000, End: 0x18000, Read: true, Exec: true, File: true},
	{Start: 0x20000, End: 0x22000, Read: true, Write: true, Name: "[heap]"},
	{Start: 0x22000, End: 0x23000, Shared: true},
}

func TestSmaps(t *testing.T) {
	got := Smaps(Maps(smapsAreas, hostSmaps, 0), hostSmaps, 0)
	want := `00010000-00018000 r-xp 00001000 fe:00 77                                 /bin/prog
Size:                 32 kB
KernelPageSize:        4 kB
Rss:                  16 kB
Pss:                   5 kB
Anonymous:             0 kB
Swap:                  0 kB
THPeligible:           0
VmFlags: rd ex mr mw me sd 
00020000-00022000 rw-p 00000000 00:00 0                                  [heap]
Size:                  8 kB
KernelPageSize:        4 kB
Rss:                   8 kB
Pss:                   8 kB
Anonymous:             8 kB
Swap:                  8 kB
THPeligible:           0
VmFlags: rd wr mr mw me ac 
00022000-00023000 ---s 00000000 00:00 0 
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestSmapsRollup(t *testing.T) {
	got := SmapsRollup(Maps(smapsAreas, hostSmaps, 0), hostSmaps, 0)
	want := `00010000-00023000 ---p 00000000 00:00 0                                  [rollup]
Rss:                  24 kB
Pss:                  13 kB
Anonymous:             8 kB
Swap:                  8 kB
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if got := SmapsRollup("", hostSmaps, 0); got != "" {
		t.Errorf("of nothing: %q", got)
	}
}

func TestCount(t *testing.T) {
	if got, want := Count(smapsAreas, hostSmaps, 0), (Resident{Anon: 8 << 10, File: 16 << 10, Swap: 8 << 10}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	moved := strings.NewReplacer("00020000-00021000", "100020000-100021000").Replace(hostSmaps)
	if got, want := Count(smapsAreas, moved, 1<<32), (Resident{Anon: 4 << 10, Swap: 8 << 10}); got != want {
		t.Errorf("in a window: %+v, want %+v", got, want)
	}
}

func TestNumaMaps(t *testing.T) {
	host := "00010000 default file=/bin/prog mapped=4\n00020000 default anon=1\n7e0000000000 default file=/bin/weir\n"
	if got, want := NumaMaps(smapsAreas, host, 0), "00010000 default file=/bin/prog mapped=4\n00020000 default anon=1\n"; got != want {
		t.Errorf("%q", got)
	}
}
