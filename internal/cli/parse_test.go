package cli

import (
	"reflect"
	"strings"
	"testing"

	"github.com/weir-emu/weir/internal/launch"
)

func TestParseWords(t *testing.T) {
	for _, tc := range []struct {
		args    string
		program string
		rest    string
		check   func(s *settings) bool
	}{
		{"prog", "prog", "", nil},
		{"prog -strace", "prog", "-strace", func(s *settings) bool { return !s.strace }},
		{"-strace prog", "prog", "", func(s *settings) bool { return s.strace }},
		{"--strace prog a b", "prog", "a b", func(s *settings) bool { return s.strace }},
		{"-- -strace", "-strace", "", func(s *settings) bool { return !s.strace }},
		{"-strace -- prog -- x", "prog", "-- x", func(s *settings) bool { return s.strace }},
		{"- x", "-", "x", nil},
		{"-s 64k prog", "prog", "", func(s *settings) bool { return s.stackSize == 65536 }},
		{"-s=64k prog", "prog", "", func(s *settings) bool { return s.stackSize == 65536 }},
		{"--s=64k prog", "prog", "", func(s *settings) bool { return s.stackSize == 65536 }},
		{"-s -- prog", "", "", nil}, // the value of -s is "--"
		{"-L a -L b prog", "prog", "", func(s *settings) bool { return s.sysroot == "b" }},
		{"-singlestep prog", "prog", "", func(s *settings) bool { return s.oneInsn }},
		{"-one-insn-per-tb prog", "prog", "", func(s *settings) bool { return s.oneInsn }},
		{"-tb-size 64 prog", "prog", "", func(s *settings) bool { return s.tbSize == 64<<20 }},
		{"-tb-size 64k prog", "prog", "", func(s *settings) bool { return s.tbSize == 64<<10 }},
		{"-d a,b -d c prog", "prog", "", func(s *settings) bool { return reflect.DeepEqual(s.log, []string{"a", "b", "c"}) }},
		{"-jit off -jit on prog", "prog", "", func(s *settings) bool { return !s.noJIT }},
		{"-r= prog", "prog", "", func(s *settings) bool { return s.release == "" }},
		{"-E=A=b=c prog", "prog", "", func(s *settings) bool { return s.env[0] == envChange{name: "A", value: "b=c"} }},
		{"-0 = prog", "prog", "", func(s *settings) bool { return s.argv0 == "=" }},
		{"-p 4096 prog", "prog", "", nil},
		{"-p 0x1000 prog", "prog", "", nil},
		{"-t=34_34_31 prog", "prog", "", nil},
		{"-dfilter 1..2 -dfilter 4+2,9-1 prog", "prog", "", func(s *settings) bool {
			return reflect.DeepEqual(s.ranges, []launch.Range{{Lo: 1, Hi: 2}, {Lo: 4, Hi: 5}, {Lo: 9, Hi: 9}})
		}},
		{"-d a,,b, prog", "prog", "", func(s *settings) bool { return reflect.DeepEqual(s.log, []string{"a", "b"}) }},
	} {
		s, err := parse(blanks(strings.Fields(tc.args)), nil)
		if err != nil {
			if tc.program != "" {
				t.Errorf("%s: %v", tc.args, err)
			}
			continue
		}
		if s.program != tc.program || strings.Join(s.args, " ") != tc.rest || tc.check != nil && !tc.check(s) {
			t.Errorf("%s: program %q args %q: %+v", tc.args, s.program, s.args, s)
		}
	}
}

// blanks replaces the underscores of a -t.
func blanks(words []string) []string {
	for i, w := range words {
		if strings.HasPrefix(w, "-t=") {
			words[i] = strings.ReplaceAll(w, "_", " ")
		}
	}
	return words
}

func TestParseSize(t *testing.T) {
	for in, want := range map[string]uint64{
		"1": 1, "65536": 65536, "0x1000": 4096, "1k": 1024, "1K": 1024, "8m": 8 << 20, "8M": 8 << 20, "3G": 3 << 30, "2g": 2 << 30,
		"9223372036854775808": 1 << 63, "8589934592G": 1 << 63,
		"": 0, "0": 0, "k": 0, "-1": 0, "1.5M": 0, "1T": 0, "8589934593G": 0, "18446744073709551616": 0, " 1": 0,
	} {
		got, err := parseSize(in)
		if got != want || (err == nil) != (want != 0) {
			t.Errorf("parseSize(%q) = %d, %v, want %d", in, got, err, want)
		}
	}
}

// Every option can be given by its variable, WEIR_ over QEMU_, the command line over both.
func TestEnvironment(t *testing.T) {
	values := map[string]string{ // a good value for each form of argument
		"": "", "NAME[,key=value...]": "magic", "ITEM[,...]": "strace", "FILE": "f", "PATH": "p", "VAR=VALUE[,...]": "A=b", "VAR[,...]": "A",
		"ARGV0": "x", "RELEASE": "6.6", "SIZE": "2M", "ADDR": "0x1000", "MODEL[,EXT=on|off...]": "max,zba=off", "N": "7", "RANGE[,...]": "0x10..0x20", "TSIG HSIG N[,...]": "34 34 2", "PORT": "", "PATTERN": "", "on|off": "off", "native|baseline": "baseline", "FILTER": "AA", "allow|deny": "deny", "FD": "3",
	}
	for _, o := range options {
		v, ok := values[o.arg]
		if !ok {
			t.Errorf("-%s: no value for %s in this test", o.flag, o.arg)
		}
		if o.env == "" || o.flag == "p" || v == "" && o.arg != "" {
			continue
		}
		words := []string{"-" + o.flag}
		if o.arg != "" {
			words = append(words, v)
		}
		want, err := parse(append(words, "prog"), nil)
		if err != nil {
			t.Errorf("-%s %s: %v", o.flag, v, err)
			continue
		}
		for _, prefix := range []string{"QEMU_", "WEIR_"} {
			got, err := parse([]string{"prog"}, []string{prefix + o.env + "=" + v})
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s%s=%s: %+v, %v\nwant %+v", prefix, o.env, v, got, err, want)
			}
		}
	}
	s, err := parse([]string{"prog"}, []string{"WEIR_LD_PREFIX=w", "QEMU_LD_PREFIX=q", "QEMU_UNAME=q"})
	if err != nil || s.sysroot != "w" || s.release != "q" {
		t.Errorf("%+v, %v", s, err)
	}
	// An empty variable is as good as none.
	s, err = parse([]string{"prog"}, []string{"WEIR_STACK_SIZE=", "QEMU_LOG=", "QEMU_SET_ENV=", "QEMU_ARGV0=", "QEMU_GDB="})
	if err != nil || s.stackSize != 0 || len(s.log) != 0 || s.hasArgv0 {
		t.Errorf("%+v, %v", s, err)
	}
	s, err = parse([]string{"-L", "c", "prog"}, []string{"WEIR_LD_PREFIX=w"})
	if err != nil || s.sysroot != "c" {
		t.Errorf("%+v, %v", s, err)
	}
	// Switches are on whatever the variable holds, as in qemu-user.
	s, err = parse([]string{"prog"}, []string{"QEMU_STRACE=0", "QEMU_NOTHING=1", "WEIR_=x", "WEIR_STRACEX=1", "QEMU_ONE_INSN_PER_TB"})
	if err != nil || !s.strace || !s.oneInsn {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestGuestEnv(t *testing.T) {
	env := []string{"A=1", "B=2", "PATH=/bin", "QEMU_STRACE=1", "NOVALUE"}
	for _, tc := range []struct {
		args, want string
		env        []string
	}{
		{"", "A=1 B=2 PATH=/bin QEMU_STRACE=1 NOVALUE", nil},
		{"-E C=3", "A=1 B=2 PATH=/bin QEMU_STRACE=1 NOVALUE C=3", nil},
		{"-E A=x", "B=2 PATH=/bin QEMU_STRACE=1 NOVALUE A=x", nil},
		{"-U A,NOVALUE", "B=2 PATH=/bin QEMU_STRACE=1", nil},
		{"-U A -E A=x", "B=2 PATH=/bin QEMU_STRACE=1 NOVALUE A=x", nil},
		{"-E A=x -U A", "B=2 PATH=/bin QEMU_STRACE=1 NOVALUE", nil},
		{"-E A=x,A=y -E C=1,D=", "B=2 PATH=/bin QEMU_STRACE=1 NOVALUE A=y C=1 D=", nil},
		{"-U UNKNOWN", "A=1 B=2 PATH=/bin QEMU_STRACE=1 NOVALUE", nil},
		{"-E A=cmd", "B=2 PATH=/bin QEMU_STRACE=1 NOVALUE A=cmd", []string{"QEMU_SET_ENV=A=env", "QEMU_UNSET_ENV=A"}},
	} {
		s, err := parse(append(strings.Fields(tc.args), "prog"), tc.env)
		if err != nil {
			t.Errorf("%s: %v", tc.args, err)
			continue
		}
		if got := strings.Join(s.guestEnv(env), " "); got != tc.want {
			t.Errorf("%s: %s, want %s", tc.args, got, tc.want)
		}
	}
}

// A weir that continues a run behaves the same without the environment's options.
func TestReexec(t *testing.T) {
	env := []string{"WEIR_PLUGIN=deny,rule=a:EIO", "QEMU_STRACE=1", "QEMU_SET_ENV=A=1", "QEMU_ARGV0=x"}
	s, err := parse(strings.Fields("-L root -E B=1 -U C -0 name -cpuprofile f -jit=off --singlestep -plugin magic prog arg"), env)
	if err != nil {
		t.Fatal(err)
	}
	want := "-no-env -strace -plugin deny,rule=a:EIO -L root -jit off -one-insn-per-tb -plugin magic"
	got := s.reexec()
	if strings.Join(got, " ") != want && strings.Join(got, " ") != strings.Replace(want, "-strace -plugin deny,rule=a:EIO", "-plugin deny,rule=a:EIO -strace", 1) {
		t.Errorf("carried %q, want %s", got, want)
	}
	again, err := parse(append(got, "-0", "n", "--", "prog2"), env)
	if err != nil {
		t.Fatal(err)
	}
	if again.program != "prog2" || again.argv0 != "n" || len(again.env) != 0 || again.sysroot != "root" || !again.strace || !again.noJIT || !again.oneInsn || again.cpuprofile != "" {
		t.Errorf("%+v", again)
	}
	if !reflect.DeepEqual(again.plugins, s.plugins) || len(again.plugins) != 2 {
		t.Errorf("plugins %v, want %v", again.plugins, s.plugins)
	}
	if !reflect.DeepEqual(again.reexec(), got) {
		t.Errorf("carried on: %q, want %q", again.reexec(), got)
	}
}

func TestOptionTable(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range options {
		for _, name := range []string{o.flag, o.alias, "env " + o.env} {
			if name != "" && name != "env " && seen[name] {
				t.Errorf("%s is there twice", name)
			}
			seen[name] = true
		}
		if strings.HasSuffix(o.help, ".") || strings.Contains(o.help, "\n") {
			t.Errorf("-%s: help %q", o.flag, o.help)
		}
	}
}
