package isa

// CallABI is a procedure calling convention. Registers are given as slots of cpu.State.
type CallABI struct {
	IntArgs, FloatArgs       []int // arguments in order, by class
	IntResults, FloatResults []int
	// FloatInInt says that floating-point arguments beyond FloatArgs are passed in registers of IntArgs.
	FloatInInt bool
	// StackArgs is where arguments in memory begin, in bytes from the stack pointer at a function's entry.
	StackArgs int
	// MaxByValue is the size in bytes up to which a structure is passed in registers; a larger one is passed by address.
	// 0: fields are passed each by itself, whatever the size.
	MaxByValue int
	// TaskReg is the register that points at the present goroutine, -1 if the convention has none, and StackHigh the offset
	// in what it points at of the address where the goroutine's stack ends.
	TaskReg   int
	StackHigh int
}
