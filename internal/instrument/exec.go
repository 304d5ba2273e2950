//go:build linux

package instrument

import "github.com/weir-emu/weir/plugin"

func (r *Registry) flush()   {}
func (r *Registry) quiesce() {}

func (r *Registry) callPlain(p string, ev plugin.Event, f func()) { f() }

// FlushMemTrace implements plugin.System.
func (r *Registry) FlushMemTrace(id uint32, v *plugin.VCPU) {}

// ClaimClock implements plugin.System.
func (r *Registry) ClaimClock(string) error { return errClock }

// SetClock implements plugin.System.
func (r *Registry) SetClock(int64) {}

// ClockNow implements plugin.System.
func (r *Registry) ClockNow() int64 { return 0 }
