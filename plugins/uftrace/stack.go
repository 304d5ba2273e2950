package uftrace

import "github.com/weir-emu/weir/abi"

// Kinds of jumps, in the counter tracer.how.
const (
	jumped   = 1 + iota // no call and no return
	called              // a return address was left
	returned            // jump to one
)

// stack are the functions that a thread is in, by the instructions and the stack pointer.
type stack struct {
	emit   func(exit bool, depth int, fn abi.Addr)
	frames []frame
	depth  int // frames that are no silent ones
}

// frame is a function under way.
type frame struct {
	fn    abi.Addr
	sp    abi.Addr // at its entry
	ret   abi.Addr // where it returns to
	quiet bool     // a stub, which is not told of
	base  bool     // a signal handler: the stack pointer may be that of another stack
}

func (s *stack) push(f frame) {
	if !f.quiet {
		s.emit(false, s.depth, f.fn)
		s.depth++
	}
	s.frames = append(s.frames, f)
}

func (s *stack) pop() {
	f := s.frames[len(s.frames)-1]
	s.frames = s.frames[:len(s.frames)-1]
	if !f.quiet {
		s.depth--
		s.emit(true, s.depth, f.fn)
	}
}

// above pops the frames that are gone because the stack is not that deep any more: after a longjmp, say, or an
// exception of C++.
func (s *stack) above(sp abi.Addr) {
	for n := len(s.frames); n > 0 && s.frames[n-1].sp < sp && !s.frames[n-1].base; n-- {
		s.pop()
	}
}

// call enters fn, which will return to ret.
func (s *stack) call(fn, sp, ret abi.Addr) {
	s.above(sp)
	s.push(frame{fn: fn, sp: sp, ret: ret})
}

// silent enters a piece of code that only jumps on to a function.
func (s *stack) silent(fn, sp, ret abi.Addr) {
	s.above(sp)
	s.push(frame{fn: fn, sp: sp, ret: ret, quiet: true})
}

// handler enters a signal handler.
func (s *stack) handler(fn, sp, ret abi.Addr) { s.push(frame{fn: fn, sp: sp, ret: ret, base: true}) }

// ret leaves the functions up to the innermost that returns to pc. If there is none it is no return.
func (s *stack) ret(pc, sp abi.Addr) {
	s.above(sp)
	for n := len(s.frames) - 1; n >= 0; n-- {
		if s.frames[n].ret == pc {
			for len(s.frames) > n {
				s.pop()
			}
			return
		}
	}
}

// jump goes to the beginning of fn, which then stands in the place of the function under way.
func (s *stack) jump(fn, sp abi.Addr) {
	s.above(sp)
	n := len(s.frames)
	if n == 0 {
		s.push(frame{fn: fn, sp: sp})
		return
	}
	f := s.frames[n-1]
	if f.fn == fn { // a loop
		return
	}
	s.pop()
	f.fn, f.quiet = fn, false
	s.push(f)
}

// unwind leaves all functions.
func (s *stack) unwind() {
	for len(s.frames) > 0 {
		s.pop()
	}
}
