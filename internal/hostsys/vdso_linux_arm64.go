package hostsys

// The vDSO may use R28, in which the Go runtime has its g: during a call a signal handler would be lost. The runtime
// has a protocol for its own calls, and those serve the two usual clocks; the others enter the kernel. There is no getcpu.

func vdsoClock(int32) (sec, nsec int64, ok bool) { return 0, 0, false }

func vdsoGetcpu() (cpu, node uint32, ok bool) { return 0, 0, false }
