package softfp

// The classes of numbers, one bit each, in the order of RISC-V fclass.
const (
	ClassNegInf uint16 = 1 << iota
	ClassNegNormal
	ClassNegSubnormal
	ClassNegZero
	ClassPosZero
	ClassPosSubnormal
	ClassPosNormal
	ClassPosInf
	ClassSignallingNaN
	ClassQuietNaN
)

// Class32 returns the one Class bit that describes a.
func Class32(a uint32) uint16 { return class(a) }

// Class64 returns the one Class bit that describes a.
func Class64(a uint64) uint16 { return class(a) }

func class[T word](a T) uint16 {
	if isNaN(a) {
		if a&quietBit[T]() != 0 {
			return ClassQuietNaN
		}
		return ClassSignallingNaN
	}
	m, negative := abs(a), signOf(a) != 0
	pick := func(neg, pos uint16) uint16 {
		if negative {
			return neg
		}
		return pos
	}
	switch {
	case m == infinity[T]():
		return pick(ClassNegInf, ClassPosInf)
	case m == 0:
		return pick(ClassNegZero, ClassPosZero)
	case m>>fracBits[T]() == 0:
		return pick(ClassNegSubnormal, ClassPosSubnormal)
	}
	return pick(ClassNegNormal, ClassPosNormal)
}
