//go:build !(linux && amd64)

package engine

import (
	"errors"

	"github.com/weir-emu/weir/internal/cpu"
	"github.com/weir-emu/weir/internal/host"
)

const defaultCodeSize = 0

func (cfg *Config) useHost(int) error {
	return errors.New("generated code cannot run on this host; use -jit=off")
}

func unmapCode([]byte, uintptr) {}

func populateCode(uintptr, int) {}

func dropJumpCache(*cpu.State) bool { return false }

func mapHints() *hints { return nil }

func unmapHints(*hints) {}

func registerFaults(host.Stubs) {}
