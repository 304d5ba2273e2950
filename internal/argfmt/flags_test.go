package argfmt

import "testing"

func TestFlags(t *testing.T) {
	const ok = ") = 0"
	clone := kk{CloneFlags, CloneStack, CloneParentTID, CloneTLS, CloneChildTID}
	futex := kk{Ptr, FutexOp, FutexVal, FutexTimeout, FutexAddr2, FutexVal3}
	for _, c := range []call{
		{name: "openat", kinds: kk{DirFD, Path, OpenFlags, OpenMode}, args: []any{-100, "/x", 0o2000000, 0o666}, ret: FD, result: 3, before: `AT_FDCWD, "/x", O_RDONLY|O_CLOEXEC`, after: ") = 3"},
		{name: "openat creating", kinds: kk{DirFD, Path, OpenFlags, OpenMode}, args: []any{4, "x", 0o1102, 0o666}, ret: FD, result: -2, before: `4, "x", O_RDWR|O_CREAT|O_TRUNC, 0666`, after: ") = -1 ENOENT (No such file or directory)"},
		{name: "O_TMPFILE", kinds: kk{OpenFlags}, args: []any{0o20200001}, before: "O_WRONLY|O_TMPFILE", after: ok},
		{name: "O_SYNC", kinds: kk{OpenFlags, OpenFlags}, args: []any{0o4010000, 0o10000}, before: "O_RDONLY|O_SYNC, O_RDONLY|O_DSYNC", after: ok},
		{name: "unknown bits", kinds: kk{OpenFlags}, args: []any{0x80000000}, before: "O_RDONLY|0x80000000 /* O_??? */", after: ok},
		{name: "unknown beside known", kinds: kk{OpenFlags}, args: []any{0x80000100 &^ 0}, before: "O_RDONLY|O_NOCTTY|0x80000000", after: ok},
		{name: "mmap", kinds: kk{Ptr, Size, MmapProt, MmapFlags, FD, Hex}, args: []any{0, 8192, 3, 0x22, -1, 0}, before: "NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0", after: ok},
		{name: "PROT_NONE", kinds: kk{MmapProt, MmapFlags}, args: []any{0, 0x100012}, before: "PROT_NONE, MAP_PRIVATE|MAP_FIXED|MAP_FIXED_NOREPLACE", after: ok},
		{name: "clone as fork", kinds: clone, args: []any{0x01200011, 0, 0x10, 0x20, 0x30}, result: 9, before: "child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x30", after: ") = 9"},
		{name: "clone as vfork", kinds: clone, args: []any{0x4111, 0x10, 0x10, 0x20, 0x30}, before: "child_stack=0x10, flags=CLONE_VM|CLONE_VFORK|SIGCHLD", after: ok},
		{name: "clone of a thread", kinds: clone, args: []any{0x3d0f00, 0x7000, bin(int32(9)), 0x20, 0x30}, result: 9, before: "child_stack=0x7000, flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD|CLONE_SYSVSEM|CLONE_SETTLS|CLONE_PARENT_SETTID|CLONE_CHILD_CLEARTID, ", after: "parent_tid=[9], tls=0x20, child_tidptr=0x30) = 9"},
		{name: "clone with no flags", kinds: clone, args: []any{0, 0}, before: "child_stack=NULL, flags=0", after: ok},
		{name: "unshare", kinds: kk{UnshareFlags}, args: []any{0x400}, before: "CLONE_FILES", after: ok},
		{name: "socket", kinds: kk{SockDomain, SockType, SockProto}, args: []any{2, 0o2004001, 6}, before: "AF_INET, SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK, IPPROTO_TCP", after: ok},
		{name: "netlink", kinds: kk{SockDomain, SockType, SockProto}, args: []any{16, 3, 0}, before: "AF_NETLINK, SOCK_RAW, NETLINK_ROUTE", after: ok},
		{name: "unix", kinds: kk{SockDomain, SockType, SockProto}, args: []any{1, 1, 0}, before: "AF_UNIX, SOCK_STREAM, 0", after: ok},
		{name: "access", kinds: kk{AccessMode, AccessMode, AccessMode}, args: []any{0, 4, 7}, before: "F_OK, R_OK, R_OK|W_OK|X_OK", after: ok},
		{name: "lseek", kinds: kk{FD, Long, Whence}, args: []any{3, -1, 2}, result: 9, before: "3, -1, SEEK_END", after: ") = 9"},
		{name: "futex wait", kinds: futex, args: []any{0x1000, 128, 2, 0, 9, 9}, before: "0x1000, FUTEX_WAIT_PRIVATE, 2, NULL", after: ok},
		{name: "futex wake", kinds: futex, args: []any{0x1000, 129, 1, 5, 9, 9}, result: 1, before: "0x1000, FUTEX_WAKE_PRIVATE, 1", after: ") = 1"},
		{name: "futex requeue", kinds: futex, args: []any{0x1000, 4, 1, 7, 0x2000, 3}, before: "0x1000, FUTEX_CMP_REQUEUE, 1, 7, 0x2000, 3", after: ok},
		{name: "futex bitset", kinds: futex, args: []any{0x1000, 9 | 128 | 256, 2, bin(1, 0), 0, -1}, before: "0x1000, FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME, 2, {tv_sec=1, tv_nsec=0}, FUTEX_BITSET_MATCH_ANY", after: ok},
		{name: "futex wake bitset", kinds: futex, args: []any{0x1000, 10, 2, 0, 0, 5}, before: "0x1000, FUTEX_WAKE_BITSET, 2, 0x5", after: ok},
		{name: "futex lock", kinds: futex, args: []any{0x1000, 6, 2, 0, 0, 5}, before: "0x1000, FUTEX_LOCK_PI, NULL", after: ok},
		{name: "futex unlock", kinds: futex, args: []any{0x1000, 7, 2, 9, 9, 5}, before: "0x1000, FUTEX_UNLOCK_PI", after: ok},
		{name: "futex plain requeue", kinds: futex, args: []any{0x1000, 3, 1, 7, 0x2000, 3}, before: "0x1000, FUTEX_REQUEUE, 1, 7, 0x2000", after: ok},
		{name: "futex wait requeue", kinds: futex, args: []any{0x1000, 11, 1, 0, 0x2000, 3}, before: "0x1000, FUTEX_WAIT_REQUEUE_PI, 1, NULL, 0x2000", after: ok},
		{name: "mremap", kinds: kk{Ptr, Size, Size, MremapFlags, MremapAddr}, args: []any{0x1000, 1, 2, 1, 0x3000}, before: "0x1000, 1, 2, MREMAP_MAYMOVE", after: ok},
		{name: "mremap fixed", kinds: kk{Ptr, Size, Size, MremapFlags, MremapAddr}, args: []any{0x1000, 1, 2, 3, 0x3000}, before: "0x1000, 1, 2, MREMAP_MAYMOVE|MREMAP_FIXED, 0x3000", after: ok},
		{name: "faccessat2", kinds: kk{AccessMode, AccessFlags}, args: []any{4, 0x200}, before: "R_OK, AT_EACCESS", after: ok},
		{name: "unknown futex", kinds: kk{Ptr, FutexOp}, args: []any{0x1000, 0x7f}, before: "0x1000, 0x7f /* FUTEX_??? */", after: ok},
		{name: "kill", kinds: kk{PID, Sig}, args: []any{7, 9}, before: "7, SIGKILL", after: ok},
		{name: "kill 0", kinds: kk{PID, Sig, Sig, Sig}, args: []any{7, 0, 65, -1}, before: "7, 0, 65, -1", after: ok},
		{name: "madvise", kinds: kk{Madvice}, args: []any{4}, before: "MADV_DONTNEED", after: ok},
		{name: "wait4", kinds: kk{WaitOptions}, args: []any{0x40000001}, before: "WNOHANG|__WALL", after: ok},
		{name: "mount", kinds: kk{MountFlags}, args: []any{0x1001}, before: "MS_RDONLY|MS_BIND", after: ok},
		{name: "shmget", kinds: kk{IPCFlags, IPCFlags}, args: []any{0o1600, 0o666}, before: "IPC_CREAT|0600, 0666", after: ok},
		{name: "unlinkat", kinds: kk{AtFlags, AtFlags}, args: []any{0, 0x200}, before: "0, AT_REMOVEDIR", after: ok},
		{name: "policy", kinds: kk{SchedPolicy, PrioWhich, Resource}, args: []any{1, 2, 7}, before: "SCHED_FIFO, PRIO_USER, RLIMIT_NOFILE", after: ok},
	} {
		c.run(t)
	}
}

// TestTables: no table names a value twice, or has two names of one.
func TestTables(t *testing.T) {
	for k := Kind(0); k < numKinds; k++ {
		for _, table := range [][]bit{kinds[k].bits, kinds[k].enum} {
			names, values := map[string]bool{}, map[uint64]string{}
			for _, b := range table {
				if names[b.n] {
					t.Errorf("kind %d: %s twice", k, b.n)
				}
				if was, dup := values[b.v]; dup {
					t.Errorf("kind %d: %#x is %s and %s", k, b.v, was, b.n)
				}
				names[b.n], values[b.v] = true, b.n
			}
		}
	}
	seen := map[uint32]string{}
	for _, io := range ioctls {
		if was, dup := seen[io.v]; dup {
			t.Errorf("ioctl %#x is %s and %s", io.v, was, io.n)
		}
		seen[io.v] = io.n
	}
}
