package deny_test

import (
	"testing"

	"github.com/weir-emu/weir/plugin"
	"github.com/weir-emu/weir/plugin/plugintest"
	"github.com/weir-emu/weir/plugins/deny"
)

func TestDeny(t *testing.T) {
	for _, tc := range []struct {
		args string
		name string
		call []any
		want int64
	}{
		{"rule=openat:path=/etc/*:EACCES", "openat", []any{-100, "/etc/passwd", 0}, -13},
		{"rule=openat:path=/etc/*:EACCES", "openat", []any{-100, "/tmp/../etc//passwd", 0}, -13},
		{"rule=openat:path=/etc/*:EACCES", "openat", []any{-100, "/tmp/x", 0}, 5},
		{"rule=openat:path=/etc/*:EACCES", "statx", []any{-100, "/etc/passwd", 0}, 5},
		{"rule=*:path=/etc/*:EACCES", "statx", []any{-100, "/etc/passwd", 0}, -13},
		{"rule=renameat2:path=*.txt:EROFS", "renameat2", []any{-100, "/a", -100, "/b.txt", 0}, -30},
		{"rule=socket|connect:EPERM", "connect", []any{3, 0, 0}, -1},
		{"rule=socket:arg0=2:arg1=1:EAFNOSUPPORT", "socket", []any{2, 1, 0}, -97},
		{"rule=socket:arg0=2:arg1=1:EAFNOSUPPORT", "socket", []any{2, 2, 0}, 5},
		{"rule=openat:path=/etc/hosts:ENOENT,rule=openat:path=/etc/*:EACCES", "openat", []any{-100, "/etc/hosts", 0}, -2},
		{"rule=openat:path=/etc/*:EACCES,rule=openat:path=/etc/hosts:ENOENT", "openat", []any{-100, "/etc/hosts", 0}, -13},
		{"rule=openat:path=/a,,b:EIO", "openat", []any{-100, "/a,b", 0}, -5},
		{"rule=open|openat:EIO", "openat", []any{-100, "x", 0}, -5},
		{"rule=openat:path=*:EIO", "openat", []any{-100, 0, 0}, 5}, // no path to judge: the kernel answers EFAULT
	} {
		g := plugintest.New()
		for _, n := range []string{"openat", "statx", "renameat2", "socket", "connect"} {
			g.Handle(n, func(*plugin.Call) int64 { return 5 })
		}
		if err := g.Install("deny", deny.Info().New(), tc.args); err != nil {
			t.Errorf("%s: %v", tc.args, err)
			continue
		}
		if r := g.Do(tc.name, tc.call...); r.Value != tc.want {
			t.Errorf("%s: %s%v = %d, want %d", tc.args, tc.name, tc.call, r.Value, tc.want)
		}
	}
}

func TestArguments(t *testing.T) {
	for args, want := range map[string]string{
		"":                            `no rule given: want rule=NAME[|NAME...][:path=GLOB][:argN=VALUE]:ERRNO`,
		"rul=x":                       `unknown argument "rul": it takes rule`,
		"rule":                        `rule "on": want one ERRNO at its end, such as EACCES`,
		"rule=openat":                 `rule "openat": want one ERRNO at its end, such as EACCES`,
		"rule=openat:EACCES:EIO":      `rule "openat:EACCES:EIO": want one ERRNO at its end, such as EACCES`,
		"rule=openat:EACCESS":         `rule "openat:EACCESS": unknown error "EACCESS"`,
		"rule=openat:pth=/x:EACCES":   `rule "openat:pth=/x:EACCES": unknown part "pth=/x": want path=, arg0= to arg5= and ERRNO`,
		"rule=openat:path=:EACCES":    `rule "openat:path=:EACCES": path= is empty: want a pattern such as path=/etc/*`,
		"rule=openat:arg9=1:EACCES":   `rule "openat:arg9=1:EACCES": unknown part "arg9=1": want arg0= to arg5=`,
		"rule=openat:arg1=zwei:EPERM": `rule "openat:arg1=zwei:EPERM": arg1="zwei": want a number`,
		"rule=:EACCES":                `rule ":EACCES" names no syscall: want NAME, NAME|NAME or *`,
		"rule=opneat:EACCES":          `unknown syscall "opneat" (weir syscalls lists the names)`,
	} {
		err := plugintest.New().Install("deny", deny.Info().New(), args)
		if err == nil || err.Error() != "plugin deny: "+want {
			t.Errorf("%q: %v\nwant plugin deny: %s", args, err, want)
		}
	}
}
