package cpu

// Byte offsets into State, for assembly and code generators.
const (
	Bias = 128 // the base register points at State+Bias, so X[0:32] is in reach of an 8-bit displacement

	OffX         = 0x000
	OffV         = 0x200
	OffPC        = 0x600
	OffPending   = 0x608 // Kick follows at +4
	OffKick      = 0x60c
	OffExit      = 0x610
	OffDie       = 0x614
	OffExitArg   = 0x618
	OffResAddr   = 0x620
	OffResVal    = 0x628
	OffFRM       = 0x630
	OffFFlags    = 0x634
	OffMXCSR     = 0x638
	OffHostSP    = 0x640
	OffStackLo   = 0x648
	OffStackTop  = 0x650
	OffStackSP   = 0x658
	OffEntry     = 0x660
	OffCodeLo    = 0x668
	OffCodeHi    = 0x670
	OffFaultRIP  = 0x678
	OffFaultAddr = 0x680
	OffFaultCode = 0x688
	OffFaultSig  = 0x690
	OffFaultErr  = 0x698
	OffRegs      = 0x6a0
	OffEflags    = 0x720
	OffSigCount  = 0x728
	OffSigNo     = 0x730
	OffSigInfo   = 0x738
	OffBase      = 0x7b8
	OffScratch   = 0x7c0
	OffTemps     = 0x840
	OffSlots     = 0xc40
	OffTracePos  = 0xc48
	OffTraceEnd  = 0xc50
	OffCallID    = 0xc58
	OffExitBlock = 0xc5c
	OffCallAddr  = 0xc60
	OffCallValue = 0xc68
	OffSums      = 0xc70
	OffJumpCache = 0x1000

	stateTail = OffJumpCache - (OffSums + NumSums*8)

	// Size of a State in bytes.
	Size = OffJumpCache + JumpCacheLen*16
)
