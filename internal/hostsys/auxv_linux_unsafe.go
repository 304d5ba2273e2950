//go:build linux && (amd64 || arm64)

package hostsys

import _ "unsafe" // for go:linkname

//go:linkname runtimeAuxv runtime.getAuxv
func runtimeAuxv() []uintptr

// Auxv returns an entry of the auxiliary vector with which the kernel started this process
// (getauxval(3)); ok is false if there is none of that type.
func Auxv(typ uintptr) (v uintptr, ok bool) {
	aux := runtimeAuxv()
	for i := 0; i+1 < len(aux); i += 2 {
		if aux[i] == typ {
			return aux[i+1], true
		}
	}
	return 0, false
}
