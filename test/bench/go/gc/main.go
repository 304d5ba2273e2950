// Gc builds and drops binary trees beside a long-lived map: allocation, garbage collection on several threads, pointers.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
)

type tree struct{ left, right *tree }

func grow(depth int) *tree {
	if depth == 0 {
		return &tree{}
	}
	return &tree{grow(depth - 1), grow(depth - 1)}
}

func (t *tree) count() int {
	if t.left == nil {
		return 1
	}
	return 1 + t.left.count() + t.right.count()
}

func main() {
	scale := 100
	if len(os.Args) > 1 {
		scale, _ = strconv.Atoi(os.Args[1])
	}
	kept := make(map[string][]byte)
	long := grow(14)
	sum := 0
	for i := range scale * 4 {
		sum = sum*31 + grow(12+i%4).count()
		kept[strconv.Itoa(i%64)] = make([]byte, 1000+i*4)
	}
	for _, b := range kept {
		sum += len(b)
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	if stats.NumGC == 0 {
		fmt.Fprintln(os.Stderr, "gc: no collection ran")
		os.Exit(1)
	}
	fmt.Printf("gc %016x\n", uint64(sum+long.count()))
}
