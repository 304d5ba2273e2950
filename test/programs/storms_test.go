//go:build linux

package programs

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/weir-emu/weir/internal/testenv"
)

// stormThreads is how many threads each storm has: more than processors, so that they meet in the middle of things.
const stormThreads = 8

// storms are the programs that put threads and processes under load and count what must not get lost.
var storms = []string{"storm_futex", "storm_signals", "storm_mmap", "storm_mixed"}

// stormTime returns how long each storm blows; WEIR_SOAK is the time of all together.
func stormTime(t *testing.T) time.Duration {
	t.Helper()
	all := 30 * time.Second
	if testing.Short() {
		all = 5 * time.Second * time.Duration(len(storms))
	}
	if v := os.Getenv("WEIR_SOAK"); v != "" {
		d, err := time.ParseDuration(v)
		if err != nil {
			t.Fatalf("WEIR_SOAK: %v; give a duration such as 30m", err)
		}
		all = d
	}
	return all / time.Duration(len(storms))
}

// use is what a process uses at one moment.
type use struct {
	rss, maps, fds, threads int // RSS in KiB
}

// watch samples what a process uses, from when it has warmed up until it ends.
func watch(pid int, every time.Duration, done <-chan struct{}) (samples []use) {
	for {
		select {
		case <-done:
			return samples
		case <-time.After(every):
		}
		status, err1 := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		maps, err2 := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
		fds, err3 := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
		if err1 != nil || err2 != nil || err3 != nil || !bytes.Contains(status, []byte("VmRSS")) {
			continue
		}
		samples = append(samples, use{field(status, "VmRSS:"), bytes.Count(maps, []byte("\n")), len(fds), field(status, "Threads:")})
	}
}

// field returns a number of /proc/PID/status.
func field(status []byte, name string) int {
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			n, _ := strconv.Atoi(strings.Fields(rest)[0])
			return n
		}
	}
	return 0
}

// TestStorm runs every storm for a while: it must lose nothing, end in time, and use no more memory, mappings, descriptors
// and threads late than early.
func TestStorm(t *testing.T) {
	d := stormTime(t)
	for _, name := range storms {
		t.Run(name, func(t *testing.T) { storm(t, name, d) })
	}
}

// TestStormVariants runs every storm briefly in the other modes.
func TestStormVariants(t *testing.T) {
	if !long() {
		t.Skip("TestStorm runs the JIT; the other modes are for WEIR_TEST_LONG=1")
	}
	for _, options := range [][]string{{"-jit=off"}, {"-one-insn-per-tb"}, {"-window"}, {"-host=baseline"}, {"-pairing=off"}, {smallCache}} {
		for _, name := range storms {
			t.Run(strings.Join(options, "")+"/"+name, func(t *testing.T) { storm(t, name, 5*time.Second, options...) })
		}
	}
}

func storm(t *testing.T, name string, d time.Duration, options ...string) {
	weir, program := testenv.Weir(t), testenv.GuestC(t, name)
	args := append(options, program, strconv.FormatFloat(d.Seconds(), 'f', 2, 64), strconv.Itoa(stormThreads))
	cmd := exec.Command(weir, args...)
	cmd.Dir = t.TempDir()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 5 * time.Second
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	samples := make(chan []use)
	go func() { samples <- watch(cmd.Process.Pid, max(d/100, 20*time.Millisecond), done) }()
	limit := 2*d + timeout
	hung := time.AfterFunc(limit, func() {
		t.Errorf("no end after %v of a storm of %v\n%s", limit, d, stacks(cmd.Process.Pid))
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	})
	err := cmd.Wait()
	hung.Stop()
	close(done)
	seen := <-samples
	if err != nil || out.String() != "ok "+name+"\n" {
		t.Errorf("after %v: %v\n%s", time.Since(start).Round(time.Millisecond), err, tail(out.String()))
	}
	steady(t, seen)
}

// steady wants no growth from the second quarter of the samples to the last, beyond noise: a leak per operation of a storm
// is thousands of times that.
func steady(t *testing.T, samples []use) {
	t.Helper()
	if len(samples) < 16 {
		t.Errorf("only %d samples of what the process uses", len(samples))
		return
	}
	q := len(samples) / 4
	for _, what := range []struct {
		name  string
		get   func(use) int
		slack int
	}{
		{"resident memory in KiB", func(u use) int { return u.rss }, 24 << 10},
		{"mappings", func(u use) int { return u.maps }, 64},
		{"descriptors", func(u use) int { return u.fds }, 32},
		{"threads", func(u use) int { return u.threads }, 16},
	} {
		early, late := median(samples[q:2*q], what.get), median(samples[3*q:], what.get)
		t.Logf("%s: %d early, %d late", what.name, early, late)
		if late > early+early/2+what.slack {
			t.Errorf("%s grew from %d to %d", what.name, early, late)
		}
	}
}

func median(samples []use, get func(use) int) int {
	var v []int
	for _, s := range samples {
		v = append(v, get(s))
	}
	slices.Sort(v)
	return v[len(v)/2]
}

// stacks tells where the threads of a hung process are in the kernel.
func stacks(pid int) string {
	var b strings.Builder
	tasks, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, task := range tasks {
		dir := fmt.Sprintf("/proc/%d/task/%s/", pid, task.Name())
		wchan, _ := os.ReadFile(dir + "wchan")
		call, _ := os.ReadFile(dir + "syscall")
		fmt.Fprintf(&b, "thread %s: %s %s\n", task.Name(), wchan, strings.TrimSpace(string(call)))
	}
	return b.String()
}
