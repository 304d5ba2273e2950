package redirect_test

import (
	"testing"

	"github.com/weir-emu/weir/plugin/plugintest"
	"github.com/weir-emu/weir/plugins/redirect"
)

func TestRedirect(t *testing.T) {
	for _, tc := range []struct{ args, in, want string }{
		{"path=/etc:/tmp/etc", "/etc/passwd", "/tmp/etc/passwd"},
		{"path=/etc:/tmp/etc", "/etc", "/tmp/etc"},
		{"path=/etc:/tmp/etc", "/etc/", "/tmp/etc/"},
		{"path=/etc:/tmp/etc", "/etcetera", "/etcetera"},
		{"path=/etc:/tmp/etc", "/usr/etc/x", "/usr/etc/x"},
		{"path=/etc:/tmp/etc", "etc/passwd", "etc/passwd"},
		{"path=/etc:/tmp/etc", "", ""},
		{"path=/etc/:/tmp/etc/", "/etc/passwd", "/tmp/etc/passwd"},
		{"path=/etc/motto:/tmp/m", "/etc/motto", "/tmp/m"},
		{"path=/etc/motto:/tmp/m", "/etc/motto2", "/etc/motto2"},
		{"path=/:/root", "/a", "/root/a"},
		{"path=/:/root", "/", "/root/"},
		{"path=/:/root", "rel", "rel"},
		{"path=/chroot:/", "/chroot/a", "/a"},
		{"path=/chroot:/", "/chroot", "/"},
		{"path=/a:/b,path=/b:/c", "/a/x", "/b/x"}, // once, not again
		{"path=/a/b:/x,path=/a:/y", "/a/b/c", "/x/c"},
	} {
		g := plugintest.New()
		if err := g.Install("redirect", redirect.Info().New(), tc.args); err != nil {
			t.Errorf("%s: %v", tc.args, err)
			continue
		}
		r := g.Do("openat", -100, tc.in, 0)
		if r.Paths[1] != tc.want || !r.Ran {
			t.Errorf("%s: %q became %q, want %q", tc.args, tc.in, r.Paths[1], tc.want)
		}
	}
	// Every path of a call, and a pointer that cannot be read stays what it is.
	g := plugintest.New()
	if err := g.Install("redirect", redirect.Info().New(), "path=/a:/b"); err != nil {
		t.Fatal(err)
	}
	if r := g.Do("renameat2", -100, "/a/1", -100, "/a/2", 0); r.Paths[1] != "/b/1" || r.Paths[3] != "/b/2" {
		t.Errorf("rename: %q", r.Paths)
	}
	if r := g.Do("openat", -100, 8, 0); r.Args[1] != 8 || r.Paths[1] != "" {
		t.Errorf("bad pointer: %+v", r)
	}
}

func TestArguments(t *testing.T) {
	for args, want := range map[string]string{
		"":                "no path given: want path=FROM:TO",
		"path=/a":         "path=/a: want FROM:TO, both absolute",
		"path":            "path=on: want FROM:TO, both absolute",
		"path=a:/b":       "path=a:/b: want FROM:TO, both absolute",
		"path=/a:b":       "path=/a:b: want FROM:TO, both absolute",
		"path=/a:/b,to=1": `unknown argument "to": it takes path`,
	} {
		err := plugintest.New().Install("redirect", redirect.Info().New(), args)
		if err == nil || err.Error() != "plugin redirect: "+want {
			t.Errorf("%q: %v, want %s", args, err, want)
		}
	}
}
