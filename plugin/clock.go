package plugin

import (
	"errors"
	"time"
)

// ErrClockTaken is returned by [Host.Clock] when the clock has an owner already.
var ErrClockTaken = errors.New("plugin: another plugin owns the clock")

// Clock is the guest's time, in the hands of a plugin. All clocks of the guest (clock_gettime, gettimeofday,
// in the vDSO too) then start at what they showed when the clock was claimed, and move only as
// the plugin says, and by sleeping: nanosleep and clock_nanosleep do not wait, they move the clock to the
// end of the sleep. Timeouts of other calls, timers and the counters of the CPU follow the host.
type Clock struct{ sys System }

// Clock claims the guest's time for this plugin.
func (h *Host) Clock() (*Clock, error) {
	if err := h.sys.ClaimClock(h.name); err != nil {
		return nil, err
	}
	return &Clock{h.sys}, nil
}

// Now returns how far the clock has moved since it was claimed.
func (c *Clock) Now() time.Duration { return time.Duration(c.sys.ClockNow()) }

// Set moves the clock to t since it was claimed. It never goes back: an earlier t changes nothing.
func (c *Clock) Set(t time.Duration) { c.sys.SetClock(int64(t)) }
