//go:build linux

// Files works on a temporary folder as Go programs do: os, io/fs, path/filepath, locks, pipes. It prints "ok files".
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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

func must(what string, err error) {
	check(err == nil, "%s: %v", what, err)
}

func main() {
	dir, err := os.MkdirTemp("", "weir-files-")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	contents(dir)
	metadata(dir)
	tree(dir)
	links(dir)
	locks(dir)
	mapped(dir)
	concurrent(dir)
	pipes()
	must("remove", os.RemoveAll(dir))
	_, err = os.Stat(dir)
	check(errors.Is(err, fs.ErrNotExist), "the folder is still there: %v", err)
	if failures != 0 {
		fmt.Printf("FAILED files: %d checks\n", failures)
		os.Exit(1)
	}
	fmt.Println("ok files")
}

func contents(dir string) {
	name := filepath.Join(dir, "contents")
	must("write", os.WriteFile(name, []byte("one\ntwo\n"), 0o640))
	f, err := os.OpenFile(name, os.O_APPEND|os.O_RDWR, 0)
	must("open", err)
	fmt.Fprintln(f, "three")
	_, err = f.Seek(0, io.SeekStart)
	must("seek", err)
	var lines []string
	for s := bufio.NewScanner(f); s.Scan(); {
		lines = append(lines, s.Text())
	}
	check(slices.Equal(lines, []string{"one", "two", "three"}), "lines %q", lines)
	buffer := make([]byte, 3)
	n, err := f.ReadAt(buffer, 4)
	check(n == 3 && err == nil && string(buffer) == "two", "ReadAt: %d, %v, %q", n, err, buffer)
	n, err = f.ReadAt(buffer, 12)
	check(n == 2 && err == io.EOF, "ReadAt at the end: %d, %v", n, err)
	must("truncate", f.Truncate(4))
	must("sync", f.Sync())
	must("close", f.Close())
	text, err := os.ReadFile(name)
	check(err == nil && string(text) == "one\n", "ReadFile: %v, %q", err, text)
	_, err = f.Read(buffer)
	check(errors.Is(err, fs.ErrClosed), "reading a closed file: %v", err)
	_, err = os.Open(filepath.Join(dir, "none"))
	check(errors.Is(err, fs.ErrNotExist), "a missing file: %v", err)
	_, err = os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	check(errors.Is(err, fs.ErrExist), "an existing file: %v", err)

	// A copy between files takes the kernel's fast way.
	big := bytes.Repeat([]byte("0123456789abcdef"), 100000)
	must("write big", os.WriteFile(filepath.Join(dir, "big"), big, 0o600))
	in, err := os.Open(filepath.Join(dir, "big"))
	must("open big", err)
	out, err := os.Create(filepath.Join(dir, "copy"))
	must("create", err)
	copied, err := io.Copy(out, in)
	check(copied == int64(len(big)) && err == nil, "copied %d, %v", copied, err)
	in.Close()
	out.Close()
	text, err = os.ReadFile(filepath.Join(dir, "copy"))
	check(err == nil && bytes.Equal(text, big), "the copy differs: %v", err)
	zero, err := os.ReadFile("/proc/self/status")
	check(err == nil && strings.Contains(string(zero), "Pid:"), "/proc/self/status: %v", err)
}

func metadata(dir string) {
	name := filepath.Join(dir, "contents")
	must("chmod", os.Chmod(name, 0o751))
	when := time.Unix(1000000007, 123456789)
	must("chtimes", os.Chtimes(name, when, when))
	info, err := os.Stat(name)
	must("stat", err)
	check(info.Size() == 4 && info.Mode() == 0o751 && info.ModTime().Equal(when) && !info.IsDir(), "%v %v %v", info.Size(), info.Mode(), info.ModTime())
	check(info.Sys().(*syscall.Stat_t).Nlink == 1, "links: %d", info.Sys().(*syscall.Stat_t).Nlink)
	info, err = os.Stat("/dev/null")
	check(err == nil && info.Mode()&fs.ModeCharDevice != 0, "/dev/null: %v %v", info.Mode(), err)
}

func tree(dir string) {
	root := filepath.Join(dir, "tree")
	want := []string{"."}
	for i := range 5 {
		sub := fmt.Sprintf("d%d/e/f", i)
		must("mkdir", os.MkdirAll(filepath.Join(root, sub), 0o755))
		want = append(want, fmt.Sprintf("d%d", i), fmt.Sprintf("d%d/e", i), sub)
		for k := range 60 {
			name := fmt.Sprintf("%s/file-%03d", sub, k)
			must("write", os.WriteFile(filepath.Join(root, name), []byte(name), 0o644))
			want = append(want, name)
		}
	}
	var got []string
	err := filepath.Walk(root, func(path string, info fs.FileInfo, err error) error {
		rel, _ := filepath.Rel(root, path)
		got = append(got, rel)
		if err == nil && info.Mode().IsRegular() && info.Size() != int64(len(rel)) {
			err = fmt.Errorf("%s has %d bytes", rel, info.Size())
		}
		return err
	})
	must("walk", err)
	slices.Sort(want)
	slices.Sort(got)
	check(slices.Equal(got, want), "walk found %d names, want %d", len(got), len(want))
	entries, err := os.ReadDir(filepath.Join(root, "d0/e/f"))
	check(err == nil && len(entries) == 60 && entries[7].Name() == "file-007" && !entries[7].IsDir(), "ReadDir: %v, %d", err, len(entries))
	f, err := os.Open(filepath.Join(root, "d1/e/f"))
	must("open folder", err)
	total := 0
	for {
		names, err := f.Readdirnames(7)
		total += len(names)
		if err != nil {
			check(err == io.EOF, "Readdirnames: %v", err)
			break
		}
	}
	f.Close()
	check(total == 60, "Readdirnames: %d", total)
	matches, err := filepath.Glob(filepath.Join(root, "d?/e/f/file-00[0-4]"))
	check(err == nil && len(matches) == 25, "glob: %v, %d", err, len(matches))
	text, err := fs.ReadFile(os.DirFS(root), "d2/e/f/file-010")
	check(err == nil && string(text) == "d2/e/f/file-010", "DirFS: %v, %q", err, text)
	must("rename", os.Rename(filepath.Join(root, "d0"), filepath.Join(root, "moved")))
	_, err = os.Stat(filepath.Join(root, "moved/e/f/file-000"))
	must("stat after rename", err)
	err = os.Remove(filepath.Join(root, "moved"))
	check(errors.Is(err, syscall.ENOTEMPTY), "removing a full folder: %v", err)
	r, err := os.OpenRoot(root)
	must("OpenRoot", err)
	_, err = r.Open("../contents")
	check(err != nil, "a root was left")
	r.Close()
}

func links(dir string) {
	target, link := filepath.Join(dir, "contents"), filepath.Join(dir, "link")
	must("symlink", os.Symlink("contents", link))
	got, err := os.Readlink(link)
	check(err == nil && got == "contents", "readlink: %v, %q", err, got)
	real, err := filepath.EvalSymlinks(link)
	wanted, _ := filepath.EvalSymlinks(target)
	check(err == nil && real == wanted, "EvalSymlinks: %v, %q", err, real)
	info, err := os.Lstat(link)
	check(err == nil && info.Mode()&fs.ModeSymlink != 0, "lstat: %v", err)
	must("link", os.Link(target, filepath.Join(dir, "hard")))
	a, _ := os.Stat(target)
	b, err := os.Stat(filepath.Join(dir, "hard"))
	check(err == nil && os.SameFile(a, b), "a hard link is another file: %v", err)
	old, err := os.Getwd()
	must("getwd", err)
	must("chdir", os.Chdir(dir))
	_, err = os.Stat("link")
	must("relative stat", err)
	must("chdir back", os.Chdir(old))
}

func locks(dir string) {
	name := filepath.Join(dir, "lock")
	a, err := os.Create(name)
	must("create", err)
	b, err := os.Open(name)
	must("open", err)
	must("lock", syscall.Flock(int(a.Fd()), syscall.LOCK_EX))
	err = syscall.Flock(int(b.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	check(err == syscall.EWOULDBLOCK, "a second lock: %v", err)
	got := make(chan error)
	go func() { got <- syscall.Flock(int(b.Fd()), syscall.LOCK_EX) }()
	time.Sleep(10 * time.Millisecond)
	must("unlock", syscall.Flock(int(a.Fd()), syscall.LOCK_UN))
	must("waiting lock", <-got)
	a.Close()
	b.Close()
}

func mapped(dir string) {
	f, err := os.OpenFile(filepath.Join(dir, "mapped"), os.O_CREATE|os.O_RDWR, 0o600)
	must("open", err)
	must("truncate", f.Truncate(8192))
	m, err := syscall.Mmap(int(f.Fd()), 0, 8192, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		check(false, "mmap: %v", err)
		return
	}
	copy(m[4090:], "across pages")
	buffer := make([]byte, 12)
	_, err = f.ReadAt(buffer, 4090)
	check(err == nil && string(buffer) == "across pages", "mapped: %v, %q", err, buffer)
	must("munmap", syscall.Munmap(m))
	f.Close()
}

func concurrent(dir string) {
	var wg sync.WaitGroup
	errs := make(chan error, 32)
	for g := range 32 {
		wg.Go(func() {
			name := filepath.Join(dir, fmt.Sprintf("own-%d", g))
			for i := range 30 {
				text := strings.Repeat(fmt.Sprint(g, i, ";"), 50+i)
				if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
					errs <- err
					return
				}
				got, err := os.ReadFile(name)
				if err != nil || string(got) != text {
					errs <- fmt.Errorf("%s: %w, %d bytes", name, err, len(got))
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		check(false, "%v", err)
	}
}

func pipes() {
	r, w, err := os.Pipe()
	must("pipe", err)
	must("deadline", r.SetReadDeadline(time.Now().Add(20*time.Millisecond)))
	_, err = r.Read(make([]byte, 1))
	check(errors.Is(err, os.ErrDeadlineExceeded), "deadline: %v", err)
	must("no deadline", r.SetReadDeadline(time.Time{}))
	go func() {
		for i := range 1000 {
			fmt.Fprintln(w, i)
		}
		w.Close()
	}()
	n := 0
	for s := bufio.NewScanner(r); s.Scan(); n++ {
		check(s.Text() == fmt.Sprint(n), "line %d is %q", n, s.Text())
	}
	check(n == 1000, "lines: %d", n)
	r.Close()
}
