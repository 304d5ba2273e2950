package policy

import (
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/weir-emu/weir/abi"
)

// profile is a file of -policy, read and checked.
type profile struct {
	seccomp bool // it has syscall rules
	other   specs.LinuxSeccompAction
	errno   *uint // of other
	entries []entry
	rules   []rule
	native  bool // programs for the host's CPU may be executed
	mounts  bool // the name space may be rearranged
}

// entry is an element of "syscalls".
type entry struct {
	specs.LinuxSyscall
	at                 *node
	nameAt             []*node
	includes, excludes condition
}

// condition is "includes" or "excludes" of Docker's profiles.
type condition struct {
	caps, arches []string
	minKernel    string
}

// rule is an element of "weir.rules".
type rule struct {
	id     string // for the audit log
	kind   ruleKind
	globs  []string // of paths or programs
	access access
	nets   []netip.Prefix
	anyNet bool
	ports  []portRange // none: all
	connect,
	bind bool
	action action
	errno  abi.Errno
}

// decision is what the rule says; a rule that is not there allows.
func (r *rule) decision() decision {
	if r == nil {
		return decision{}
	}
	return decision{r.action, r.errno, r.id}
}

type ruleKind uint8

const (
	pathRule ruleKind = iota
	hostRule
	execRule
	numRuleKinds
)

// access is what a call does with a file.
type access uint8

const (
	read access = 1 << iota
	write
)

type portRange struct{ lo, hi uint16 }

// action is what happens to a call.
type action uint8

const (
	allow action = iota
	log
	deny
	trap
	trace
	notify
	killThread
	killProcess
)

var actionNames = [...]string{"allow", "log", "deny", "trap", "trace", "notify", "kill-thread", "kill"}

func (a action) String() string { return actionNames[a] }

// runs reports whether the call is made.
func (a action) runs() bool { return a <= log }

func seccompAction(a specs.LinuxSeccompAction) (action, bool) {
	switch a {
	case specs.ActAllow:
		return allow, true
	case specs.ActLog:
		return log, true
	case specs.ActErrno:
		return deny, true
	case specs.ActTrap:
		return trap, true
	case specs.ActTrace:
		return trace, true
	case specs.ActNotify:
		return notify, true
	case specs.ActKill, specs.ActKillThread: // libseccomp's SCMP_ACT_KILL is the thread
		return killThread, true
	case specs.ActKillProcess:
		return killProcess, true
	}
	return 0, false
}

const (
	actionList = "SCMP_ACT_ALLOW, SCMP_ACT_ERRNO, SCMP_ACT_KILL, SCMP_ACT_KILL_PROCESS, SCMP_ACT_KILL_THREAD, SCMP_ACT_LOG, SCMP_ACT_NOTIFY, SCMP_ACT_TRACE and SCMP_ACT_TRAP"
	opList     = "SCMP_CMP_EQ, SCMP_CMP_GE, SCMP_CMP_GT, SCMP_CMP_LE, SCMP_CMP_LT, SCMP_CMP_MASKED_EQ and SCMP_CMP_NE"
	topKeys    = "defaultAction, defaultErrnoRet, defaultErrno, architectures, archMap, syscalls, flags, listenerPath, listenerMetadata, comment and weir"
	entryKeys  = "names, name, action, errnoRet, errno, args, comment, includes and excludes"
	ruleKeys   = "path, access, host, port, op, exec, action, errno and comment"
)

// loadProfile reads a profile. Its errors name file, line and column.
func loadProfile(root *node) (*profile, error) {
	p := &profile{}
	var syscalls *node
	err := root.each(func(key string, v *node) (bool, error) {
		var err error
		switch key {
		case "defaultAction":
			p.seccomp = true
			p.other, err = v.action()
		case "defaultErrnoRet":
			p.errno, err = v.errnoRet()
		case "defaultErrno":
			if p.errno == nil {
				p.errno, err = v.errnoName()
			}
		case "architectures":
			// The guest's own is always meant, as the native one is in libseccomp; the others
			// are those that a host of another kind might run.
			var l []string
			l, err = v.texts(false)
			for _, a := range l {
				if !strings.HasPrefix(a, "SCMP_ARCH_") {
					return true, v.errorf("%q is no architecture: want names such as SCMP_ARCH_RISCV64", a)
				}
			}
		case "archMap":
			_, err = v.items()
		case "flags":
			_, err = v.texts(false)
		case "syscalls":
			syscalls = v
		case "listenerPath", "listenerMetadata", "comment":
			_, err = v.text()
		case "weir":
			err = p.extension(v)
		default:
			return false, nil
		}
		return true, err
	}, topKeys)
	if err != nil {
		return nil, err
	}
	if syscalls != nil {
		if !p.seccomp {
			return nil, root.errorf("syscalls without defaultAction")
		}
		l, err := syscalls.items()
		if err != nil {
			return nil, err
		}
		for _, n := range l {
			e, err := loadEntry(n)
			if err != nil {
				return nil, err
			}
			p.entries = append(p.entries, e)
		}
	}
	if !p.seccomp && len(p.rules) == 0 {
		return nil, root.errorf("says nothing: want defaultAction and syscalls, or weir.rules")
	}
	return p, nil
}

func (n *node) action() (specs.LinuxSeccompAction, error) {
	s, err := n.text()
	if err != nil {
		return "", err
	}
	if _, ok := seccompAction(specs.LinuxSeccompAction(s)); !ok {
		return "", n.errorf("unknown action %q: there are %s", s, actionList)
	}
	return specs.LinuxSeccompAction(s), nil
}

func (n *node) errnoRet() (*uint, error) {
	if n.isNull() {
		return nil, nil
	}
	v, err := n.number()
	if err != nil {
		return nil, err
	}
	if v > abi.MaxErrno {
		return nil, n.errorf("%d is no error number: want 0 to %d", v, abi.MaxErrno)
	}
	u := uint(v)
	return &u, nil
}

func (n *node) errnoName() (*uint, error) {
	s, err := n.text()
	if err != nil || s == "" {
		return nil, err
	}
	e, ok := abi.ErrnoByName(s)
	if !ok {
		return nil, n.errorf("unknown error %q", s)
	}
	u := uint(e)
	return &u, nil
}

func loadEntry(n *node) (e entry, err error) {
	e.at = n
	err = n.each(func(key string, v *node) (bool, error) {
		var err error
		switch key {
		case "names":
			l, err := v.items()
			if err != nil {
				return true, err
			}
			for _, x := range l {
				s, err := x.text()
				if err != nil {
					return true, err
				}
				e.Names, e.nameAt = append(e.Names, s), append(e.nameAt, x)
			}
		case "name":
			s, err := v.text()
			if err != nil {
				return true, err
			}
			if s != "" {
				e.Names, e.nameAt = append(e.Names, s), append(e.nameAt, v)
			}
		case "action":
			e.Action, err = v.action()
		case "errnoRet":
			var u *uint
			if u, err = v.errnoRet(); u != nil {
				e.ErrnoRet = u
			}
		case "errno":
			if e.ErrnoRet == nil {
				e.ErrnoRet, err = v.errnoName()
			}
		case "args":
			l, err := v.items()
			if err != nil {
				return true, err
			}
			for _, x := range l {
				a, err := loadArg(x)
				if err != nil {
					return true, err
				}
				e.Args = append(e.Args, a)
			}
		case "comment":
			_, err = v.text()
		case "includes":
			e.includes, err = loadCondition(v)
		case "excludes":
			e.excludes, err = loadCondition(v)
		default:
			return false, nil
		}
		return true, err
	}, entryKeys)
	switch {
	case err != nil:
	case len(e.Names) == 0:
		err = n.errorf("names no syscall")
	case e.Action == "":
		err = n.errorf("has no action")
	}
	return e, err
}

func loadArg(n *node) (a specs.LinuxSeccompArg, err error) {
	index := false
	err = n.each(func(key string, v *node) (bool, error) {
		var err error
		switch key {
		case "index":
			var u uint64
			if u, err = v.number(); err == nil && u > 5 {
				err = v.errorf("%d: a syscall has arguments 0 to 5", u)
			}
			a.Index, index = uint(u), true
		case "value":
			a.Value, err = v.number()
		case "valueTwo":
			a.ValueTwo, err = v.number()
		case "op":
			var s string
			if s, err = v.text(); err != nil {
				return true, err
			}
			a.Op = specs.LinuxSeccompOperator(s)
			switch a.Op {
			case specs.OpEqualTo, specs.OpNotEqual, specs.OpLessThan, specs.OpLessEqual, specs.OpGreaterThan, specs.OpGreaterEqual, specs.OpMaskedEqual:
			default:
				err = v.errorf("unknown operator %q: there are %s", s, opList)
			}
		default:
			return false, nil
		}
		return true, err
	}, "index, value, valueTwo and op")
	switch {
	case err != nil:
	case !index:
		err = n.errorf("has no index")
	case a.Op == "":
		err = n.errorf("has no op")
	}
	return a, err
}

func loadCondition(n *node) (c condition, err error) {
	if n.isNull() {
		return c, nil
	}
	err = n.each(func(key string, v *node) (bool, error) {
		var err error
		switch key {
		case "caps":
			c.caps, err = v.texts(false)
		case "arches":
			c.arches, err = v.texts(false)
		case "minKernel":
			if c.minKernel, err = v.text(); err == nil && c.minKernel != "" {
				if _, _, ok := kernelVersion(c.minKernel); !ok {
					err = v.errorf("%q is no kernel version: want one such as 4.8", c.minKernel)
				}
			}
		default:
			return false, nil
		}
		return true, err
	}, "caps, arches and minKernel")
	return c, err
}

// kernelVersion reads the first two numbers of a release.
func kernelVersion(s string) (major, minor int, ok bool) {
	a, rest, ok := strings.Cut(s, ".")
	if !ok {
		return 0, 0, false
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end >= 0 {
		rest = rest[:end]
	}
	major, err1 := strconv.Atoi(a)
	minor, err2 := strconv.Atoi(rest)
	return major, minor, err1 == nil && err2 == nil
}

// extension reads the key "weir".
func (p *profile) extension(n *node) error {
	return n.each(func(key string, v *node) (bool, error) {
		var err error
		switch key {
		case "rules":
			l, err := v.items()
			if err != nil {
				return true, err
			}
			for i, x := range l {
				r, err := loadRule(x)
				if err != nil {
					return true, err
				}
				r.id = "rules[" + strconv.Itoa(i) + "] line " + strconv.Itoa(x.f.line(x.off))
				p.rules = append(p.rules, r)
			}
		case "native":
			p.native, err = v.boolean()
		case "mounts":
			p.mounts, err = v.boolean()
		case "comment":
			_, err = v.text()
		default:
			return false, nil
		}
		return true, err
	}, "rules, native, mounts and comment")
}

func loadRule(n *node) (r rule, err error) {
	r.errno, r.access, r.connect, r.bind = abi.EACCES, read|write, true, true
	seen := map[string]*node{}
	err = n.each(func(key string, v *node) (bool, error) {
		seen[key] = v
		var err error
		switch key {
		case "path", "exec":
			if r.globs, err = v.texts(true); err != nil {
				return true, err
			}
			for _, g := range r.globs {
				if !strings.HasPrefix(g, "/") && !strings.HasPrefix(g, "*") {
					return true, v.errorf("%q: want an absolute path or a pattern that begins with *", g)
				}
				if strings.HasPrefix(g, "/proc/self") || strings.HasPrefix(g, "/proc/thread-self") {
					return true, v.errorf("%q is a link: want the process ID or /proc/*", g)
				}
				if real := withoutLinks(g); real != g {
					r.globs = append(r.globs, real)
				}
			}
		case "host":
			err = r.hosts(v)
		case "port":
			err = r.portList(v)
		case "access":
			err = v.word(map[string]func(){
				"read": func() { r.access = read }, "write": func() { r.access = write }, "any": func() {},
			})
		case "op":
			err = v.word(map[string]func(){
				"connect": func() { r.bind = false }, "bind": func() { r.connect = false }, "any": func() {},
			})
		case "action":
			err = v.word(map[string]func(){
				"allow": func() { r.action = allow }, "deny": func() { r.action = deny },
				"kill": func() { r.action = killProcess }, "log": func() { r.action = log },
			})
		case "errno":
			var u *uint
			if u, err = v.errnoName(); u != nil {
				r.errno = abi.Errno(*u)
			}
		case "comment":
			_, err = v.text()
		default:
			return false, nil
		}
		return true, err
	}, ruleKeys)
	if err != nil {
		return r, err
	}
	kinds := 0
	for kind, key := range [numRuleKinds]string{"path", "host", "exec"} {
		if seen[key] != nil {
			kinds++
			r.kind = ruleKind(kind)
		}
	}
	if seen["port"] != nil && seen["host"] == nil {
		kinds++
		r.kind, r.anyNet = hostRule, true
	}
	switch {
	case kinds != 1:
		return r, n.errorf("want one of path, host (or port) and exec")
	case seen["action"] == nil:
		return r, n.errorf("has no action")
	case seen["access"] != nil && r.kind != pathRule:
		return r, seen["access"].errorf("only rules with path have one")
	case seen["op"] != nil && r.kind != hostRule:
		return r, seen["op"].errorf("only rules with host or port have one")
	case seen["errno"] != nil && r.action != deny:
		return r, seen["errno"].errorf("only the action deny has one")
	}
	return r, nil
}

// withoutLinks is a pattern with the links in the folders that it names resolved: rules are about
// real paths, and /bin/* shall also mean /usr/bin/* where /bin is a link to it.
func withoutLinks(glob string) string {
	literal, rest := glob, ""
	if i := strings.IndexAny(glob, "*?"); i >= 0 {
		i = strings.LastIndexByte(glob[:i], '/')
		if i < 0 {
			return glob
		}
		literal, rest = glob[:i], glob[i:]
	}
	for literal != "" {
		if real, err := filepath.EvalSymlinks(literal); err == nil {
			if real == "/" && rest != "" {
				real = ""
			}
			return real + rest
		}
		i := strings.LastIndexByte(literal, '/')
		if i < 0 {
			break
		}
		literal, rest = literal[:i], literal[i:]+rest
	}
	return glob
}

// word does what belongs to a string.
func (n *node) word(words map[string]func()) error {
	s, err := n.text()
	if err != nil {
		return err
	}
	if do := words[s]; do != nil {
		do()
		return nil
	}
	var list []string
	for w := range words {
		list = append(list, w)
	}
	slices.Sort(list)
	return n.errorf("%q: want %s", s, strings.Join(list, ", "))
}

func (r *rule) hosts(n *node) error {
	l, err := n.texts(true)
	if err != nil {
		return err
	}
	for _, s := range l {
		switch {
		case s == "*":
			r.anyNet = true
		case s == "localhost":
			r.nets = append(r.nets, netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128"))
		default:
			if p, err := netip.ParsePrefix(s); err == nil {
				r.nets = append(r.nets, p.Masked())
			} else if a, err := netip.ParseAddr(s); err == nil {
				a = a.Unmap()
				r.nets = append(r.nets, netip.PrefixFrom(a, a.BitLen()))
			} else {
				return n.errorf("%q: want an IP address, a prefix such as 10.0.0.0/8, localhost or * (names are not resolved)", s)
			}
		}
	}
	return nil
}

func (r *rule) portList(n *node) error {
	items := []*node{n}
	if l, ok := n.value.([]*node); ok {
		items = l
	}
	for _, x := range items {
		s, ok := x.value.(string)
		if !ok {
			v, err := x.number()
			if err != nil {
				return x.errorf(`want a port, a range such as "1-1023", or a list`)
			}
			s = strconv.FormatUint(v, 10)
		}
		lo, hi, isRange := strings.Cut(s, "-")
		if !isRange {
			hi = lo
		}
		a, err1 := strconv.ParseUint(lo, 10, 16)
		b, err2 := strconv.ParseUint(hi, 10, 16)
		if err1 != nil || err2 != nil || a > b {
			return x.errorf(`%q: want a port, a range such as "1-1023", or a list`, s)
		}
		r.ports = append(r.ports, portRange{uint16(a), uint16(b)})
	}
	return nil
}
