package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/weir-emu/weir/internal/linux"
)

// syscallJSON is one line of `weir syscalls -json`.
type syscallJSON struct {
	Number int64     `json:"number"`
	Name   string    `json:"name"`
	Level  string    `json:"level"`
	Note   string    `json:"note,omitempty"`
	Args   []argJSON `json:"args"`
}

type argJSON struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
}

func verbSyscalls(c *command, args []string) int {
	asJSON := false
	for _, a := range args {
		if a != "-json" && a != "--json" {
			return c.fail(statusUsage, fmt.Errorf("weir syscalls: unknown argument %q: it takes -json", a))
		}
		asJSON = true
	}
	rows := linux.Rows()
	if !asJSON {
		for _, r := range rows {
			names := make([]string, len(r.Args))
			for i, a := range r.Args {
				names[i] = a.Name
			}
			line := fmt.Sprintf("%4d  %-12s %s(%s)", r.Nr, r.Level, r.Name, strings.Join(names, ", "))
			if r.Note != "" {
				line += "  -- " + r.Note
			}
			fmt.Fprintln(c.stdout, line)
		}
		return 0
	}
	out := make([]syscallJSON, len(rows))
	for i, r := range rows {
		out[i] = syscallJSON{Number: int64(r.Nr), Name: r.Name, Level: r.Level.String(), Note: r.Note, Args: []argJSON{}}
		for _, a := range r.Args {
			out[i].Args = append(out[i].Args, argJSON{a.Name, a.Kind.String()})
		}
	}
	enc := json.NewEncoder(c.stdout)
	enc.SetIndent("", "  ")
	if err := enc.Encode(out); err != nil {
		return c.fail(statusUsage, err)
	}
	return 0
}
