package policy

import (
	"slices"
	"strconv"

	"github.com/opencontainers/runtime-spec/specs-go"

	"github.com/weir-emu/weir/abi"
)

// decision is what is to become of a call, and why.
type decision struct {
	action action
	errno  abi.Errno // of deny
	rule   string    // which rule says so
}

// add makes d the stricter one of d and x.
func (d *decision) add(x decision) {
	if x.action > d.action {
		*d = x
	}
}

// seccomp is the compiled part of a profile that looks at numbers and arguments.
type seccomp struct {
	other  decision
	byNr   map[abi.Sysno]*numberRules
	common []*numberRules // the same for small numbers, for speed
}

// numberRules are the rules of one syscall: those with conditions are asked first, in the
// file's order, then the first without.
type numberRules struct {
	conditional []conditional
	plain       *decision
}

type conditional struct {
	args []specs.LinuxSeccompArg
	decision
}

// environment is what "includes" and "excludes" are about.
type environment struct {
	caps         []string
	arch         string // Go's name: "riscv64"
	major, minor int    // of the kernel
}

func (e *environment) atLeast(kernel string) bool {
	major, minor, _ := kernelVersion(kernel)
	return e.major > major || e.major == major && e.minor >= minor
}

// applies evaluates the conditions of an entry: all capabilities that it includes are there,
// none that it excludes, and so on.
func (e *environment) applies(in, ex condition) bool {
	for _, c := range in.caps {
		if !slices.Contains(e.caps, c) {
			return false
		}
	}
	for _, c := range ex.caps {
		if slices.Contains(e.caps, c) {
			return false
		}
	}
	return (len(in.arches) == 0 || slices.Contains(in.arches, e.arch)) && !slices.Contains(ex.arches, e.arch) &&
		(in.minKernel == "" || e.atLeast(in.minKernel)) && (ex.minKernel == "" || !e.atLeast(ex.minKernel))
}

// numbers is what the guest's syscall table says of names.
type numbers interface {
	Syscall(name string) (abi.Sysno, bool)
	KnownSyscall(name string) bool
}

// numCommon is how many numbers, from 0, are looked up without a map.
const numCommon = 512

// compileSeccomp makes the table of a profile. A name that no architecture has is an error, unless it would
// only allow more than the default does: profiles name calls of kernels to come.
func compileSeccomp(p *profile, env environment, n numbers) (*seccomp, error) {
	def, _ := seccompAction(p.other)
	s := &seccomp{
		other: decision{def, errnoOf(p.errno), "defaultAction"},
		byNr:  map[abi.Sysno]*numberRules{}, common: make([]*numberRules, numCommon),
	}
	for i := range p.entries {
		e := &p.entries[i]
		if !env.applies(e.includes, e.excludes) {
			continue
		}
		act, _ := seccompAction(e.Action)
		d := decision{act, errnoOf(e.ErrnoRet), e.at.what + " line " + strconv.Itoa(e.at.f.line(e.at.off))}
		for k, name := range e.Names {
			nr, ok := n.Syscall(name)
			if !ok {
				if !n.KnownSyscall(name) && (!act.runs() || def.runs()) {
					return nil, e.nameAt[k].errorf("unknown syscall %q (weir syscalls lists the names)", name)
				}
				continue
			}
			r := s.byNr[nr]
			if r == nil {
				r = &numberRules{}
				s.byNr[nr] = r
				if uint64(nr) < numCommon {
					s.common[nr] = r
				}
			}
			r.add(e.Args, d)
		}
	}
	return s, nil
}

// add adds a rule. Several conditions on one argument are alternatives, as container runtimes have it: runc
// makes a rule of each condition then.
func (r *numberRules) add(args []specs.LinuxSeccompArg, d decision) {
	if len(args) == 0 {
		if r.plain == nil {
			r.plain = &d
		}
		return
	}
	seen := [6]bool{}
	for _, a := range args {
		if seen[a.Index] {
			for i := range args {
				r.conditional = append(r.conditional, conditional{args[i : i+1], d})
			}
			return
		}
		seen[a.Index] = true
	}
	r.conditional = append(r.conditional, conditional{args, d})
}

func errnoOf(ret *uint) abi.Errno {
	if ret == nil {
		return abi.EPERM
	}
	return abi.Errno(*ret)
}

// rules returns the rules of a number, nil if there are none.
func (s *seccomp) rules(nr abi.Sysno) *numberRules {
	if uint64(nr) < numCommon {
		return s.common[nr]
	}
	return s.byNr[nr]
}

// decide decides about a call. arg returns its arguments.
func (s *seccomp) decide(nr abi.Sysno, arg func(i int) uint64) decision {
	r := s.rules(nr)
	if r == nil {
		return s.other
	}
	for i := range r.conditional {
		if c := &r.conditional[i]; c.holds(arg) {
			return c.decision
		}
	}
	if r.plain != nil {
		return *r.plain
	}
	return s.other
}

func (c *conditional) holds(arg func(i int) uint64) bool {
	for i := range c.args {
		a := &c.args[i]
		v, ok := arg(int(a.Index)), false
		switch a.Op {
		case specs.OpEqualTo:
			ok = v == a.Value
		case specs.OpNotEqual:
			ok = v != a.Value
		case specs.OpLessThan:
			ok = v < a.Value
		case specs.OpLessEqual:
			ok = v <= a.Value
		case specs.OpGreaterThan:
			ok = v > a.Value
		case specs.OpGreaterEqual:
			ok = v >= a.Value
		case specs.OpMaskedEqual:
			ok = v&a.Value == a.ValueTwo
		}
		if !ok {
			return false
		}
	}
	return true
}
