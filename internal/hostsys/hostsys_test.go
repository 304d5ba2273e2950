package hostsys

import "testing"

func TestErrno(t *testing.T) {
	for _, c := range []struct {
		r    uintptr
		err  bool
		want int
	}{{0, false, 0}, {5, false, 0}, {^uintptr(0), true, 1}, {^uintptr(4094), true, 4095}, {^uintptr(4095), false, 0}, {ERestart, true, 512}} {
		if IsErr(c.r) != c.err || Errno(c.r) != c.want {
			t.Errorf("%#x: %v %d", c.r, IsErr(c.r), Errno(c.r))
		}
	}
}

func TestItoa(t *testing.T) {
	for n, want := range map[int]string{0: "0", 7: "7", -12: "-12", 1234567890: "1234567890", -1 << 63: "-9223372036854775808"} {
		if got := itoa(n); got != want {
			t.Errorf("%d: %s", n, got)
		}
	}
}

func TestFixCode(t *testing.T) {
	for _, code := range []int32{0, 1, -6, SIKernel, 6} {
		if got := fixCode(code - 0x20000000); got != code {
			t.Errorf("%d: %d", code, got)
		}
		if got := fixCode(code); got != code {
			t.Errorf("%d is not encoded: %d", code, got)
		}
	}
	if Unblockable&GuestSignals != 0 || Unblockable|GuestSignals != ^uint64(0) {
		t.Error("sets")
	}
}

func TestInitError(t *testing.T) {
	e := &InitError{"something", 12}
	if e.Error() != "weir cannot run guests on this host: something (errno 12)" {
		t.Error(e)
	}
}
