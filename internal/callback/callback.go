// Package callback keeps what plugins have registered: the callbacks of each event
// in the order in which they are asked. Walks use immutable snapshots, so
// registering and removing are safe at any time, from inside callbacks too. It
// knows neither the Linux personality nor how a callback is called. Start with
// [Table].
package callback

import (
	"cmp"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// Table holds the callbacks of all events. The zero Table is empty and ready but
// for Resolve.
type Table struct {
	// Resolve returns the guest's number of a syscall. known is false if no
	// architecture has a syscall of the name.
	Resolve func(name string) (nr abi.Sysno, has, known bool)
	// Changed, unless nil, is called after each change of an event's callbacks, one
	// call at a time.
	Changed func(e plugin.Event)

	mu    sync.Mutex
	seq   uint64
	lists [plugin.NumEvents]atomic.Pointer[[]*Entry]

	retired sync.Map // plugins that register nothing any more; not under mu, which Changed holds
}

// Entry is one registration.
type Entry struct {
	Plugin string
	Event  plugin.Event
	Func   any

	name string
	prio int
	seq  uint64
	set  NumberSet
	dead atomic.Bool
}

// Walk returns the callbacks of an event, in the order in which they are asked. The
// slice must not be changed.
func (t *Table) Walk(e plugin.Event) []*Entry {
	if p := t.lists[e].Load(); p != nil {
		return *p
	}
	return nil
}

// Live reports whether e has not been removed; asked before each call, since an
// earlier callback of the same walk may have removed e.
func (e *Entry) Live() bool { return !e.dead.Load() }

// Wants reports whether e is live and listens to syscall nr.
func (e *Entry) Wants(nr abi.Sysno) bool { return !e.dead.Load() && e.set.Has(nr) }

// Once reports whether e is live, and makes it so no longer.
func (e *Entry) Once() bool { return !e.dead.Swap(true) }

// Add registers a callback of a plugin, or replaces or removes the one of the same
// name. A cb of a nil function registers nothing, nor does a plugin that has retired.
func (t *Table) Add(p string, ev plugin.Event, s plugin.Set, cb any, o plugin.RegisterOptions) (*plugin.Registration, error) {
	if _, gone := t.retired.Load(p); gone {
		return plugin.NewRegistration(nil), nil
	}
	set, err := t.numbers(s)
	if err != nil {
		return plugin.NewRegistration(nil), err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	list := slices.Clone(t.Walk(ev))
	e := &Entry{Plugin: p, Event: ev, Func: cb, name: o.Name, prio: o.Priority, set: set}
	i := -1
	if o.Name != "" {
		i = slices.IndexFunc(list, func(x *Entry) bool { return x.name == o.Name && x.Plugin == p })
	}
	gone := isNil(cb)
	if i >= 0 {
		e.seq = list[i].seq
		// A replaced callback stays alive in the walks under way: none of them
		// sees the new one, and a call must not slip through between.
		if gone {
			list[i].dead.Store(true)
		}
		list = slices.Delete(list, i, i+1)
	} else {
		t.seq++
		e.seq = t.seq
	}
	if gone {
		if i >= 0 {
			t.store(ev, list)
		}
		return plugin.NewRegistration(nil), nil
	}
	list = append(list, e)
	slices.SortFunc(list, func(a, b *Entry) int {
		if ev == plugin.EventTranslate { // order of registration is what a translator sees
			return cmp.Or(cmp.Compare(b.prio, a.prio), cmp.Compare(a.seq, b.seq))
		}
		// Of equals the last registered is asked first.
		return cmp.Or(cmp.Compare(b.prio, a.prio), cmp.Compare(b.seq, a.seq))
	})
	t.store(ev, list)
	return plugin.NewRegistration(func() { t.remove(e) }), nil
}

func (t *Table) remove(e *Entry) {
	if e.dead.Swap(true) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	list := t.Walk(e.Event)
	i := slices.Index(list, e)
	if i < 0 { // replaced
		return
	}
	t.store(e.Event, slices.Delete(slices.Clone(list), i, i+1))
}

// Retire makes Add register nothing for a plugin from now on, if forever is set. It reports whether
// that was so already.
func (t *Table) Retire(p string, forever bool) (already bool) {
	if forever {
		_, already = t.retired.LoadOrStore(p, true)
	} else {
		_, already = t.retired.Load(p)
	}
	return already
}

// Retired reports whether Retire was called for good.
func (t *Table) Retired(p string) bool { _, gone := t.retired.Load(p); return gone }

// Withdraw removes all callbacks of a plugin.
func (t *Table) Withdraw(p string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for ev := range plugin.NumEvents {
		list := t.Walk(ev)
		of := func(e *Entry) bool { return e.Plugin == p }
		if !slices.ContainsFunc(list, of) {
			continue
		}
		for _, e := range list {
			if of(e) {
				e.dead.Store(true)
			}
		}
		t.store(ev, slices.DeleteFunc(slices.Clone(list), of))
	}
}

func (t *Table) store(ev plugin.Event, list []*Entry) {
	t.lists[ev].Store(&list)
	if t.Changed != nil {
		t.Changed(ev)
	}
}

func isNil(cb any) bool {
	f := reflect.ValueOf(cb)
	return !f.IsValid() || f.Kind() == reflect.Func && f.IsNil()
}
