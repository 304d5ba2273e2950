//go:build !amd64

package machine

import "github.com/weir-emu/weir/internal/host"

func newBackend(host.PinMap) host.Backend { return nil }
