package cli

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/weir-emu/weir/internal/launch"
	"github.com/weir-emu/weir/plugin"
)

// settings is the command line and environment, parsed.
type settings struct {
	program string
	args    []string // of the guest, without argv[0]

	argv0      string
	hasArgv0   bool
	release    string
	sysroot    string
	env        []envChange
	stackSize  uint64
	base       uint64
	reserve    uint64
	tbSize     uint64
	seed       string
	cpu        string
	log        []string
	ranges     []launch.Range
	logFile    string
	strace     bool
	oneInsn    bool
	perfmap    bool
	jitdump    bool
	noJIT      bool
	baseline   bool
	noPairing  bool
	denyNative bool
	window     bool
	plugins    []pluginArg
	policy     plugin.Args // of -policy, -learn and -audit
	help       bool
	version    bool
	cpuprofile string
	board      int      // descriptor of the tree's board
	resumed    bool     // another weir's run goes on
	seccomp    []string // filters of the guest's own

	carry []string // options, as words, for a weir that continues this run
}

// envChange is one -E or -U.
type envChange struct {
	name, value string
	unset       bool
}

// pluginArg is one -plugin.
type pluginArg struct {
	name string
	args plugin.Args
}

// option is one row of the option table: the flag, the environment variable it
// can also be given by, the form of its value (empty for a switch), its help and
// what it does. An option without help is not for users.
type option struct {
	flag  string
	env   string // read as WEIR_env and, as qemu-user has it, QEMU_env
	arg   string
	help  string
	set   func(s *settings, v string) error
	alias string
}

// options is the option table, in the order of the help text.
var options = []option{
	{"h", "", "", "print this help", func(s *settings, _ string) error { s.help = true; return nil }, "help"},
	{"version", "VERSION", "", "print the version", func(s *settings, _ string) error { s.version = true; return nil }, ""},
	{"plugin", "PLUGIN", "NAME[,key=value...]", "load a bundled plugin (weir plugins lists them); repeatable; a comma in a value is written twice", setPlugin, ""},
	{"policy", "POLICY", "FILE", "enforce a seccomp profile (OCI or Docker form) or rules about paths, hosts and programs; see docs/POLICY.md", setPolicy("profile"), ""},
	{"learn", "LEARN", "FILE", "write the profile that the run needs, children included; what FILE allows already is kept", setPolicy("learn"), ""},
	{"audit", "AUDIT", "FILE", "append a JSON line for each syscall and what the policy decides", setPolicy("audit"), ""},
	{"strace", "STRACE", "", "print each syscall, as strace(1) does", func(s *settings, _ string) error { s.strace = true; return nil }, ""},
	{"d", "LOG", "ITEM[,...]", "log items (-d help lists them)", setLog, ""},
	{"dfilter", "DFILTER", "RANGE[,...]", "log only blocks that start in START..END, START+LENGTH or START-LENGTH", setRanges, ""},
	{"D", "LOG_FILENAME", "FILE", "write logs and plugin reports to FILE (%d is the process id)", func(s *settings, v string) error { s.logFile = v; return nil }, ""},
	{"L", "LD_PREFIX", "PATH", "sysroot: absolute paths are tried there first (default: " + defaultSysroot + ", if there)", func(s *settings, v string) error { s.sysroot = v; return nil }, ""},
	{"E", "SET_ENV", "VAR=VALUE[,...]", "set variables of the guest's environment; repeatable", setEnv, ""},
	{"U", "UNSET_ENV", "VAR[,...]", "remove variables from the guest's environment; repeatable", unsetEnv, ""},
	{"0", "ARGV0", "ARGV0", "argv[0] of the guest program", func(s *settings, v string) error { s.argv0, s.hasArgv0 = v, true; return nil }, ""},
	{"r", "UNAME", "RELEASE", "kernel release that uname(2) tells", func(s *settings, v string) error { s.release = v; return nil }, ""},
	{"s", "STACK_SIZE", "SIZE", "size of the main stack; suffixes k, M, G", setSize(func(s *settings) *uint64 { return &s.stackSize }), ""},
	{"B", "GUEST_BASE", "ADDR", "host address of guest address 0", setBase, ""},
	{"R", "RESERVED_VA", "SIZE", "size of the guest's reserved address space; suffixes k, M, G", setSize(func(s *settings) *uint64 { return &s.reserve }), ""},
	{"cpu", "CPU", "MODEL[,EXT=on|off...]", "guest CPU, and extensions of it (-cpu help lists them)", func(s *settings, v string) error { s.cpu = v; return nil }, ""},
	{"seed", "RAND_SEED", "N", "the guest's random numbers and addresses are the same in every run", setSeed, ""},
	{"jit", "JIT", "on|off", "off: interpret instead of translating", setOnOff(func(s *settings, on bool) { s.noJIT = !on }), ""},
	{"host", "HOST", "native|baseline", "baseline: generate code for the oldest host CPU only (x86-64-v1)", setHost, ""},
	{"native", "NATIVE", "allow|deny", "deny: programs for the host's CPU cannot be executed by the guest (default: the host runs them, outside of weir)", setNative, ""},
	{"pairing", "PAIRING", "on|off", "off: no host call/return pairing", setOnOff(func(s *settings, on bool) { s.noPairing = !on }), ""},
	{"window", "WINDOW", "", "put the guest in a reserved window even if it fits without one", func(s *settings, _ string) error { s.window = true; return nil }, ""},
	{"one-insn-per-tb", "ONE_INSN_PER_TB", "", "translate one instruction per block", func(s *settings, _ string) error { s.oneInsn = true; return nil }, "singlestep"},
	{"tb-size", "TB_SIZE", "SIZE", "size of the code cache; a number without suffix is MiB", setTBSize, ""},
	{"perfmap", "PERFMAP", "", "write /tmp/perf-PID.map for perf(1)", func(s *settings, _ string) error { s.perfmap = true; return nil }, ""},
	{"jitdump", "JITDUMP", "", "write jit-PID.dump for perf inject --jit", func(s *settings, _ string) error { s.jitdump = true; return nil }, ""},
	{"cpuprofile", "CPUPROFILE", "FILE", "write a CPU profile of weir itself", func(s *settings, v string) error { s.cpuprofile = v; return nil }, ""},
	{"t", "RTSIG_MAP", "TSIG HSIG N[,...]", "accepted if it maps each signal to itself: weir keeps the numbers", setSignalMap, ""},
	{"p", "PAGESIZE", "SIZE", "accepted if it is 4096", setPageSize, ""},
	{"g", "GDB", "PORT", "", func(*settings, string) error { return errors.New("there is no gdb stub yet") }, ""},
	{"trace", "TRACE", "PATTERN", "", func(*settings, string) error { return launch.ErrNoTrace }, ""},
	{launch.SeccompOption, "", "FILTER", "", func(s *settings, v string) error { s.seccomp = append(s.seccomp, v); return nil }, ""},
	{launch.BoardOption, "", "FD", "", func(s *settings, v string) (err error) { s.board, err = strconv.Atoi(v); return err }, ""},
	{noEnv, "", "", "", func(s *settings, _ string) error { s.resumed = true; return nil }, ""},
}

// defaultSysroot is what qemu-user takes without -L.
const defaultSysroot = "/usr/gnemul/qemu-riscv64"

// noEnv is the option that, given first, makes weir take no options from the
// environment: a weir that continues a run has got them all as words.
const noEnv = "no-env"

// once holds the options that are not passed on to such a weir: they concern one
// program, the environment of the guest has changed already, or reexec adds them in another form.
const once = " h version E U 0 cpuprofile policy learn audit " + launch.SeccompOption + " " + launch.BoardOption + " " + noEnv + " "

func setPlugin(s *settings, v string) error {
	// qemu-user takes several, file=PATH each. Arguments of ours may be called file too.
	var one []string // the text of each plugin
	several := strings.HasPrefix(v, "file=")
	for i, part := range strings.Split(v, ",") {
		if i == 0 || several && strings.HasPrefix(part, "file=") && strings.HasSuffix(part, ".so") {
			one = append(one, part)
		} else {
			one[len(one)-1] += "," + part
		}
	}
	word := len(s.carry) - 1
	s.carry[word] = ""
	for i, text := range one {
		name, rest, _ := strings.Cut(text, ",")
		name = pluginName(name)
		args, err := plugin.ParseArgs(rest)
		if err != nil {
			return fmt.Errorf("plugin %s: %w", name, err)
		}
		if name == policyPlugin {
			args = policyArgs(args)
			text = formatPlugin(name, args)
		}
		if i > 0 {
			s.carry[word] += ","
			text = "file=" + strings.TrimPrefix(text, "file=")
		}
		s.carry[word] += text
		// A plugin that is named again gets more arguments.
		at := slices.IndexFunc(s.plugins, func(p pluginArg) bool { return p.name == name })
		if at < 0 {
			s.plugins = append(s.plugins, pluginArg{name, args})
		} else {
			s.plugins[at].args = append(s.plugins[at].args, args...)
		}
	}
	return nil
}

// pluginName is the name of the plugin that qemu-user finds at a path: [file=][DIR/]libNAME.so.
func pluginName(s string) string {
	s = strings.TrimPrefix(s, "file=")
	if base, ok := strings.CutSuffix(path.Base(s), ".so"); ok {
		return strings.TrimPrefix(base, "lib")
	}
	return s
}

func setEnv(s *settings, v string) error {
	for _, kv := range strings.Split(v, ",") {
		k, val, ok := strings.Cut(kv, "=")
		if !ok || k == "" {
			return fmt.Errorf("%q: want VAR=VALUE", kv)
		}
		s.env = append(s.env, envChange{name: k, value: val})
	}
	return nil
}

func unsetEnv(s *settings, v string) error {
	for _, k := range strings.Split(v, ",") {
		if k == "" || strings.Contains(k, "=") {
			return fmt.Errorf("%q: want the name of a variable", k)
		}
		s.env = append(s.env, envChange{name: k, unset: true})
	}
	return nil
}

func setLog(s *settings, v string) error {
	for _, item := range strings.Split(v, ",") {
		if item != "" {
			s.log = append(s.log, item)
		}
	}
	return nil
}

func setRanges(s *settings, v string) error {
	for _, r := range strings.Split(v, ",") {
		x, err := launch.ParseRange(r)
		if err != nil {
			return err
		}
		s.ranges = append(s.ranges, x)
	}
	return nil
}

// setSignalMap checks a map of real-time signals. qemu-user needs one because it takes signals from
// the guest; here the guest has them all.
func setSignalMap(_ *settings, v string) error {
	for _, m := range strings.Split(v, ",") {
		var n [3]uint64
		f := strings.Fields(m)
		ok := len(f) == len(n)
		for i := range min(len(f), len(n)) {
			x, err := strconv.ParseUint(f[i], 0, 8)
			n[i], ok = x, ok && err == nil
		}
		const first, last = 32, 64 // real-time signals
		if !ok || n[0] < first || n[1] < first || n[2] < 1 || n[0]+n[2]-1 > last || n[1]+n[2]-1 > last {
			return fmt.Errorf("%q: want TSIG HSIG N[,...], real-time signals from 32 to 64", m)
		}
		if n[0] != n[1] {
			return fmt.Errorf("%q: weir keeps the numbers of signals, and the guest has all of them: leave the map out", m)
		}
	}
	return nil
}

func setPageSize(_ *settings, v string) error {
	n, err := strconv.ParseUint(v, 0, 64)
	if err != nil || n != guestPage {
		return fmt.Errorf("%q: the guest's pages have %d bytes, as the host's", v, guestPage)
	}
	return nil
}

// guestPage is the size of a page in bytes.
const guestPage = 4096

func setSeed(s *settings, v string) error {
	if _, err := strconv.ParseUint(v, 0, 64); err != nil {
		return fmt.Errorf("%q: want a number", v)
	}
	s.seed = v
	return nil
}

func setBase(s *settings, v string) error {
	n, err := strconv.ParseUint(v, 0, 64)
	if err != nil {
		return fmt.Errorf("%q: want an address such as 0x100000000000", v)
	}
	s.base = n
	return nil
}

func setHost(s *settings, v string) error {
	if v != "native" && v != "baseline" {
		return fmt.Errorf("%q: want native or baseline", v)
	}
	s.baseline = v == "baseline"
	return nil
}

func setNative(s *settings, v string) error {
	if v != "allow" && v != "deny" {
		return fmt.Errorf("%q: want allow or deny", v)
	}
	s.denyNative = v == "deny"
	return nil
}

func setOnOff(f func(*settings, bool)) func(*settings, string) error {
	return func(s *settings, v string) error {
		if v != "on" && v != "off" {
			return fmt.Errorf("%q: want on or off", v)
		}
		f(s, v == "on")
		return nil
	}
}

func setSize(f func(*settings) *uint64) func(*settings, string) error {
	return func(s *settings, v string) error {
		n, err := parseSize(v)
		if err == nil {
			*f(s) = n
		}
		return err
	}
}

func setTBSize(s *settings, v string) error {
	size := v
	if _, err := strconv.ParseUint(v, 0, 64); err == nil {
		size += "M"
	}
	n, err := parseSize(size)
	if err != nil {
		return fmt.Errorf("%q: want a size such as 64 (MiB) or 512k", v)
	}
	s.tbSize = n
	return nil
}

// parseSize reads a number of bytes with an optional suffix k, M or G (powers of 1024).
func parseSize(v string) (uint64, error) {
	shift := 0
	num := v
	if v != "" {
		switch v[len(v)-1] {
		case 'k', 'K':
			shift = 10
		case 'm', 'M':
			shift = 20
		case 'g', 'G':
			shift = 30
		}
		if shift != 0 {
			num = v[:len(v)-1]
		}
	}
	n, err := strconv.ParseUint(num, 0, 64)
	if err != nil || n == 0 || n > 1<<63>>shift {
		return 0, fmt.Errorf("%q: want a size such as 65536, 64k or 8M", v)
	}
	return n << shift, nil
}
