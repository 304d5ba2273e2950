//go:build linux

package plugins

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/weir-emu/weir/internal/testenv"
	"github.com/weir-emu/weir/plugin"
)

// uftraceDir is a directory uftrace.data, read as strictly as its format allows.
type uftraceDir struct {
	dir      string
	sessions []uftraceSession
	tasks    []int          // in the order of task.txt
	parent   map[int]int    // of a forked task
	calls    map[int]string // "+main +leaf -leaf -main" by task
	tids     []int          // in info
	status   int
}

type uftraceSession struct {
	exe  string
	maps []uftraceMap
}

type uftraceMap struct {
	lo, hi uint64
	syms   []uftraceSym
}

type uftraceSym struct {
	addr uint64
	name string
}

// readUftrace reads the trace in the working directory.
func readUftrace(t *testing.T) *uftraceDir {
	t.Helper()
	d := &uftraceDir{dir: "uftrace.data", parent: map[int]int{}, calls: map[int]string{}}
	d.readInfo(t)
	d.readTasks(t)
	for _, tid := range d.tids {
		d.readRecords(t, tid)
	}
	return d
}

func (d *uftraceDir) file(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(d.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (d *uftraceDir) readInfo(t *testing.T) {
	t.Helper()
	b := d.file(t, "info")
	le := binary.LittleEndian
	if len(b) < 40 || string(b[:8]) != "Ftrace!\x00" || le.Uint32(b[8:]) != 4 || le.Uint16(b[12:]) != 40 || b[14] != 1 || b[15] != 2 {
		t.Fatalf("header of info: % x", b[:min(len(b), 40)])
	}
	if f := le.Uint64(b[16:]); f != 0x62 || le.Uint16(b[32:]) != 1024 {
		t.Errorf("features %#x, deepest %d", f, le.Uint16(b[32:]))
	}
	// A line, or several, for each bit, in order.
	keys := []string{"exename", "build_id", "exit_status", "cmdline", "cpuinfo", "meminfo", "osinfo", "taskinfo", "usageinfo", "loadinfo", "arg_spec", "record_date", "pattern_type", "uftrace_version"}
	lines := strings.Split(strings.TrimSuffix(string(b[40:]), "\n"), "\n")
	for n, key := range keys {
		if le.Uint64(b[24:])>>n&1 == 0 {
			continue
		}
		count := 1
		if rest, ok := strings.CutPrefix(lines[0], key+":lines="); ok {
			count, _ = strconv.Atoi(rest)
			lines = lines[1:]
		}
		if key == "record_date" {
			count = 2 // the second is elapsed_time
		}
		for n := range count {
			key := key
			if key == "record_date" && n == 1 {
				key = "elapsed_time"
			}
			key2, value, ok := strings.Cut(lines[0], ":")
			if !ok || key2 != key {
				t.Fatalf("info: %q, want %s", lines[0], key)
			}
			if list, ok := strings.CutPrefix(value, "tids="); ok && key == "taskinfo" {
				for f := range strings.SplitSeq(list, ",") {
					n, err := strconv.Atoi(f)
					if err != nil {
						t.Errorf("info: %q", lines[0])
					}
					d.tids = append(d.tids, n)
				}
			}
			if key == "exit_status" {
				d.status, _ = strconv.Atoi(value)
			}
			if lines = lines[1:]; len(lines) == 0 {
				lines = []string{""}
			}
		}
	}
	if lines[0] != "" || len(d.tids) == 0 {
		t.Errorf("info: %q is left, tasks %v", lines, d.tids)
	}
}

func (d *uftraceDir) readTasks(t *testing.T) {
	t.Helper()
	last := ""
	for l := range strings.Lines(string(d.file(t, "task.txt"))) {
		var sec, ns, pid, other int
		var sid, exe string
		switch {
		case scan(l, "SESS timestamp=%d.%d pid=%d sid=%s exename=%q\n", &sec, &ns, &pid, &sid, &exe):
			if len(sid) != 16 {
				t.Errorf("task.txt: %s", l)
			}
			d.sessions = append(d.sessions, d.readSession(t, sid, exe))
		case scan(l, "TASK timestamp=%d.%d tid=%d pid=%d\n", &sec, &ns, &pid, &other):
			d.tasks = append(d.tasks, pid)
		case scan(l, "FORK timestamp=%d.%d pid=%d ppid=%d\n", &sec, &ns, &pid, &other):
			d.tasks = append(d.tasks, pid)
			d.parent[pid] = other
		default:
			t.Errorf("task.txt: %q", l)
		}
		if time := fmt.Sprintf("%012d.%09d", sec, ns); time < last && len(d.tasks) < 2 {
			t.Errorf("task.txt: %s after %s", time, last)
		} else {
			last = time
		}
	}
	if len(d.sessions) == 0 {
		t.Fatal("no session in task.txt")
	}
}

func scan(l, format string, args ...any) bool {
	n, err := fmt.Sscanf(l, format, args...)
	return err == nil && n == len(args)
}

func (d *uftraceDir) readSession(t *testing.T, sid, exe string) (s uftraceSession) {
	t.Helper()
	s.exe = exe
	stack, main := false, false
	for l := range strings.Lines(string(d.file(t, "sid-"+sid+".map"))) {
		var m uftraceMap
		var prot, dev, path string
		var off, ino int
		if !scan(l, "%x-%x %s %x %s %d %s\n", &m.lo, &m.hi, &prot, &off, &dev, &ino, &path) {
			t.Errorf("map: %q", l)
			continue
		}
		if path == "[stack]" {
			stack = true
			continue
		}
		main = main || path == exe
		if prot != "r-xp" || m.lo >= m.hi {
			t.Errorf("map: %q", l)
		}
		end := false
		for l := range strings.Lines(string(d.file(t, filepath.Base(path)+".sym"))) {
			var y uftraceSym
			var kind string
			if strings.HasPrefix(l, "#") {
				continue
			}
			if !scan(l, "%x %s %s\n", &y.addr, &kind, &y.name) || end || len(m.syms) > 0 && m.syms[len(m.syms)-1].addr >= y.addr || y.addr > m.hi-m.lo {
				t.Errorf("symbol %q", l)
			}
			end = y.name == "__sym_end"
			if (kind == "?") != (end || y.name == "__func_end") || kind != "?" && !strings.Contains("TtW", kind) {
				t.Errorf("symbol %q", l)
			}
			m.syms = append(m.syms, y)
		}
		if !end {
			t.Errorf("symbols of %s have no end", path)
		}
		s.maps = append(s.maps, m)
	}
	if !stack || !main {
		t.Errorf("map of %s: no stack or no program", exe)
	}
	return s
}

// name is the symbol that begins at an address in any session.
func (d *uftraceDir) name(addr uint64) string {
	for _, s := range d.sessions {
		for _, m := range s.maps {
			if addr < m.lo || addr >= m.hi {
				continue
			}
			i, ok := slices.BinarySearchFunc(m.syms, addr-m.lo, func(y uftraceSym, a uint64) int { return int(int64(y.addr - a)) })
			if !ok {
				i--
			}
			if i >= 0 {
				return m.syms[i].name
			}
		}
	}
	return fmt.Sprintf("%#x", addr)
}

func (d *uftraceDir) readRecords(t *testing.T, tid int) {
	t.Helper()
	b := d.file(t, strconv.Itoa(tid)+".dat")
	if len(b)%16 != 0 || !slices.Contains(d.tasks, tid) {
		t.Errorf("task %d of %v has %d bytes of records", tid, d.tasks, len(b))
	}
	var out strings.Builder
	var open []uint64
	last := uint64(0)
	for ; len(b) >= 16; b = b[16:] {
		time, w := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
		kind, more, magic, depth, addr := w&3, w>>2&1, w>>3&7, int(w>>6&0x3ff), w>>16
		if kind > 1 || more != 0 || magic != 5 || time < last {
			t.Fatalf("task %d: record at %d: % x", tid, last, b[:16])
		}
		last = time
		_, forked := d.parent[tid]
		switch {
		case kind == 0:
			if !forked && depth != len(open) {
				t.Fatalf("task %d: entry of %s at depth %d, want %d", tid, d.name(addr), depth, len(open))
			}
			open = append(open, addr)
			fmt.Fprintf(&out, "+%s ", d.name(addr))
		case len(open) > 0:
			if !forked && depth != len(open)-1 || open[len(open)-1] != addr {
				t.Fatalf("task %d: exit of %s at depth %d, want %d", tid, d.name(addr), depth, len(open)-1)
			}
			open = open[:len(open)-1]
			fmt.Fprintf(&out, "-%s ", d.name(addr))
		case !forked:
			t.Fatalf("task %d: exit of %s, which it is not in", tid, d.name(addr))
		default:
			fmt.Fprintf(&out, "-%s ", d.name(addr))
		}
	}
	if len(open) > 0 {
		t.Errorf("task %d ends in %d functions", tid, len(open))
	}
	d.calls[tid] = strings.TrimSpace(out.String())
}

// inTemp makes an empty directory the working directory. The programs are built before.
func inTemp(t *testing.T, programs ...string) (paths []string) {
	t.Helper()
	testenv.Weir(t)
	for _, p := range programs {
		paths = append(paths, testenv.GuestC(t, p))
	}
	t.Chdir(t.TempDir())
	return paths
}

// replayed is what uftrace itself makes of the trace, "" if it is not installed.
func replayed(t *testing.T, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("uftrace")
	if err != nil {
		return ""
	}
	var errs bytes.Buffer
	cmd := exec.Command(path, append([]string{"--no-pager", "--color=no"}, args...)...)
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil || errs.Len() > 0 {
		t.Errorf("uftrace %v: %v\n%s", args, err, errs.String())
	}
	return string(out)
}

// functions are the lines of uftrace replay without times.
func functions(text string) string {
	var b strings.Builder
	for s := bufio.NewScanner(strings.NewReader(text)); s.Scan(); {
		if _, f, ok := strings.Cut(s.Text(), "] | "); ok {
			b.WriteString(f + "\n")
		}
	}
	return b.String()
}

func TestUftrace(t *testing.T) {
	leaves := strings.TrimSpace(strings.Repeat("+leaf -leaf ", 10))
	for _, e := range engines {
		for _, tc := range []struct {
			args []string
			want string
		}{
			{nil, "+_start " + leaves + " -_start"},
			{[]string{"1", "2", "faults"}, "+_start " + leaves + strings.Repeat(" +handler -handler", 4) + " -_start +quit -quit"},
		} {
			guest := inTemp(t, "exact")[0]
			r := runFile(t, e.cfg, guest, tc.args, bundle(t, "uftrace"))
			if r.status != 0 || r.log != "" {
				t.Fatalf("%s: status %d\n%s", e.name, r.status, r.log)
			}
			d := readUftrace(t)
			if len(d.tids) != 1 || d.calls[d.tids[0]] != tc.want || len(d.sessions) != 1 {
				t.Errorf("%s %v: %v, want %q", e.name, tc.args, d.calls, tc.want)
			}
			if text := replayed(t, "replay"); text != "" {
				var want strings.Builder
				want.WriteString("_start() {\n" + strings.Repeat("  leaf();\n", 10) + strings.Repeat("  handler();\n", strings.Count(tc.want, "+handler")) + "} /* _start */\n")
				if strings.Contains(tc.want, "quit") {
					want.WriteString("quit();\n")
				}
				if got := functions(text); got != want.String() {
					t.Errorf("uftrace replay:\n%s\nwant\n%s", text, want.String())
				}
			}
		}
	}
}

// Functions are entered as often as another plugin counts, by each thread; all that is entered is left.
func TestUftraceThreads(t *testing.T) {
	guest := inTemp(t, "probe")[0]
	for _, e := range engines[:2] {
		var fib uint64
		count := own("fib", func(h *plugin.Host) {
			n := plugin.NewCounter(h)
			h.OnTranslate(func(b *plugin.Block) {
				for _, i := range b.Insns {
					if s, ok := i.Symbol(); ok && s.Raw == "probe_fib" && s.Addr == i.PC() {
						i.Add(n, 1)
					}
				}
			})
			h.OnExit(func(plugin.ExitInfo) { fib = n.Sum() })
		})
		t.Chdir(t.TempDir())
		r := runFile(t, e.cfg, guest, []string{"threads", "3", "4"}, bundle(t, "uftrace"), count)
		if r.status != 0 || r.log != "" {
			t.Fatalf("%s: status %d\n%s", e.name, r.status, r.log)
		}
		d := readUftrace(t)
		n := 0
		for _, c := range d.calls {
			n += strings.Count(c, "+probe_fib ")
		}
		if uint64(n) != fib || n != 3*4*177 || len(d.tids) != 4 {
			t.Errorf("%s: %d entries of probe_fib, counted %d; tasks %v", e.name, n, fib, d.tids)
		}
		if text := replayed(t, "report", "--srcline"); text != "" && !strings.Contains(text, fmt.Sprint(n)+"  probe_fib") {
			t.Errorf("uftrace report:\n%s", text)
		}
	}
}

// Forked children and executed programs add to the trace; a process that is killed has it complete; an older trace is
// kept, and what is no trace is not touched.
func TestUftraceProcesses(t *testing.T) {
	guest := inTemp(t, "exact")[0]
	leaves := strings.TrimSpace(strings.Repeat("+leaf -leaf ", 10))
	r := command(t, "-plugin", "uftrace", guest, "fork")
	d := readUftrace(t)
	if r.status != 0 || len(d.tids) != 2 || len(d.parent) != 1 {
		t.Fatalf("fork: status %d, %+v", r.status, d)
	}
	for child, parent := range d.parent {
		if c, p := d.calls[child], d.calls[parent]; c != "+leaf -leaf +leaf -leaf +leaf -leaf -_start" || p != "+_start "+leaves+" -_start +quit -quit" {
			t.Errorf("fork: child %q, parent %q", c, p)
		}
	}
	replayed(t, "replay")

	r = command(t, "-plugin", "uftrace,dir=uftrace.data,trace-privilege-level=on", guest, "1", "exec")
	d = readUftrace(t)
	if want := "+_start " + leaves + " -_start +_start " + leaves + " -_start"; r.status != 0 || len(d.sessions) != 2 || len(d.tids) != 1 || d.calls[d.tids[0]] != want {
		t.Errorf("exec: status %d, %+v", r.status, d)
	}
	replayed(t, "replay")
	if _, err := os.Stat("uftrace.data.old/info"); err != nil {
		t.Error(err)
	}

	r = command(t, "-plugin", "uftrace", guest, "1", "2", "3", "dies")
	d = readUftrace(t)
	if want := "+_start " + leaves + " -_start"; r.signal != 15 || d.status != 15 || d.calls[d.tids[0]] != want {
		t.Errorf("death: %+v, %+v", r, d)
	}

	t.Chdir(t.TempDir())
	if err := os.MkdirAll("uftrace.data/mine", 0o777); err != nil {
		t.Fatal(err)
	}
	refuse(t, "uftrace", "holds something else than a trace: remove it")
	refuse(t, "uftrace,level=1", `unknown argument "level": it takes dir, trace-privilege-level`)
}
