// Package trampoline enters generated code in the tests of the code generator:
// no signals, no scheduler bracket. It is not part of the product.
package trampoline

// Enter calls stub with base in RBP.
func Enter(base, stub uintptr)
