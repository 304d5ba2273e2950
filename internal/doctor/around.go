package doctor

import (
	"path"
	"slices"
	"strings"

	"github.com/weir-emu/weir/internal/binfmt"
)

// The checks of what is around guests: their files, other emulators, tools.

// env returns a variable of weir's, by either of its names.
func (h *Host) env(name string) (v string) {
	for _, prefix := range []string{"QEMU_", "WEIR_"} {
		for _, kv := range h.Env {
			if s, ok := strings.CutPrefix(kv, prefix+name+"="); ok && s != "" {
				v = s
			}
		}
	}
	return v
}

func (h *Host) exists(name string) bool {
	dir, base := path.Split(name)
	names, err := h.List(path.Clean(dir))
	return err == nil && slices.Contains(names, base)
}

// crossRoots are where distributions put foreign C libraries.
var crossRoots = []string{"/usr/%-linux-gnu", "/usr/%-linux-musl"}

func sysroot(h *Host) Fact {
	const name = "sysroot"
	loader := func(root string) string {
		for _, l := range h.Guest.Loaders {
			if h.exists(root + l) {
				return root + l
			}
		}
		return ""
	}
	root := h.env("LD_PREFIX")
	if root == "" {
		root = h.Guest.Sysroot
	}
	root = strings.TrimSuffix(root, "/")
	if l := loader(root); l != "" {
		return ok(name, "%s has the dynamic loader %s", root, l)
	}
	if l := loader(""); l != "" {
		return ok(name, "the dynamic loader %s is there without one", l)
	}
	for _, r := range crossRoots {
		r = strings.ReplaceAll(r, "%", h.Guest.Name)
		if loader(r) != "" {
			return warn(name, "use -L "+r+", or set WEIR_LD_PREFIX to it", "%s has no dynamic loader for %s: dynamically linked programs do not start", root, h.Guest.Name)
		}
	}
	return warn(name, "give the root folder of a "+h.Guest.Name+" system with -L; static programs need none",
		"%s has no dynamic loader for %s: dynamically linked programs do not start", root, h.Guest.Name)
}

// rule looks for the binfmt_misc rule by which guest programs start.
func rule(h *Host) Fact {
	const name = "binfmt_misc"
	const how = `weir binfmt | sudo tee ` + binfmt.Path + `/register`
	names, err := h.List(binfmt.Path)
	if err != nil || !slices.Contains(names, "register") {
		return warn(name, "mount -t binfmt_misc none "+binfmt.Path+", then "+how, "it is not mounted: native programs cannot start %s programs, weir can", h.Guest.Name)
	}
	if s, _ := h.word(binfmt.Path + "/status"); s == "disabled" {
		return warn(name, "echo 1 | sudo tee "+binfmt.Path+"/status", "it is switched off: native programs cannot start %s programs, weir can", h.Guest.Name)
	}
	var found []binfmt.Rule
	for _, n := range names {
		if n == "register" || n == "status" {
			continue
		}
		text, err := h.Read(binfmt.Path + "/" + n)
		if err != nil {
			continue
		}
		if r, ok := binfmt.Parse(n, text); ok && r.Enabled && r.Matches(binfmt.Header(h.Guest.Machine)) {
			found = append(found, r)
		}
	}
	remove := func(r binfmt.Rule) string { return "echo -1 | sudo tee " + binfmt.Path + "/" + r.Name }
	switch {
	case len(found) == 0:
		return warn(name, how, "no rule for %s: native programs cannot start such programs, weir can", h.Guest.Name)
	case len(found) > 1:
		var list []string
		for _, r := range found {
			list = append(list, r.Name+" ("+r.Interpreter+")")
		}
		return warn(name, "remove all but one: "+remove(found[0]), "several rules for %s, of which the one made last counts: %s", h.Guest.Name, strings.Join(list, ", "))
	}
	r := found[0]
	again := remove(r) + ", then " + how
	switch {
	case r.Interpreter != h.Running && path.Base(r.Interpreter) != "weir":
		return warn(name, again, "%s programs that native programs start run under %s (rule %s)", h.Guest.Name, r.Interpreter, r.Name)
	case !r.Has(binfmt.FlagFix) && !h.exists(r.Interpreter):
		return warn(name, again, "rule %s: the interpreter %s is gone", r.Name, r.Interpreter)
	case !r.Has(binfmt.FlagPreserve):
		return warn(name, again, "rule %s has not the flag P: programs are not told the name they were called by", r.Name)
	case !r.Has(binfmt.FlagCredentials):
		return warn(name, again, "rule %s has not the flag C: set-user-ID programs such as sudo do not get their rights", r.Name)
	}
	return ok(name, "rule %s, %s, flags %s", r.Name, r.Interpreter, r.Flags)
}

// variables looks for qemu-user's variables, which weir takes as its own.
func variables(h *Host) Fact {
	const name = "variables"
	var list []string
	for _, kv := range h.Env {
		if k, _, _ := strings.Cut(kv, "="); strings.HasPrefix(k, "QEMU_") {
			list = append(list, k)
		}
	}
	if len(list) > 0 {
		slices.Sort(list)
		return warn(name, "unset what is not meant for weir", "weir takes its options from these too: %s", strings.Join(list, ", "))
	}
	return ok(name, "none of qemu-user's is set")
}

func profiler(h *Host) Fact {
	const name = "perf"
	if _, err := h.LookPath("perf"); err != nil {
		return warn(name, "install it to profile guests with -perfmap or -jitdump", "the command is not there")
	}
	const noKernel = 2
	if n, found := h.number("/proc/sys/kernel/perf_event_paranoid"); found && n > noKernel {
		return warn(name, "sysctl kernel.perf_event_paranoid=2", "kernel.perf_event_paranoid is %d: only root can profile", n)
	}
	return ok(name, "guests can be profiled with -perfmap or -jitdump")
}
