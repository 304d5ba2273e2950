//go:build linux

// Signals uses signals as Go programs do: os/signal, nil dereferences that are recovered, preemption, contexts that end on a
// signal. It prints "ok signals".
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

var failures atomic.Int64

func check(ok bool, format string, args ...any) {
	if !ok {
		fmt.Printf(format+"\n", args...)
		failures.Add(1)
	}
}

func main() {
	notify()
	ignore()
	faults()
	memory()
	preemption()
	cancel()
	if n := failures.Load(); n != 0 {
		fmt.Printf("FAILED signals: %d checks\n", n)
		os.Exit(1)
	}
	fmt.Println("ok signals")
}

func receive(c <-chan os.Signal) os.Signal {
	select {
	case s := <-c:
		return s
	case <-time.After(20 * time.Second):
		return nil
	}
}

func notify() {
	c := make(chan os.Signal, 10)
	signal.Notify(c, syscall.SIGUSR1, syscall.SIGHUP, syscall.SIGTERM)
	defer signal.Stop(c)
	for _, s := range []syscall.Signal{syscall.SIGUSR1, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGUSR1} {
		check(syscall.Kill(os.Getpid(), s) == nil, "kill %v", s)
		got := receive(c)
		check(got == s, "got %v, want %v", got, s)
	}
	// From other threads, with the sender busy.
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			runtime.LockOSThread()
			syscall.Tgkill(os.Getpid(), syscall.Gettid(), syscall.SIGUSR1)
		})
	}
	wg.Wait()
	check(receive(c) == syscall.SIGUSR1, "no signal from other threads")
}

func ignore() {
	signal.Ignore(syscall.SIGHUP)
	check(signal.Ignored(syscall.SIGHUP), "SIGHUP is not ignored")
	syscall.Kill(os.Getpid(), syscall.SIGHUP)
	time.Sleep(10 * time.Millisecond)
	signal.Reset(syscall.SIGHUP)
}

type thing struct {
	_     [100]byte
	value int
}

//go:noinline
func read(t *thing) int { return t.value }

//go:noinline
func write(t *thing, v int) { t.value = v }

//go:noinline
func divide(a, b int) int { return a / b }

// recovered runs f and returns the text of the panic it ends with.
func recovered(f func()) (text string) {
	defer func() {
		if r := recover(); r != nil {
			text = fmt.Sprint(r)
		}
	}()
	f()
	return ""
}

func faults() {
	for range 50 {
		text := recovered(func() { read(nil) })
		check(strings.Contains(text, "nil pointer dereference"), "read of nil: %q", text)
		text = recovered(func() { write(nil, 1) })
		check(strings.Contains(text, "nil pointer dereference"), "write to nil: %q", text)
		text = recovered(func() { _ = divide(1, 0) })
		check(strings.Contains(text, "divide by zero"), "division: %q", text)
		var f func()
		text = recovered(func() { f() })
		check(strings.Contains(text, "nil pointer dereference"), "call of nil: %q", text)
	}
	// On many goroutines at once; the state around the fault has to survive.
	var wg sync.WaitGroup
	for g := range 50 {
		wg.Go(func() {
			sum := 0
			for i := range 20 {
				if recovered(func() { sum += i; read(nil) }) != "" {
					sum++
				}
			}
			check(sum == 190+20, "goroutine %d: sum %d", g, sum)
		})
	}
	wg.Wait()
}

// memory faults on mapped memory, which SetPanicOnFault turns into a panic with the address.
func memory() {
	page := os.Getpagesize()
	m, err := syscall.Mmap(-1, 0, 2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		check(false, "mmap: %v", err)
		return
	}
	m[page] = 1
	if err := syscall.Mprotect(m[page:], syscall.PROT_READ); err != nil {
		check(false, "mprotect: %v", err)
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	check(recovered(func() { m[0] = 2 }) == "", "a write to open memory panics")
	text := recovered(func() { m[page] = 2 })
	check(text != "", "a write to read-only memory succeeds")
	check(m[page] == 1, "a write to read-only memory has an effect")
	func() {
		defer func() {
			e, ok := recover().(interface{ Addr() uintptr })
			check(ok, "the panic has no address")
			if ok {
				check(int(e.Addr())%page == 77, "address %#x, want offset 77", e.Addr())
			}
		}()
		m[page+77] = 3
	}()
	check(syscall.Munmap(m) == nil, "munmap")
}

// preemption interrupts loops without calls by SIGURG, so that a collection can stop them.
func preemption() {
	var stop, running atomic.Int64
	n := int64(runtime.GOMAXPROCS(0) * 2)
	for range n {
		go func() {
			running.Add(1)
			x := 1
			for stop.Load() == 0 {
				for range 1 << 20 {
					x ^= x << 1
				}
			}
			check(x != 12345, "impossible")
			running.Add(-1)
		}()
	}
	start := time.Now()
	for range 5 {
		runtime.GC()
	}
	check(time.Since(start) < 30*time.Second, "collections beside busy loops took %v", time.Since(start))
	stop.Store(1)
	for running.Load() != 0 && time.Since(start) < time.Minute {
		time.Sleep(time.Millisecond)
	}
	check(running.Load() == 0, "%d loops did not end", running.Load())
}

func cancel() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGUSR2)
	defer stop()
	go func() {
		time.Sleep(10 * time.Millisecond)
		syscall.Kill(os.Getpid(), syscall.SIGUSR2)
	}()
	select {
	case <-ctx.Done():
	case <-time.After(20 * time.Second):
		check(false, "the context did not end")
	}
}
