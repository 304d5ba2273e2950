// Command goway tries to get at what a policy denies, as Go programs do it: with goroutines, package
// os's roots, os/exec and net. It is used like bypass.c beside it.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

var denied string // port

func secret(f io.Reader, err error) bool {
	if err != nil {
		return false
	}
	b, _ := io.ReadAll(f)
	if c, ok := f.(io.Closer); ok {
		c.Close()
	}
	return strings.Contains(string(b), "secret")
}

func readable(name string) bool {
	f, err := os.Open(name)
	return secret(f, err)
}

// race makes attempts while goroutines change things.
func race(attempt func() bool, change ...func()) bool {
	var stop, hit atomic.Bool
	var wg sync.WaitGroup
	for _, f := range change {
		wg.Go(func() {
			for !stop.Load() {
				f()
			}
		})
	}
	for range 2 {
		wg.Go(func() {
			began := time.Now()
			for i := 0; !hit.Load() && i < 1000 && time.Since(began) < 4*time.Second; i++ {
				if attempt() {
					hit.Store(true)
				}
			}
			stop.Store(true)
		})
	}
	wg.Wait()
	return hit.Load()
}

var attacks = []struct {
	name string
	do   func() bool
}{
	{"gofile", func() bool { return readable("secret/file") }},
	{"goroot", func() bool {
		r, err := os.OpenRoot("secret")
		if err != nil {
			return false
		}
		f, err := r.Open("file")
		return secret(f, err)
	}},
	{"godirfs", func() bool { f, err := os.DirFS("secret").Open("file"); return secret(f, err) }},
	{"gochdir", func() bool { return os.Chdir("secret") == nil && readable("file") }},
	{"gorename", func() bool { return os.Rename("secret", "open/x") == nil && readable("open/x/file") }},
	{"gowrite", func() bool { return os.WriteFile("secret/new", nil, 0o600) == nil }},
	{"goexec", func() bool {
		out, _ := exec.Command("/proc/self/exe", "read", "secret/file").Output()
		return strings.Contains(string(out), "secret")
	}},
	{"goexecfd", func() bool {
		d, err := os.Open("secret")
		if err != nil {
			return false
		}
		c := exec.Command("/proc/self/exe", "read", "/proc/self/fd/3/file")
		c.ExtraFiles = []*os.File{d}
		out, _ := c.Output()
		return strings.Contains(string(out), "secret")
	}},
	{"godial", func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+denied)
		if err == nil {
			c.Close()
		}
		return err == nil
	}},
	{"godialname", func() bool {
		c, err := net.Dial("tcp4", "0.0.0.0:"+denied)
		if err == nil {
			c.Close()
		}
		return err == nil
	}},
	{"gorace", func() bool {
		os.Symlink("../secret", "open/l")
		n := 0
		return race(func() bool { return readable("open/l/file") }, func() {
			n++
			t := filepath.Join("open", fmt.Sprint("t", n))
			os.Symlink([]string{".", "../secret"}[n%2], t)
			os.Rename(t, "open/l")
		})
	}},
}

func main() {
	switch a := os.Args; {
	case len(a) == 2 && a[1] == "list":
		for _, x := range attacks {
			fmt.Println(x.name)
		}
	case len(a) == 3 && a[1] == "read":
		b, _ := os.ReadFile(a[2])
		os.Stdout.Write(b)
	case len(a) == 5 && a[1] == "one":
		denied = a[3]
		if err := os.Chdir(a[4]); err != nil {
			fmt.Println(err)
			return
		}
		for _, x := range attacks {
			if x.name == a[2] {
				n := 0
				if x.do() {
					n = 1
				}
				fmt.Println(x.name, n)
			}
		}
	case len(a) > 4:
		for _, name := range a[4:] {
			out, err := exec.Command("/proc/self/exe", "one", name, a[2], filepath.Join(a[1], name)).Output()
			if err != nil {
				fmt.Println(name, err)
			}
			os.Stdout.Write(out)
		}
	}
}
