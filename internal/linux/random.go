//go:build linux

package linux

import (
	crand "crypto/rand"
	"encoding/binary"
	"math/rand/v2"

	"github.com/weir-emu/weir/internal/mem"
)

// random returns a random page-aligned offset below n, for the address layout; 0
// with -seed, so that runs repeat.
func (p *Process) random(n uint64) uint64 {
	if p.Cfg.Seeded {
		return 0
	}
	return mem.RandomBase(n)
}

// fillRandom fills b with random bytes, those of -seed if there is one (AT_RANDOM).
func (p *Process) fillRandom(b []byte) {
	if !p.Cfg.Seeded {
		crand.Read(b) // never fails
		return
	}
	r := rand.New(rand.NewPCG(p.Cfg.Seed, 0))
	for len(b) > 0 {
		var w [8]byte
		binary.LittleEndian.PutUint64(w[:], r.Uint64())
		b = b[copy(b, w[:]):]
	}
}
