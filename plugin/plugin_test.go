package plugin

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseArgs(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want Args
		err  string
	}{
		{"", nil, ""},
		{"a=1", Args{{"a", "1"}}, ""},
		{"a=1,b=2,a=3", Args{{"a", "1"}, {"b", "2"}, {"a", "3"}}, ""},
		{"word", Args{{"word", "on"}}, ""},
		{"word,k=", Args{{"word", "on"}, {"k", ""}}, ""},
		{"k=a=b", Args{{"k", "a=b"}}, ""},
		{"k=a,,b", Args{{"k", "a,b"}}, ""},
		{"k=a,,,,b", Args{{"k", "a,,b"}}, ""},
		{"k=a,,,l=b", Args{{"k", "a,"}, {"l", "b"}}, ""},
		{"k=,,", Args{{"k", ","}}, ""},
		{"k=1,", Args{{"k", "1"}}, ""},
		{"k=ü", Args{{"k", "ü"}}, ""},
		{"=1", nil, `argument "=1" has no name: want key=value`},
		{",a=1", nil, `argument "" has no name: want key=value`},
		{"a=1,=2", nil, `argument "=2" has no name: want key=value`},
	} {
		got, err := ParseArgs(tc.in)
		if tc.err != "" {
			if err == nil || err.Error() != tc.err {
				t.Errorf("ParseArgs(%q): error %v, want %q", tc.in, err, tc.err)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(got, tc.want) {
			t.Errorf("ParseArgs(%q) = %v, %v, want %v", tc.in, got, err, tc.want)
		}
	}
}

// Whatever the values, writing commas twice and parsing gives them back.
func FuzzParseArgs(f *testing.F) {
	f.Add("a", "b,c", "d", ",,")
	f.Add("k", "", "x", "=,=")
	f.Fuzz(func(t *testing.T, k1, v1, k2, v2 string) {
		if k1 == "" || k2 == "" || strings.ContainsAny(k1+k2, "=") || strings.HasPrefix(k1, ",") || strings.HasPrefix(k2, ",") {
			return
		}
		double := func(s string) string { return strings.ReplaceAll(s, ",", ",,") }
		got, err := ParseArgs(double(k1) + "=" + double(v1) + "," + double(k2) + "=" + double(v2))
		if want := (Args{{k1, v1}, {k2, v2}}); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v, %v, want %v", got, err, want)
		}
	})
}

func TestArgs(t *testing.T) {
	a := Args{{"n", "1"}, {"n", "0x20"}, {"flag", "on"}, {"off", "no"}, {"empty", ""}, {"bad", "maybe"}}
	if got := a.Get("n", "d"); got != "0x20" {
		t.Errorf("Get: %q, want the last value", got)
	}
	if got := a.Get("none", "d"); got != "d" {
		t.Errorf("Get of none: %q", got)
	}
	if got := a.Get("empty", "d"); got != "" {
		t.Errorf("Get of an empty value: %q", got)
	}
	if got := a.All("n"); !reflect.DeepEqual(got, []string{"1", "0x20"}) {
		t.Errorf("All: %q", got)
	}
	if got := a.All("none"); got != nil {
		t.Errorf("All of none: %q", got)
	}
	for _, tc := range []struct {
		key      string
		def, val bool
		err      string
	}{
		{"flag", false, true, ""},
		{"off", true, false, ""},
		{"none", true, true, ""},
		{"none", false, false, ""},
		{"bad", true, true, "bad=maybe: want on or off"},
		{"empty", true, true, "empty=: want on or off"},
	} {
		got, err := a.Bool(tc.key, tc.def)
		if got != tc.val || errText(err) != tc.err {
			t.Errorf("Bool(%q) = %v, %v", tc.key, got, err)
		}
	}
	for _, tc := range []struct {
		key string
		val uint64
		err string
	}{
		{"n", 32, ""},
		{"none", 9, ""},
		{"bad", 9, "bad=maybe: want a number"},
		{"empty", 9, "empty=: want a number"},
	} {
		got, err := a.Uint(tc.key, 9)
		if got != tc.val || errText(err) != tc.err {
			t.Errorf("Uint(%q) = %v, %v", tc.key, got, err)
		}
	}
	for text, want := range map[string]bool{"yes": true, "true": true, "1": true, "off": false, "false": false, "0": false} {
		if got, err := (Args{{"k", text}}).Bool("k", !want); got != want || err != nil {
			t.Errorf("Bool of %q = %v, %v", text, got, err)
		}
	}
}

func TestCheck(t *testing.T) {
	options := []Option{{Key: "rule", Multi: true}, {Key: "sort"}}
	for _, tc := range []struct {
		args    Args
		options []Option
		err     string
	}{
		{nil, nil, ""},
		{nil, options, ""},
		{Args{{"rule", "a"}, {"rule", "b"}, {"sort", "x"}}, options, ""},
		{Args{{"sort", "a"}, {"sort", "b"}}, options, `argument "sort" is given twice`},
		{Args{{"rul", "a"}}, options, `unknown argument "rul": it takes rule, sort`},
		{Args{{"x", "on"}}, nil, `unknown argument "x": it takes none`},
	} {
		if err := tc.args.Check(tc.options); errText(err) != tc.err {
			t.Errorf("Check(%v): %v, want %q", tc.args, err, tc.err)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
