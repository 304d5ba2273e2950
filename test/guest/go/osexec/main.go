//go:build linux

// Osexec runs itself through os/exec in every way there is and prints "ok osexec".
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

var failures int

func check(ok bool, format string, args ...any) {
	if !ok {
		fmt.Printf(format+"\n", args...)
		failures++
	}
}

func main() {
	if len(os.Args) > 1 {
		os.Exit(child(os.Args[1:]))
	}
	self, err := os.Executable()
	if err != nil {
		fmt.Println("os.Executable:", err)
		os.Exit(1)
	}
	basics(self)
	exits(self)
	streams(self)
	missing()
	many(self)
	descriptors(self)
	if failures != 0 {
		fmt.Printf("FAILED osexec: %d checks\n", failures)
		os.Exit(1)
	}
	fmt.Println("ok osexec")
}

// child is the other side.
func child(args []string) int {
	switch args[0] {
	case "show":
		dir, _ := os.Getwd()
		fmt.Printf("%q %q %q %s\n", os.Args[0], args[1:], os.Getenv("WEIR_TEST"), filepath.Base(dir))
	case "exit":
		return len(args[1])
	case "cat":
		if _, err := io.Copy(os.Stdout, os.Stdin); err != nil {
			return 1
		}
		fmt.Fprint(os.Stderr, "to stderr")
	case "sleep":
		time.Sleep(time.Hour)
	case "panic":
		panic("on purpose")
	case "fd":
		text, err := io.ReadAll(os.NewFile(3, "three"))
		if err != nil {
			return 1
		}
		fmt.Printf("%s", text)
	case "kill":
		syscall.Kill(os.Getpid(), syscall.SIGTERM)
		time.Sleep(time.Minute)
	}
	return 0
}

func basics(self string) {
	cmd := exec.Command(self, "show", "a b", "", "\u00e9")
	cmd.Env = append(os.Environ(), "WEIR_TEST=x=y z")
	cmd.Dir = "/tmp"
	out, err := cmd.Output()
	want := fmt.Sprintf("%q %q %q tmp\n", self, []string{"a b", "", "\u00e9"}, "x=y z")
	check(err == nil && string(out) == want, "show: %v, got %s, want %s", err, out, want)

	cmd = &exec.Cmd{Path: self, Args: []string{"another name", "show"}, Env: []string{}}
	out, err = cmd.Output()
	check(err == nil && strings.HasPrefix(string(out), `"another name" [] ""`), "argv[0]: %v, %s", err, out)
}

func exits(self string) {
	for _, n := range []int{0, 1, 42} {
		err := exec.Command(self, "exit", strings.Repeat("x", n)).Run()
		var exit *exec.ExitError
		if n == 0 {
			check(err == nil, "exit 0: %v", err)
		} else {
			check(errors.As(err, &exit) && exit.ExitCode() == n, "exit %d: %v", n, err)
		}
	}
	var stderr bytes.Buffer
	cmd := exec.Command(self, "panic")
	cmd.Stderr = &stderr
	err := cmd.Run()
	check(err != nil && cmd.ProcessState.ExitCode() == 2 && strings.Contains(stderr.String(), "on purpose"), "panic: %v, %s", err, stderr.String())

	err = exec.Command(self, "kill").Run()
	var exit *exec.ExitError
	check(errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGTERM, "kill: %v", err)

	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	err = exec.CommandContext(ctx, self, "sleep").Run()
	check(err != nil && time.Since(start) < 30*time.Second, "a child that is killed: %v after %v", err, time.Since(start))
}

func streams(self string) {
	text := strings.Repeat("all work and no play\n", 20000)
	cmd := exec.Command(self, "cat")
	cmd.Stdin = strings.NewReader(text)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	check(err == nil && stdout.String() == text && stderr.String() == "to stderr", "cat: %v, %d bytes, %q", err, stdout.Len(), stderr.String())

	// Two processes in a pipeline.
	first, second := exec.Command(self, "cat"), exec.Command(self, "cat")
	first.Stdin = strings.NewReader(text)
	pipe, err := first.StdoutPipe()
	check(err == nil, "StdoutPipe: %v", err)
	second.Stdin = pipe
	stdout.Reset()
	second.Stdout = &stdout
	check(first.Start() == nil && second.Start() == nil, "starting a pipeline")
	err = errors.Join(second.Wait(), first.Wait())
	check(err == nil && stdout.String() == text, "pipeline: %v, %d bytes", err, stdout.Len())
}

func missing() {
	err := exec.Command("/nonexistent/program").Run()
	check(errors.Is(err, fs.ErrNotExist), "a missing program: %v", err)
	err = exec.Command("no-such-program-anywhere").Run()
	check(errors.Is(err, exec.ErrNotFound), "a program not in PATH: %v", err)
	file, err := os.CreateTemp("", "weir-osexec-")
	if err != nil {
		check(false, "temporary file: %v", err)
		return
	}
	defer os.Remove(file.Name())
	file.WriteString("not a program")
	file.Close()
	err = (&exec.Cmd{Path: file.Name(), Args: []string{"x"}}).Run()
	check(errors.Is(err, fs.ErrPermission), "a file without x: %v", err)
	os.Chmod(file.Name(), 0o755)
	err = (&exec.Cmd{Path: file.Name(), Args: []string{"x"}}).Run()
	check(errors.Is(err, syscall.ENOEXEC), "a file without a format: %v", err)
	cmd := exec.Command("/bin/true")
	cmd.Dir = "/nonexistent"
	err = cmd.Run()
	check(errors.Is(err, fs.ErrNotExist), "a missing folder: %v", err)
}

func many(self string) {
	var wg sync.WaitGroup
	errs := make(chan error, 20)
	for i := range 20 {
		wg.Go(func() {
			out, err := exec.Command(self, "show", fmt.Sprint(i)).Output()
			if err != nil || !strings.Contains(string(out), fmt.Sprintf("%q", []string{fmt.Sprint(i)})) {
				errs <- fmt.Errorf("child %d: %w, %s", i, err, out)
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		check(false, "%v", err)
	}
}

func descriptors(self string) {
	r, w, err := os.Pipe()
	if err != nil {
		check(false, "pipe: %v", err)
		return
	}
	cmd := exec.Command(self, "fd")
	cmd.ExtraFiles = []*os.File{r}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	var out bytes.Buffer
	cmd.Stdout = &out
	err = cmd.Start()
	r.Close()
	w.WriteString("descriptor three")
	w.Close()
	check(err == nil && cmd.Wait() == nil && out.String() == "descriptor three", "extra file: %v, %q", err, out.String())
}
