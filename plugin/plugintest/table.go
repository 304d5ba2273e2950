package plugintest

import (
	"strings"

	"github.com/weir-emu/weir/abi"
)

// table holds the syscalls of a new Guest: the common ones of riscv64, as weir has them.
// A test holds it against the real table.
var table = []struct {
	nr   abi.Sysno
	name string
	args string
}{
	{17, "getcwd", "buf:buffer size:size"},
	{23, "dup", "oldfd:fd"},
	{24, "dup3", "oldfd:fd newfd:fd flags:flags"},
	{25, "fcntl", "fd:fd cmd:enum arg:argument"},
	{29, "ioctl", "fd:fd request:enum argp:argument"},
	{33, "mknodat", "dirfd:dirfd pathname:path mode:mode dev:dev"},
	{34, "mkdirat", "dirfd:dirfd pathname:path mode:mode"},
	{35, "unlinkat", "dirfd:dirfd pathname:path flags:flags"},
	{36, "symlinkat", "target:path newdirfd:dirfd linkpath:path"},
	{37, "linkat", "olddirfd:dirfd oldpath:path newdirfd:dirfd newpath:path flags:flags"},
	{43, "statfs", "path:path buf:statfs"},
	{45, "truncate", "path:path length:int"},
	{46, "ftruncate", "fd:fd length:int"},
	{48, "faccessat", "dirfd:dirfd pathname:path mode:flags"},
	{49, "chdir", "path:path"},
	{51, "chroot", "path:path"},
	{53, "fchmodat", "dirfd:dirfd pathname:path mode:mode"},
	{54, "fchownat", "dirfd:dirfd pathname:path owner:id group:id flags:flags"},
	{56, "openat", "dirfd:dirfd pathname:path flags:flags mode:mode"},
	{57, "close", "fd:fd"},
	{59, "pipe2", "pipefd:fds flags:flags"},
	{61, "getdents64", "fd:fd dirp:dirents count:size"},
	{62, "lseek", "fd:fd offset:int whence:enum"},
	{63, "read", "fd:fd buf:buffer count:size"},
	{64, "write", "fd:fd buf:buffer count:size"},
	{65, "readv", "fd:fd iov:iovec iovcnt:int"},
	{66, "writev", "fd:fd iov:iovec iovcnt:int"},
	{67, "pread64", "fd:fd buf:buffer count:size offset:int"},
	{68, "pwrite64", "fd:fd buf:buffer count:size offset:int"},
	{73, "ppoll", "fds:pollfd nfds:uint tmo_p:timespec sigmask:sigset sigsetsize:size"},
	{78, "readlinkat", "dirfd:dirfd pathname:path buf:buffer bufsiz:size"},
	{79, "newfstatat", "dirfd:dirfd pathname:path statbuf:stat flags:flags"},
	{80, "fstat", "fd:fd statbuf:stat"},
	{93, "exit", "status:int"},
	{94, "exit_group", "status:int"},
	{98, "futex", "uaddr:address futex_op:enum val:int timeout:timespec uaddr2:address val3:hex"},
	{101, "nanosleep", "req:timespec rem:timespec"},
	{113, "clock_gettime", "clockid:enum tp:timespec"},
	{129, "kill", "pid:pid sig:signal"},
	{131, "tgkill", "tgid:pid tid:pid sig:signal"},
	{134, "rt_sigaction", "signum:signal act:sigaction oldact:sigaction sigsetsize:size"},
	{135, "rt_sigprocmask", "how:enum set:sigset oldset:sigset sigsetsize:size"},
	{139, "rt_sigreturn", ""},
	{172, "getpid", ""},
	{173, "getppid", ""},
	{174, "getuid", ""},
	{175, "geteuid", ""},
	{176, "getgid", ""},
	{177, "getegid", ""},
	{178, "gettid", ""},
	{198, "socket", "domain:enum type:flags protocol:protocol"},
	{200, "bind", "sockfd:fd addr:sockaddr addrlen:uint"},
	{203, "connect", "sockfd:fd addr:sockaddr addrlen:uint"},
	{206, "sendto", "sockfd:fd buf:buffer len:size flags:flags dest_addr:sockaddr addrlen:uint"},
	{207, "recvfrom", "sockfd:fd buf:buffer len:size flags:flags src_addr:sockaddr addrlen:int*"},
	{214, "brk", "addr:address"},
	{215, "munmap", "addr:address length:size"},
	{220, "clone", "flags:flags stack:address parent_tid:int* tls:address child_tid:address"},
	{221, "execve", "pathname:path argv:strings envp:strings"},
	{222, "mmap", "addr:address length:size prot:flags flags:flags fd:fd offset:hex"},
	{226, "mprotect", "addr:address len:size prot:flags"},
	{260, "wait4", "pid:pid wstatus:status options:flags rusage:rusage"},
	{276, "renameat2", "olddirfd:dirfd oldpath:path newdirfd:dirfd newpath:path flags:flags"},
	{278, "getrandom", "buf:buffer buflen:size flags:flags"},
	{291, "statx", "dirfd:dirfd pathname:path flags:flags mask:flags statxbuf:statx"},
	{435, "clone3", "cl_args:clone_args size:size"},
	{437, "openat2", "dirfd:dirfd pathname:path how:open_how size:size"},
	{439, "faccessat2", "dirfd:dirfd pathname:path mode:flags flags:flags"},
}

// elsewhere reports whether another architecture has a syscall of the name that
// riscv64 lacks (arch/x86/entry/syscalls/syscall_64.tbl).
func elsewhere(name string) bool {
	const names = " access alarm arch_prctl chmod chown creat dup2 epoll_create epoll_wait eventfd fork futimesat getdents getpgrp" +
		" getrlimit inotify_init lchown link lstat mkdir mknod modify_ldt open pause pipe poll readlink rename renameat rmdir" +
		" select setrlimit signalfd stat symlink sysfs time unlink uselib ustat utime utimes vfork "
	return name != "" && !strings.Contains(name, " ") && strings.Contains(names, " "+name+" ")
}
