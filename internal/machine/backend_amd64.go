package machine

import (
	"github.com/weir-emu/weir/internal/host"
	"github.com/weir-emu/weir/internal/host/amd64"
)

func newBackend(pins host.PinMap) host.Backend { return amd64.New(pins) }
