package procfs

import (
	"strings"
	"testing"
)

func TestStat(t *testing.T) {
	host := "7 (a) b) S 1 7 7 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 12 0 555 999999 100 18446744073709551615 1 2 3 0 0 0 0 9 9 0 0 0 17 0 0 0 0 0 0 4 5 6 7 8 9 10 0\n"
	in := Info{
		Threads: 2, VMSize: 8192, Resident: Resident{Anon: 4096}, StartCode: 0x10000, EndCode: 0x20000, StackStart: 0x7000, ArgStart: 11, ArgEnd: 12,
		EnvStart: 13, EnvEnd: 14, SigIgn: 5, SigCgt: 1 << 40,
	}
	got := Stat(host, in)
	rest, ok := strings.CutPrefix(got, "7 (a) b) ")
	f := strings.Fields(rest)
	if !ok || !strings.HasSuffix(got, "\n") || len(f) != 50 {
		t.Fatalf("%q has %d fields", got, len(f))
	}
	for field, want := range map[int]string{
		3: "S", 20: "2", 22: "555", 23: "8192", 24: "1", 26: "65536", 27: "131072", 28: "28672", 33: "5", 34: "0", 48: "11", 49: "12", 50: "13", 51: "14", 52: "0",
	} {
		if f[field-3] != want {
			t.Errorf("field %d is %s, want %s", field, f[field-3], want)
		}
	}
	// Who may not know addresses is not told them.
	hidden := strings.Replace(host, " 1 2 3 ", " 0 0 0 ", 1)
	if f := strings.Fields(strings.TrimPrefix(Stat(hidden, in), "7 (a) b) ")); f[26-3] != "0" || f[28-3] != "0" {
		t.Errorf("hidden addresses: %v", f)
	}
	if got := Stat("nonsense", in); got != "nonsense" {
		t.Errorf("%q", got)
	}
}

func TestMeasure(t *testing.T) {
	in := Info{StartCode: 0x10000, EndCode: 0x12000}
	in.Measure([]Area{
		{Start: 0x10000, End: 0x12000, Read: true, Exec: true, File: true},
		{Start: 0x20000, End: 0x23000, Read: true, Write: true},
		{Start: 0x30000, End: 0x31000, Read: true, Write: true, Shared: true},
		{Start: 0x40000, End: 0x44000, Read: true, Exec: true, File: true},
		{Start: 0x50000, End: 0x55000, Read: true, Write: true, Name: "[stack]"},
	})
	if in.VMSize != 0xf000 || in.Data != 0x3000 || in.Lib != 0x4000 || in.Stack != 0x5000 {
		t.Errorf("%+v", in)
	}
	in.Resident = Resident{Anon: 0x2000, File: 0x3000, Shmem: 0x1000}
	if got, want := Statm(in), "15 6 4 2 0 8 0\n"; got != want {
		t.Errorf("statm %q, want %q", got, want)
	}
}

func TestStatus(t *testing.T) {
	host := "Name:\tprog\nVmPeak:\t 9999 kB\nVmSize:\t 9999 kB\nVmRSS:\t 99 kB\nThreads:\t12\nSigIgn:\t0\nSigCgt:\t0\nSeccomp:\t0\nSeccomp_filters:\t0\nx86_Thread_features:\t\nCpus:\t3\n"
	got := Status(host, Info{Threads: 2, VMSize: 8192, Resident: Resident{File: 4096}, SigIgn: 1 << 12, SigCgt: 1 << 63, SeccompMode: 2, SeccompFilters: 3})
	want := "Name:\tprog\nVmPeak:\t       8 kB\nVmSize:\t       8 kB\nVmRSS:\t       4 kB\nThreads:\t2\nSigIgn:\t0000000000001000\nSigCgt:\t8000000000000000\nSeccomp:\t2\nSeccomp_filters:\t3\nCpus:\t3\n"
	if got != want {
		t.Errorf("%q\nwant\n%q", got, want)
	}
}

func TestLimits(t *testing.T) {
	host := "Limit                     Soft Limit           Hard Limit           Units     \nMax stack size            1                    2                    bytes     \nMax open files            3                    4                    files     \n"
	want := "Limit                     Soft Limit           Hard Limit           Units     \nMax stack size            4096                 unlimited            bytes     \nMax open files            3                    4                    files     \n"
	if got := Limits(host, [2]uint64{}, [2]uint64{}, [2]uint64{4096, ^uint64(0)}); got != want {
		t.Errorf("%q\nwant\n%q", got, want)
	}
}
