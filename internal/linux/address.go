//go:build linux

package linux

import (
	"bytes"

	"github.com/weir-emu/weir/abi"
)

// Address is a socket address that a call names.
type Address struct {
	Raw   []byte    // struct sockaddr as the guest gave it; empty if the message names none
	Path  string    // of a Unix socket in the file system: its real path
	Errno abi.Errno // why a message cannot be sent there, though Path is known
}

const (
	afUnix      = 1
	maxSockaddr = 128 // struct sockaddr_storage
)

// Addresses returns the addresses that connect, bind, sendto, sendmsg or sendmmsg names, one for each
// message. The handler works on what is returned, and on the very socket that a path leads to; only bind
// makes a name afresh. An error is what the call would fail with, ENOSYS for any other call.
func (c *Call) Addresses() (list []Address, e abi.Errno) {
	switch c.Row.Name {
	case "connect", "bind":
		return c.address(1, c.Row.Name == "bind")
	case "sendto":
		if c.Args[4] == 0 {
			return []Address{{}}, 0
		}
		return c.address(4, false)
	case "sendmsg":
		b, e := c.In(1, msghdrSize)
		if e != 0 {
			return nil, e
		}
		return c.messages([][]byte{b})
	case "sendmmsg":
		n := int(min(uint64(uint32(c.Args[2])), maxMmsg))
		if n == 0 {
			return nil, 0
		}
		b, e := c.In(1, mmsghdrSize)
		if e != 0 {
			return nil, e
		}
		// A call may send fewer messages than it is given; one that names a path holds on to it.
		if name, e := c.Task.messageName(b); e == 0 && unixName(name) != "" {
			n = 1
			c.Args[2] = 1
		}
		if b, e = c.In(1, mmsghdrSize*n); e != 0 {
			return nil, e
		}
		var heads [][]byte
		for i := range n {
			heads = append(heads, b[i*mmsghdrSize:][:msghdrSize])
		}
		return c.messages(heads)
	}
	return nil, abi.ENOSYS
}

// address is the one that argument i names.
func (c *Call) address(i int, bind bool) ([]Address, abi.Errno) {
	raw, e := c.sockaddr(i)
	if e != 0 {
		return nil, e
	}
	a := Address{Raw: raw}
	if e := c.unixPath(&a, bind); e != 0 {
		return nil, e
	}
	if p := c.unixPin(a); p != nil && !bind {
		c.SetIn(i, p, false)
		c.Args[i+1] = uint64(len(p))
	}
	return []Address{a}, 0
}

// sockaddr is the address behind argument i, whose length is the next one.
func (c *Call) sockaddr(i int) ([]byte, abi.Errno) {
	n := int32(c.Args[i+1])
	if n < 0 || n > maxSockaddr {
		return nil, abi.EINVAL
	}
	return c.In(i, int(n))
}

// messageName reads the address that a struct msghdr points at.
func (t *Task) messageName(head []byte) ([]byte, abi.Errno) {
	at, n := le.Uint64(head[0:]), int32(le.Uint32(head[8:]))
	switch {
	case n < 0:
		return nil, abi.EINVAL
	case at == 0 || n == 0:
		return []byte{}, 0
	}
	name := make([]byte, min(n, maxSockaddr))
	if !t.Proc.Mem.Read(at, name) {
		return nil, abi.EFAULT
	}
	return name, 0
}

// messages reads the addresses of messages, once.
func (c *Call) messages(heads [][]byte) (list []Address, e abi.Errno) {
	res := c.resolution()
	if res.names == nil {
		var names [][]byte
		for i, h := range heads {
			name, e := c.Task.messageName(h)
			if e != 0 {
				return nil, e
			}
			if i > 0 && unixName(name) != "" { // the first one is not: leave the rest to another call
				c.Args[2] = uint64(i)
				break
			}
			names = append(names, name)
		}
		res.names = names
	}
	for i, name := range res.names {
		a := Address{Raw: name}
		if e := c.unixPath(&a, false); e != 0 {
			return nil, e
		}
		if p := c.unixPin(a); p != nil {
			res.names[i] = p
		}
		list = append(list, a)
	}
	return list, 0
}

// judgedName is the address of message i as a filter has seen it.
func (t *Task) judgedName(i int) ([]byte, bool) {
	c := t.cur
	if c == nil || c.res == nil || i >= len(c.res.names) {
		return nil, false
	}
	return c.res.names[i], true
}

// unixName is the path in a Unix socket's address; empty if it has none.
func unixName(raw []byte) string {
	if len(raw) < 3 || le.Uint16(raw) != afUnix || raw[2] == 0 {
		return ""
	}
	name, _, _ := bytes.Cut(raw[2:], []byte{0})
	return string(name)
}

// unixPath resolves the path of a Unix socket and holds on to what it finds.
func (c *Call) unixPath(a *Address, bind bool) abi.Errno {
	name := unixName(a.Raw)
	if name == "" {
		return 0
	}
	if pins == nil {
		return abi.ENOSYS
	}
	held, e := c.hold()
	if e != 0 {
		return e
	}
	defer c.settle()
	w := walk{t: c.Task, dirfd: atFdCwd, path: name}
	if bind {
		w.mode = entry
	}
	host, r, e := w.run()
	held.pins = append(held.pins, w.pins...)
	if e != 0 {
		return e
	}
	a.Path, a.Errno = r.Path, r.Errno
	if bind {
		a.Errno = 0
	} else if a.Errno == 0 {
		held.socket = host
	}
	return 0
}

// unixPin is an address that leads to the socket that was found.
func (c *Call) unixPin(a Address) []byte {
	if a.Path == "" || a.Errno != 0 {
		return nil
	}
	return append(append([]byte{afUnix, 0}, c.res.socket...), 0)
}
