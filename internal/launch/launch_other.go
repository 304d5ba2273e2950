//go:build !linux

package launch

import (
	"fmt"
	"os"
	"runtime"
)

// Process is a running guest; there is none on this system.
type Process struct{}

func unsupported() error {
	return fmt.Errorf("weir runs Linux programs on Linux hosts; it cannot run guests on %s/%s", runtime.GOOS, runtime.GOARCH)
}

// Run reports that this system cannot run guests.
func Run(Config) error { return unsupported() }

// Start reports that this system cannot run guests.
func Start(Config) (*Process, error) { return nil, unsupported() }

// Wait returns the zero Status.
func (p *Process) Wait() Status { return Status{} }

// Stats returns zeroes.
func (p *Process) Stats() Stats { return Stats{} }

// Environ returns the environment.
func Environ() []string { return os.Environ() }
