//go:build linux

package launch

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/weir-emu/weir/internal/hostsys"
)

// openLog opens where logs go: Config.LogFile or Config.Stderr.
func (r *run) openLog() error {
	c := r.cfg
	if r.log = c.Stderr; r.log == nil {
		r.log = os.Stderr
	}
	if c.Log.TID {
		l := &threadLogs{name: c.LogFile, resumed: c.Resumed}
		r.log = l
		r.closes = append(r.closes, l.close)
		_, err := l.file(hostsys.Gettid()) // a bad name is to be known now
		return err
	}
	var w *hostsys.HiddenFile
	var err error
	switch f, ok := r.log.(*os.File); {
	case c.LogFile != "":
		w, err = openLogFile(c.LogFile, r.pid, c.Resumed)
	case ok:
		// The guest may close or replace descriptor 2, and must not see ours.
		if w, err = hostsys.Hide(int(f.Fd())); err != nil {
			err = fmt.Errorf("log: %w", err)
		}
	default:
		return nil
	}
	if err != nil {
		return err
	}
	r.log = w
	r.closes = append(r.closes, func() { w.Close() })
	return nil
}

// openLogFile opens a log file, id for %d in its name. A run that is continued appends.
func openLogFile(name string, id int, resumed bool) (*hostsys.HiddenFile, error) {
	flags := os.O_WRONLY | os.O_CREATE | os.O_APPEND
	if !resumed {
		flags |= os.O_TRUNC
	}
	w, err := openHidden(strings.ReplaceAll(name, "%d", strconv.Itoa(id)), flags)
	if err != nil {
		return nil, fmt.Errorf("log file: %w", err)
	}
	return w, nil
}

// openHidden opens a file that the guest does not see.
func openHidden(name string, flags int) (*hostsys.HiddenFile, error) {
	f, err := os.OpenFile(name, flags, 0o666)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	h, err := hostsys.Hide(int(f.Fd()))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return h, nil
}

// threadLogs writes to a file of the calling thread (-d tid).
type threadLogs struct {
	name    string
	resumed bool

	mu   sync.Mutex
	open []threadLog // the one opened last at the end
	seen map[int]bool
}

type threadLog struct {
	tid int
	f   *hostsys.HiddenFile
}

// maxThreadLogs is how many files are open at a time: hidden descriptors are few.
const maxThreadLogs = 4

// Write implements io.Writer.
func (l *threadLogs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, err := l.file(hostsys.Gettid())
	if err != nil {
		return 0, err
	}
	return f.Write(p)
}

func (l *threadLogs) file(tid int) (*hostsys.HiddenFile, error) {
	for _, o := range l.open {
		if o.tid == tid {
			return o.f, nil
		}
	}
	if len(l.open) == maxThreadLogs {
		l.open[0].f.Close()
		l.open = append(l.open[:0], l.open[1:]...)
	}
	f, err := openLogFile(l.name, tid, l.resumed || l.seen[tid])
	if err != nil {
		return nil, err
	}
	if l.seen == nil {
		l.seen = make(map[int]bool)
	}
	l.seen[tid] = true
	l.open = append(l.open, threadLog{tid, f})
	return f, nil
}

func (l *threadLogs) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, o := range l.open {
		o.f.Close()
	}
	l.open = nil
}

var _ io.Writer = (*threadLogs)(nil)
