package riscv64

import "strconv"

// isaString is the extensions as the kernel lists them: single letters, then
// the Z extensions by their second letter (in the order of the single ones) and
// by name.
const isaString = "rv64imafdc" +
	"_zicbom_zicbop_zicboz_zicntr_zicond_zicsr_zifencei_zihintntl_zihintpause" +
	"_zaamo_zacas_zalrsc_zawrs" +
	"_zfa_zfhmin" +
	"_zca_zcb_zcd" +
	"_zba_zbb_zbc_zbs"

// cpuInfo has the lines of arch/riscv/kernel/cpu.c's c_show. Vendor,
// architecture and implementation 0 mean "not said".
func cpuInfo(n int, isa string) string {
	cpu := strconv.Itoa(n)
	return "processor\t: " + cpu +
		"\nhart\t\t: " + cpu +
		"\nisa\t\t: " + isa +
		"\nmmu\t\t: sv48" +
		"\nmvendorid\t: 0x0" +
		"\nmarchid\t\t: 0x0" +
		"\nmimpid\t\t: 0x0" +
		"\nhart isa\t: " + isa +
		"\n\n"
}

// Keys of riscv_hwprobe (arch/riscv/include/uapi/asm/hwprobe.h).
const (
	hwVendor           = 0
	hwArch             = 1
	hwImpl             = 2
	hwBaseBehavior     = 3
	hwExt0             = 4
	hwCPUPerf          = 5
	hwZicbozBlock      = 6
	hwTimeFreq         = 8
	hwMisalignedScalar = 9
	hwMisalignedVector = 10
	hwZicbomBlock      = 12
)

// Values of keys.
const (
	hwBaseIMA               = 1
	hwMisalignedFast        = 3
	hwMisalignedUnsupported = 4
)

// timebaseHz is the rate of the time register.
const timebaseHz = 10_000_000

// hwExt is an extension and its bit number in hwExt0.
type hwExt struct {
	name string
	bit  uint8
}

// hwExtensions is what the guest has.
var hwExtensions = [...]hwExt{
	{"FD", 0},
	{"C", 1},
	{"Zba", 3},
	{"Zbb", 4},
	{"Zbs", 5},
	{"Zicboz", 6},
	{"Zbc", 7},
	{"Zfhmin", 28},
	{"Zihintntl", 29},
	{"Zfa", 32},
	{"Zacas", 34},
	{"Zicond", 35},
	{"Zihintpause", 36},
	{"Zca", 43},
	{"Zcb", 44},
	{"Zcd", 45},
	{"Zawrs", 48},
	{"Zicntr", 50},
	{"Zicbom", 55},
	{"Zaamo", 56},
	{"Zalrsc", 57},
}

// hwProbe is isa.LinuxABI.HWProbe. The highest user address (key 7) is not
// the CPU's to say.
func hwProbe(key int64) (value uint64, ok bool) {
	switch key {
	case hwVendor, hwArch, hwImpl:
		return 0, true
	case hwBaseBehavior:
		return hwBaseIMA, true
	case hwExt0:
		for _, e := range hwExtensions {
			value |= 1 << e.bit
		}
		return value, true
	case hwCPUPerf, hwMisalignedScalar:
		return hwMisalignedFast, true
	case hwMisalignedVector:
		return hwMisalignedUnsupported, true
	case hwZicbozBlock, hwZicbomBlock:
		return CacheBlock, true
	case hwTimeFreq:
		return timebaseHz, true
	}
	return 0, false
}
