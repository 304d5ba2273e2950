//go:build linux && (amd64 || arm64)

package hostsys

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// meetTwice lets two goroutines meet.
func meetTwice(t *testing.T, path string) (a, b *Peer) {
	t.Helper()
	first := make(chan *Peer)
	go func() {
		p, err := Meet(path)
		if err != nil {
			t.Error(err)
		}
		first <- p
	}()
	b, err := Meet(path)
	if err != nil {
		t.Fatal(err)
	}
	return <-first, b
}

func TestMeet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	for range 20 {
		a, b := meetTwice(t, path)
		if _, err := os.Lstat(path); err == nil {
			t.Error("the socket is still there")
		}
		if !ReservedFD(int(a.Fd())) || !ReservedFD(int(b.Fd())) {
			t.Error("the guest sees a descriptor")
		}
		done := make(chan error)
		big := strings.Repeat("x", 1<<20)
		go func() {
			_, err := io.WriteString(a, big)
			a.Close()
			done <- err
		}()
		got, err := io.ReadAll(io.LimitReader(b, 1<<20))
		if err != nil || string(got) != big {
			t.Errorf("read %d bytes, %v", len(got), err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
		if n, err := b.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("read %d, %v after the end", n, err)
		}
		if _, err := b.Write([]byte("x")); err == nil {
			t.Error("wrote to nobody")
		}
		b.Close()
	}
	if list, _ := os.ReadDir(filepath.Dir(path)); len(list) != 0 {
		t.Errorf("left are %v", list)
	}
}

// A socket that nobody listens on is replaced; a file that is none is not touched.
func TestMeetStale(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	a, b := meetTwice(t, path)
	a.Close()
	b.Close()

	if err := os.WriteFile(path, []byte("mine"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Meet(path); err == nil {
		t.Error("met at a file")
	}
	if b, _ := os.ReadFile(path); string(b) != "mine" {
		t.Error("the file is gone")
	}
	for _, bad := range []string{"/nowhere/s", "/" + strings.Repeat("x", 200)} {
		if _, err := Meet(bad); err == nil {
			t.Errorf("met at %s", bad)
		}
	}
}
