//go:build linux

package linux

import (
	crand "crypto/rand"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"sync"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/internal/hostsys"
	"github.com/weir-emu/weir/internal/mem"
)

// With -seed a guest's randomness is the same in every run: the address layout, AT_RANDOM and getrandom(2).
// Each process has a stream of its own, that of a child made from its parent's.

// random returns a random page-aligned offset below n, for the address layout; 0
// with -seed, so that runs repeat.
func (p *Process) random(n uint64) uint64 {
	if p.Cfg.Seeded {
		return 0
	}
	return mem.RandomBase(n)
}

// Streams of the generator; those of children are drawn.
const (
	streamAuxv      = 0
	streamGetrandom = 1
)

// fillRandom fills b with random bytes, those of -seed if there is one (AT_RANDOM).
func (p *Process) fillRandom(b []byte) {
	if !p.Cfg.Seeded {
		crand.Read(b) // never fails
		return
	}
	draw(rand.NewPCG(p.Cfg.Seed, streamAuxv), b)
}

func draw(r *rand.PCG, b []byte) {
	for len(b) > 0 {
		var w [8]byte
		binary.LittleEndian.PutUint64(w[:], r.Uint64())
		b = b[copy(b, w[:]):]
	}
}

// seeded is the stream of getrandom(2) with -seed.
type seeded struct {
	mu  sync.Mutex
	src *rand.PCG // nil: not used yet
}

// read fills b from the stream.
func (s *seeded) read(seed uint64, b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.src == nil {
		s.src = rand.NewPCG(seed, streamGetrandom)
	}
	draw(s.src, b)
}

// childRandom draws the stream of a process that is about to be forked; nil without -seed.
func (p *Process) childRandom() *rand.PCG {
	if !p.Cfg.Seeded {
		return nil
	}
	var b [8]byte
	p.rng.read(p.Cfg.Seed, b[:])
	return rand.NewPCG(p.Cfg.Seed, binary.LittleEndian.Uint64(b[:]))
}

// Flags of getrandom(2).
const (
	grndNonblock = 1
	grndRandom   = 2
	grndInsecure = 4
)

// sysGetrandom is the host's, or with -seed a stream that repeats.
func sysGetrandom(t *Task, c *Call) int64 {
	p := t.Proc
	if !p.Cfg.Seeded {
		return t.pass(c, hostsys.SYS_GETRANDOM, (*Task).hostBlock)
	}
	addr, flags := c.Args[0], uint32(c.Args[2])
	if flags&^(grndNonblock|grndRandom|grndInsecure) != 0 || flags&(grndRandom|grndInsecure) == grndRandom|grndInsecure {
		return abi.EINVAL.Result()
	}
	var b [256]byte
	left := min(c.Args[1], math.MaxInt32)
	done := int64(0)
	for left > 0 {
		chunk := b[:min(left, uint64(len(b)))]
		p.rng.read(p.Cfg.Seed, chunk)
		if !p.Mem.Write(addr, chunk) {
			if done == 0 {
				return abi.EFAULT.Result()
			}
			break
		}
		addr, left, done = addr+uint64(len(chunk)), left-uint64(len(chunk)), done+int64(len(chunk))
	}
	return done
}
