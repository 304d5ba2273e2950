// Package policy enforces a profile: seccomp profiles in the form of the OCI runtime
// specification and of Docker, and Weir's own rules about paths, hosts and programs. It writes
// the profile that a run needs (learn) and an audit log. It judges what a path leads to, not its
// text: see plugin.Call.Resolve for how that is kept from being raced; docs/POLICY.md tells the
// format and the limits. It knows neither the CPU nor the Linux personality. Start with policy.filter.
package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// options are the arguments that the plugin takes.
var options = []plugin.Option{
	{Key: "profile", Value: "FILE", Help: "enforce a seccomp profile (OCI or Docker form), with Weir's own rules in it or alone; see docs/POLICY.md"},
	{Key: "learn", Value: "FILE", Help: "write the profile that the run needs; what FILE allows already is kept"},
	{Key: "audit", Value: "FILE", Help: "append a JSON line for each call"},
	{Key: "log", Value: "all|denied", Help: "which calls the audit log has (all)"},
	{Key: "caps", Value: "CAP_NAME|all|none", Multi: true, Help: "capabilities for the conditions in Docker's profiles (those of a Docker container)"},
	{Key: "kernel", Value: "VERSION", Help: "kernel version for them (the host's)"},
	{Key: "sha256", Value: "HEX", Help: "refuse a profile with another checksum"},
}

// Info describes the plugin.
func Info() plugin.Info {
	return plugin.Info{
		Name:    "policy",
		Summary: "enforce, learn or audit a profile: seccomp, paths, hosts, programs",
		Options: options,
		New:     func() plugin.Plugin { return new(policy) },
	}
}

// priority of the filter: it is asked last, to judge calls as other plugins have left them.
const priority = -1000

type policy struct {
	host  *plugin.Host
	prof  *profile
	sec   *seccomp
	rules []rule
	has   [numRuleKinds]bool

	special map[abi.Sysno]kind

	learn *learner
	audit *auditor
}

// Install implements plugin.Plugin.
func (p *policy) Install(h *plugin.Host, args plugin.Args) error {
	if err := args.Check(options); err != nil {
		return err
	}
	p.host, p.special = h, specialNumbers(h)
	name, learn, audit := args.Get("profile", ""), args.Get("learn", ""), args.Get("audit", "")
	if name == "" && learn == "" && audit == "" {
		return errors.New("nothing to do: want profile=FILE, learn=FILE or audit=FILE")
	}
	level := args.Get("log", "all")
	if level != "all" && level != "denied" {
		return fmt.Errorf("log=%s: want all or denied", level)
	}
	set := plugin.Set{}
	if name != "" {
		if err := p.load(name, args); err != nil {
			return err
		}
		set = p.set()
	}
	if learn != "" {
		f, err := h.OpenFile(learn)
		if err != nil {
			return err
		}
		if p.learn, err = newLearner(f, learn, h.Target().Arch); err != nil {
			return err
		}
		h.OnExit(func(plugin.ExitInfo) { p.learn.flush() })
	}
	if audit != "" {
		f, err := h.OpenFile(audit)
		if err != nil {
			return err
		}
		p.audit = newAuditor(f, h, level == "denied")
		h.OnSyscallReturn(plugin.AllSyscalls, p.audit.returned)
	}
	if p.learn != nil || p.audit != nil {
		set = plugin.AllSyscalls
	}
	if p.learn != nil || p.prof != nil {
		// Without: an audit log alone tells of paths what the guest says.
		if err := h.EnableResolve(); err != nil {
			return fmt.Errorf("resolving paths: %w", err)
		}
	}
	if p.has[execRule] || p.learn != nil {
		// Whatever the first call is: the program itself is judged then.
		var first *plugin.Registration
		first = h.FilterSyscalls(plugin.AllSyscalls, func(*plugin.Call) plugin.Verdict {
			first.Remove()
			return p.begin()
		}, plugin.Priority(priority+1))
	}
	h.FilterSyscalls(set, p.filter, plugin.Priority(priority))
	return nil
}

func (p *policy) load(name string, args plugin.Args) error {
	tree, err := readTree(name)
	if err != nil {
		return err
	}
	if sum := args.Get("sha256", ""); sum != "" && sum != checksum(tree.f.text) {
		return fmt.Errorf("%s has changed: its SHA-256 is not %s", name, sum)
	}
	if p.prof, err = loadProfile(tree); err != nil {
		return err
	}
	p.rules = p.prof.rules
	for i := range p.rules {
		p.has[p.rules[i].kind] = true
	}
	if !p.prof.seccomp {
		return nil
	}
	env, err := p.environment(args)
	if err != nil {
		return err
	}
	p.sec, err = compileSeccomp(p.prof, env, p.host)
	return err
}

// checksum is the SHA-256 of a profile.
func checksum(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// archName is Go's name of an architecture, which "arches" has.
func archName(a abi.Arch) string {
	switch a {
	case abi.ARM64:
		return "arm64"
	case abi.AMD64:
		return "amd64"
	}
	return a.String()
}

func (p *policy) environment(args plugin.Args) (env environment, err error) {
	env.arch, env.caps = archName(p.host.Target().Arch), dockerCaps()
	for i, c := range args.All("caps") {
		if i == 0 {
			env.caps = nil
		}
		switch {
		case c == "all":
			env.caps = append(env.caps, allCaps()...)
		case c == "none":
		case strings.HasPrefix(c, "CAP_"):
			env.caps = append(env.caps, c)
		default:
			return env, fmt.Errorf("caps=%s: want a name such as CAP_SYS_ADMIN, all or none", c)
		}
	}
	kernel := args.Get("kernel", "")
	if kernel == "" {
		b, _ := os.ReadFile("/proc/sys/kernel/osrelease")
		kernel = string(b)
	}
	var ok bool
	if env.major, env.minor, ok = kernelVersion(strings.TrimSpace(kernel)); !ok {
		return env, fmt.Errorf("kernel=%s: want a version such as 6.1", strings.TrimSpace(kernel))
	}
	return env, nil
}

// set selects the syscalls that the profile can say something else of than yes.
func (p *policy) set() plugin.Set {
	if p.sec != nil && p.sec.other.action != allow {
		return plugin.AllSyscalls
	}
	s := byExec.syscalls()
	if p.sec != nil {
		for nr := range p.sec.byNr {
			s = s.Or(plugin.Numbers(nr))
		}
	}
	if p.has[pathRule] {
		s = s.Or(p.host.SyscallsWith("path")).Or(byMount.syscalls()).Or(byHandle.syscalls())
	}
	if p.has[pathRule] || p.has[hostRule] {
		s = s.Or(byAddress.syscalls())
	}
	if p.has[hostRule] {
		s = s.Or(bySocket.syscalls())
	}
	return s
}

// verdict is what came out for a call.
type verdict struct {
	decision
	fails  abi.Errno // what the allowed call fails with, without being made
	files  []subject
	peers  []peer
	native bool
}

// filter is asked for each call.
func (p *policy) filter(c *plugin.Call) plugin.Verdict {
	var rec *record
	if p.audit != nil {
		rec = p.audit.describe(c)
	}
	v := p.judge(c)
	if p.learn != nil && v.action.runs() {
		p.learn.note(c.Name(), &v)
		if c.Name() == "execve" || c.Name() == "execveat" {
			p.learn.flush()
		}
	}
	var out plugin.Verdict
	switch {
	case !v.action.runs():
		out = p.enforce(c, v.decision)
	case v.fails != 0:
		out = plugin.Fail(v.fails)
	}
	if rec != nil {
		out = p.audit.judged(c, rec, &v, out)
	}
	if !v.action.runs() && p.learn != nil {
		p.learn.flush() // this may be the end
	}
	return out
}

// judge decides about a call.
func (p *policy) judge(c *plugin.Call) (v verdict) {
	if p.sec != nil {
		v.decision = p.sec.decide(c.Number(), c.Arg)
		if !v.action.runs() {
			return v
		}
	}
	d := p.callOf(c)
	all := p.learn != nil
	switch d.kind {
	case byPath:
		if !p.has[pathRule] && !all {
			return v
		}
		list, soon, e := p.files(c, d)
		v.files, v.fails = list, soon
		if e != 0 {
			v.fails = e
		}
		v.add(p.filePaths(list))
	case byExec:
		if p.prof == nil && !all {
			return v
		}
		list, native, e := p.programs(c)
		v.files, v.fails, v.native = list, e, native
		v.add(p.execPaths(list))
		v.add(p.filePaths(list))
		if native && p.prof != nil && !p.prof.native {
			v.add(decision{deny, abi.EACCES, "weir.native: a program for the host's CPU would run outside of Weir"})
		}
	case byAddress:
		if !p.has[hostRule] && !p.has[pathRule] && !all {
			return v
		}
		x, peers, files, soon, e := p.addresses(c)
		v.peers, v.files, v.fails = peers, files, soon
		if e != 0 {
			v.fails = e
		}
		v.add(x)
	case bySocket:
		v.add(p.sockets(c))
	case byMount:
		if p.has[pathRule] && !p.prof.mounts {
			v.add(decision{deny, abi.EPERM, "weir.mounts: paths would lead elsewhere"})
		}
	case byHandle:
		if p.has[pathRule] {
			v.add(decision{deny, abi.EPERM, "weir.rules with path: files without a path cannot be judged"})
		}
	}
	return v
}

// enforce answers a call that is not allowed.
func (p *policy) enforce(c *plugin.Call, d decision) plugin.Verdict {
	switch d.action {
	case deny:
		return plugin.Fail(d.errno)
	case trap:
		return p.trap(c, d.errno)
	case trace, notify: // nobody traces and nobody listens: the kernel's answer then
		return plugin.Fail(abi.ENOSYS)
	case killThread:
		if len(p.host.VCPUs()) > 1 {
			if nr, ok := p.host.Syscall("exit"); ok {
				return plugin.Return(c.InvokeOther(nr, uint64(abi.SIGSYS)))
			}
		}
	}
	return plugin.Kill(abi.SIGSYS)
}

// begin judges the first program: the guest's first call is about to be made.
func (p *policy) begin() plugin.Verdict {
	prog := p.host.Program()
	if prog == "" {
		return plugin.Pass
	}
	list := []subject{{prog, read, true, true}}
	d := p.execPaths(list)
	d.add(p.filePaths(list))
	if !d.action.runs() {
		fmt.Fprintf(p.host.Output(), "weir: policy: %s may not be run: %s\n", prog, d.rule)
		return plugin.Exit(126)
	}
	if p.learn != nil {
		p.learn.program(prog)
	}
	return plugin.Pass
}
