//go:build linux

package linux

import (
	"encoding/binary"
	"testing"

	"github.com/weir-emu/weir/abi"
)

func TestCheckClone(t *testing.T) {
	const thread = cloneVM | cloneFS | cloneFiles | cloneSighand | cloneThread | cloneSysVSem
	for _, tc := range []struct {
		name  string
		a     cloneArgs
		errno abi.Errno
	}{
		{"fork", cloneArgs{exitSignal: 17}, 0},
		{"thread", cloneArgs{flags: thread | cloneSetTLS | cloneParentSetTID | cloneChildClearTID}, 0},
		{"vfork", cloneArgs{flags: cloneVM | cloneVfork, exitSignal: 17}, 0},
		{"thread without handlers", cloneArgs{flags: cloneThread | cloneVM}, abi.EINVAL},
		{"handlers without memory", cloneArgs{flags: cloneSighand}, abi.EINVAL},
		{"mount namespace and shared root", cloneArgs{flags: cloneNewNS | cloneFS}, abi.EINVAL},
		{"user namespace and shared root", cloneArgs{flags: cloneNewUser | cloneFS}, abi.EINVAL},
		{"thread in a new namespace", cloneArgs{flags: thread | cloneNewPID}, abi.EINVAL},
		{"cleared and shared handlers", cloneArgs{flags: thread | cloneClearSighand}, abi.EINVAL},
		{"pidfd of a detached one", cloneArgs{flags: clonePidfd | cloneDetached}, abi.EINVAL},
		{"new IPC namespace sharing semaphores", cloneArgs{flags: cloneNewIPC | cloneSysVSem}, abi.EINVAL},
		{"signal 65", cloneArgs{exitSignal: 65}, abi.EINVAL},
		{"no signal", cloneArgs{}, 0},
	} {
		if e := checkClone(&tc.a); e != tc.errno {
			t.Errorf("%s: %v, want %v", tc.name, e, tc.errno)
		}
	}
}

func TestClone3Args(t *testing.T) {
	task, top := testTask(t)
	at := top - 4096
	put := func(words ...uint64) {
		b := make([]byte, 256)
		for i, w := range words {
			binary.LittleEndian.PutUint64(b[8*i:], w)
		}
		task.Proc.Mem.Write(at, b)
	}
	for _, tc := range []struct {
		name  string
		size  uint64
		words []uint64
		errno abi.Errno
	}{
		{"too short", 56, nil, abi.EINVAL},
		{"too long", 5000, nil, abi.E2BIG},
		{"unknown tail", 96, []uint64{0, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 1}, abi.E2BIG},
		{"exit signal in flags", 64, []uint64{17}, abi.EINVAL},
		{"unknown flag", 64, []uint64{1 << 40}, abi.EINVAL},
		{"stack without size", 64, []uint64{0, 0, 0, 0, 17, 0x10000, 0, 0}, abi.EINVAL},
		{"size without stack", 64, []uint64{0, 0, 0, 0, 17, 0, 0x1000, 0}, abi.EINVAL},
		{"stack wraps", 64, []uint64{0, 0, 0, 0, 17, ^uint64(0) - 10, 0x1000, 0}, abi.EINVAL},
		{"thread with exit signal", 64, []uint64{cloneVM | cloneSighand | cloneThread, 0, 0, 0, 17}, abi.EINVAL},
		{"set_tid of a thread", 80, []uint64{cloneVM | cloneSighand | cloneThread, 0, 0, 0, 0, 0, 0, 0, at, 1}, abi.EPERM},
		{"set_tid at a bad address", 80, []uint64{0, 0, 0, 0, 17, 0, 0, 0, 0x1000, 1}, abi.EFAULT},
		{"set_tid of too many namespaces", 80, []uint64{0, 0, 0, 0, 17, 0, 0, 0, at, 33}, abi.EINVAL},
		{"set_tid without count", 80, []uint64{0, 0, 0, 0, 17, 0, 0, 0, 0x1000, 0}, abi.EINVAL},
	} {
		put(tc.words...)
		if r := task.sysClone3(at, tc.size); r != tc.errno.Result() {
			t.Errorf("%s: %d, want %v", tc.name, r, tc.errno)
		}
	}
	if r := task.sysClone3(8, 64); r != abi.EFAULT.Result() {
		t.Errorf("bad pointer: %d", r)
	}
}

func TestCopyRegisters(t *testing.T) {
	parent, top := testTask(t)
	fill(parent.St)
	child, _ := testTask(t)
	child.copyRegisters(parent, &cloneArgs{flags: cloneSetTLS, tls: 0x7777, sp: top})
	want := parent.St.X
	want[10], want[2], want[4] = 0, top, 0x7777
	if child.St.X != want || child.St.V != parent.St.V || child.St.PC != parent.St.PC || child.St.FRM != 3 || child.St.FFlags != 0x15 {
		t.Errorf("registers of the child: %#x, pc %#x", child.St.X, child.St.PC)
	}
}
