//go:build linux && amd64

package hostsys

import "unsafe"

const canReviveLate = true

// startReviver makes the thread that calls reviver.
//
//go:noescape
func startReviver(stack, tls unsafe.Pointer) uintptr

// preemptAsked reports whether the runtime wants the calling goroutine to yield.
func preemptAsked() bool
