//go:build linux

// Package tree is what the guest processes of a tree tell each other about themselves, so that one finds in
// /proc/PID of another the guest and not Weir. The first process that makes another makes a [Board], memory that
// all descendants share; each has a slot in it, found by its process ID, and writes its [Facts] there.
//
// Whoever dies by SIGKILL leaves a slot behind. It is recognised by its time: facts that were written before a process
// began are not that process's.
//
// The package knows layouts, no tasks and no calls. Start with [Board.Facts] and [Seat.Publish].
package tree

import (
	"encoding/binary"
	"sync"

	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/mem"
)

// Facts are what a process tells. Addresses are the guest's.
type Facts struct {
	NS                 uint64 // inode of the PID namespace
	Path               string // /proc/PID/exe
	Base               uint64 // host address of guest address 0
	StackStart         uint64
	ArgStart, ArgEnd   uint64
	EnvStart, EnvEnd   uint64
	StartCode, EndCode uint64
	ImageEnd           uint64 // where the heap may begin
	VDSO               uint64
	SigIgn, SigCgt     uint64       // sets of signals
	Limits             [3][2]uint64 // RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK: soft and hard
	SeccompMode        int
	SeccompFilters     int
	Hidden             []int // descriptors of Weir's own
	Threads            int
	Tasks              []int // thread IDs
	Brk                uint64
	Areas              []mem.Area
	TasksCut, AreasCut bool // there are more than there is room for
}

// Layout of a slot. The numbers in front are words of 32 and 64 bits.
const (
	slots    = 1024
	slotSize = 16 << 10

	slotPID   = 0  // 0: free
	slotSeq   = 4  // odd while it is written
	slotTime  = 8  // CLOCK_BOOTTIME when it was taken, in ns
	slotSigs  = 16 // SigIgn, SigCgt: written alone
	slotWords = 32 // words: see encode
	slotHid   = 320
	slotTasks = 512
	slotPath  = 2048
	slotAreas = 6400

	maxHidden = (slotTasks - slotHid - 4) / 4
	maxTasks  = (slotPath - slotTasks - 4) / 4
	maxPath   = slotAreas - slotPath - 4
	areaSize  = 20
	maxAreas  = (slotSize - slotAreas - 12) / areaSize
	probes    = 8
)

var le = binary.LittleEndian

// Board is the shared memory.
type Board struct {
	at   uintptr
	file *hostsys.HiddenFile
}

// Create makes a board; nil if the host does not let it.
func Create() *Board {
	fd := hostsys.NewShared(boardSize)
	if fd < 0 {
		return nil
	}
	return Open(fd)
}

// Open uses the board that a descriptor is of, which it closes; nil if it is none.
func Open(fd int) *Board {
	const readWrite, shared = 3, 1
	defer hostsys.CloseFD(fd)
	if hostsys.FileSize(fd) != boardSize {
		return nil
	}
	h, err := hostsys.Hide(fd)
	if err != nil {
		return nil
	}
	at := hostsys.Mmap(0, boardSize, readWrite, shared, int(h.Fd()), 0)
	if hostsys.IsErr(at) {
		h.Close()
		return nil
	}
	return &Board{at, h}
}

// FD is the descriptor of the board, for a process that executes Weir anew.
func (b *Board) FD() int { return int(b.file.Fd()) }

// Seat is a process's slot of the board.
type Seat struct {
	mu    sync.Mutex
	board *Board
	at    uintptr // of the slot
	pid   int
	seq   uint32
	buf   []byte
}

// Sit takes a slot for a process.
func (b *Board) Sit(pid int) *Seat {
	s := &Seat{board: b, pid: pid}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.take()
	return s
}

// take finds a slot: the process's own, a free one, that of a process that is gone, or the first.
func (s *Seat) take() {
	b := s.board
	var spare uintptr
	for i := range probes {
		at := b.slot(s.pid, i)
		v, _ := hostsys.Load32(at + slotPID)
		if int(v) == s.pid {
			s.claim(at, v)
			return
		}
		if spare == 0 && (v == 0 || !hostsys.Alive(int(v))) {
			spare = at
		}
	}
	if spare == 0 {
		spare = b.slot(s.pid, 0)
	}
	v, _ := hostsys.Load32(spare + slotPID)
	s.claim(spare, v)
}

func (s *Seat) claim(at uintptr, old uint32) {
	s.at = at
	hostsys.Cas32(at+slotPID, old, uint32(s.pid))
	hostsys.Store64(at+slotTime, uint64(hostsys.BootTime()))
	seq, _ := hostsys.Load32(at + slotSeq)
	s.seq = seq &^ 1
}

// slot is the i-th place where a process's slot may be.
func (b *Board) slot(pid, i int) uintptr {
	return b.at + uintptr((pid+i*i)%slots)*slotSize
}

// Leave gives the slot back.
func (s *Seat) Leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	hostsys.Cas32(s.at+slotPID, uint32(s.pid), 0)
}

// write writes a part of the slot so that readers see all of it or nothing.
func (s *Seat) write(parts ...part) {
	if v, _ := hostsys.Load32(s.at + slotPID); int(v) != s.pid { // somebody took it for a dead one's
		s.take()
	}
	hostsys.Store32(s.at+slotSeq, s.seq+1)
	for _, p := range parts {
		hostsys.CopyOut(s.at+p.off, p.data)
	}
	s.seq += 2
	hostsys.Store32(s.at+slotSeq, s.seq)
}

type part struct {
	off  uintptr
	data []byte
}

// Publish writes everything but threads, areas and the heap's end.
func (s *Seat) Publish(f *Facts) {
	words := []uint64{
		f.NS, f.Base, f.StackStart, f.ArgStart, f.ArgEnd, f.EnvStart, f.EnvEnd, f.StartCode, f.EndCode, f.ImageEnd, f.VDSO,
		f.Limits[0][0], f.Limits[0][1], f.Limits[1][0], f.Limits[1][1], f.Limits[2][0], f.Limits[2][1],
		uint64(f.SeccompMode), uint64(f.SeccompFilters),
	}
	b := make([]byte, 0, 1024)
	for _, w := range []uint64{f.SigIgn, f.SigCgt} {
		b = le.AppendUint64(b, w)
	}
	for _, w := range words {
		b = le.AppendUint64(b, w)
	}
	path := f.Path[:min(len(f.Path), maxPath)]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.write(part{slotSigs, b}, part{slotHid, numbers(f.Hidden, maxHidden)},
		part{slotPath, append(le.AppendUint32(nil, uint32(len(path))), path...)})
}

// PublishTasks writes the thread IDs.
func (s *Seat) PublishTasks(list []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.write(part{slotTasks, numbers(list, maxTasks)})
}

// PublishSignals writes which signals are ignored and caught.
func (s *Seat) PublishSignals(ign, cgt uint64) {
	b := le.AppendUint64(le.AppendUint64(make([]byte, 0, 16), ign), cgt)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.write(part{slotSigs, b})
}

// Flags of an area, beside its protection.
const (
	areaShared = 8 << iota
	areaFile
	areaGrows
	areaStack
)

// PublishAreas writes what is mapped, and the heap's end.
func (s *Seat) PublishAreas(list []mem.Area, brk uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := le.AppendUint32(le.AppendUint64(s.buf[:0], brk), uint32(len(list)))
	for _, a := range list[:min(len(list), maxAreas)] {
		b = le.AppendUint64(le.AppendUint64(b, a.Start), a.End)
		flags := uint32(a.Prot)
		for _, f := range [...]struct {
			on  bool
			bit uint32
		}{{a.Shared, areaShared}, {a.File, areaFile}, {a.GrowsDown, areaGrows}, {a.Stack, areaStack}} {
			if f.on {
				flags |= f.bit
			}
		}
		b = le.AppendUint32(b, flags)
	}
	s.buf = b
	s.write(part{slotAreas, b})
}

// numbers is a list behind its length, which may be more than what follows.
func numbers(list []int, most int) []byte {
	b := le.AppendUint32(make([]byte, 0, 4+4*len(list)), uint32(len(list)))
	for _, n := range list[:min(len(list), most)] {
		b = le.AppendUint32(b, uint32(n))
	}
	return b
}

// Facts returns what a process has written that began at a CLOCK_BOOTTIME in ns. ok is false if it is none of the tree.
func (b *Board) Facts(pid int, began int64) (f Facts, ok bool) {
	const tries = 1000
	raw := make([]byte, slotSize)
	for i := range probes {
		at := b.slot(pid, i)
		if v, _ := hostsys.Load32(at + slotPID); int(v) != pid {
			continue
		}
		for n := 0; ; n++ {
			before, _ := hostsys.Load32(at + slotSeq)
			hostsys.CopyIn(raw, at)
			after, _ := hostsys.Load32(at + slotSeq)
			if before == after && before&1 == 0 || n == tries { // a writer can be stopped, or killed
				break
			}
		}
		if int(le.Uint32(raw[slotPID:])) != pid || int64(le.Uint64(raw[slotTime:])) < began {
			continue
		}
		return decode(raw), true
	}
	return f, false
}

func decode(raw []byte) (f Facts) {
	f.SigIgn, f.SigCgt = le.Uint64(raw[slotSigs:]), le.Uint64(raw[slotSigs+8:])
	at := slotWords
	word := func() uint64 { at += 8; return le.Uint64(raw[at-8:]) }
	for _, p := range []*uint64{
		&f.NS, &f.Base, &f.StackStart, &f.ArgStart, &f.ArgEnd, &f.EnvStart, &f.EnvEnd, &f.StartCode, &f.EndCode, &f.ImageEnd, &f.VDSO,
		&f.Limits[0][0], &f.Limits[0][1], &f.Limits[1][0], &f.Limits[1][1], &f.Limits[2][0], &f.Limits[2][1],
	} {
		*p = word()
	}
	f.SeccompMode, f.SeccompFilters = int(word()), int(word())
	list := func(at, most int) (l []int, cut bool) {
		n := int(le.Uint32(raw[at:]))
		for i := range min(n, most) {
			l = append(l, int(le.Uint32(raw[at+4+4*i:])))
		}
		return l, n > most
	}
	f.Hidden, _ = list(slotHid, maxHidden)
	f.Tasks, f.TasksCut = list(slotTasks, maxTasks)
	f.Threads = int(le.Uint32(raw[slotTasks:]))
	n := min(int(le.Uint32(raw[slotPath:])), maxPath)
	f.Path = string(raw[slotPath+4 : slotPath+4+n])
	f.Brk = le.Uint64(raw[slotAreas:])
	n = int(le.Uint32(raw[slotAreas+8:]))
	f.AreasCut = n > maxAreas
	for i := range min(n, maxAreas) {
		e := raw[slotAreas+12+areaSize*i:]
		flags := le.Uint32(e[16:])
		f.Areas = append(f.Areas, mem.Area{
			Start: le.Uint64(e), End: le.Uint64(e[8:]), Prot: mem.Prot(flags & 7), Shared: flags&areaShared != 0,
			File: flags&areaFile != 0, GrowsDown: flags&areaGrows != 0, Stack: flags&areaStack != 0,
		})
	}
	return f
}
