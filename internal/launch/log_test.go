package launch

import (
	"errors"
	"reflect"
	"strings"
	"testing"
)

// Every item turns on one thing of its own, or is said to do nothing.
func TestLogItems(t *testing.T) {
	seen := map[string]string{}
	for _, item := range LogItems() {
		var l Log
		if err := l.Set(item.Name); err != nil {
			t.Errorf("%s: %v", item.Name, err)
		}
		on := ""
		v := reflect.ValueOf(l)
		for i := range v.NumField() {
			if f := v.Field(i); f.Kind() == reflect.Bool && f.Bool() {
				on += v.Type().Field(i).Name + " "
			}
		}
		if nothing := strings.HasPrefix(item.Help, "nothing"); nothing != (on == "") {
			t.Errorf("%s (%s) turns on %q", item.Name, item.Help, on)
		}
		if other := seen[on]; on != "" && other != "" {
			t.Errorf("%s and %s turn on the same", item.Name, other)
		}
		seen[on] = item.Name
	}
	for i := range reflect.TypeFor[Log]().NumField() {
		if f := reflect.TypeFor[Log]().Field(i); f.Type.Kind() == reflect.Bool && seen[f.Name+" "] == "" {
			t.Errorf("no item turns %s on", f.Name)
		}
	}
	// What qemu-user 11.1 has.
	for _, name := range strings.Fields("out_asm in_asm op op_opt op_ind int exec cpu fpu mmu pcall cpu_reset unimp guest_errors page nochain plugin strace tid vpu invalid_mem") {
		if err := new(Log).Set(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := new(Log).Set("trace:user_*"); !errors.Is(err, ErrNoTrace) {
		t.Errorf("trace: %v", err)
	}
	if err := new(Log).Set("in-asm"); err == nil || !strings.Contains(err.Error(), "in_asm") {
		t.Errorf("unknown: %v", err)
	}
}

func TestParseRange(t *testing.T) {
	const most = ^uint64(0)
	for in, want := range map[string]Range{
		"0x1000..0x1fff": {0x1000, 0x1fff}, "5..5": {5, 5}, "0x1000+0x1000": {0x1000, 0x1fff}, "7+1": {7, 7},
		"0x1fff-0x1000": {0x1000, 0x1fff}, "0-1": {0, 0}, "0xffffffffffffffff+1": {most, most}, "1+0xffffffffffffffff": {1, most},
	} {
		if got, err := ParseRange(in); err != nil || got != want {
			t.Errorf("%s: %#x, %v; want %#x", in, got, err, want)
		}
	}
	for _, in := range []string{"", "5", "5..4", "5.6", "5...6", "5+0", "5-0", "5-7", "2+0xffffffffffffffff", "x..y", "..5", "5..", "+5", "5+-1"} {
		if got, err := ParseRange(in); err == nil {
			t.Errorf("%q: %#x", in, got)
		}
	}
}

func TestShows(t *testing.T) {
	var l Log
	if !l.shows(0) || !l.shows(^uint64(0)) {
		t.Error("without ranges something is hidden")
	}
	l.Ranges = []Range{{16, 31}, {64, 64}}
	for pc, want := range map[uint64]bool{15: false, 16: true, 31: true, 32: false, 63: false, 64: true, 65: false} {
		if l.shows(pc) != want {
			t.Errorf("shows(%d) = %v", pc, !want)
		}
	}
}
