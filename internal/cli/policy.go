package cli

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"

	"github.com/weir-emu/weir/plugin"
)

// -policy, -learn and -audit are short for the arguments of one plugin.
const policyPlugin = "policy"

// setPolicy notes down an argument of the policy plugin.
func setPolicy(key string) func(s *settings, v string) error {
	return func(s *settings, v string) error {
		for i, kv := range s.policy {
			if kv.Key == key { // the last one counts, as for any option
				s.policy[i].Value = v
				return nil
			}
		}
		s.policy = append(s.policy, plugin.KeyValue{Key: key, Value: v})
		return nil
	}
}

// policyArgs makes arguments of the policy plugin fit for a weir that continues this run from
// another working directory, and after the guest could write to the profile: file names become absolute,
// and the profile's checksum is added.
func policyArgs(args plugin.Args) plugin.Args {
	out := make(plugin.Args, 0, len(args)+1)
	sum := ""
	for _, kv := range args {
		switch kv.Key {
		case "profile", "learn", "audit":
			if abs, err := filepath.Abs(kv.Value); err == nil {
				kv.Value = abs
			}
			if kv.Key == "profile" {
				if text, err := os.ReadFile(kv.Value); err == nil {
					h := sha256.Sum256(text)
					sum = hex.EncodeToString(h[:])
				}
			}
		}
		out = append(out, kv)
	}
	if sum != "" && args.Get("sha256", "") == "" {
		out = append(out, plugin.KeyValue{Key: "sha256", Value: sum})
	}
	return out
}

// formatPlugin is the value of -plugin that means name and args.
func formatPlugin(name string, args plugin.Args) string {
	var b strings.Builder
	b.WriteString(name)
	for _, kv := range args {
		b.WriteString("," + kv.Key + "=" + strings.ReplaceAll(kv.Value, ",", ",,"))
	}
	return b.String()
}
