//go:build linux

package policy

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weir-emu/weir/internal/testenv"
)

func container(t *testing.T) string {
	root, err := testenv.Root()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(root, "examples", "policy", "container.json")
}

// A profile such as container runtimes have lets ordinary programs run, and stops what it is there to stop.
func TestContainerProfile(t *testing.T) {
	weir, box := testenv.Weir(t), testenv.Busybox(t)
	out, status := output(t, t.TempDir(), nil, weir, "-policy", container(t), box, "sh", "-c",
		"echo one | tr o O; (sleep 0; echo two) & wait; ls / >list && wc -l <list >/dev/null && rm list; mount -t tmpfs x /; unshare -m true; exit 7")
	if status != 7 || !strings.Contains(out, "One\n") || !strings.Contains(out, "two\n") || strings.Count(out, "mount: ") != 1 || !strings.Contains(out, "unshare: ") {
		t.Errorf("status %d\n%s", status, out)
	}

	cmd := exec.Command(weir, "-policy", container(t), testenv.GuestGo(t, "test/guest/go/httpserver"))
	cmd.Stderr = os.Stderr
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	hung := time.AfterFunc(timeout, func() { cmd.Process.Kill() })
	defer hung.Stop()
	defer cmd.Process.Kill()
	r := bufio.NewReader(pipe)
	line, err := r.ReadString('\n')
	port := 0
	if _, scan := fmt.Sscanf(line, "port %d\n", &port); err != nil || scan != nil {
		t.Fatalf("the server said %q (%v)", line, err)
	}
	res, err := http.Post(fmt.Sprintf("http://127.0.0.1:%d/quit", port), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	io.Copy(io.Discard, r)
	if err := cmd.Wait(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
}

// Each action of a seccomp profile, as a program meets it.
func TestActions(t *testing.T) {
	prog, err := testenv.BuildC(testenv.RISCV64, "test/policy/guest/trap.c")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	entry := func(name, action string, errno int) map[string]any {
		return map[string]any{"names": []string{name}, "action": action, "errnoRet": errno}
	}
	profile := write(t, filepath.Join(dir, "p.json"), map[string]any{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []any{
		entry("sync", "SCMP_ACT_TRAP", 7), entry("getuid", "SCMP_ACT_ERRNO", 33), entry("getgid", "SCMP_ACT_ERRNO", 0),
		entry("geteuid", "SCMP_ACT_NOTIFY", 1), entry("getegid", "SCMP_ACT_TRACE", 1), entry("gettid", "SCMP_ACT_LOG", 1),
		entry("getsid", "SCMP_ACT_KILL_THREAD", 1), entry("getpgid", "SCMP_ACT_KILL_PROCESS", 1),
	}})
	audit := filepath.Join(dir, "audit")
	out, status := output(t, dir, nil, testenv.Weir(t), "-plugin", "policy,profile="+profile+",audit="+audit+",log=denied", prog)
	want := `trap: 1 signo 31 errno 7 code 1 syscall 81 arch c00000f3 addr 1
errno: -1 33
zero: 0
notify: -1 1
trace: -1 1
log: 1
thread: 0
process: signal 31
single: signal 31
default: signal 31
ignored: signal 31
blocked: signal 31
`
	if status != 0 || out != want {
		t.Errorf("status %d, output\n%swant\n%s", status, out, want)
	}
	count := map[string]int{}
	for _, r := range records(t, audit) {
		count[r.Decision]++
	}
	for d, n := range map[string]int{"trap": 4, "deny": 2, "notify": 1, "trace": 1, "log": 1, "kill-thread": 2, "kill": 1} {
		if count[d] != n {
			t.Errorf("%d records of %s, want %d", count[d], d, n)
		}
	}
	if count["allow"] != 0 {
		t.Errorf("%d records of calls that are allowed", count["allow"])
	}
}

// record is a line of the audit log.
type record struct {
	Time     time.Time
	PID, TID int
	Syscall  string
	Args     map[string]string
	Files    []string
	Decision string
	Rule     string
	Result   *int64
	Errno    string
}

func records(t *testing.T, name string) (list []record) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := json.NewDecoder(f)
	d.DisallowUnknownFields()
	for {
		var r record
		if err := d.Decode(&r); err == io.EOF {
			return list
		} else if err != nil {
			t.Fatalf("line %d: %v", len(list)+1, err)
		}
		if r.Time.IsZero() || r.PID == 0 || r.TID == 0 || r.Syscall == "" || r.Decision == "" {
			t.Fatalf("line %d: %+v", len(list)+1, r)
		}
		list = append(list, r)
	}
}

// story is a shell script that reads, writes, forks and executes.
const story = "cat in; echo x >made; cat made; rm made; mkdir d; echo y >d/f; mv d e; rm -r e; (exec cat in) | wc -c; cat none || true"

// A run under the profile learned from it goes as it went; what it did not do is refused. Learning
// again adds to the profile. The audit log tells it all.
func TestLearnAndAudit(t *testing.T) {
	weir, box, dir := testenv.Weir(t), testenv.Busybox(t), t.TempDir()
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "in"), "input\n")
	tools := t.TempDir()
	secret := write(t, filepath.Join(tools, "secret"), "secret\n")
	profile, audit := filepath.Join(tools, "learned.json"), filepath.Join(tools, "audit")
	free, status := output(t, dir, nil, weir, "-learn", profile, box, "sh", "-c", story)
	if status != 0 || !strings.Contains(free, "input\n") {
		t.Fatalf("status %d\n%s", status, free)
	}
	held, status := output(t, dir, nil, weir, "-policy", profile, "-audit", audit, box, "sh", "-c", story)
	if status != 0 || held != free {
		t.Errorf("under its profile: status %d\n%swithout\n%s", status, held, free)
	}
	pids := map[int]bool{}
	seen := map[string]bool{}
	for _, r := range records(t, audit) {
		pids[r.PID] = true
		seen[r.Syscall] = true
		if r.Decision != "allow" {
			t.Errorf("%+v", r)
		}
		if r.Syscall == "openat" && r.Args["pathname"] == `"in"` && (!slices.Contains(r.Files, filepath.Join(dir, "in")) || r.Result == nil || *r.Result < 0) {
			t.Errorf("%+v", r)
		}
		if r.Syscall == "openat" && r.Args["pathname"] == `"none"` && r.Errno != "ENOENT" {
			t.Errorf("%+v", r)
		}
	}
	if len(pids) < 5 || !seen["execve"] || !seen["exit_group"] || !seen["clone"] || !seen["renameat2"] && !seen["renameat"] {
		t.Errorf("processes %v, calls %v", pids, seen)
	}
	out, status := output(t, dir, nil, weir, "-policy", profile, box, "cat", secret)
	if status == 0 || strings.Contains(out, "secret\n") || !strings.Contains(out, "Permission denied") {
		t.Errorf("what was not learned: status %d\n%s", status, out)
	}
	out, status = output(t, dir, nil, weir, "-policy", profile, testenv.Bash(t), "-c", "echo hello")
	if status != 126 || strings.Contains(out, "hello") || !strings.Contains(out, "may not be run: rules[1] line ") {
		t.Errorf("another program: status %d\n%s", status, out)
	}
	// Learnt on, also by a program that a vfork child executes.
	if out, status = output(t, dir, nil, weir, "-learn", profile, box, "sh", "-c", "cat "+secret+"; echo z >>"+secret); status != 0 {
		t.Errorf("status %d\n%s", status, out)
	}
	for _, s := range []string{"cat " + secret, story} {
		if out, status = output(t, dir, nil, weir, "-policy", profile, box, "sh", "-c", s); status != 0 {
			t.Errorf("%s: status %d\n%s", s, status, out)
		}
	}
}

// A guest cannot change its own profile for the programs that it starts.
func TestProfileChanged(t *testing.T) {
	weir, box, dir := testenv.Weir(t), testenv.Busybox(t), t.TempDir()
	write(t, filepath.Join(dir, "secret"), "secret\n")
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	profile := write(t, filepath.Join(dir, "p.json"), map[string]any{"weir": map[string]any{"rules": []any{map[string]any{"path": filepath.Join(real, "secret"), "action": "deny"}}}})
	out, status := output(t, dir, nil, weir, "-policy", "p.json", box, "sh", "-c", `cat secret; cd /; cat `+real+`/secret; echo '{"weir":{"rules":[{"path":"/x","action":"deny"}]}}' >`+profile+`; cat `+real+`/secret; true`)
	if strings.Contains(out, "secret\n") || status != 0 || strings.Count(out, "Permission denied") != 2 || !strings.Contains(out, "has changed") {
		t.Errorf("status %d\n%s", status, out)
	}
}

// A wrong profile is one line, before anything runs.
func TestWrongProfile(t *testing.T) {
	profile := write(t, filepath.Join(t.TempDir(), "p.json"), "{\n  \"defaultAction\": \"SCMP_ACT_ALLOW\",\n  \"syscalls\": [{\"names\": [\"opneat\"], \"action\": \"SCMP_ACT_ERRNO\"}]\n}")
	out, status := output(t, "/", nil, testenv.Weir(t), "-policy", profile, testenv.Busybox(t), "echo", "ran")
	want := "weir: plugin policy: " + profile + ":3:27: syscalls[0].names[0]: unknown syscall \"opneat\" (weir syscalls lists the names)\n"
	if status != 1 || out != want {
		t.Errorf("status %d, output %swant %s", status, out, want)
	}
}
