package amd64

func cpuid(leaf, sub uint32) (a, b, c, d uint32)
func xgetbv() uint32

// detect asks the CPU (Intel SDM vol. 2, CPUID). Extensions in VEX encoding count
// only when the kernel saves the upper halves of the vector registers.
func detect() (f features) {
	maxLeaf, _, _, _ := cpuid(0, 0)
	_, _, c, _ := cpuid(1, 0)
	f.pclmul = c>>1&1 != 0
	f.cx16 = c>>13&1 != 0
	f.sse41 = c>>19&1 != 0
	f.popcnt = c>>23&1 != 0
	vex := c>>27&1 != 0 && c>>28&1 != 0 && xgetbv()&6 == 6
	f.avx = vex
	f.fma = vex && c>>12&1 != 0
	f.f16c = vex && c>>29&1 != 0
	if maxLeaf >= 7 {
		_, b, _, _ := cpuid(7, 0)
		f.bmi1 = vex && b>>3&1 != 0
		f.bmi2 = vex && b>>8&1 != 0
	}
	if n, _, _, _ := cpuid(0x80000000, 0); n >= 0x80000001 {
		_, _, c, _ := cpuid(0x80000001, 0)
		f.lzcnt = c>>5&1 != 0
	}
	return f
}
