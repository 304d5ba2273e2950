// Regexp searches and rewrites generated log lines: byte loops, table-driven matching.
package main

import (
	"fmt"
	"hash/crc32"
	"math/rand"
	"os"
	"regexp"
	"strconv"
	"strings"
)

func main() {
	scale := 100
	if len(os.Args) > 1 {
		scale, _ = strconv.Atoi(os.Args[1])
	}
	random := rand.New(rand.NewSource(7))
	var log strings.Builder
	for i := range 400 {
		fmt.Fprintf(&log, "2024-%02d-%02dT%02d:00:00Z host%d GET /a/%x?q=%d user%d@example.org %dms\n",
			i%12+1, i%28+1, i%24, random.Intn(50), random.Int31(), random.Intn(1000), random.Intn(99), random.Intn(5000))
	}
	text := log.String()
	patterns := []*regexp.Regexp{
		regexp.MustCompile(`(\w+)@(\w+)\.org`),
		regexp.MustCompile(`(?m)^2024-(0[1-6])-\d\d.*\b(\d{4})ms$`),
		regexp.MustCompile(`/a/[0-9a-f]+\?q=(\d+)`),
		regexp.MustCompile(`(a|b|c|d|e)+f?x?1`),
	}
	sum := crc32.NewIEEE()
	for range scale*3/4 + 1 {
		for _, p := range patterns {
			found := p.FindAllStringSubmatchIndex(text, -1)
			fmt.Fprintln(sum, len(found), found[len(found)/2])
		}
		fmt.Fprint(sum, patterns[0].ReplaceAllString(text, "$2 at $1"))
	}
	fmt.Printf("regexp %08x\n", sum.Sum32())
}
