package uftrace

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

// The files, as uftrace's own recorder writes them (version 4 of the format):
//
//	info         header, and lines about the run
//	task.txt     sessions (a program that is executed), tasks, forks
//	sid-ID.map   what a session has mapped, like /proc/PID/maps
//	TID.dat      records of a task: time and function
//	FILE.sym     symbols of a file of the map
const dirName = "uftrace.data"

// maxDepth is the deepest function that is told of: records have 10 bits for it.
const maxDepth = 1<<10 - 1

// bufSize is how many bytes of records a thread collects.
const bufSize = 64 << 10

// data is the directory.
type data struct {
	host  *plugin.Host
	dir   string // absolute
	began time.Time
	epoch int64 // nanoseconds since 1970 then

	mu     sync.Mutex
	sid    string
	main   plugin.Image // of the session
	images []image
	tids   []int // with a file of records
	pid    int
	failed bool
}

// openData makes the directory, or finds that of a process that has started this one.
func openData(h *plugin.Host, name string) (*data, error) {
	dir, err := filepath.Abs(name)
	if err != nil {
		return nil, err
	}
	switch _, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, err
	case recording(dir):
		return newData(h, dir), nil
	default:
		list, err := os.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		if len(list) > 0 && !slices.ContainsFunc(list, func(e fs.DirEntry) bool { return e.Name() == "task.txt" || e.Name() == "info" }) {
			return nil, fmt.Errorf("%s holds something else than a trace: remove it", dir)
		}
		if err := os.RemoveAll(dir + ".old"); err != nil {
			return nil, err
		}
		if err := os.Rename(dir, dir+".old"); err != nil {
			return nil, err
		}
	}
	if err := os.Mkdir(dir, 0o777); err != nil {
		return nil, err
	}
	return newData(h, dir), nil
}

// recording reports whether the process that began a trace still runs.
func recording(dir string) bool {
	text, _ := os.ReadFile(filepath.Join(dir, "task.txt"))
	_, rest, ok := strings.Cut(string(text), " pid=")
	pid, _, _ := strings.Cut(rest, " ")
	if _, err := strconv.Atoi(pid); err != nil || !ok {
		return false
	}
	_, err := os.Stat("/proc/" + pid)
	return err == nil
}

func newData(h *plugin.Host, dir string) *data {
	now := time.Now()
	return &data{host: h, dir: dir, began: now, epoch: now.UnixNano()}
}

// now is a time stamp: nanoseconds that only grow.
func (d *data) now() uint64 { return uint64(d.epoch) + uint64(time.Since(d.began)) }

// stamp is a time stamp as text.
func (d *data) stamp() string {
	t := d.now()
	return fmt.Sprintf("%d.%09d", t/1e9, t%1e9)
}

// update replaces the content of a file. A failure is logged, once.
func (d *data) update(name string, f func(old []byte) []byte) {
	file, err := d.host.OpenFile(filepath.Join(d.dir, name))
	if err == nil {
		err = file.Update(f)
		file.Close()
	}
	d.check(err)
}

// add appends to a file.
func (d *data) add(name string, text []byte) {
	file, err := d.host.OpenFile(filepath.Join(d.dir, name))
	if err == nil {
		_, err = file.Write(text)
		file.Close()
	}
	d.check(err)
}

func (d *data) check(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil && !d.failed {
		d.failed = true
		fmt.Fprintf(d.host.Output(), "uftrace: the trace is incomplete: %v\n", err)
	}
}

// session begins a session: a program has been loaded.
func (d *data) session() {
	t := d.stamp()
	pid := d.host.Target().PID
	main := d.host.Image()
	d.mu.Lock()
	d.sid = fmt.Sprintf("%08x%08x", uint32(d.now()), pid)
	d.main, d.images = main, nil
	d.pid = pid
	sid := d.sid
	d.mu.Unlock()
	d.library(main)
	for _, im := range d.host.Libraries() {
		d.library(im)
	}
	d.add("task.txt", fmt.Appendf(nil, "SESS timestamp=%s pid=%d sid=%s exename=%q\n", t, pid, sid, main.Path))
}

// library adds an image to the session's map, and its symbols. What is mapped for a program before its session has
// begun the session finds.
func (d *data) library(im plugin.Image) {
	main := d.host.Image()
	d.mu.Lock()
	if d.sid == "" || main != d.main || im.Path == "" || slices.ContainsFunc(d.images, func(i image) bool { return i.Path == im.Path && i.Bias == im.Bias }) {
		d.mu.Unlock()
		return
	}
	d.mu.Unlock()
	i := newImage(im)
	d.mu.Lock()
	d.images = append(d.images, i)
	name, text := "sid-"+d.sid+".map", d.maps()
	d.mu.Unlock()
	d.update(name, func([]byte) []byte { return text })
	d.update(filepath.Base(im.Path)+".sym", func(old []byte) []byte {
		if len(old) > 0 {
			return old
		}
		return i.symbols()
	})
}

// maps is the session's map. The data is locked.
func (d *data) maps() []byte {
	var b bytes.Buffer
	for _, i := range slices.SortedFunc(slices.Values(d.images), func(a, b image) int { return int(int64(a.lo - b.lo)) }) {
		fmt.Fprintf(&b, "%012x-%012x r-xp 00000000 00:00 0                          %s\n", i.lo, i.hi, i.Path)
	}
	// From the place of the stack uftrace guesses where the kernel's addresses begin.
	b.WriteString("7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0                          [stack]\n")
	return b.Bytes()
}

// stub reports whether pc is in a table of jumps to other images.
func (d *data) stub(pc abi.Addr) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.ContainsFunc(d.images, func(i image) bool { return pc >= i.plt && pc < i.pltEnd })
}

// forked notes that this process is the child of another.
func (d *data) forked(tid int) {
	d.mu.Lock()
	parent := d.pid
	d.pid, d.tids = tid, nil
	d.mu.Unlock()
	d.add("task.txt", fmt.Appendf(nil, "FORK timestamp=%s pid=%d ppid=%d\n", d.stamp(), tid, parent))
}

// record adds a record to those of a thread, which is locked.
func (t *tracer) record(x *thread, exit bool, depth int, fn abi.Addr) {
	if depth > maxDepth || x.ended {
		return
	}
	now := t.data.now()
	if !x.known {
		x.known = true
		t.data.add("task.txt", fmt.Appendf(nil, "TASK timestamp=%d.%09d tid=%d pid=%d\n", now/1e9, now%1e9, x.tid, t.host.Target().PID))
	}
	const magic = 5 << 3 // an intact record, without more
	word := uint64(fn)<<16 | uint64(depth)<<6 | magic
	if exit {
		word |= 1
	}
	x.buf = binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(x.buf, now), word)
	if len(x.buf) >= bufSize {
		t.flush(x)
	}
}

// flush writes the records of a thread, which is locked.
func (t *tracer) flush(x *thread) {
	if len(x.buf) == 0 {
		return
	}
	d := t.data
	d.mu.Lock()
	if !slices.Contains(d.tids, x.tid) {
		d.tids = append(d.tids, x.tid)
	}
	d.mu.Unlock()
	d.add(strconv.Itoa(x.tid)+".dat", x.buf)
	x.buf = x.buf[:0]
}

// Bits of the header.
const (
	featSession  = 1 << 1 // task.txt has sessions
	featRelative = 1 << 5 // symbols are relative to the map
	featMaxStack = 1 << 6

	infoExe     = 1 << 0
	infoStatus  = 1 << 2
	infoCommand = 1 << 3
	infoTasks   = 1 << 7
	infoDate    = 1 << 11
	infoPattern = 1 << 12
	infoVersion = 1 << 13
)

// finish writes info at the end of a process. Of several the first in the trace says what was run, all
// of them which tasks there are.
func (d *data) finish(end plugin.ExitInfo) {
	status := end.Status << 8
	if end.Signal != 0 {
		status = int(end.Signal)
	}
	exe := d.host.Image().Path
	d.mu.Lock()
	tids := slices.Clone(d.tids)
	d.mu.Unlock()
	d.update("info", func(old []byte) []byte {
		all := slices.Clone(tids)
		if _, rest, ok := bytes.Cut(old, []byte("taskinfo:tids=")); ok {
			line, _, _ := bytes.Cut(rest, []byte("\n"))
			for f := range strings.SplitSeq(string(line), ",") {
				if n, err := strconv.Atoi(f); err == nil && !slices.Contains(all, n) {
					all = append(all, n)
				}
			}
		}
		slices.Sort(all)
		return info(exe, status, all, time.Since(d.began))
	})
}

// info is the content of that file.
func info(exe string, status int, tids []int, elapsed time.Duration) []byte {
	b := append([]byte("Ftrace!\x00"), 4, 0, 0, 0, 40, 0, 1, 2) // version, size of the header, little-endian, 64 bits
	b = binary.LittleEndian.AppendUint64(b, featSession|featRelative|featMaxStack)
	b = binary.LittleEndian.AppendUint64(b, infoExe|infoStatus|infoCommand|infoTasks|infoDate|infoPattern|infoVersion)
	b = append(binary.LittleEndian.AppendUint16(b, maxDepth+1), 0, 0, 0, 0, 0, 0)
	list := make([]string, len(tids))
	for i, n := range tids {
		list[i] = strconv.Itoa(n)
	}
	b = fmt.Appendf(b, "exename:%s\nexit_status:%d\ncmdline:weir -plugin uftrace %s\n", exe, status, exe)
	b = fmt.Appendf(b, "taskinfo:lines=2\ntaskinfo:nr_tid=%d\ntaskinfo:tids=%s\n", len(tids), strings.Join(list, ","))
	return fmt.Appendf(b, "record_date:%s\nelapsed_time:%.9f sec\npattern_type:regex\nuftrace_version:weir\n", time.Now().Format(time.ANSIC), elapsed.Seconds())
}
