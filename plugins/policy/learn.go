package policy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// flushEvery is how old facts may become before they are written: a process that is killed
// by SIGKILL does not get to tell what it has seen since.
const flushEvery = 100 * time.Millisecond

// learner collects what a run does. All processes of a tree add to the same file.
type learner struct {
	out  plugin.OwnFile
	name string
	arch abi.Arch

	mu    sync.Mutex
	facts facts
	fresh bool // there are facts that the file does not have yet
	last  time.Time
}

// facts are what a profile has to allow.
type facts struct {
	syscalls, reads, writes, execs, connects, binds map[string]bool
	native                                          bool
}

func newFacts() facts {
	return facts{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}, false}
}

func newLearner(out plugin.OwnFile, name string, arch abi.Arch) (*learner, error) {
	l := &learner{out: out, name: name, arch: arch, facts: newFacts()}
	var bad error
	err := out.Update(func(old []byte) []byte {
		f, err := readFacts(name, old)
		if err != nil {
			bad = err
			return old
		}
		l.facts = f
		return old
	})
	if bad != nil {
		err = bad
	}
	return l, err
}

// note takes down what an allowed call needs.
func (l *learner) note(syscall string, v *verdict) {
	l.mu.Lock()
	defer l.mu.Unlock()
	add := func(m map[string]bool, s string) {
		if !m[s] {
			m[s], l.fresh = true, true
		}
	}
	if !strings.HasPrefix(syscall, "syscall_") {
		add(l.facts.syscalls, syscall)
	}
	for _, f := range v.files {
		name := general(f.path)
		switch {
		case l.facts.writes[path.Dir(name)+"/*"]: // a place where the run makes files
		case !f.exists && f.use&write != 0 && v.fails == 0:
			add(l.facts.writes, strings.TrimSuffix(path.Dir(name), "/")+"/*")
		case f.use&write != 0:
			add(l.facts.writes, name)
		default:
			add(l.facts.reads, name)
		}
		if f.prog {
			add(l.facts.execs, name)
		}
	}
	for _, p := range v.peers {
		m := l.facts.connects
		if p.bind {
			m = l.facts.binds
		}
		port := strconv.Itoa(int(p.port))
		if p.port >= 32768 { // of those that the kernel hands out
			port = "32768-65535"
		}
		add(m, p.addr.String()+" "+port)
	}
	if v.native && !l.facts.native {
		l.facts.native, l.fresh = true, true
	}
	if l.fresh && time.Since(l.last) > flushEvery {
		l.write()
	}
}

// program takes down the first program.
func (l *learner) program(name string) {
	l.note("execve", &verdict{files: []subject{{name, read, true, true}}})
}

// general is a path without what differs from run to run: process IDs and terminals.
func general(p string) string {
	for _, dir := range []string{"/proc/", "/dev/pts/"} {
		rest, ok := strings.CutPrefix(p, dir)
		if !ok {
			continue
		}
		id, tail, _ := strings.Cut(rest, "/")
		if id == "" || strings.Trim(id, "0123456789") != "" {
			continue
		}
		if tail == "" {
			return dir + "*"
		}
		if task, ok := strings.CutPrefix(tail, "task/"); ok && dir == "/proc/" {
			if _, t, ok := strings.Cut(task, "/"); ok {
				return dir + "*/task/*/" + t
			}
			return dir + "*/task/*"
		}
		if dir == "/proc/" && strings.HasPrefix(tail, "fd/") {
			return dir + "*/fd/*"
		}
		return dir + "*/" + tail
	}
	return p
}

// flush writes what the file does not have yet.
func (l *learner) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fresh {
		l.write()
	}
}

// write merges the facts into the file; l.mu is held.
func (l *learner) write() {
	l.out.Update(func(old []byte) []byte {
		f, err := readFacts(l.name, old)
		if err != nil { // another process was killed while it wrote
			f = newFacts()
		}
		f.merge(l.facts)
		return f.text(l.arch)
	})
	l.fresh, l.last = false, time.Now()
}

func (f *facts) merge(g facts) {
	maps.Copy(f.syscalls, g.syscalls)
	maps.Copy(f.reads, g.reads)
	maps.Copy(f.writes, g.writes)
	maps.Copy(f.execs, g.execs)
	maps.Copy(f.connects, g.connects)
	maps.Copy(f.binds, g.binds)
	f.native = f.native || g.native
}

// learned is the form of a learned profile.
type learned struct {
	specs.LinuxSeccomp
	Weir learnedRules `json:"weir"`
}

type learnedRules struct {
	Native bool          `json:"native,omitempty"`
	Rules  []learnedRule `json:"rules"`
}

type learnedRule struct {
	Path   []string `json:"path,omitempty"`
	Access string   `json:"access,omitempty"`
	Exec   []string `json:"exec,omitempty"`
	Host   []string `json:"host,omitempty"`
	Port   string   `json:"port,omitempty"`
	Op     string   `json:"op,omitempty"`
	Action string   `json:"action"`
}

func sorted(m map[string]bool) []string { return slices.Sorted(maps.Keys(m)) }

// text is the profile that allows the facts and nothing else.
func (f *facts) text(arch abi.Arch) []byte {
	eperm := uint(1)
	p := learned{LinuxSeccomp: specs.LinuxSeccomp{
		DefaultAction: specs.ActErrno, DefaultErrnoRet: &eperm,
		Architectures: []specs.Arch{specs.Arch("SCMP_ARCH_" + strings.ToUpper(arch.String()))},
		Syscalls:      []specs.LinuxSyscall{{Names: sorted(f.syscalls), Action: specs.ActAllow}},
	}}
	p.Weir.Native = f.native
	rule := func(r learnedRule, n int) {
		if n > 0 {
			p.Weir.Rules = append(p.Weir.Rules, r)
		}
	}
	all := []string{"*"}
	rule(learnedRule{Exec: sorted(f.execs), Action: "allow"}, len(f.execs))
	rule(learnedRule{Exec: all, Action: "deny"}, 1)
	rule(learnedRule{Path: sorted(f.writes), Action: "allow"}, len(f.writes))
	rule(learnedRule{Path: sorted(f.reads), Access: "read", Action: "allow"}, len(f.reads))
	rule(learnedRule{Path: all, Action: "deny"}, 1)
	for _, x := range []struct {
		op string
		m  map[string]bool
	}{{"connect", f.connects}, {"bind", f.binds}} {
		for _, s := range sorted(x.m) {
			host, port, _ := strings.Cut(s, " ")
			rule(learnedRule{Host: []string{host}, Port: port, Op: x.op, Action: "allow"}, 1)
		}
	}
	rule(learnedRule{Host: all, Action: "deny"}, 1)
	b, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		panic("BUG: policy: " + err.Error())
	}
	return append(b, '\n')
}

// readFacts reads a profile that was learned before; an empty file has no facts.
func readFacts(name string, text []byte) (facts, error) {
	f := newFacts()
	if len(bytes.TrimSpace(text)) == 0 {
		return f, nil
	}
	var p learned
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return f, fmt.Errorf("%s exists and is no profile that -learn wrote: %w", name, err)
	}
	add := func(m map[string]bool, l []string) {
		for _, s := range l {
			m[s] = true
		}
	}
	for _, s := range p.Syscalls {
		if s.Action != specs.ActAllow || len(s.Args) > 0 {
			return f, fmt.Errorf("%s exists and is no profile that -learn wrote: it does more than allow syscalls by name", name)
		}
		add(f.syscalls, s.Names)
	}
	f.native = p.Weir.Native
	for _, r := range p.Weir.Rules {
		if r.Action != "allow" {
			continue
		}
		add(f.execs, r.Exec)
		if r.Access == "read" {
			add(f.reads, r.Path)
		} else {
			add(f.writes, r.Path)
		}
		m := f.connects
		if r.Op == "bind" {
			m = f.binds
		}
		for _, h := range r.Host {
			m[h+" "+r.Port] = true
		}
	}
	return f, nil
}
