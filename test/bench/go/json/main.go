// Json encodes and decodes a nested document: reflection, maps, strings, allocation.
package main

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
	"strconv"
)

type record struct {
	ID     int               `json:"id"`
	Name   string            `json:"name"`
	Score  float64           `json:"score"`
	Tags   []string          `json:"tags"`
	Labels map[string]string `json:"labels,omitempty"`
	Parent *record           `json:"parent,omitempty"`
}

func document(n int) []record {
	records := make([]record, n)
	for i := range records {
		records[i] = record{
			ID:     i,
			Name:   "record \u00e9 " + strconv.Itoa(i*7919%1000),
			Score:  float64(i) / 8,
			Tags:   []string{"alpha", "beta", strconv.Itoa(i % 13)},
			Labels: map[string]string{"zone": strconv.Itoa(i % 5), "tier": "<gold>"},
			Parent: &record{ID: -i, Name: "parent"},
		}
	}
	return records
}

func main() {
	scale := 100
	if len(os.Args) > 1 {
		scale, _ = strconv.Atoi(os.Args[1])
	}
	sum := crc32.NewIEEE()
	records := document(200)
	for range scale * 4 {
		text, err := json.Marshal(records)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		sum.Write(text)
		records = nil
		if err := json.Unmarshal(text, &records); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		records[len(text)%len(records)].Score += 0.125
	}
	fmt.Printf("json %08x\n", sum.Sum32())
}
