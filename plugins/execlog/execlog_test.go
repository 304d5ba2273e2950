package execlog_test

import (
	"strings"
	"testing"

	"github.com/weir-emu/weir/plugin"
	"github.com/weir-emu/weir/plugin/plugintest"
	"github.com/weir-emu/weir/plugins/execlog"
)

func install(t *testing.T, args string) *plugintest.Guest {
	t.Helper()
	g := plugintest.New()
	if err := g.Install("execlog", execlog.Info().New(), args); err != nil {
		t.Fatal(err)
	}
	g.Main().Start()
	return g
}

var insns = []plugintest.Insn{
	{Text: "addi\ta0,a0,1", Bytes: []byte{0x13, 0x05, 0x15, 0x00}},
	{Text: "ld\ta1,0(a0)", Bytes: []byte{0x83, 0x35, 0x05, 0x00}, Mem: []plugin.Access{plugin.NewAccess(0x1234, plugin.NewMemInfo(8, false, false, false), 0, 0)}},
	{Text: "amoswap.w\ta2,a3,(a4)", Bytes: []byte{0x2f, 0x26, 0xd7, 0x08}, Mem: []plugin.Access{
		plugin.NewAccess(0x123456789a, plugin.NewMemInfo(4, false, true, true), 0, 0),
		plugin.NewAccess(0x123456789a, plugin.NewMemInfo(4, true, false, true), 0, 0),
	}},
	{Text: "ret", Bytes: []byte{0x82, 0x80}},
}

var lines = []string{
	`0, 0x1000, 0x150513, "addi a0,a0,1"`,
	`0, 0x1004, 0x53583, "ld a1,0(a0)", load, 0x00001234`,
	`0, 0x1008, 0x8d7262f, "amoswap.w a2,a3,(a4)", load, 0x123456789a, store, 0x123456789a`,
	`0, 0x100c, 0x8082, "ret"`,
}

func TestFilters(t *testing.T) {
	for args, want := range map[string]string{
		"":                                   "0123",
		"ifilter=amo":                        "2",
		"ifilter=ld,ifilter=ret":             "13",
		"afilter=0x1004":                     "1",
		"afilter=100C,ifilter=addi":          "03",
		"ifilter=di":                         "",
		"reg=a1,rdisas=on":                   "0123",
		"reg=a1,rdisas=on,ifilter=r":         "13",
		"reg=x12,rdisas=on,ifilter=n,reg=a0": "012",
	} {
		g := install(t, args)
		g.Main().Exec(g.Code(0x1000, insns...))
		g.Exit(plugin.ExitInfo{})
		var b strings.Builder
		for _, n := range want {
			b.WriteString(lines[n-'0'] + "\n")
		}
		if g.Output() != b.String() {
			t.Errorf("%s:\n%s\nwant\n%s", args, g.Output(), b.String())
		}
	}
}

// Changes are told on the line of the instruction that made them, also if the next one is not logged, and not on
// lines of others.
func TestRegisters(t *testing.T) {
	for _, tc := range []struct{ args, want string }{
		{"reg=a*", "0a1 1a2 2a3 3a4"},
		{"reg=x10,ifilter=addi", "0a1"},
		{"reg=a0,ifilter=ld", "1a2"},
		{"reg=A0,ifilter=ret", "3a4"},
		{"reg=a0,rdisas=on", "0a1 1a2 2 3"},
		{"reg=a0,reg=s1,rdisas=on,ifilter=none", "0a1 1a2"},
	} {
		g := plugintest.New()
		// Each instruction adds one to a0, as far as callbacks that come after execlog's see.
		if err := g.Install("execlog", execlog.Info().New(), tc.args); err != nil {
			t.Fatal(err)
		}
		g.Main().Start()
		h := g.Host("cpu")
		h.OnTranslate(func(b *plugin.Block) {
			for _, i := range b.Insns {
				i.OnExec(plugin.WriteRegs, func(v *plugin.VCPU) {
					x, _ := v.Reg("a0")
					if err := v.SetReg("a0", x+1); err != nil {
						t.Error(err)
					}
				})
			}
		})
		g.Main().Exec(g.Code(0x1000, insns...))
		g.Main().Exec(g.Code(0x2000, plugintest.Insn{Text: "nop"}))
		g.Exit(plugin.ExitInfo{})
		var got []string
		for l := range strings.Lines(g.Output()) {
			if strings.Contains(l, "nop") {
				continue
			}
			head, value, changed := strings.Cut(strings.TrimSuffix(l, "\n"), ", a0 -> 0x000000000000000")
			for n := range lines {
				if head == lines[n] {
					head = string(rune('0' + n))
				}
			}
			if changed {
				head += "a" + value
			}
			got = append(got, head)
		}
		if s := strings.Join(got, " "); s != tc.want {
			t.Errorf("%s: %s, want %s\n%s", tc.args, s, tc.want, g.Output())
		}
	}
}

// A thread that ends has its last line; a child does not repeat what its parent has.
func TestThreadsAndFork(t *testing.T) {
	g := install(t, "")
	th := g.Thread()
	b := g.Code(0x1000, insns[0], insns[3])
	th.Exec(b)
	g.Main().Exec(b)
	th.Exit()
	if want := "1" + lines[0][1:] + "\n" + lines[0] + "\n1, 0x1004, 0x8082, \"ret\"\n"; g.Output() != want {
		t.Errorf("%s\nwant\n%s", g.Output(), want)
	}
	before := len(g.Output())
	g.BecomeChild()
	g.Main().Exec(b)
	g.Do("getpid")
	if want := lines[0] + "\n"; g.Output()[before:] != want {
		t.Errorf("child before a call: %s", g.Output()[before:])
	}
	g.Exit(plugin.ExitInfo{})
	if want := lines[0] + "\n0, 0x1004, 0x8082, \"ret\"\n"; g.Output()[before:] != want {
		t.Errorf("child: %s", g.Output()[before:])
	}
}

func TestArguments(t *testing.T) {
	for args, want := range map[string]string{
		"afilter=main": "afilter=main: want a hexadecimal address",
		"rdisas=maybe": "rdisas=maybe: want on or off",
		"filter=x":     `unknown argument "filter": it takes ifilter, afilter, reg, rdisas`,
	} {
		err := plugintest.New().Install("execlog", execlog.Info().New(), args)
		if err == nil || err.Error() != "plugin execlog: "+want {
			t.Errorf("%q: %v, want %s", args, err, want)
		}
	}
	defer func() {
		if x := recover(); x != "plugin execlog: reg=q9: the guest has no such register" {
			t.Errorf("%v", x)
		}
	}()
	install(t, "reg=a0,reg=q9")
}
