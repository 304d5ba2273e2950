package cli

import (
	"fmt"
	"strings"
)

// parse reads the environment, then the command line, which overrides it. The first
// word that is not an option is the program; what follows belongs to it.
func parse(args, env []string) (*settings, error) {
	s := &settings{}
	if len(args) > 0 && args[0] == "-"+noEnv {
		env = nil
	}
	for _, prefix := range []string{"QEMU_", "WEIR_"} {
		for _, kv := range env {
			if err := s.setFromEnv(kv, prefix); err != nil {
				return nil, err
			}
		}
	}
	for len(args) > 0 {
		a := args[0]
		if a == "-" || !strings.HasPrefix(a, "-") {
			break
		}
		args = args[1:]
		if a == "--" {
			break
		}
		name, val, hasVal := strings.Cut(strings.TrimPrefix(a[1:], "-"), "=")
		o := findOption(name)
		if o == nil {
			return nil, fmt.Errorf("unknown option %s (weir -h lists the options; a program of that name is run as ./%s)", a, a)
		}
		switch {
		case o.arg == "" && hasVal:
			return nil, fmt.Errorf("option -%s takes no value", o.flag)
		case o.arg != "" && !hasVal:
			if len(args) == 0 {
				return nil, fmt.Errorf("option -%s needs a value: -%s %s", o.flag, o.flag, o.arg)
			}
			val, args = args[0], args[1:]
		}
		if err := s.apply(o, val); err != nil {
			return nil, fmt.Errorf("option -%s: %w", o.flag, err)
		}
	}
	if len(args) > 0 {
		s.program, s.args = args[0], args[1:]
	}
	return s, nil
}

func (s *settings) setFromEnv(kv, prefix string) error {
	if !strings.HasPrefix(kv, prefix) {
		return nil
	}
	k, v, _ := strings.Cut(kv, "=")
	for i := range options {
		o := &options[i]
		if o.env == "" || k != prefix+o.env {
			continue
		}
		switch {
		case o.arg == "": // a switch is on whatever the variable holds
			v = ""
		case v == "": // as good as unset
			continue
		}
		if err := s.apply(o, v); err != nil {
			return fmt.Errorf("environment variable %s: %w", k, err)
		}
	}
	return nil
}

// apply sets an option and notes it down for a weir that continues the run.
func (s *settings) apply(o *option, v string) error {
	if !strings.Contains(once, " "+o.flag+" ") {
		s.carry = append(s.carry, "-"+o.flag)
		if o.arg != "" {
			s.carry = append(s.carry, v)
		}
	}
	return o.set(s, v)
}

// reexec returns the options for a weir that an execve of the guest starts.
func (s *settings) reexec() []string {
	words := append([]string{"-" + noEnv}, s.carry...)
	if len(s.policy) > 0 {
		words = append(words, "-plugin", formatPlugin(policyPlugin, policyArgs(s.policy)))
	}
	return words
}

func findOption(name string) *option {
	for i := range options {
		if o := &options[i]; o.flag == name || o.alias == name && name != "" {
			return o
		}
	}
	return nil
}

// guestEnv is the guest's environment: env with the changes of -E and -U, of
// which the last one for a variable wins.
func (s *settings) guestEnv(env []string) []string {
	last := make(map[string]int, len(s.env))
	for i, c := range s.env {
		last[c.name] = i
	}
	out := make([]string, 0, len(env)+len(s.env))
	for _, kv := range env {
		k, _, _ := strings.Cut(kv, "=")
		if _, changed := last[k]; !changed {
			out = append(out, kv)
		}
	}
	for i, c := range s.env {
		if last[c.name] == i && !c.unset {
			out = append(out, c.name+"="+c.value)
		}
	}
	return out
}
