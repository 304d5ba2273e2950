//go:build linux

// The guest of the command-line stories: a program that does what its arguments say.
//
//	guest exit N         exits with status N
//	guest args ...       prints its arguments, argv[0] first, one a line
//	guest env NAME...    prints variables as NAME=VALUE; "NAME is unset"
//	guest uname          prints sysname, release and machine
//	guest kill SIGNAL    sends itself a signal by number and waits
//	guest cat FILE...    prints files, or the error
//	guest open FILE      opens a file and prints nothing
//	guest uid            prints the user ID
//	guest creds          prints real and effective user ID and AT_SECURE
//	guest raw NR ARG...  prints the raw result of a syscall
//	guest exec FILE ...  executes a program
//	guest run FILE ...   starts a program and waits for it
//	guest crash          reads address 16
//	guest fds            prints the descriptors below 64 that are open
//	guest illegal        executes a word of zeroes
//	guest random         prints AT_RANDOM and what getrandom gives, before and after a fork
//	guest threads        makes syscalls on several threads and says "done"
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Println("hello from a riscv64 Go program")
		return
	}
	args := os.Args[2:]
	switch os.Args[1] {
	case "exit":
		os.Exit(number(args[0]))
	case "args":
		fmt.Println(os.Args[0])
		for _, a := range args {
			fmt.Println(a)
		}
	case "env":
		for _, name := range args {
			if v, ok := os.LookupEnv(name); ok {
				fmt.Printf("%s=%s\n", name, v)
			} else {
				fmt.Printf("%s is unset\n", name)
			}
		}
	case "uname":
		var u syscall.Utsname
		check(syscall.Uname(&u))
		fmt.Println(text(u.Sysname[:]), text(u.Release[:]), text(u.Machine[:]))
	case "kill":
		check(syscall.Kill(os.Getpid(), syscall.Signal(number(args[0]))))
		time.Sleep(time.Minute)
	case "cat":
		for _, name := range args {
			b, err := os.ReadFile(name)
			if err != nil {
				fmt.Println(err)
				continue
			}
			os.Stdout.Write(b)
		}
	case "open":
		if f, err := os.Open(args[0]); err == nil {
			f.Close()
		}
	case "uid":
		fmt.Println(os.Getuid())
	case "creds":
		const secure = 23
		fmt.Println(os.Getuid(), os.Geteuid(), auxv(secure))
	case "raw":
		var a [7]uintptr
		for i, s := range args {
			a[i] = uintptr(number(s))
		}
		r, _, e := syscall.RawSyscall6(a[0], a[1], a[2], a[3], a[4], a[5], a[6])
		if e != 0 {
			fmt.Println(-int(e))
			return
		}
		fmt.Println(int(r))
	case "exec":
		check(syscall.Exec(args[0], args, os.Environ()))
	case "run":
		c := exec.Command(args[0], args[1:]...)
		c.Stdout, c.Stderr = os.Stdout, os.Stderr
		if err := c.Run(); err != nil {
			fmt.Println(err)
		}
	case "crash":
		p := uintptr(16)
		fmt.Println(**(**int)(unsafe.Pointer(&p)))
	case "fds":
		var open []any
		for fd := range 64 {
			if _, _, e := syscall.RawSyscall(25, uintptr(fd), 1, 0); e == 0 { // fcntl, F_GETFD
				open = append(open, fd)
			}
		}
		fmt.Println(open...)
	case "illegal":
		page, err := syscall.Mmap(-1, 0, 4096, syscall.PROT_READ|syscall.PROT_EXEC, syscall.MAP_PRIVATE|syscall.MAP_ANON)
		check(err)
		entry := &page[0]
		f := &entry // a func value points to its code's address
		(*(*func())(unsafe.Pointer(&f)))()
	case "random":
		fmt.Printf("%x\n", atRandom())
		if len(args) > 0 {
			break
		}
		fmt.Printf("%x\n", getrandom(16))
		fmt.Printf("%x\n", getrandom(1000))
		for range 2 {
			pid, _, e := syscall.RawSyscall6(220, uintptr(syscall.SIGCHLD), 0, 0, 0, 0, 0) // clone
			if e != 0 {
				check(e)
			}
			if pid == 0 {
				fmt.Printf("child %x\n", getrandom(16))
				os.Exit(0)
			}
			_, err := syscall.Wait4(int(pid), nil, 0, nil)
			check(err)
		}
		fmt.Printf("%x\n", getrandom(16))
	case "threads":
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 50 {
					syscall.Getppid()
				}
			})
		}
		wg.Wait()
		fmt.Println("done")
	default:
		fmt.Println("unknown verb", os.Args[1])
		os.Exit(99)
	}
}

func getrandom(n int) []byte {
	b := make([]byte, n)
	_, _, e := syscall.RawSyscall(278, uintptr(unsafe.Pointer(&b[0])), uintptr(n), 0)
	if e != 0 {
		check(e)
	}
	return b
}

// auxv is an entry of the auxiliary vector, 0 if there is none.
func auxv(typ uint64) uintptr {
	aux, err := os.ReadFile("/proc/self/auxv")
	check(err)
	for ; len(aux) >= 16; aux = aux[16:] {
		if binary.LittleEndian.Uint64(aux) == typ {
			return uintptr(binary.LittleEndian.Uint64(aux[8:]))
		}
	}
	return 0
}

// atRandom is the 16 bytes that the auxiliary vector points to.
func atRandom() []byte {
	const random = 25
	p := auxv(random)
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&p)), 16)
}

func number(s string) int {
	n, err := strconv.ParseInt(s, 0, 64)
	check(err)
	return int(n)
}

// text is a NUL-terminated string of uname.
func text[T int8 | uint8](b []T) string {
	var s []byte
	for _, c := range b {
		if c == 0 {
			break
		}
		s = append(s, byte(c))
	}
	return string(s)
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(98)
	}
}
