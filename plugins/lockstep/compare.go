package lockstep

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The two runs say hello, and then exchange messages in step: each writes one and reads one. A message is a byte
// (1 if it is the last), the number of blocks in 4 bytes, and the blocks, 24 bytes each.

// hello tells that the other side speaks this protocol.
const hello = "weir lockstep 1\n"

// greet exchanges greetings.
func greet(conn io.ReadWriter) error {
	if _, err := io.WriteString(conn, hello); err != nil {
		return err
	}
	b := make([]byte, len(hello))
	if _, err := io.ReadFull(conn, b); err != nil || string(b) != hello {
		return errors.New("what answers at the socket is no lockstep plugin of Weir")
	}
	return nil
}

// block is the beginning of a block.
type block struct {
	pc    uint64
	place uint64 // the pc without what differs from run to run; this is compared
	insns uint64 // executed before it
}

// same reports whether blocks of two runs are the same.
func (b block) same(c block) bool { return b.place == c.place && b.insns == c.insns }

const blockSize = 24

// batch is how many blocks are collected: less than a socket holds, since both sides write before they read.
const batch = 2048

// history is how many blocks before a difference are reported.
const history = 5

// comparison is what has been executed and is not compared, and the last blocks before.
type comparison struct {
	list   []block
	before []block
	blocks int // compared
}

// add adds a block and reports whether it is time to compare.
func (c *comparison) add(b block) bool {
	c.list = append(c.list, b)
	return len(c.list) >= batch
}

// forget drops what is not compared.
func (c *comparison) forget() { c.list = c.list[:0] }

// exchange compares with the other run. It returns a report if they differ, and whether both have ended.
func (c *comparison) exchange(conn io.ReadWriter, end bool) (report string, over bool, err error) {
	msg := make([]byte, 5, 5+blockSize*len(c.list))
	if end {
		msg[0] = 1
	}
	binary.LittleEndian.PutUint32(msg[1:], uint32(len(c.list)))
	for _, b := range c.list {
		for _, n := range [...]uint64{b.pc, b.place, b.insns} {
			msg = binary.LittleEndian.AppendUint64(msg, n)
		}
	}
	if _, err := conn.Write(msg); err != nil {
		return "", false, gone(err)
	}
	var head [5]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return "", false, gone(err)
	}
	n := binary.LittleEndian.Uint32(head[1:])
	if n > batch {
		return "", false, errors.New("the other run sends nonsense")
	}
	data := make([]byte, blockSize*n)
	if _, err := io.ReadFull(conn, data); err != nil {
		return "", false, gone(err)
	}
	theirs := make([]block, n)
	for i := range theirs {
		b := data[blockSize*i:]
		theirs[i] = block{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint64(b[16:])}
	}
	otherEnds := head[0] != 0
	for i := range max(len(c.list), len(theirs)) {
		if i >= len(c.list) || i >= len(theirs) || !c.list[i].same(theirs[i]) {
			return c.differ(i, theirs), false, nil
		}
	}
	c.blocks += len(c.list)
	all := append(c.before, c.list...)
	c.before = append([]block(nil), all[max(0, len(all)-history-1):]...)
	c.forget()
	if end != otherEnds {
		who := "this"
		if otherEnds {
			who = "the other"
		}
		return fmt.Sprintf("lockstep: after %d blocks %s run has ended\n", c.blocks, who), false, nil
	}
	return "", end, nil
}

func gone(err error) error { return fmt.Errorf("the other run is gone: %w", err) }

// differ reports that block i is another one here and there. Where a run has none it has come to a system call, or to
// its end, after the blocks before.
func (c *comparison) differ(i int, theirs []block) string {
	all := append(append([]block(nil), c.before...), c.list[:i]...)
	var none block
	us, them := none, none
	if i < len(c.list) {
		us = c.list[i]
	}
	if i < len(theirs) {
		them = theirs[i]
	}
	var b strings.Builder
	fmt.Fprintf(&b, "@ 0x%016x vs 0x%016x (1/0 since last)\n", us.pc, them.pc)
	fmt.Fprintf(&b, "Δ insn_count @ 0x%016x (%d) vs 0x%016x (%d)\n", us.pc, us.insns, them.pc, them.insns)
	next := max(us.insns, them.insns)
	if us.insns != 0 && them.insns != 0 {
		next = us.insns
	}
	for k := len(all) - 1; k >= max(0, len(all)-history); k-- {
		fmt.Fprintf(&b, "  previously @ 0x%016x/%d (%d insns)\n", all[k].pc, next-all[k].insns, all[k].insns)
		next = all[k].insns
	}
	return b.String()
}
