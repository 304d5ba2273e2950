//go:build linux

package programs

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weir-emu/weir/internal/testenv"
)

// rotated says how a bundled plugin takes part in the rotation. One that is not in the table takes part without
// arguments, and counts as slow.
type rotated struct {
	args  string // DIR stands for a temporary folder
	quick bool   // without a call for each instruction or access
	out   string // why it does not take part
}

var rotation = map[string]rotated{
	"bb":          {args: "inline=on", quick: true},
	"bbv":         {args: "outfile=DIR/bbv", quick: true},
	"calls":       {args: "func=nothing"},
	"coverage":    {args: "file=DIR/coverage"},
	"deny":        {args: "rule=*:path=/weir-nowhere/*:EACCES", quick: true},
	"drcov":       {args: "filename=DIR/drcov", quick: true},
	"empty":       {quick: true},
	"execlog":     {args: "ifilter=ebreak"},
	"inject":      {args: "rule=getppid:at=1000000:errno=EIO", quick: true},
	"insn":        {args: "inline=on", quick: true},
	"lockstep":    {out: "it needs a second run to talk to"},
	"magic":       {quick: true},
	"mem":         {args: "inline=on", quick: true},
	"patch":       {args: "target=ffffffff,patch=ffffffff", quick: true},
	"policy":      {args: "learn=DIR/profile.json", quick: true},
	"redirect":    {args: "path=/weir-nowhere:/weir-elsewhere", quick: true},
	"registers":   {quick: true},
	"profile":     {args: "file=DIR/profile"},
	"reset":       {quick: true},
	"stoptrigger": {args: "icount=1000000000000"},
	"syscall":     {quick: true},
	"syscount":    {quick: true},
	"trace":       {args: "file=DIR/trace.json", quick: true},
	"traps":       {quick: true},
	"uftrace":     {args: "dir=DIR/uftrace.data"},
}

// heavy are the programs that execute too much for slow plugins in a default run, or want things done in a time.
var heavy = []string{"rvfp", "smc", "procs", "httpserver", "osexec", "signals", "time", "goroutines"}

// bundledPlugins asks weir for the names of the plugins in it.
func bundledPlugins(t *testing.T, weir string) (names []string) {
	t.Helper()
	r := run(t, job{command: []string{weir, "plugins"}})
	for _, m := range regexp.MustCompile(`(?m)^([a-z0-9]+): `).FindAllStringSubmatch(r.out, -1) {
		names = append(names, m[1])
	}
	if r.status != 0 || len(names) < 10 {
		t.Fatalf("weir plugins: status %d, plugins %v\n%s", r.status, names, r.both())
	}
	return names
}

// TestRotation runs every program under a bundled plugin, and every plugin on some program: the one goes around in the
// list of the other. A program has to pass as if the plugin were not there.
func TestRotation(t *testing.T) {
	weir := testenv.Weir(t)
	var plugins []string
	for _, name := range bundledPlugins(t, weir) {
		if rotation[name].out == "" {
			plugins = append(plugins, name)
		}
	}
	programs := slices.DeleteFunc(testenv.Programs(t), func(p testenv.Program) bool {
		return p.Only != "" && p.Only != testenv.RISCV64.Name
	})
	pair := func(p testenv.Program, name string) {
		t.Run(p.Title()+"+"+name, func(t *testing.T) {
			t.Parallel()
			underPlugin(t, weir, p, name)
		})
	}
	var queue []string
	for i := range max(len(programs), len(plugins)) {
		p := programs[i%len(programs)]
		burden := !long() && (slices.Contains(heavy, p.Name) || strings.HasPrefix(p.Name, "storm_"))
		suits := func(name string) bool {
			return !burden || rotation[name].quick
		}
		if !slices.ContainsFunc(queue, suits) {
			queue = append(queue, plugins...)
		}
		k := slices.IndexFunc(queue, suits)
		pair(p, queue[k])
		queue = slices.Delete(queue, k, k+1)
	}
	// Pairs in which either is hard on the other.
	for _, p := range programs {
		if name := pairs[p.Title()]; name != "" {
			pair(p, name)
		}
	}
}

// pairs are programs, by title, and plugins that check what these do more often than others.
var pairs = map[string]string{
	"c/signals":     "discons",
	"c/start":       "policy", // the program puts a descriptor where policy has one of its own
	"c/smc":         "setpc",  // code is written while callbacks run in it
	"c/threads":     "inline",
	"go/goroutines": "reset",
}

// underPlugin runs a program under a plugin.
func underPlugin(t *testing.T, weir string, p testenv.Program, name string) {
	dir := t.TempDir()
	selected := name
	if a := rotation[name].args; a != "" {
		selected += "," + strings.ReplaceAll(a, "DIR", dir)
	}
	log := filepath.Join(dir, "log")
	j := job{command: append([]string{weir, "-D", log, "-plugin", selected, p.Guest(t)}, p.Args...), timeout: 5 * time.Minute}
	if long() {
		j.timeout = 20 * time.Minute
	}
	r := run(t, j)
	if r.status == 0 && r.out == "ok "+p.Name+"\n" && r.errs == "" {
		return
	}
	if strings.Contains(r.errs, "plugin "+name+": ") && r.out == "" {
		t.Errorf("%s: give %s the arguments that it needs in the table rotation", strings.TrimSpace(r.errs), name)
		return
	}
	text, _ := os.ReadFile(log)
	t.Errorf("%s: status %d\n%s\nlog:\n%s", strings.Join(j.command, " "), r.status, tail(r.both()), tail(string(text)))
}
