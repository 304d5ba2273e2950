//go:build linux

package linux

import (
	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
)

// copyThreadAttributes gives a new thread what clone(2) would have copied from its
// parent. The host thread was made by some thread of Go's, which still has the
// process's original attributes: so whatever the parent could change, it can.
func (t *Task) copyThreadAttributes(theirs *attributes) abi.Errno {
	get := func(nr uintptr) (ids [3]uintptr) {
		raw(nr, t.scratch, t.scratch+8, t.scratch+16, 0, 0, 0)
		for i := range ids {
			ids[i] = uintptr(uint32(t.get64(8 * i)))
		}
		return ids
	}
	mine := [2][3]uintptr{get(hostsys.SYS_GETRESUID), get(hostsys.SYS_GETRESGID)}
	caps := t.noteCapabilities()
	errno := abi.Errno(0)
	do := func(nr uintptr, a1, a2, a3 uintptr) {
		if r := raw(nr, a1, a2, a3, 0, 0, 0); r < 0 && errno == 0 {
			errno = abi.Errno(-r)
		}
	}
	// Scheduling needs privileges that credentials may take away, groups need those of the user.
	if theirs.affinity != nil {
		at := t.put(0, theirs.affinity)
		do(hostsys.SYS_SCHED_SETAFFINITY, 0, uintptr(len(theirs.affinity)), at)
	}
	raw(hostsys.SYS_PRCTL, prSetName, t.put(0, theirs.name[:]), 0, 0, 0, 0)
	if theirs.noNewPrivs {
		raw(hostsys.SYS_PRCTL, prSetNoNewPrivs, 1, 0, 0, 0, 0)
	}
	if caps != theirs.caps {
		theirs.caps.limit(&caps)
	}
	if g := theirs.groups; g != nil {
		at := raw(hostsys.SYS_MMAP, 0, uintptr(len(g)+1), 3, mapPrivate|mapAnonymous, ^uintptr(0), 0)
		if at > 0 {
			hostsys.CopyOut(uintptr(at), g)
			if mine[0] != theirs.ids[0] || mine[1] != theirs.ids[1] {
				do(hostsys.SYS_SETGROUPS, uintptr(len(g)/4), uintptr(at), 0)
			}
			raw(hostsys.SYS_MUNMAP, uintptr(at), uintptr(len(g)+1), 0, 0, 0, 0)
		}
	}
	if g := theirs.ids[1]; mine[1] != g {
		do(hostsys.SYS_SETRESGID, g[0], g[1], g[2])
	}
	if u := theirs.ids[0]; mine[0] != u {
		do(hostsys.SYS_SETRESUID, u[0], u[1], u[2])
	}
	if caps != theirs.caps {
		t.setCapabilities(&theirs.caps)
	}
	return errno
}

// attributes of a thread that its children inherit.
type attributes struct {
	ids        [2][3]uintptr // real, effective, saved user and group IDs
	groups     []byte
	affinity   []byte
	name       [16]byte
	noNewPrivs bool
	caps       capabilities
}

// capabilities are what of capabilities(7) a thread inherits.
type capabilities struct {
	bounding, ambient uint64        // sets
	data              [capData]byte // the others, as capget(2) has them
	securebits, keep  uint64
}

const (
	capVersion3   = 0x20080522
	numCaps       = 64 // more than there are
	capAmbientIs  = 1  // PR_CAP_AMBIENT_IS_SET
	capAmbientAdd = 2  // PR_CAP_AMBIENT_RAISE
)

// noteCapabilities returns the calling thread's.
func (t *Task) noteCapabilities() (c capabilities) {
	ask := func(option, arg, arg2 uintptr) uint64 {
		if r := raw(hostsys.SYS_PRCTL, option, arg, arg2, 0, 0, 0); r > 0 {
			return uint64(r)
		}
		return 0
	}
	for n := range uintptr(numCaps) {
		r := raw(hostsys.SYS_PRCTL, prCapbsetRead, n, 0, 0, 0, 0)
		if r < 0 { // no such capability
			break
		}
		c.bounding |= uint64(r) << n
		c.ambient |= ask(prCapAmbient, capAmbientIs, n) << n
	}
	c.securebits, c.keep = ask(prGetSecurebits, 0, 0), ask(prGetKeepcaps, 0, 0)
	t.put64(0, capVersion3)
	raw(hostsys.SYS_CAPGET, t.scratch, t.put(64, c.data[:]), 0, 0, 0, 0)
	t.get(64, c.data[:])
	return c
}

// limit gives the calling thread, which has mine, what needs capabilities that it may not have later. Other IDs shall not take
// the permitted ones away.
func (c *capabilities) limit(mine *capabilities) {
	for n := range uintptr(numCaps) {
		if bit := uint64(1) << n; mine.bounding&bit != 0 && c.bounding&bit == 0 {
			raw(hostsys.SYS_PRCTL, prCapbsetDrop, n, 0, 0, 0, 0)
		}
	}
	if mine.securebits != c.securebits {
		raw(hostsys.SYS_PRCTL, prSetSecurebits, uintptr(c.securebits), 0, 0, 0, 0)
	}
	raw(hostsys.SYS_PRCTL, prSetKeepcaps, 1, 0, 0, 0, 0)
}

// setCapabilities gives the calling thread, which has as many at least, the rest.
func (t *Task) setCapabilities(c *capabilities) {
	t.put64(0, capVersion3)
	raw(hostsys.SYS_CAPSET, t.scratch, t.put(64, c.data[:]), 0, 0, 0, 0)
	for n := range uintptr(numCaps) {
		if c.ambient>>n&1 != 0 {
			raw(hostsys.SYS_PRCTL, prCapAmbient, capAmbientAdd, n, 0, 0, 0)
		}
	}
	raw(hostsys.SYS_PRCTL, prSetKeepcaps, uintptr(c.keep), 0, 0, 0, 0)
}

// noteAttributes notes t's present attributes for a child, on t's own thread.
func (t *Task) noteAttributes() *attributes {
	a := new(attributes)
	for k, nr := range [2]uintptr{hostsys.SYS_GETRESUID, hostsys.SYS_GETRESGID} {
		raw(nr, t.scratch, t.scratch+8, t.scratch+16, 0, 0, 0)
		for i := range 3 {
			a.ids[k][i] = uintptr(uint32(t.get64(8 * i)))
		}
	}
	if n := raw(hostsys.SYS_GETGROUPS, 0, 0, 0, 0, 0, 0); n >= 0 && n <= scratchGroups {
		if n = raw(hostsys.SYS_GETGROUPS, scratchGroups, t.scratch, 0, 0, 0, 0); n >= 0 {
			a.groups = make([]byte, 4*n)
			t.get(0, a.groups)
		}
	}
	if n := raw(hostsys.SYS_SCHED_GETAFFINITY, 0, scratchSize, t.scratch, 0, 0, 0); n > 0 {
		a.affinity = make([]byte, n)
		t.get(0, a.affinity)
	}
	raw(hostsys.SYS_PRCTL, prGetName, t.scratch, 0, 0, 0, 0)
	t.get(0, a.name[:])
	a.noNewPrivs = raw(hostsys.SYS_PRCTL, prGetNoNewPrivs, 0, 0, 0, 0, 0) == 1
	a.caps = t.noteCapabilities()
	return a
}
