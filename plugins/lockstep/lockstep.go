// Package lockstep runs two guests side by side and finds where their execution differs first. Start two runs of
// weir, with different input, options or builds, and give both the same socket:
//
//	weir -plugin lockstep,sockpath=/tmp/s -jit=off PROGRAM &
//	weir -plugin lockstep,sockpath=/tmp/s PROGRAM
//
// The first waits for the second. Both compare the blocks that their main threads execute, and how many instructions they
// have executed before each. They do so before each system call, so that neither does anything to the outside that the
// other would not, and every few thousand blocks. At a difference both report what they did, and exit
// with status 1:
//
//	@ 0x00000000000105b2 vs 0x00000000000105c0 (1/0 since last)
//	Δ insn_count @ 0x00000000000105b2 (4711) vs 0x00000000000105c0 (4711)
//	  previously @ 0x00000000000105a0/5 (4706 insns)
//
// which is the pc here and there; executed instructions; and the blocks before with address, length and
// instructions executed before them. What a block is does not depend on how Weir translates: it begins where execution
// arrives by a jump or after one. Files may be mapped at other addresses here and there. Other threads are not
// compared, nor are forked children. What differs by itself, such as times, may make executions differ; weir's
// option -seed makes both runs see the same random numbers.
//
// Start with install; compare.go has no guest in it.
package lockstep

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// options are the arguments that the plugin takes.
var options = []plugin.Option{
	{Key: "sockpath", Value: "PATH", Help: "Unix socket at which the two runs meet (required)"},
	{Key: "verbose", Value: "on|off", Help: "tell at the end how much has been compared (off)"},
}

// Info describes the plugin.
func Info() plugin.Info {
	return plugin.Info{
		Name:    "lockstep",
		Summary: "compare two runs block by block and stop both where they differ",
		Options: options,
		New:     func() plugin.Plugin { return plugin.InstallFunc(install) },
	}
}

// stepper is the plugin.
type stepper struct {
	host    *plugin.Host
	insns   plugin.Counter
	verbose bool

	mu   sync.Mutex
	conn io.ReadWriteCloser // nil: no more
	main *plugin.VCPU
	run  comparison
	next abi.Addr // where a block goes on that does not end with a jump; 0: the block before ended with one
}

func install(h *plugin.Host, args plugin.Args) error {
	if err := args.Check(options); err != nil {
		return err
	}
	path := args.Get("sockpath", "")
	if path == "" {
		return errors.New("sockpath=PATH is required")
	}
	s := &stepper{host: h, insns: plugin.NewCounter(h)}
	var err error
	if s.verbose, err = args.Bool("verbose", false); err != nil {
		return err
	}
	if s.conn, err = h.Meet(path); err != nil {
		return err
	}
	if err := greet(s.conn); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	h.OnExec(func(*plugin.VCPU) { s.follow(nil) })
	h.OnThreadStart(func(v *plugin.VCPU) {
		if s.main == nil { // on the main thread, while there is no other
			s.follow(v)
		}
	})
	h.OnTranslate(s.translate)
	h.OnFork(func(*plugin.VCPU) { s.leave() })
	h.OnExit(func(plugin.ExitInfo) { s.end() })
	return nil
}

// follow makes v the thread that is compared.
func (s *stepper) follow(v *plugin.VCPU) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.main, s.next = v, 0
}

// leave ends the comparison without a word: a forked child is not compared.
func (s *stepper) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
}

// translate has blocks noted, and compared before system calls.
func (s *stepper) translate(b *plugin.Block) {
	pc, last := b.PC(), b.Insn(b.Len()-1)
	next := abi.Addr(0)
	if last.Class() >= plugin.ClassAtomic { // no jump, nor anything like it
		next = pc + abi.Addr(b.Size())
	}
	place := s.place(pc)
	b.OnExec(plugin.SetPC, func(v *plugin.VCPU) { s.block(v, pc, place, next) })
	for _, i := range b.Insns {
		if i.Class() == plugin.ClassSyscall {
			i.OnExec(plugin.SetPC, func(v *plugin.VCPU) { s.sync(v) })
		}
		i.Add(s.insns, 1)
	}
}

// place is what both runs agree about of a pc: the address in its file, and which file that is, in the order of
// mapping. Of other code, such as the vDSO, only the place in the page is compared.
func (s *stepper) place(pc abi.Addr) uint64 {
	for n, im := range append([]plugin.Image{s.host.Image()}, s.host.Libraries()...) {
		if pc >= im.Start && pc < im.End {
			return (pc - im.Bias) | uint64(n)<<48
		}
	}
	return pc&4095 | 0xffff<<48
}

// block notes that a block is executed.
func (s *stepper) block(v *plugin.VCPU, pc abi.Addr, place uint64, next abi.Addr) {
	if v != s.main {
		return
	}
	if pc != s.next && s.run.add(block{pc, place, s.insns.Get(v)}) {
		s.sync(v)
	}
	s.next = next
}

// sync compares what both runs have executed, and ends this one if it differs.
func (s *stepper) sync(v *plugin.VCPU) {
	if v != s.main {
		return
	}
	s.mu.Lock()
	same := s.exchange(false)
	s.mu.Unlock()
	if !same {
		v.Exit(1)
	}
}

// exchange compares with the other run; end says that this is the last time. It reports whether all was the same. The
// plugin is locked.
func (s *stepper) exchange(end bool) (same bool) {
	if s.conn == nil {
		s.run.forget()
		return true
	}
	text, over, err := s.run.exchange(s.conn, end)
	if err != nil {
		text = fmt.Sprintf("lockstep: after %d blocks: %v\n", s.run.blocks, err)
	}
	if text != "" || over {
		s.conn.Close()
		s.conn = nil
	}
	if text == "" && over && s.verbose {
		fmt.Fprintf(s.host.Output(), "Executed %d/%d blocks\n", s.run.blocks, s.run.blocks)
	}
	io.WriteString(s.host.Output(), text)
	return text == ""
}

// end compares for the last time.
func (s *stepper) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.main != nil {
		s.exchange(true)
	}
}
