// Channels passes messages through a pipeline of goroutines and shares a counter under a mutex: the scheduler, futexes.
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
)

func main() {
	scale := 100
	if len(os.Args) > 1 {
		scale, _ = strconv.Atoi(os.Args[1])
	}
	const stages = 20
	messages := scale * 1200

	first := make(chan uint64, 8)
	stage := first
	for i := range uint64(stages) {
		next := make(chan uint64, 8)
		go func(in <-chan uint64, out chan<- uint64) {
			for v := range in {
				out <- v*6364136223846793005 + i
			}
			close(out)
		}(stage, next)
		stage = next
	}
	go func() {
		for i := range messages {
			first <- uint64(i)
		}
		close(first)
	}()
	var sum uint64
	for v := range stage {
		sum = sum*31 + v
	}

	var mu sync.Mutex
	var wg sync.WaitGroup
	var total uint64
	for range 8 {
		wg.Go(func() {
			for i := range messages {
				mu.Lock()
				total += uint64(i)
				mu.Unlock()
			}
		})
	}
	wg.Wait()

	// An unbuffered ping-pong switches goroutines at every message.
	ping, pong := make(chan uint64), make(chan uint64)
	go func() {
		for v := range ping {
			pong <- v + 1
		}
	}()
	var ball uint64
	for range messages * 4 {
		ping <- ball
		ball = <-pong
	}
	close(ping)
	fmt.Printf("channels %016x\n", sum^total^ball)
}
