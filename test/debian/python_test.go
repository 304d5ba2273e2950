//go:build linux

package debian

import (
	"regexp"
	"testing"
	"time"
)

// TestPython uses what an interpreter uses: threads, processes, pipes, signals, memory maps, floating point.
func TestPython(t *testing.T) {
	want(t, program{args: []string{"/usr/bin/python3", "-c", `
import concurrent.futures as cf, ctypes, decimal, hashlib, mmap, os, platform, signal, subprocess, sys, zlib
print(platform.machine(), os.uname().machine, sys.byteorder, ctypes.sizeof(ctypes.c_long))
with cf.ThreadPoolExecutor(4) as pool:
    print(sum(pool.map(lambda n: sum(range(n)), range(2000))))
r = subprocess.run([sys.executable, "-c", "import sys; print(sys.stdin.read()[::-1]); sys.exit(7)"], input="abc", text=True, capture_output=True)
print(r.returncode, repr(r.stdout), repr(r.stderr))
print(subprocess.run([sys.executable, "-c", "import ctypes; ctypes.string_at(0)"]).returncode)
try:
    subprocess.run(["/nonexistent"])
except FileNotFoundError as e:
    print(e)
got = []
signal.signal(signal.SIGALRM, lambda s, f: got.append(s))
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
signal.setitimer(signal.ITIMER_REAL, 0.01)
print(signal.sigwait([signal.SIGALRM]), got)
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGALRM])
signal.raise_signal(signal.SIGALRM)
print(got)
m = mmap.mmap(-1, 4096)
sys.stdout.flush()
if os.fork() == 0:
    m[:5] = b"child"
    os._exit(3)
print(os.waitstatus_to_exitcode(os.wait()[1]), m[:5])
print(hashlib.sha256(zlib.decompress(zlib.compress(b"x" * 100000))).hexdigest())
print(decimal.Decimal(2).sqrt(), 0.1 + 0.2, 2 ** 0.5, float("nan"))
`}}, `riscv64 riscv64 little 8
1331334000
7 'cba\n' ''
-11
[Errno 2] No such file or directory: '/nonexistent'
14 []
[14]
3 b'child'
d69e68988157833272305aaf21f453c800346e8a3640db6578e260215542e5d4
1.414213562373095048801688724 0.30000000000000004 1.4142135623730951 nan
`)
}

// TestPythonTests runs tests of Python's own.
func TestPythonTests(t *testing.T) {
	long(t)
	total := regexp.MustCompile(`Total tests: run=(\d+)`)
	for _, c := range []struct {
		name   string
		ignore []string
	}{
		{name: "test_json"},
		{name: "test_threading"},
		{name: "test_subprocess"},
		{name: "test_signal"},
		// It connects to its own vsock address, for which a machine needs vsock_loopback. Without it, it fails natively too.
		{name: "test_socket", ignore: []string{"-i", "ThreadedVSOCKSocketStreamTest"}},
		{name: "test_re"},
		{name: "test_os"},
		{name: "test_posix"},
		{name: "test_mmap"},
		{name: "test_asyncio"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := append([]string{"/usr/bin/python3", "-m", "test", "-W"}, c.ignore...)
			r := run(t, program{all: true, args: append(args, c.name), timeout: 20 * time.Minute})
			n := total.FindStringSubmatch(r.out)
			if r.status != 0 || n == nil || n[1] == "0" {
				t.Errorf("status %d\n%s\n%s", r.status, tail(r.out), tail(r.errs))
				return
			}
			t.Logf("%s tests", n[1])
		})
	}
}
