//go:build linux

package launch

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/plugin"
)

// ownFile is a plugin's file: a hidden descriptor.
type ownFile struct {
	*hostsys.HiddenFile
	name string
	mu   sync.Mutex
	all  *ownFiles
}

// ownFiles are those that are open.
type ownFiles struct {
	mu   sync.Mutex
	open map[*ownFile]bool
}

func (o *ownFiles) add(f *ownFile) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.open == nil {
		o.open = make(map[*ownFile]bool)
	}
	o.open[f] = true
}

func (o *ownFiles) closeAll() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for f := range o.open {
		f.HiddenFile.Close()
	}
	o.open = nil
}

// Close implements plugin.OwnFile; a second call does nothing.
func (f *ownFile) Close() error {
	f.all.mu.Lock()
	defer f.all.mu.Unlock()
	if !f.all.open[f] {
		return nil
	}
	delete(f.all.open, f)
	return f.HiddenFile.Close()
}

func (r *run) openOwn(name string) (plugin.OwnFile, error) {
	h, err := openHidden(name, os.O_RDWR|os.O_CREATE|os.O_APPEND)
	if err != nil {
		return nil, err
	}
	f := &ownFile{HiddenFile: h, name: name, all: &r.own}
	r.own.add(f)
	return f, nil
}

// lockWait is how long a process waits for others that update the same file.
const lockWait = 30 * time.Second

// Update implements plugin.OwnFile. A thread that finds itself in the child of another thread's
// fork leaves the file alone: the parent goes on with the same update.
func (f *ownFile) Update(fn func(old []byte) []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	epoch := hostsys.Epoch()
	for began := time.Now(); !f.TryLock(); time.Sleep(time.Millisecond) {
		if time.Since(began) > lockWait {
			return fmt.Errorf("%s: another process keeps it locked", f.name)
		}
	}
	defer f.Unlock()
	old, err := f.ReadAll()
	if err == nil {
		now := fn(old)
		if bytes.Equal(now, old) || hostsys.Epoch() != epoch {
			return nil
		}
		if err = f.Truncate(); err == nil && hostsys.Epoch() == epoch {
			_, err = f.Write(now)
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", f.name, err)
	}
	return nil
}

// meet is instrument.Config.Meet.
func meet(path string) (io.ReadWriteCloser, error) {
	p, err := hostsys.Meet(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}
