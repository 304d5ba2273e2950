//go:build linux

package load

import (
	"strings"
	"testing"
)

func TestScript(t *testing.T) {
	for _, tc := range []struct {
		file, interp, arg string
		ok, fails         bool
	}{
		{"", "", "", false, false},
		{"#", "", "", false, false},
		{"\x7fELF", "", "", false, false},
		{"#!/bin/sh\n", "/bin/sh", "", true, false},
		{"#!/bin/sh", "/bin/sh", "", true, false},
		{"#! \t/bin/sh  \t\nexit\n", "/bin/sh", "", true, false},
		{"#!/usr/bin/env -S a b\t c \n", "/usr/bin/env", "-S a b\t c", true, false},
		{"#!/bin/a\targ\n", "/bin/a", "arg", true, false},
		{"#!a\x00b\n", "a", "", true, false},
		{"#!\n", "", "", true, true},
		{"#!  \t\n", "", "", true, true},
		{"#!", "", "", true, true},
		{"#!/" + strings.Repeat("x", 300) + "\n", "", "", true, true},
		{"#!/bin/sh " + strings.Repeat("x", 300) + "\n", "/bin/sh", strings.Repeat("x", 256-len("#!/bin/sh ")), true, false},
	} {
		interp, arg, ok, err := Script(memFile([]byte(tc.file)))
		if interp != tc.interp || arg != tc.arg || ok != tc.ok || (err != nil) != tc.fails {
			t.Errorf("%.30q: %q %q %v %v", tc.file, interp, arg, ok, err)
		}
	}
}
