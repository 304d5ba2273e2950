// Package mem is the guest's address space: which ranges are mapped and how,
// the mapping calls with the kernel's own results, access to guest memory that
// survives faults, and the write protection of pages that hold translated code.
//
// A guest address plus Base is a host address. Base is 0 in the normal case:
// the guest shares the host's address space with Weir, which is linked high out
// of its way; what Weir itself has mapped is never replaced, unmapped or
// protected on the guest's behalf. Otherwise the guest lives in a reserved
// window at Base, and generated code adds Base to each access.
//
// The package knows no CPU, no syscall table and no translation; it tells the
// engine through OnInvalidate when code may have changed. Start with [Space].
package mem
