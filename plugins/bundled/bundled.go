// Package bundled lists the plugins that the weir binary contains. Adding one is a
// folder under plugins/ and a line here.
package bundled

import (
	"slices"
	"strings"

	"github.com/weir-emu/weir/plugin"
	"github.com/weir-emu/weir/plugins/bbv"
	"github.com/weir-emu/weir/plugins/cache"
	"github.com/weir-emu/weir/plugins/calls"
	"github.com/weir-emu/weir/plugins/cflow"
	"github.com/weir-emu/weir/plugins/coverage"
	"github.com/weir-emu/weir/plugins/deny"
	"github.com/weir-emu/weir/plugins/drcov"
	"github.com/weir-emu/weir/plugins/execlog"
	"github.com/weir-emu/weir/plugins/hotblocks"
	"github.com/weir-emu/weir/plugins/hotpages"
	"github.com/weir-emu/weir/plugins/howvec"
	"github.com/weir-emu/weir/plugins/inject"
	"github.com/weir-emu/weir/plugins/ips"
	"github.com/weir-emu/weir/plugins/lockstep"
	"github.com/weir-emu/weir/plugins/magic"
	"github.com/weir-emu/weir/plugins/policy"
	"github.com/weir-emu/weir/plugins/profile"
	"github.com/weir-emu/weir/plugins/redirect"
	"github.com/weir-emu/weir/plugins/selftest"
	"github.com/weir-emu/weir/plugins/stoptrigger"
	"github.com/weir-emu/weir/plugins/syscount"
	"github.com/weir-emu/weir/plugins/trace"
	"github.com/weir-emu/weir/plugins/traps"
	"github.com/weir-emu/weir/plugins/uftrace"
)

//go:generate go test -run TestReference . -update

// Plugins returns the bundled plugins in alphabetical order.
func Plugins() []plugin.Info {
	list := append(selftest.Infos(),
		bbv.Info(),
		cache.Info(),
		calls.Info(),
		cflow.Info(),
		coverage.Info(),
		deny.Info(),
		drcov.Info(),
		execlog.Info(),
		hotblocks.Info(),
		hotpages.Info(),
		howvec.Info(),
		inject.Info(),
		ips.Info(),
		lockstep.Info(),
		magic.Info(),
		policy.Info(),
		profile.Info(),
		redirect.Info(),
		stoptrigger.Info(),
		syscount.Info(),
		trace.Info(),
		traps.Info(),
		uftrace.Info(),
	)
	slices.SortFunc(list, func(a, b plugin.Info) int { return strings.Compare(a.Name, b.Name) })
	return list
}
