// Command hooks is the guest of the tests of functions of Go's in test/hooks and test/plugins.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
)

type point struct {
	X, Y int32
	On   bool
}

//go:noinline
func add(a int, s string, f float64, b []byte, p point) (int, string) {
	if f < 0 {
		return 0, "negative" // never
	}
	return a + len(s) + int(f) + len(b) + int(p.X), s + "!"
}

// deep makes its goroutine's stack grow.
//
//go:noinline
func deep(n int) int {
	var room [40]int
	if n == 0 {
		return 0
	}
	room[n%40] = n
	return deep(n-1) + room[n%40] - n + 1
}

// work changes threads on its way.
//
//go:noinline
func work(n int) int {
	for range 5 {
		runtime.Gosched()
	}
	return n * 2
}

//go:noinline
func answer(n int, name string) (int, bool) { return n, name == "x" }

//go:noinline
func unused() { fmt.Println("unused") }

func main() {
	fmt.Println(add(3, "hello", 1.5, []byte{1, 2}, point{7, -8, true}))
	var wg sync.WaitGroup
	results := make([]int, 40)
	for i := range results {
		wg.Go(func() { results[i] = work(i) + deep(300) })
	}
	wg.Wait()
	sum := 0
	for _, r := range results {
		sum += r
	}
	fmt.Println(sum)
	fmt.Println(answer(1, "y"))
	if len(os.Args) > 5 {
		unused()
	}
}
