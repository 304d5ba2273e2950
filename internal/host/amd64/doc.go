// Package amd64 is the tier-1 code generator for x86-64 hosts: one pass over a
// block of IR, one reused generator, no allocation per block.
//
// The hottest guest registers are pinned to host registers for good, the rest are
// memory operands off RBP; this static map is the calling convention at every
// block border, so linked blocks jump to each other directly. Within a block a
// table of pending symbolic values (sym.go) takes the place of pattern matching:
// a constant, an address sum or a sign extension is emitted only where a use
// needs it as a register, and often never.
//
// Registers: RBP = cpu.State + cpu.Bias, RSP = private stack of call/return
// pairs, RAX and RCX scratch, XMM14 and XMM15 scratch, all others pinned.
//
// The package knows no guest (the pin map is a parameter), no Linux and no
// engine. Start with gen.go, then sym.go, then the lower_*.go files.
package amd64
