// Flate compresses and expands generated text and checks it with two hashes: tight integer loops over byte slices.
package main

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"fmt"
	"hash/adler32"
	"io"
	"math/rand"
	"os"
	"strconv"
)

func main() {
	scale := 100
	if len(os.Args) > 1 {
		scale, _ = strconv.Atoi(os.Args[1])
	}
	random := rand.New(rand.NewSource(3))
	words := make([]string, 500)
	for i := range words {
		words[i] = strconv.FormatInt(random.Int63n(1<<(10+i%40)), 36)
	}
	var text bytes.Buffer
	for text.Len() < 256<<10 {
		text.WriteString(words[int(float64(len(words))*random.Float64()*random.Float64())])
		text.WriteByte(' ')
	}
	sum := sha256.New()
	check := adler32.New()
	for i := range scale*3/5 + 1 {
		var packed bytes.Buffer
		w, err := flate.NewWriter(&packed, 1+i%9)
		if err == nil {
			_, err = w.Write(text.Bytes())
		}
		if err == nil {
			err = w.Close()
		}
		sum.Write(packed.Bytes())
		if err == nil {
			_, err = io.Copy(check, flate.NewReader(&packed))
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	fmt.Printf("flate %x %08x\n", sum.Sum(nil)[:8], check.Sum32())
}
