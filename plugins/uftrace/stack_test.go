package uftrace

import (
	"fmt"
	"strings"
	"testing"

	"github.com/weir-emu/weir/abi"
)

// trace runs steps on a stack and returns its records: "0+a" is the entry of function a at depth 0.
func trace(steps func(s *stack)) string {
	var got []string
	s := &stack{}
	s.emit = func(exit bool, depth int, fn abi.Addr) {
		c := "+"
		if exit {
			c = "-"
		}
		got = append(got, fmt.Sprintf("%d%s%c", depth, c, rune('a'+fn)))
	}
	steps(s)
	return strings.Join(got, " ")
}

func TestStack(t *testing.T) {
	const a, b, c, d = 0, 1, 2, 3
	for _, tc := range []struct {
		name  string
		steps func(s *stack)
		want  string
	}{
		{"calls", func(s *stack) {
			s.call(a, 100, 0)
			s.call(b, 90, 0x10)
			s.call(c, 90, 0x20) // b has no frame
			s.ret(0x20, 90)
			s.ret(0x10, 90)
			s.call(c, 90, 0x30)
			s.ret(0x30, 90)
			s.unwind()
		}, "0+a 1+b 2+c 2-c 1-b 1+c 1-c 0-a"},
		{"recursion", func(s *stack) {
			for n := range 3 {
				s.call(a, 100-10*abi.Addr(n), 0x10)
			}
			for n := range 3 {
				s.ret(0x10, 80+10*abi.Addr(n))
			}
		}, "0+a 1+a 2+a 2-a 1-a 0-a"},
		{"no return", func(s *stack) { // a jump through a register that is used for returning
			s.call(a, 100, 0x10)
			s.ret(0x99, 100)
			s.ret(0x10, 100)
		}, "0+a 0-a"},
		{"returns over several", func(s *stack) { // what a return has been missed of
			s.call(a, 100, 0x10)
			s.call(b, 100, 0x20)
			s.call(c, 100, 0x30)
			s.ret(0x20, 100)
		}, "0+a 1+b 2+c 2-c 1-b"},
		{"longjmp", func(s *stack) {
			s.call(a, 100, 0x10)
			s.call(b, 90, 0x20) // setjmp
			s.ret(0x20, 90)
			s.call(c, 90, 0x30)
			s.call(d, 80, 0x40)
			s.ret(0x20, 90)     // back in a; nothing returns there
			s.call(d, 95, 0x50) // a has less on the stack now
			s.ret(0x50, 95)
			s.ret(0x10, 100)
		}, "0+a 1+b 1-b 1+c 2+d 2-d 1-c 1+d 1-d 0-a"},
		{"tail calls", func(s *stack) {
			s.call(a, 100, 0x10)
			s.call(b, 90, 0x20)
			s.jump(c, 90)
			s.jump(c, 90) // a loop
			s.jump(d, 90)
			s.ret(0x20, 90)
			s.ret(0x10, 100)
		}, "0+a 1+b 1-b 1+c 1-c 1+d 1-d 0-a"},
		{"stubs", func(s *stack) {
			s.call(a, 100, 0x10)
			s.silent(b, 90, 0x20)
			s.call(c, 90, 0x25) // the resolver
			s.ret(0x25, 90)
			s.jump(d, 90)
			s.ret(0x20, 90)
		}, "0+a 1+c 1-c 1+d 1-d"},
		{"handler on another stack", func(s *stack) {
			s.call(a, 100, 0x10)
			s.call(b, 90, 0x20)
			s.handler(c, 5000, 0x99)
			s.call(d, 4990, 0x30)
			s.ret(0x30, 4990)
			s.ret(0x99, 5000)
			s.ret(0x20, 90)
			s.ret(0x10, 100)
		}, "0+a 1+b 2+c 3+d 3-d 2-c 1-b 0-a"},
		{"jump out of a handler", func(s *stack) {
			s.call(a, 100, 0x10)
			s.handler(c, 80, 0x99)
			s.call(d, 70, 0x30)
			s.ret(0x77, 100) // siglongjmp
			s.ret(0x10, 100)
		}, "0+a 1+c 2+d 2-d 1-c 0-a"},
		{"start by a jump", func(s *stack) {
			s.jump(a, 100)
			s.call(b, 90, 0x10)
			s.ret(0x10, 90)
			s.unwind()
		}, "0+a 1+b 1-b 0-a"},
	} {
		if got := trace(tc.steps); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
}
