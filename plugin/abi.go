package plugin

import "github.com/weir-emu/weir/abi"

// ABI is a procedure calling convention of the guest's. Weir makes it.
type ABI struct {
	Go                       bool // of the Go compiler
	Word                     int  // bytes of a register
	IntArgs, FloatArgs       []abi.Reg
	IntResults, FloatResults []abi.Reg
	FloatInInt               bool // arguments beyond FloatArgs take the place of integer ones
	StackArgs                int  // offset of arguments in memory from the stack pointer at entry, bytes
	MaxByValue               int  // larger structures are passed by address; 0: never
}
