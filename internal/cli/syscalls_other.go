//go:build !linux

package cli

import (
	"fmt"
	"runtime"
)

func verbSyscalls(c *command, _ []string) int {
	return c.fail(statusUsage, fmt.Errorf("weir syscalls: the table is part of weir for Linux; this one is for %s/%s", runtime.GOOS, runtime.GOARCH))
}
