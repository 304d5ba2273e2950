// The guest of the demonstration: an ordinary Go program, compiled for riscv64,
// that asks the kernel about itself and about files.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

func main() {
	fmt.Printf("guest: I am a %s/%s program, pid %d, user %d\n", runtime.GOOS, runtime.GOARCH, os.Getpid(), os.Getuid())
	for _, name := range []string{"/etc/hostname", "/etc/motto", "/etc/passwd"} {
		b, err := os.ReadFile(name)
		if err != nil {
			fmt.Printf("guest: %v\n", err)
			continue
		}
		first, _, _ := strings.Cut(string(b), "\n")
		fmt.Printf("guest: %s says %q\n", name, first)
	}
}
