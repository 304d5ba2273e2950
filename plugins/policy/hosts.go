package policy

import (
	"encoding/binary"
	"net/netip"

	"github.com/weir-emu/weir/abi"
	"github.com/weir-emu/weir/plugin"
)

func le64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// Address families and kinds of sockets (socket(2)).
const (
	afUnspec  = 0
	afUnix    = 1
	afInet    = 2
	afInet6   = 10
	afNetlink = 16

	sockTypeMask = 0xf
	sockRaw      = 3
	sockPacket   = 10

	solSCTP = 132
)

// peer is an Internet address that a call names.
type peer struct {
	addr netip.Addr
	port uint16
	bind bool
}

// parseAddress reads a struct sockaddr. ok is false if it is no Internet address.
func parseAddress(raw []byte, call string) (p peer, ok bool) {
	if len(raw) < 2 {
		return p, false
	}
	family := binary.LittleEndian.Uint16(raw)
	if family == afUnspec && call != "connect" {
		family = afInet // bind and sends of IPv4 sockets take it for one; connect dissolves
	}
	switch {
	case family == afInet && len(raw) >= 8:
		p.addr = netip.AddrFrom4([4]byte(raw[4:8]))
	case family == afInet6 && len(raw) >= 24:
		p.addr = netip.AddrFrom16([16]byte(raw[8:24])).Unmap()
	default:
		return p, false
	}
	p.port = binary.BigEndian.Uint16(raw[2:])
	p.bind = call == "bind"
	if !p.bind && p.addr.IsUnspecified() { // the kernel takes it for this host
		if p.addr.Is4() {
			p.addr = netip.AddrFrom4([4]byte{127, 0, 0, 1})
		} else {
			p.addr = netip.IPv6Loopback()
		}
	}
	return p, true
}

func (p *policy) hostRule(x peer) *rule {
	for i := range p.rules {
		r := &p.rules[i]
		if r.kind != hostRule || x.bind && !r.bind || !x.bind && !r.connect {
			continue
		}
		if r.hasNet(x) && r.hasPort(x.port) {
			return r
		}
	}
	return nil
}

// hasNet reports whether the rule is about the address. A socket bound to the unspecified address
// is bound to all: a rule that denies any of them is about it.
func (r *rule) hasNet(x peer) bool {
	if r.anyNet || x.bind && x.addr.IsUnspecified() && !r.action.runs() {
		return true
	}
	for _, n := range r.nets {
		if n.Contains(x.addr) {
			return true
		}
	}
	return false
}

func (r *rule) hasPort(port uint16) bool {
	if len(r.ports) == 0 {
		return true
	}
	for _, p := range r.ports {
		if port >= p.lo && port <= p.hi {
			return true
		}
	}
	return false
}

// addresses decides about the addresses of a call.
func (p *policy) addresses(c *plugin.Call) (d decision, peers []peer, files []subject, soon, e abi.Errno) {
	list, err := c.Addresses()
	if err != nil {
		return d, nil, nil, 0, err.(abi.Errno)
	}
	for _, a := range list {
		if a.Path != "" {
			files = append(files, subject{a.Path, write, true, false})
			if soon == 0 {
				soon = a.Err
			}
			continue
		}
		x, ok := parseAddress(a.Raw, c.Name())
		if !ok {
			continue
		}
		peers = append(peers, x)
		d.add(p.hostRule(x).decision())
	}
	d.add(p.filePaths(files))
	return d, peers, files, soon, 0
}

// sockets decides about kinds of sockets: with rules about hosts only those whose every address is
// seen.
func (p *policy) sockets(c *plugin.Call) decision {
	if !p.has[hostRule] {
		return decision{}
	}
	no := decision{deny, abi.EACCES, "weir.rules with host: only sockets whose addresses they can judge"}
	if c.Name() == "setsockopt" {
		// SCTP names its peers by options.
		if uint32(c.Arg(1)) == solSCTP {
			return no
		}
		return decision{}
	}
	switch uint32(c.Arg(0)) {
	case afUnix, afNetlink:
	case afInet, afInet6:
		if t := c.Arg(1) & sockTypeMask; t == sockRaw || t == sockPacket {
			return no
		}
	default:
		return no
	}
	return decision{}
}
