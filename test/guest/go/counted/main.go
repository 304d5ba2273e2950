// Counted executes the same instructions in its function work in every run: nothing in there can be interrupted by
// Go's runtime, so that instructions can be counted in several ways. With an argument it prints nothing.
package main

import (
	"fmt"
	"os"
)

//go:nosplit
//go:noinline
func work(table *[256]uint32, n uint32) (sum uint32) {
	for i := range n {
		x := table[byte(i^sum)]
		if x&1 != 0 {
			sum = sum<<7 | sum>>25
		}
		sum += x ^ i*2654435761
		table[byte(sum)] = sum
	}
	return sum
}

func main() {
	var table [256]uint32
	for i := range table {
		table[i] = uint32(i) * 0x9e3779b9
	}
	if sum := work(&table, 20000); sum != work2(20000) {
		fmt.Printf("work is %#x\n", sum)
		os.Exit(1)
	}
	if len(os.Args) == 1 {
		fmt.Println("ok counted")
	}
}

// work2 is work once more, with a table of its own.
func work2(n uint32) uint32 {
	var table [256]uint32
	for i := range table {
		table[i] = uint32(i) * 0x9e3779b9
	}
	return work(&table, n)
}
