package amd64

import (
	"sync/atomic"
	"unsafe"

	"github.com/weir-emu/weir/internal/host"
)

// Link implements host.Backend.
func (g *gen) Link(e host.Exit, to uint32) { g.patchAtomic(e.Site, to) }

// Unlink implements host.Backend.
func (g *gen) Unlink(e host.Exit) { g.patchAtomic(e.Site, e.Stub) }

// patchAtomic replaces a displacement with one store. It lies within patchAlign
// bytes, so threads that run the code see the old or the new target.
func (g *gen) patchAtomic(site, to uint32) {
	p := (*uint32)(unsafe.Pointer(&g.b[site : site+4][0]))
	atomic.StoreUint32(p, to-site-4)
}
