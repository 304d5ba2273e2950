// Sort sorts integers, strings and structs: generic code, closures, interface calls.
package main

import (
	"cmp"
	"fmt"
	"hash/crc32"
	"math/rand"
	"os"
	"slices"
	"sort"
	"strconv"
)

type person struct {
	name string
	age  int
}

type byAge []person

func (p byAge) Len() int      { return len(p) }
func (p byAge) Swap(i, j int) { p[i], p[j] = p[j], p[i] }
func (p byAge) Less(i, j int) bool {
	return p[i].age < p[j].age || p[i].age == p[j].age && p[i].name < p[j].name
}

func main() {
	scale := 100
	if len(os.Args) > 1 {
		scale, _ = strconv.Atoi(os.Args[1])
	}
	const n = 20000
	random := rand.New(rand.NewSource(1))
	sum := crc32.NewIEEE()
	numbers, words, people := make([]int, n), make([]string, n), make([]person, n)
	for range scale/2 + 1 {
		for i := range n {
			numbers[i] = random.Intn(1 << 30)
			words[i] = strconv.Itoa(random.Intn(1 << 20))
			people[i] = person{words[i], numbers[i] % 90}
		}
		slices.Sort(numbers)
		slices.SortFunc(words, func(a, b string) int { return cmp.Compare(b, a) })
		sort.Sort(byAge(people))
		fmt.Fprintln(sum, numbers[n/3], words[n/3], people[n/3])
	}
	fmt.Printf("sort %08x\n", sum.Sum32())
}
