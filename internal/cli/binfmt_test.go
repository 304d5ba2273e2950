package cli

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/weir-emu/weir/internal/launch"
)

// What binfmt_misc hands over is a program and its arguments, whatever they look like.
func TestInterpret(t *testing.T) {
	fd := 5
	for _, tc := range []struct {
		name  string
		start start
		env   []string
		argv  []string
		want  *launch.Config // Path, File and Argv; nil for an error
	}{
		{"P", start{preserved: true}, nil, []string{"weir", "/p", "name", "-strace"}, &launch.Config{Path: "/p", Argv: []string{"name", "-strace"}}},
		{"PO", start{preserved: true, file: &fd}, nil, []string{"weir", "-x", "", "--"}, &launch.Config{Path: "-x", File: &fd, Argv: []string{"", "--"}}},
		{"O", start{file: &fd}, nil, []string{"weir", "version", "-h"}, &launch.Config{Path: "version", File: &fd, Argv: []string{"version", "-h"}}},
		{"no argv[0]", start{preserved: true}, nil, []string{"weir", "/p"}, &launch.Config{Path: "/p", Argv: []string{"/p"}}},
		{"-0", start{preserved: true}, []string{"WEIR_ARGV0=z"}, []string{"weir", "/p", "name", "a"}, &launch.Config{Path: "/p", Argv: []string{"z", "a"}}},
		{"options", start{preserved: true}, []string{"WEIR_UNAME=9"}, []string{"weir", "/p", "n"}, &launch.Config{Path: "/p", Argv: []string{"n"}, Release: "9"}},
		{"secure", start{preserved: true, secure: true}, []string{"WEIR_UNAME=9", "QEMU_STRACE=1", "HOME=/"}, []string{"weir", "/p", "n"}, &launch.Config{Path: "/p", Argv: []string{"n"}, Env: []string{"HOME=/"}}},
		{"no program", start{preserved: true}, nil, []string{"weir"}, nil},
		{"bad option", start{preserved: true}, []string{"WEIR_STACK_SIZE=x"}, []string{"weir", "/p", "n"}, nil},
	} {
		var got *launch.Config
		var out, errs bytes.Buffer
		c := &command{start: tc.start, env: tc.env, stdout: &out, stderr: &errs, launch: func(l launch.Config) error {
			got = &l
			return errTest
		}}
		if status := c.main(tc.argv); status != 1 || out.Len() > 0 {
			t.Errorf("%s: status %d, %s", tc.name, status, out.String())
		}
		if (got == nil) != (tc.want == nil) {
			t.Errorf("%s: launched %v: %s", tc.name, got != nil, errs.String())
			continue
		}
		if got == nil {
			continue
		}
		if tc.want.Env == nil {
			got.Env = nil
		}
		if got.Path != tc.want.Path || got.File != tc.want.File || got.Release != tc.want.Release || got.Strace ||
			!reflect.DeepEqual(got.Argv, tc.want.Argv) || !reflect.DeepEqual(got.Env, tc.want.Env) {
			t.Errorf("%s: %+v", tc.name, got)
		}
	}
	// With more rights than its caller, weir takes no options from the environment on a plain start either.
	var out, errs bytes.Buffer
	c := &command{start: start{secure: true}, env: []string{"WEIR_PLUGIN=nope"}, stdout: &out, stderr: &errs, launch: func(launch.Config) error { return errTest }}
	if c.main([]string{"weir", "p"}); !strings.Contains(errs.String(), "test") {
		t.Errorf("secure: %s", errs.String())
	}
}

// This test has not been started by binfmt_misc, nor with more rights.
func TestStarted(t *testing.T) {
	if s := started(); s != (start{}) {
		t.Errorf("%+v", s)
	}
}

func TestVerbBinfmt(t *testing.T) {
	_, status, out, _ := runCLI(errTest, nil, "binfmt", "-interpreter", "/usr/bin/weir", "--flags=PF")
	if status != 0 || !strings.HasPrefix(out, ":weir-riscv64:M::\\x7f\\x45\\x4c\\x46") || !strings.HasSuffix(out, ":/usr/bin/weir:PF\n") {
		t.Errorf("%d %s", status, out)
	}
	if _, status, out, _ = runCLI(errTest, nil, "binfmt"); status != 0 || !strings.HasSuffix(out, ":POCF\n") || strings.Count(out, "\n") != 1 {
		t.Errorf("%d %s", status, out)
	}
	for words, want := range map[string]string{
		"binfmt x":                     `weir binfmt: unknown argument "x": weir binfmt [-flags FLAGS] [-interpreter PATH]`,
		"binfmt flags=P":               `weir binfmt: unknown argument "flags=P": weir binfmt [-flags FLAGS] [-interpreter PATH]`,
		"binfmt -flags":                "weir binfmt: -flags needs a value: weir binfmt [-flags FLAGS] [-interpreter PATH]",
		"binfmt -flags X":              `weir binfmt: flag "X": there are P, O, C and F`,
		"binfmt -interpreter bin/weir": `weir binfmt: interpreter "bin/weir": want an absolute path`,
	} {
		if _, status, out, stderr := runCLI(errTest, nil, strings.Fields(words)...); status != 1 || out != "" || stderr != "weir: "+want+"\n" {
			t.Errorf("weir %s: %d %q %s", words, status, out, stderr)
		}
	}
}
