package policy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
	"github.com/weir-emu/weir/plugin/plugintest"
)

func profileFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "profile.json")
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// load makes the table of a profile for the fake guest.
func load(t *testing.T, text string, args ...string) (*policy, error) {
	t.Helper()
	p := &policy{host: plugintest.New().Host("policy")}
	a, err := plugin.ParseArgs(strings.Join(args, ","))
	if err != nil {
		t.Fatal(err)
	}
	return p, p.load(profileFile(t, text), a)
}

// decide asks the table.
func (p *policy) decided(t *testing.T, name string, args ...uint64) decision {
	t.Helper()
	nr, ok := p.host.Syscall(name)
	if !ok {
		t.Fatalf("no syscall %s", name)
	}
	return p.sec.decide(nr, func(i int) uint64 {
		if i < len(args) {
			return args[i]
		}
		return 0
	})
}

func TestSeccompDecisions(t *testing.T) {
	p, err := load(t, `{
  "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38,
  "architectures": ["SCMP_ARCH_X86_64"],
  "archMap": [{"architecture": "SCMP_ARCH_RISCV64", "subArchitectures": null}],
  "syscalls": [
    {"names": ["read", "write", "open", "call_of_a_kernel_to_come"], "action": "SCMP_ACT_ALLOW", "comment": "x", "args": null, "includes": {}, "excludes": {}},
    {"names": ["getpid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13},
    {"names": ["getpid"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 7, "op": "SCMP_CMP_EQ"}]},
    {"names": ["getuid"], "action": "SCMP_ACT_KILL"},
    {"names": ["getgid"], "action": "SCMP_ACT_KILL_PROCESS"},
    {"name": "geteuid", "action": "SCMP_ACT_TRAP", "errnoRet": 5},
    {"names": ["getegid"], "action": "SCMP_ACT_LOG"},
    {"names": ["gettid"], "action": "SCMP_ACT_NOTIFY"},
    {"names": ["getppid"], "action": "SCMP_ACT_TRACE"},
    {"names": ["close"], "action": "SCMP_ACT_ERRNO", "errno": "EBADF"},
    {"names": ["dup"], "action": "SCMP_ACT_ALLOW", "args": [
      {"index": 0, "value": 10, "op": "SCMP_CMP_GE"}, {"index": 0, "value": 3, "op": "SCMP_CMP_LT"}]},
    {"names": ["dup3"], "action": "SCMP_ACT_ALLOW", "args": [
      {"index": 0, "value": 10, "op": "SCMP_CMP_GT"}, {"index": 1, "value": 5, "op": "SCMP_CMP_LE"}, {"index": 2, "value": 4, "op": "SCMP_CMP_NE"}]},
    {"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}], "excludes": {"caps": ["CAP_SYS_ADMIN"]}},
    {"names": ["clone", "mkdirat"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
    {"names": ["lseek"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}},
    {"names": ["kill"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "99.0"}},
    {"names": ["fstat"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["riscv64", "arm"]}},
    {"names": ["pread64"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["amd64"]}},
    {"names": ["pwrite64"], "action": "SCMP_ACT_ALLOW", "excludes": {"arches": ["riscv64"]}}
  ]
}`, "kernel=6.1.0-18-amd64")
	if err != nil {
		t.Fatal(err)
	}
	const enosys, eperm = abi.ENOSYS, abi.EPERM
	for _, tc := range []struct {
		name  string
		args  []uint64
		want  action
		errno abi.Errno
	}{
		{"read", nil, allow, eperm},
		{"mkdirat", nil, deny, enosys},
		{"getpid", nil, deny, abi.EACCES},
		{"getpid", []uint64{7}, allow, eperm}, // a condition is asked before none
		{"getuid", nil, killThread, eperm},
		{"getgid", nil, killProcess, eperm},
		{"geteuid", nil, trap, abi.EIO},
		{"getegid", nil, log, eperm},
		{"gettid", nil, notify, eperm},
		{"getppid", nil, trace, eperm},
		{"close", nil, deny, abi.EBADF},
		{"dup", []uint64{12}, allow, eperm},
		{"dup", []uint64{2}, allow, eperm},
		{"dup", []uint64{5}, deny, enosys},
		{"dup3", []uint64{11, 5, 0}, allow, eperm},
		{"dup3", []uint64{10, 5, 0}, deny, enosys},
		{"dup3", []uint64{11, 6, 0}, deny, enosys},
		{"dup3", []uint64{11, 5, 4}, deny, enosys},
		{"dup3", []uint64{1 << 40, 5, 0}, allow, eperm},
		{"clone", []uint64{0x11}, allow, eperm},
		{"clone", []uint64{0x10000000}, deny, enosys}, // CLONE_NEWUSER
		{"mkdirat", nil, deny, enosys},
		{"lseek", nil, allow, eperm},
		{"kill", nil, deny, enosys},
		{"fstat", nil, allow, eperm},
		{"pread64", nil, deny, enosys},
		{"pwrite64", nil, deny, enosys},
	} {
		if d := p.decided(t, tc.name, tc.args...); d.action != tc.want || d.action != allow && d.action != log && d.errno != tc.errno && tc.want == deny {
			t.Errorf("%s%v: %v %v, want %v %v", tc.name, tc.args, d.action, d.errno, tc.want, tc.errno)
		}
	}
	if d := p.decided(t, "getpid"); d.rule != "syscalls[1] line 7" {
		t.Errorf("rule %q", d.rule)
	}
	// Numbers that no table has get the default.
	if d := p.sec.decide(1<<40, nil); d.action != deny || d.errno != enosys {
		t.Errorf("unknown number: %+v", d)
	}
	p, err = load(t, `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
    {"names": ["mkdirat"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_SYS_ADMIN"]}},
    {"names": ["clone"], "action": "SCMP_ACT_ALLOW", "excludes": {"caps": ["CAP_SYS_ADMIN"]}}]}`, "caps=CAP_SYS_ADMIN")
	if err != nil {
		t.Fatal(err)
	}
	if p.decided(t, "mkdirat").action != allow || p.decided(t, "clone").action != deny {
		t.Error("caps= is not obeyed")
	}
}

// A wrong profile is told of in one line: where, and what.
func TestProfileErrors(t *testing.T) {
	for _, tc := range []struct{ text, want string }{
		{"", "profile.json:1:"},
		{"{", "profile.json:1:1: no valid JSON: "},
		{"{\n  \"defaultAction\": \"SCMP_ACT_ALLOW\",\n  \"syscalls\": [}\n}", "profile.json:3:16: no valid JSON: "},
		{"[]", "profile.json:1:1: the profile: want an object"},
		{"{}", "says nothing"},
		{`{"syscalls": []}`, "syscalls without defaultAction"},
		{"{\n\"defaultActoin\": 1}", `profile.json:2:1: the profile: unknown key "defaultActoin": there are defaultAction, `},
		{`{"defaultAction": "SCMP_ACT_NO"}`, `profile.json:1:19: defaultAction: unknown action "SCMP_ACT_NO": there are SCMP_ACT_ALLOW, `},
		{`{"defaultAction": 3}`, "profile.json:1:19: defaultAction: want a string"},
		{`{"defaultAction": "SCMP_ACT_ALLOW", "defaultAction": "SCMP_ACT_ALLOW"}`, "profile.json:1:37: defaultAction is given twice"},
		{`{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 5000}`, "defaultErrnoRet: 5000 is no error number"},
		{`{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrno": "ENONE"}`, `unknown error "ENONE"`},
		{`{"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["riscv"]}`, `architectures: "riscv" is no architecture`},
		{sys(`{"names": [], "action": "SCMP_ACT_ERRNO"}`), "syscalls[0]: names no syscall"},
		{sys(`{"names": ["read"]}`), "syscalls[0]: has no action"},
		{sys(`{"names": "read", "action": "SCMP_ACT_ERRNO"}`), "syscalls[0].names: want a list"},
		{sys(`{"names": [1], "action": "SCMP_ACT_ERRNO"}`), "syscalls[0].names[0]: want a string"},
		{sys(`{"names": ["raed"], "action": "SCMP_ACT_ERRNO"}`), `syscalls[0].names[0]: unknown syscall "raed" (weir syscalls lists the names)`},
		{sys(`{"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]}`), "syscalls[0].args[0].index: 6: a syscall has arguments 0 to 5"},
		{sys(`{"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": -1, "op": "SCMP_CMP_EQ"}]}`), "syscalls[0].args[0].value: want a whole number"},
		{sys(`{"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 1.5, "op": "SCMP_CMP_EQ"}]}`), "syscalls[0].args[0].value: want a whole number"},
		{sys(`{"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 1, "op": "=="}]}`), `syscalls[0].args[0].op: unknown operator "==": there are SCMP_CMP_EQ, `},
		{sys(`{"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"value": 1, "op": "SCMP_CMP_EQ"}]}`), "syscalls[0].args[0]: has no index"},
		{sys(`{"names": ["read"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 1}]}`), "syscalls[0].args[0]: has no op"},
		{sys(`{"names": ["read"], "action": "SCMP_ACT_ERRNO", "includes": {"minKernel": "new"}}`), `includes.minKernel: "new" is no kernel version`},
		{rules(`{"path": "/x", "action": "denny"}`), `weir.rules[0].action: "denny": want allow, deny, kill, log`},
		{rules(`{"path": "/x"}`), "weir.rules[0]: has no action"},
		{rules(`{"action": "deny"}`), "weir.rules[0]: want one of path, host (or port) and exec"},
		{rules(`{"path": "/x", "exec": "/y", "action": "deny"}`), "weir.rules[0]: want one of path, host (or port) and exec"},
		{rules(`{"path": "x", "action": "deny"}`), `weir.rules[0].path: "x": want an absolute path`},
		{rules(`{"path": "/proc/self/mem", "action": "deny"}`), `"/proc/self/mem" is a link`},
		{rules(`{"host": "example.org", "action": "deny"}`), `weir.rules[0].host: "example.org": want an IP address, a prefix`},
		{rules(`{"host": "*", "port": 70000, "action": "deny"}`), `weir.rules[0].port: "70000": want a port`},
		{rules(`{"host": "*", "port": "9-1", "action": "deny"}`), `weir.rules[0].port: "9-1": want a port`},
		{rules(`{"host": "*", "access": "read", "action": "deny"}`), "weir.rules[0].access: only rules with path have one"},
		{rules(`{"path": "/x", "op": "bind", "action": "deny"}`), "weir.rules[0].op: only rules with host or port have one"},
		{rules(`{"path": "/x", "errno": "EPERM", "action": "kill"}`), "weir.rules[0].errno: only the action deny has one"},
		{`{"weir": {"native": 1}}`, "weir.native: want true or false"},
		{strings.Repeat(`{"weir":`, 100) + "1" + strings.Repeat("}", 100), "unknown key"},
		{strings.Repeat("[", 100) + strings.Repeat("]", 100), "nested too deep"},
	} {
		_, err := load(t, tc.text)
		if err == nil || !strings.Contains(err.Error(), tc.want) && !strings.Contains(err.Error(), "nested too deep") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.200s: %v, want %q", tc.text, err, tc.want)
		}
	}
	for _, tc := range []struct{ args, want string }{
		{"", "nothing to do"},
		{"profile=/none", "/none"},
		{"profil=x", `unknown argument "profil"`},
		{"profile=" + profileFile(t, sys(`{"names":["read"],"action":"SCMP_ACT_ERRNO"}`)) + ",caps=ADMIN", "caps=ADMIN"},
		{"profile=" + profileFile(t, sys(`{"names":["read"],"action":"SCMP_ACT_ERRNO"}`)) + ",kernel=new", "kernel=new"},
		{"profile=" + profileFile(t, `{"defaultAction":"SCMP_ACT_ALLOW"}`) + ",sha256=00", "has changed"},
		{"audit=x,log=some", "log=some"},
	} {
		err := plugintest.New().Install("policy", Info().New(), tc.args)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", tc.args, err, tc.want)
		}
	}
}

func sys(entry string) string {
	return `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [` + entry + `]}`
}

func rules(r string) string { return `{"weir": {"rules": [` + r + `]}}` }

func TestPathRules(t *testing.T) {
	p, err := load(t, `{"weir": {"rules": [
		{"path": "/data/pub/*", "access": "read", "action": "allow"},
		{"path": ["/data/*", "/x/?.key"], "action": "deny", "errno": "EPERM"},
		{"path": "*.log", "access": "write", "action": "kill"},
		{"exec": "/usr/bin/*", "action": "allow"}, {"exec": "*", "action": "deny"}
	]}}`)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		path string
		use  access
		want action
	}{
		{"/data/pub/f", read, allow},
		{"/data/pub/f", write, deny},
		{"/data/pub/f", read | write, deny},
		{"/data/f/g", read, deny},
		{"/data", read | write, allow},
		{"/database/f", read, allow},
		{"/x/a.key", read, deny},
		{"/x/ab.key", read, allow},
		{"/var/a.log", read, allow},
		{"/var/a.log", write, killProcess},
	} {
		if d := p.filePaths([]subject{{tc.path, tc.use, true, false}}); d.action != tc.want {
			t.Errorf("%s %d: %v, want %v", tc.path, tc.use, d.action, tc.want)
		}
	}
	for path, want := range map[string]action{"/usr/bin/x": allow, "/tmp/x": deny} {
		if d := p.execPaths([]subject{{path, read, true, true}}); d.action != want {
			t.Errorf("exec %s: %v, want %v", path, d.action, want)
		}
	}
	if d := p.execPaths([]subject{{"/usr/bin/x", read, true, true}, {"/tmp/interpreter", read, true, true}, {"/lib/ld.so", read, true, false}}); d.action != deny {
		t.Errorf("a script's interpreter: %v", d.action)
	}
}

// A folder keeps what rules say of its content when it gets another name, or it does not get it.
func TestKeeps(t *testing.T) {
	for _, tc := range []struct {
		rules    string
		from, to string
		want     bool
	}{
		{`{"path":"/a/secret/*","action":"deny"}`, "/a", "/b", false},
		{`{"path":"/a/secret/*","action":"deny"}`, "/a/secret", "/a/s", false},
		{`{"path":"/a/secret/*","action":"deny"}`, "/a/secret/d", "/a/secret/e", true},
		{`{"path":"/a/secret/*","action":"deny"}`, "/a/secret/d", "/tmp/e", false},
		{`{"path":"/a/secret/*","action":"deny"}`, "/a/other", "/b", true},
		{`{"path":"/a/secret/*","action":"deny"}`, "/b", "/a/secret/b", true},
		{`{"path":"*/.ssh/*","action":"deny"}`, "/home/u", "/home/v", true},
		{`{"path":"*/.ssh/*","action":"deny"}`, "/home/u/.ssh", "/home/u/ssh", false},
		{`{"path":"*.key","action":"deny"}`, "/a", "/b", true},
		{`{"path":"/a/?/*","action":"deny"}`, "/a/b", "/a/c", true},
		{`{"path":"/a/?/*","action":"deny"}`, "/a/b", "/a/cc", false},
		{`{"path":"/a/*","action":"deny"}`, "/a", "/", false},
		{`{"path":"/etc/*","action":"deny"}`, "/srv/jail", "/", true},
		{`{"path":"/pub/*","action":"allow"},{"path":"*","action":"deny"}`, "/x", "/pub/x", false},
		{`{"path":"/pub/*","action":"allow"},{"path":"*","action":"deny"}`, "/pub/x", "/pub/y", true},
		{`{"path":"/pub/*","action":"allow"}`, "/x", "/pub/x", true},
		{`{"path":["/t/*","/t/e/f"],"action":"allow"},{"path":"*","action":"deny"}`, "/t/d", "/t/e", true},
		{`{"path":"/t/*","access":"read","action":"allow"},{"path":"*","action":"deny"}`, "/t/d", "/u/e", true},
		{`{"path":"/t/x/*","action":"deny"},{"path":"/t/*","action":"allow"}`, "/t", "/u", false},
	} {
		p, err := load(t, rules(tc.rules))
		if err != nil {
			t.Fatal(err)
		}
		if got := keeps(p.rules, tc.from, tc.to); got != tc.want {
			t.Errorf("%s: %s to %s: %v", tc.rules, tc.from, tc.to, got)
		}
	}
}

func TestHostRules(t *testing.T) {
	p, err := load(t, `{"weir": {"rules": [
		{"host": "10.0.0.0/8", "port": [80, "8000-8999"], "op": "connect", "action": "allow"},
		{"host": "localhost", "op": "connect", "action": "allow"},
		{"port": "0-1023", "op": "bind", "action": "deny"},
		{"op": "bind", "host": "192.0.2.1", "action": "deny"},
		{"op": "connect", "host": "*", "action": "deny", "errno": "ECONNREFUSED"}
	]}}`)
	if err != nil {
		t.Fatal(err)
	}
	v4 := func(family byte, port uint16, a ...byte) []byte {
		return append(append([]byte{family, 0, byte(port >> 8), byte(port)}, a...), make([]byte, 8)...)
	}
	v6 := func(port uint16, a [16]byte) []byte {
		return append(append([]byte{afInet6, 0, byte(port >> 8), byte(port), 0, 0, 0, 0}, a[:]...), 0, 0, 0, 0)
	}
	for _, tc := range []struct {
		what, call string
		raw        []byte
		want       action
	}{
		{"net and port", "connect", v4(afInet, 80, 10, 1, 2, 3), allow},
		{"range", "sendto", v4(afInet, 8080, 10, 1, 2, 3), allow},
		{"other port", "connect", v4(afInet, 81, 10, 1, 2, 3), deny},
		{"other net", "connect", v4(afInet, 80, 11, 1, 2, 3), deny},
		{"mapped", "connect", v6(80, [16]byte{10: 0xff, 11: 0xff, 12: 10, 15: 1}), allow},
		{"mapped other", "connect", v6(80, [16]byte{10: 0xff, 11: 0xff, 12: 11, 15: 1}), deny},
		{"unspecified is this host", "connect", v4(afInet, 5, 0, 0, 0, 0), allow},
		{"unspecified is this host, 6", "connect", v6(5, [16]byte{}), allow},
		{"no family, sent", "sendto", v4(afUnspec, 80, 11, 1, 2, 3), deny},
		{"bind low", "bind", v4(afInet, 80, 127, 0, 0, 1), deny},
		{"bind high", "bind", v4(afInet, 8080, 127, 0, 0, 1), allow},
		{"bind denied address", "bind", v4(afInet, 8080, 192, 0, 2, 1), deny},
		{"bind all", "bind", v4(afInet, 8080, 0, 0, 0, 0), deny},
	} {
		x, ok := parseAddress(tc.raw, tc.call)
		if !ok {
			t.Errorf("%s: no address", tc.what)
			continue
		}
		got := allow
		if r := p.hostRule(x); r != nil {
			got = r.action
		}
		if got != tc.want {
			t.Errorf("%s: %v, want %v", tc.what, got, tc.want)
		}
	}
	for _, tc := range []struct {
		call string
		raw  []byte
	}{{"connect", v4(afUnspec, 1, 1, 2, 3, 4)}, {"connect", []byte{2}}, {"connect", nil}, {"connect", []byte{2, 0, 1, 1, 1}}, {"bind", []byte{16, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}}} {
		if _, ok := parseAddress(tc.raw, tc.call); ok {
			t.Errorf("%s %v is taken for an Internet address", tc.call, tc.raw)
		}
	}
}

func TestGeneral(t *testing.T) {
	for in, want := range map[string]string{
		"/proc/12/maps": "/proc/*/maps", "/proc/12": "/proc/*", "/proc/12/task/13/stat": "/proc/*/task/*/stat", "/proc/12/task/13": "/proc/*/task/*",
		"/proc/12/fd/3": "/proc/*/fd/*", "/proc/cpuinfo": "/proc/cpuinfo", "/dev/pts/3": "/dev/pts/*", "/dev/pts/ptmx": "/dev/pts/ptmx", "/a/12": "/a/12",
	} {
		if got := general(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// What was learned is a profile, allows what was seen and nothing else, and can be learned on.
func TestLearned(t *testing.T) {
	f := newFacts()
	f.syscalls["read"], f.syscalls["openat"] = true, true
	f.reads["/etc/hosts"], f.writes["/tmp/*"], f.execs["/bin/x"] = true, true, true
	f.connects["10.0.0.1 80"], f.binds["127.0.0.1 32768-65535"] = true, true
	text := f.text(abi.RISCV64)
	p, err := load(t, string(text))
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if p.decided(t, "read").action != allow || p.decided(t, "write").action != deny {
		t.Error("syscalls")
	}
	for _, tc := range []struct {
		path string
		use  access
		want action
	}{{"/etc/hosts", read, allow}, {"/etc/hosts", write, deny}, {"/tmp/a", write, allow}, {"/tmp/a", read, allow}, {"/etc/x", read, deny}} {
		if d := p.filePaths([]subject{{tc.path, tc.use, true, false}}); d.action != tc.want {
			t.Errorf("%s: %v", tc.path, d.action)
		}
	}
	g, err := readFacts("x", text)
	if err != nil {
		t.Fatal(err)
	}
	if string(g.text(abi.RISCV64)) != string(text) {
		t.Errorf("read again it is\n%s\nand was\n%s", g.text(abi.RISCV64), text)
	}
	for _, bad := range []string{"{", `{"x": 1}`, `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["read"],"action":"SCMP_ACT_ERRNO"}],"weir":{"rules":[]}}`} {
		if _, err := readFacts("x", []byte(bad)); err == nil || !strings.Contains(err.Error(), "no profile that -learn wrote") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	var any map[string]json.RawMessage
	if err := json.Unmarshal(text, &any); err != nil {
		t.Error(err)
	}
}

// Links in the folders that a pattern names are resolved.
func TestWithoutLinks(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir+"/real", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("real", dir+"/link"); err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		dir + "/link/*":        dir + "/real/*",
		dir + "/link/a?":       dir + "/real/a?",
		dir + "/link":          dir + "/real",
		dir + "/link/none/x":   dir + "/real/none/x",
		dir + "/real/*":        dir + "/real/*",
		dir + "/none/x*/link*": dir + "/none/x*/link*",
		"*.key":                "*.key",
		"/*":                   "/*",
	} {
		if got := withoutLinks(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}
