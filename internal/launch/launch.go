//go:build linux

package launch

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/engine"
	"github.com/weir-emu/weir/internal/host"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/instrument"
	"github.com/weir-emu/weir/internal/isa"
	"github.com/weir-emu/weir/internal/linux"
	"github.com/weir-emu/weir/internal/machine"
	"github.com/weir-emu/weir/internal/mem"
	"github.com/weir-emu/weir/plugin"
)

// Environ returns the environment that the program was started with.
func Environ() []string { return hostsys.StartEnv(os.Environ()) }

// run is one guest process being put together, and then running.
type run struct {
	cfg    *Config
	pid    int // of the process that started it; a forked child's differs
	guest  *isa.Guest
	log    io.Writer
	hooks  *linux.Hooks
	proc   *linux.Process
	engine *engine.Engine
	reg    *instrument.Registry
	closes []func()
	own    ownFiles
}

// Run runs a program on the calling goroutine, whose thread becomes the guest's
// main thread, and ends the process as the guest ends. It returns only if the
// program could not be started.
func Run(cfg Config) error {
	r, err := prepare(&cfg)
	if err != nil {
		return err
	}
	lc := r.linuxConfig()
	lc.Exit = func(status int, sig abi.Signal) {
		r.ended(status, sig)
		leave(status, sig)
	}
	if err := r.start(lc); err != nil {
		r.close()
		return err
	}
	status, sig, err := r.proc.Run()
	if err != nil {
		return err
	}
	leave(status, sig)
	return nil
}

// Process is a guest that runs beside the goroutines of the host program.
type Process struct {
	done   chan struct{}
	status Status
	run    *run
}

// busy is set while a guest occupies the host process.
var busy atomic.Bool

// ErrBusy is returned by Start while another guest runs.
var ErrBusy = errors.New("a guest is running in this process already: there can be one at a time")

// Start loads a program and runs it on a thread of its own.
func Start(cfg Config) (*Process, error) {
	if !busy.CompareAndSwap(false, true) {
		return nil, ErrBusy
	}
	p := &Process{done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		r, err := prepare(&cfg)
		if err == nil {
			p.run = r
			if err = r.start(r.linuxConfig()); err != nil {
				r.close()
			}
		}
		started <- err
		if err != nil {
			busy.Store(false)
			return
		}
		status, sig, err := r.proc.Run()
		if err != nil {
			panic("BUG: launch: " + err.Error())
		}
		r.ended(status, sig)
		if hostsys.Getpid() != r.pid { // a fork of the guest: nobody waits here
			leave(status, sig)
		}
		hostsys.ReleaseSignals()
		r.engine.Close()
		r.proc.Mem.Close()
		p.status = Status{status, sig}
		busy.Store(false)
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

// Wait waits for the guest process to end.
func (p *Process) Wait() Status {
	<-p.done
	return p.status
}

// Stats returns what the engine has done so far.
func (p *Process) Stats() Stats {
	s := p.run.engine.Stats()
	return Stats{s.Translated, s.Insns, s.CodeBytes}
}

// prepare makes everything that does not need the program.
func prepare(cfg *Config) (*run, error) {
	if err := hostsys.Init(); err != nil {
		return nil, err
	}
	r := &run{cfg: cfg, pid: hostsys.Getpid()}
	if err := r.openLog(); err != nil {
		return nil, err
	}
	var err error
	if r.guest, err = machine.GuestByName(GuestName, cfg.CPU); err != nil {
		return nil, err
	}
	if cfg.CPUProfile != "" {
		hostsys.UseAllProcs()
		f, err := openHidden(cfg.CPUProfile, os.O_WRONLY|os.O_CREATE|os.O_TRUNC)
		if err != nil {
			return nil, fmt.Errorf("CPU profile: %w", err)
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return nil, fmt.Errorf("CPU profile: %w", err)
		}
		hostsys.KeepProfile = true
		r.closes = append(r.closes, func() { pprof.StopCPUProfile(); f.Close() })
	}
	if len(cfg.Plugins) > 0 || cfg.Strace {
		r.hooks = new(linux.Hooks)
	}
	if cfg.Strace {
		var p linux.Printer = linux.NewStrace(r.log, cfg.Resumed)
		if cfg.Log.TID {
			p = linux.NewThreadStrace(r.log)
		}
		linux.AttachPrinter(r.hooks, p)
	}
	if len(cfg.Plugins) > 0 {
		hostsys.UseAllProcs()
		if err := r.install(); err != nil {
			r.close()
			return nil, err
		}
	}
	return r, nil
}

// install installs the plugins, in the order given.
func (r *run) install() error {
	regs := make([]plugin.Reg, len(r.guest.Regs))
	for i, g := range r.guest.Regs {
		// The pc is changed by other means; register 0 is wired to zero.
		fixed := g.Kind == isa.RegPC || g.Kind == isa.RegX && g.Slot == 0
		regs[i] = plugin.Reg{Name: g.Name, Alias: g.Alias, Feature: g.Feature, Bits: g.Bits, ReadOnly: fixed, ID: abi.Reg(i)}
	}
	var xs, fs []int // by architectural number, which is the slot
	for i, g := range r.guest.Regs {
		switch g.Kind {
		case isa.RegX:
			xs = append(xs, i)
		case isa.RegV:
			fs = append(fs, i)
		}
	}
	r.reg = instrument.New(instrument.Config{
		X: xs, F: fs, Guest: r.guest,
		Target: plugin.Target{Arch: r.guest.Arch, Binary: r.cfg.Path, PID: r.pid, Resumed: r.cfg.Resumed},
		Regs:   regs, Output: r.log, Log: r.log, Quiet: !r.cfg.Log.Plugin && r.cfg.LogFile == "",
		OpenFile: r.openOwn, Meet: meet,
		Program: func() string {
			if r.proc == nil {
				return ""
			}
			return r.proc.Prog.Path
		},
	}, r.hooks)
	for _, p := range r.cfg.Plugins {
		if err := r.reg.Install(p.Name, p.Plugin, p.Args); err != nil {
			return err
		}
	}
	return nil
}

// linuxConfig is the personality's part of the configuration.
func (r *run) linuxConfig() *linux.Config {
	c := r.cfg
	lc := &linux.Config{
		Guest:     r.guest,
		Mem:       mem.Config{Window: c.Window, Base: uintptr(c.Base), Reserve: c.Reserve},
		NewEngine: r.newEngine, Hooks: r.hooks,
		Sysroot: c.Sysroot, StackSize: c.StackSize, Release: c.Release, Seed: c.Seed, Seeded: c.Seeded,
		CatchFatal: r.hooks != nil, Reexec: r.reexec, DenyNative: c.DenyNative, Board: c.Board,
	}
	for _, text := range c.Seccomp {
		lc.Seccomp = append(lc.Seccomp, seccompFilter(text))
	}
	r.linuxLog(lc)
	return lc
}

// start loads the program.
func (r *run) start(lc *linux.Config) error {
	fd := -1
	if r.cfg.File != nil {
		fd = *r.cfg.File
	}
	p, err := linux.NewFile(lc, fd, r.cfg.Path, r.cfg.Argv, r.cfg.Env)
	if err != nil {
		var e abi.Errno
		switch errno := linux.StartErrno(err); {
		case errno == abi.ENOENT || errno == abi.ENOTDIR:
			return failure{ErrNotFound, err}
		case errno != 0 || errors.As(err, &e):
			return failure{ErrNotRunnable, err}
		}
		return err
	}
	r.proc = p
	return nil
}

// failure is an error of a kind, printed as the error alone.
type failure struct{ kind, err error }

func (f failure) Error() string   { return f.err.Error() }
func (f failure) Unwrap() []error { return []error{f.kind, f.err} }

// newEngine makes the engine for an address space.
func (r *run) newEngine(sp *mem.Space) (*engine.Engine, error) {
	c := r.cfg
	ec := engine.Config{
		Guest: r.guest, Mem: sp, TBSize: int(c.TBSize), OneInsnPerTB: c.OneInsn, NoChain: c.Log.NoChain,
		Options: host.Options{GSBase: sp.Base() != 0, Baseline: c.Baseline, NoPairing: c.NoPairing},
		Log:     r.engineLog(),
	}
	if !c.Interpret {
		ec.Backend = machine.NewBackend(r.guest.Arch)
	}
	e, err := engine.New(ec)
	r.engine = e
	if err == nil && r.reg != nil {
		r.reg.Attach(e)
	}
	return e, err
}

// ended tells everybody that the guest process has ended.
func (r *run) ended(status int, sig abi.Signal) {
	if r.hooks != nil && r.hooks.Exit != nil {
		r.hooks.Exit(status, sig)
	}
	r.close()
}

func (r *run) close() {
	for _, f := range slices.Backward(r.closes) {
		f()
	}
	r.closes = nil
	r.own.closeAll()
}

// leave ends the host process as the guest ended.
func leave(status int, sig abi.Signal) {
	if sig != 0 {
		hostsys.DieBySignal(int(sig))
	}
	hostsys.ExitProcess(status)
}

// reexec is the command that runs a guest program in a fresh weir with the same options.
func (r *run) reexec(path string, argv, envp []string, confined []linux.SeccompFilter, board int) (string, []string, []string) {
	args := append([]string{"weir"}, r.cfg.Reexec...)
	for _, f := range confined {
		args = append(args, "-"+SeccompOption, seccompText(f))
	}
	if board >= 0 {
		args = append(args, "-"+BoardOption, strconv.Itoa(board))
	}
	if len(argv) > 0 {
		args = append(args, "-0", argv[0])
		argv = argv[1:]
	}
	args = append(args, "--", path)
	return "/proc/self/exe", append(args, argv...), envp
}
