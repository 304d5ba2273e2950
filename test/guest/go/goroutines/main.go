//go:build linux

// Goroutines is a storm on the Go scheduler and collector: thousands of goroutines, channels, mutexes, timers, locked
// threads and garbage. It prints "ok goroutines" when nothing got lost. The optional argument scales the work.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
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
	scale := 1
	if len(os.Args) > 1 {
		var err error
		if scale, err = strconv.Atoi(os.Args[1]); err != nil || scale < 1 {
			fmt.Println("usage: goroutines [SCALE]")
			os.Exit(2)
		}
	}
	debug.SetGCPercent(20)
	for range scale {
		many()
		pipeline()
		locked()
		timers()
		garbage()
		preempted()
	}
	if n := failures.Load(); n != 0 {
		fmt.Printf("FAILED goroutines: %d checks\n", n)
		os.Exit(1)
	}
	fmt.Println("ok goroutines")
}

// many starts thousands of goroutines that meet at a mutex, an atomic and a condition.
func many() {
	const n = 5000
	var mu sync.Mutex
	var wg sync.WaitGroup
	var plain int
	var counter atomic.Int64
	gate := sync.NewCond(&mu)
	open := false
	for i := range n {
		wg.Go(func() {
			mu.Lock()
			for !open {
				gate.Wait()
			}
			plain += i
			mu.Unlock()
			counter.Add(int64(i))
		})
	}
	runtime.Gosched()
	mu.Lock()
	open = true
	mu.Unlock()
	gate.Broadcast()
	wg.Wait()
	check(plain == n*(n-1)/2, "mutex: %d, want %d", plain, n*(n-1)/2)
	check(counter.Load() == n*(n-1)/2, "atomic: %d", counter.Load())
}

// pipeline sieves primes through a chain of goroutines and fans work out and in.
func pipeline() {
	ctx, cancel := context.WithCancel(context.Background())
	numbers := make(chan int)
	go func(out chan<- int) {
		for i := 2; ; i++ {
			select {
			case out <- i:
			case <-ctx.Done():
				return
			}
		}
	}(numbers)
	last := 0
	for range 100 {
		last = <-numbers
		filtered := make(chan int)
		go func(in <-chan int, prime int) {
			for {
				select {
				case v := <-in:
					if v%prime != 0 {
						select {
						case filtered <- v:
						case <-ctx.Done():
							return
						}
					}
				case <-ctx.Done():
					return
				}
			}
		}(numbers, last)
		numbers = filtered
	}
	cancel()
	check(last == 541, "the hundredth prime is %d", last)

	work, results := make(chan int, 10), make(chan int)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for v := range work {
				results <- v * v
			}
		})
	}
	go func() {
		for i := range 2000 {
			work <- i
		}
		close(work)
		wg.Wait()
		close(results)
	}()
	sum := 0
	for v := range results {
		sum += v
	}
	check(sum == 1999*2000*3999/6, "squares: %d", sum)
}

// locked runs goroutines on threads of their own and passes a ball between them.
func locked() {
	const n, rounds = 16, 500
	ring := make([]chan int, n)
	for i := range ring {
		ring[i] = make(chan int)
	}
	over := make(chan struct{})
	var wg sync.WaitGroup
	var passes atomic.Int64
	for i := range n {
		wg.Go(func() {
			runtime.LockOSThread()
			if i%2 == 0 {
				defer runtime.UnlockOSThread() // the others take their threads along
			}
			for {
				select {
				case ball := <-ring[i]:
					if passes.Add(1); ball == 0 {
						close(over)
						return
					}
					ring[(i+1)%n] <- ball - 1
				case <-over:
					return
				}
			}
		})
	}
	ring[0] <- rounds
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	select {
	case <-done:
		check(passes.Load() == rounds+1, "passes: %d", passes.Load())
	case <-time.After(time.Minute):
		check(false, "locked threads hang after %d passes", passes.Load())
	}
}

// timers fires many timers and stops others.
func timers() {
	var fired, stopped atomic.Int64
	var wg sync.WaitGroup
	start := time.Now()
	for i := range 500 {
		wg.Add(1)
		time.AfterFunc(time.Duration(i%20)*time.Millisecond, func() {
			fired.Add(1)
			wg.Done()
		})
		if time.AfterFunc(time.Hour, func() { stopped.Add(-1000) }).Stop() {
			stopped.Add(1)
		}
	}
	wg.Wait()
	check(fired.Load() == 500 && stopped.Load() == 500, "timers: %d fired, %d stopped", fired.Load(), stopped.Load())
	check(time.Since(start) >= 19*time.Millisecond, "timers fired early")
	ticker := time.NewTicker(2 * time.Millisecond)
	defer ticker.Stop()
	for range 5 {
		<-ticker.C
	}
}

// garbage allocates linked structures on all threads with collections in between and checks that they stay whole.
func garbage() {
	type node struct {
		next *node
		data [4]int
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for round := range 20 {
				var head *node
				for i := range 1000 {
					head = &node{next: head, data: [4]int{g, round, i, g + round + i}}
				}
				if round%5 == 0 {
					runtime.GC()
				}
				count := 0
				for n := head; n != nil; n = n.next {
					if n.data[0] != g || n.data[3] != n.data[0]+n.data[1]+n.data[2] {
						check(false, "a node changed: %v", n.data)
						return
					}
					count++
				}
				check(count == 1000, "a list lost nodes: %d", count)
			}
		})
	}
	wg.Wait()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	check(stats.NumGC > 0, "no collection ran")
}

// preempted keeps every processor busy with loops that never call anything, which only a signal can interrupt.
func preempted() {
	var stop atomic.Bool
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) * 2 {
		wg.Go(func() {
			x := uint64(1)
			for !stop.Load() {
				for range 1 << 16 {
					x = x*6364136223846793005 + 1
				}
			}
			check(x != 0, "impossible")
		})
	}
	runtime.GC() // has to stop them all
	time.Sleep(5 * time.Millisecond)
	runtime.GC()
	stop.Store(true)
	wg.Wait()
}
