// Package ips makes each vCPU execute at most so many instructions per second: a thread that has executed a quantum of
// them too fast sleeps until it is time; signals wait that long too. A thread that was blocked or slow may catch up by one quantum, not more. The
// guest's clocks are the real ones. Nothing is printed; the run lasts longer: ips=N with a tenth of a
// program's instructions makes it last ten seconds.
//
// It shows a callback that is called once in a while, by a condition on a counter, and one that waits.
package ips

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/weir-emu/weir/plugin"
)

var options = []plugin.Option{
	{Key: "ips", Value: "N[k|M|G|T]", Help: "instructions per second and vCPU (1G)"},
	{Key: "ipq", Value: "N[k|M|G|T]", Help: "instructions between looks at the clock (a tenth of ips)"},
}

// Info describes the plugin.
func Info() plugin.Info {
	return plugin.Info{
		Name:    "ips",
		Summary: "cap the instructions per second of each vCPU",
		Options: options,
		New: func() plugin.Plugin {
			return &limiter{now: time.Now, sleep: time.Sleep, due: make(map[int]time.Time)}
		},
	}
}

type limiter struct {
	rate    uint64 // instructions per second
	quantum uint64 // instructions
	count   plugin.Counter
	now     func() time.Time
	sleep   func(time.Duration)

	mu  sync.Mutex
	due map[int]time.Time // by vCPU index: when the instructions accounted for should be over
}

// Install implements plugin.Plugin.
func (p *limiter) Install(h *plugin.Host, args plugin.Args) (err error) {
	if err = args.Check(options); err != nil {
		return err
	}
	if p.rate, err = number(args, "ips", 1_000_000_000); err != nil {
		return err
	}
	if p.quantum, err = number(args, "ipq", max(p.rate/10, 1)); err != nil {
		return err
	}
	p.count = plugin.NewCounter(h)
	h.OnTranslate(func(b *plugin.Block) {
		b.Add(p.count, uint64(b.Len()))
		b.OnExecIf(p.count.GE(p.quantum), plugin.NoRegs, func(v *plugin.VCPU) { p.sleep(p.account(v)) })
	})
	h.OnThreadStart(p.start)
	h.OnThreadExit(func(v *plugin.VCPU) {
		p.sleep(p.account(v))
		p.mu.Lock()
		delete(p.due, v.Index())
		p.mu.Unlock()
	})
	h.OnFork(func(v *plugin.VCPU) {
		p.mu.Lock()
		clear(p.due)
		p.mu.Unlock()
		p.start(v)
	})
	h.OnExit(func(info plugin.ExitInfo) {
		if info.Signal != 0 {
			return
		}
		var wait time.Duration
		for _, v := range h.VCPUs() {
			wait = max(wait, p.account(v))
		}
		p.sleep(wait)
	})
	return nil
}

// number parses an argument with a suffix.
func number(args plugin.Args, key string, def uint64) (uint64, error) {
	text := args.Get(key, "")
	if text == "" {
		if len(args.All(key)) == 0 {
			return def, nil
		}
		return 0, fmt.Errorf("%s=: want a number", key)
	}
	digits, unit := text, uint64(1)
	for i, suffix := range "kmgt" {
		if d, ok := strings.CutSuffix(strings.ToLower(text), string(suffix)); ok {
			digits = d
			for range i + 1 {
				unit *= 1000
			}
		}
	}
	n, err := strconv.ParseUint(digits, 0, 64)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%s=%s: want a number, with k, M, G or T behind it or without", key, text)
	case n == 0 || n > math.MaxInt64/unit:
		return 0, fmt.Errorf("%s=%s: want 1 to %d", key, text, int64(math.MaxInt64))
	}
	return n * unit, nil
}

// start begins the account of a thread.
func (p *limiter) start(v *plugin.VCPU) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count.Set(v, 0)
	p.due[v.Index()] = p.now()
}

// account accounts for what v has executed and returns how long it is ahead of time.
func (p *limiter) account(v *plugin.VCPU) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	due, ok := p.due[v.Index()]
	if !ok {
		return 0
	}
	now := p.now()
	due = due.Add(p.lasts(p.count.Get(v)))
	p.count.Set(v, 0)
	if credit := now.Add(-p.lasts(p.quantum)); due.Before(credit) {
		due = credit
	}
	p.due[v.Index()] = due
	return due.Sub(now)
}

// lasts is how long n instructions should take.
func (p *limiter) lasts(n uint64) time.Duration {
	return time.Duration(min(float64(n)/float64(p.rate)*1e9, math.MaxInt64/4))
}
