// Package bpf checks and runs classic BPF programs as seccomp(2) uses them: functions of a system call's number,
// architecture, address and arguments that return what is to become of the call.
//
// It knows no guest, no task and no memory: programs and data are given to it. Start with [New], which is the
// kernel's verifier, and [Program.Run].
package bpf

import (
	"encoding/binary"
	"errors"
)

// Insn is struct sock_filter (include/uapi/linux/filter.h).
type Insn struct {
	Code   uint16
	JT, JF uint8
	K      uint32
}

// InsnSize is the size of struct sock_filter, in bytes.
const InsnSize = 8

// MaxInsns is BPF_MAXINSNS, the most instructions that a program can have.
const MaxInsns = 4096

// DataSize is the size of struct seccomp_data, in bytes.
const DataSize = 64

// Data is struct seccomp_data (include/uapi/linux/seccomp.h) as the little-endian words that programs load: number,
// architecture, then the low and high halves of the instruction pointer and of six arguments.
type Data [DataSize / 4]uint32

// NewData returns the data of a call.
func NewData(nr int32, arch uint32, ip uint64, args [6]uint64) Data {
	d := Data{0: uint32(nr), 1: arch, 2: uint32(ip), 3: uint32(ip >> 32)}
	for i, a := range args {
		d[4+2*i], d[5+2*i] = uint32(a), uint32(a>>32)
	}
	return d
}

// Parts of an instruction's code (include/uapi/linux/bpf_common.h, filter.h). An instruction is a class, with
// size and mode for loads, operation and source for arithmetic and jumps.
const (
	classLD, classLDX, classST, classSTX   = 0, 1, 2, 3
	classALU, classJMP, classRET, classMSC = 4, 5, 6, 7

	modeIMM, modeABS, modeMEM, modeLEN = 0x00, 0x20, 0x60, 0x80

	opADD, opSUB, opMUL, opDIV = 0x00, 0x10, 0x20, 0x30
	opOR, opAND, opLSH, opRSH  = 0x40, 0x50, 0x60, 0x70
	opNEG, opXOR               = 0x80, 0xa0

	jmpJA, jmpJEQ, jmpJGT, jmpJGE, jmpJSET = 0x00, 0x10, 0x20, 0x30, 0x40

	srcK, srcX, retA = 0x00, 0x08, 0x10

	mscTAX, mscTXA = 0x00, 0x80
)

// memWords is BPF_MEMWORDS, the size of a program's scratch memory.
const memWords = 16

// Program is a program that the verifier has accepted.
type Program struct{ insns []Insn }

// ErrInvalid is the verifier's refusal, which the kernel answers with EINVAL.
var ErrInvalid = errors.New("bpf: invalid program")

// Parse reads an array of struct sock_filter.
func Parse(b []byte) []Insn {
	list := make([]Insn, len(b)/InsnSize)
	for i := range list {
		p := b[InsnSize*i:]
		list[i] = Insn{binary.LittleEndian.Uint16(p), p[2], p[3], binary.LittleEndian.Uint32(p[4:])}
	}
	return list
}

// Bytes is the opposite of [Parse].
func (p *Program) Bytes() []byte {
	b := make([]byte, 0, InsnSize*len(p.insns))
	for _, in := range p.insns {
		b = binary.LittleEndian.AppendUint16(b, in.Code)
		b = binary.LittleEndian.AppendUint32(append(b, in.JT, in.JF), in.K)
	}
	return b
}

// Len returns the number of instructions.
func (p *Program) Len() int { return len(p.insns) }

// New verifies a program by the rules of kernel/seccomp.c (seccomp_check_filter) and net/core/filter.c
// (bpf_check_classic): known instructions, aligned loads inside the data, jumps forward and inside the program, memory
// words written before they are read, a return at the end. It keeps the slice.
func New(insns []Insn) (*Program, error) {
	n := len(insns)
	if n == 0 || n > MaxInsns {
		return nil, ErrInvalid
	}
	for pc, in := range insns {
		if !known(in, n-pc-1) {
			return nil, ErrInvalid
		}
	}
	if last := insns[n-1].Code; last != classRET|srcK && last != classRET|retA {
		return nil, ErrInvalid
	}
	if !storedBeforeLoaded(insns) {
		return nil, ErrInvalid
	}
	return &Program{insns}, nil
}

// known reports whether an instruction with rest instructions behind it is allowed.
func known(in Insn, rest int) bool {
	switch in.Code {
	case classLD | modeABS:
		return in.K < DataSize && in.K%4 == 0
	case classLD | modeIMM, classLDX | modeIMM, classLD | modeLEN, classLDX | modeLEN, classRET | srcK, classRET | retA,
		classMSC | mscTAX, classMSC | mscTXA, classALU | opNEG:
		return true
	case classLD | modeMEM, classLDX | modeMEM, classST, classSTX:
		return in.K < memWords
	case classALU | opDIV | srcK:
		return in.K != 0
	case classALU | opLSH | srcK, classALU | opRSH | srcK:
		return in.K < 32
	case classALU | opADD | srcK, classALU | opADD | srcX, classALU | opSUB | srcK, classALU | opSUB | srcX,
		classALU | opMUL | srcK, classALU | opMUL | srcX, classALU | opDIV | srcX, classALU | opAND | srcK, classALU | opAND | srcX,
		classALU | opOR | srcK, classALU | opOR | srcX, classALU | opXOR | srcK, classALU | opXOR | srcX,
		classALU | opLSH | srcX, classALU | opRSH | srcX:
		return true
	case classJMP | jmpJA:
		return uint64(in.K) < uint64(rest)
	case classJMP | jmpJEQ | srcK, classJMP | jmpJEQ | srcX, classJMP | jmpJGT | srcK, classJMP | jmpJGT | srcX,
		classJMP | jmpJGE | srcK, classJMP | jmpJGE | srcX, classJMP | jmpJSET | srcK, classJMP | jmpJSET | srcX:
		return int(in.JT) < rest && int(in.JF) < rest
	}
	return false
}

// storedBeforeLoaded is check_load_and_stores (net/core/filter.c): on each way to a load from memory the word has been
// written. Jumps go forward, so one pass sees every way to an instruction before it.
func storedBeforeLoaded(insns []Insn) bool {
	reach := make([]uint16, len(insns)) // words written on all jumps to here
	for i := range reach {
		reach[i] = ^uint16(0)
	}
	valid := uint16(0)
	for pc, in := range insns {
		valid &= reach[pc]
		switch in.Code {
		case classST, classSTX:
			valid |= 1 << in.K
		case classLD | modeMEM, classLDX | modeMEM:
			if valid&(1<<in.K) == 0 {
				return false
			}
		case classJMP | jmpJA:
			reach[pc+1+int(in.K)] &= valid
			valid = ^uint16(0)
		default:
			if in.Code&7 == classJMP {
				reach[pc+1+int(in.JT)] &= valid
				reach[pc+1+int(in.JF)] &= valid
				valid = ^uint16(0)
			}
		}
	}
	return true
}

// Run returns a program's verdict on d. A division by X = 0 ends it with 0, as in the kernel.
func (p *Program) Run(d *Data) uint32 {
	var a, x uint32
	var m [memWords]uint32
	for pc := 0; ; pc++ {
		in := &p.insns[pc]
		k := in.K
		switch in.Code & 7 {
		case classLD:
			switch in.Code &^ 7 {
			case modeABS:
				a = d[k/4]
			case modeMEM:
				a = m[k]
			case modeLEN:
				a = DataSize
			default:
				a = k
			}
		case classLDX:
			switch in.Code &^ 7 {
			case modeMEM:
				x = m[k]
			case modeLEN:
				x = DataSize
			default:
				x = k
			}
		case classST:
			m[k] = a
		case classSTX:
			m[k] = x
		case classALU:
			if in.Code&srcX != 0 {
				k = x
			}
			op := in.Code & 0xf0
			if op == opDIV && k == 0 {
				return 0
			}
			a = alu(op, a, k)
		case classJMP:
			if in.Code == classJMP|jmpJA {
				pc += int(k)
				continue
			}
			if in.Code&srcX != 0 {
				k = x
			}
			if jumps(in.Code&0xf0, a, k) {
				pc += int(in.JT)
			} else {
				pc += int(in.JF)
			}
		case classRET:
			if in.Code&retA != 0 {
				return a
			}
			return k
		default:
			if in.Code&mscTXA != 0 {
				a = x
			} else {
				x = a
			}
		}
	}
}

func alu(op uint16, a, k uint32) uint32 {
	switch op {
	case opADD:
		return a + k
	case opSUB:
		return a - k
	case opMUL:
		return a * k
	case opDIV:
		return a / k
	case opOR:
		return a | k
	case opAND:
		return a & k
	case opLSH:
		return a << (k & 31)
	case opRSH:
		return a >> (k & 31)
	case opXOR:
		return a ^ k
	}
	return -a
}

func jumps(op uint16, a, k uint32) bool {
	switch op {
	case jmpJEQ:
		return a == k
	case jmpJGT:
		return a > k
	case jmpJGE:
		return a >= k
	}
	return a&k != 0
}
