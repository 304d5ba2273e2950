//go:build linux && arm64

package hostsys

import "unsafe"

// canReviveLate: threads of a child are made at once.
const canReviveLate = false

func startReviver(_, _ unsafe.Pointer) uintptr { return negErrno(eagain) }

func preemptAsked() bool { return true }
