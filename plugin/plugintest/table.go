package plugintest

import (
	"strings"

	"github.com/weir-emu/weir/abi"
)

// table holds the syscalls of a new Guest: the common ones of riscv64
// (asm-generic/unistd.h).
var table = []struct {
	nr   abi.Sysno
	name string
	args string
}{
	{17, "getcwd", "buf:buffer size:size"},
	{23, "dup", "fildes:fd"},
	{24, "dup3", "oldfd:fd newfd:fd flags:flags"},
	{25, "fcntl", "fd:fd cmd:enum arg:argument"},
	{29, "ioctl", "fd:fd cmd:enum arg:argument"},
	{33, "mknodat", "dfd:dirfd filename:path mode:mode dev:dev"},
	{34, "mkdirat", "dfd:dirfd pathname:path mode:mode"},
	{35, "unlinkat", "dfd:dirfd pathname:path flag:flags"},
	{36, "symlinkat", "oldname:path newdfd:dirfd newname:path"},
	{37, "linkat", "olddfd:dirfd oldname:path newdfd:dirfd newname:path flags:flags"},
	{43, "statfs", "pathname:path buf:statfs"},
	{45, "truncate", "path:path length:int"},
	{46, "ftruncate", "fd:fd length:int"},
	{48, "faccessat", "dfd:dirfd filename:path mode:flags"},
	{49, "chdir", "filename:path"},
	{51, "chroot", "filename:path"},
	{53, "fchmodat", "dfd:dirfd filename:path mode:mode"},
	{54, "fchownat", "dfd:dirfd filename:path user:id group:id flag:flags"},
	{56, "openat", "dfd:dirfd filename:path flags:flags mode:mode"},
	{57, "close", "fd:fd"},
	{59, "pipe2", "fildes:fds flags:flags"},
	{61, "getdents64", "fd:fd dirent:dirents count:size"},
	{62, "lseek", "fd:fd offset:int whence:enum"},
	{63, "read", "fd:fd buf:buffer count:size"},
	{64, "write", "fd:fd buf:buffer count:size"},
	{65, "readv", "fd:fd vec:iovec vlen:size"},
	{66, "writev", "fd:fd vec:iovec vlen:size"},
	{67, "pread64", "fd:fd buf:buffer count:size pos:int"},
	{68, "pwrite64", "fd:fd buf:buffer count:size pos:int"},
	{73, "ppoll", "ufds:pollfd nfds:uint tsp:timespec sigmask:sigset sigsetsize:size"},
	{78, "readlinkat", "dfd:dirfd path:path buf:buffer bufsiz:size"},
	{79, "newfstatat", "dfd:dirfd filename:path statbuf:stat flag:flags"},
	{80, "fstat", "fd:fd statbuf:stat"},
	{93, "exit", "error_code:int"},
	{94, "exit_group", "error_code:int"},
	{98, "futex", "uaddr:address op:enum val:int utime:timespec uaddr2:address val3:hex"},
	{101, "nanosleep", "rqtp:timespec rmtp:timespec"},
	{113, "clock_gettime", "which_clock:enum tp:timespec"},
	{129, "kill", "pid:pid sig:signal"},
	{131, "tgkill", "tgid:pid pid:pid sig:signal"},
	{134, "rt_sigaction", "sig:signal act:sigaction oact:sigaction sigsetsize:size"},
	{135, "rt_sigprocmask", "how:enum set:sigset oset:sigset sigsetsize:size"},
	{139, "rt_sigreturn", ""},
	{172, "getpid", ""},
	{173, "getppid", ""},
	{174, "getuid", ""},
	{175, "geteuid", ""},
	{176, "getgid", ""},
	{177, "getegid", ""},
	{178, "gettid", ""},
	{198, "socket", "family:enum type:flags protocol:protocol"},
	{200, "bind", "fd:fd umyaddr:sockaddr addrlen:uint"},
	{203, "connect", "fd:fd uservaddr:sockaddr addrlen:uint"},
	{206, "sendto", "fd:fd buff:buffer len:size flags:flags addr:sockaddr addr_len:uint"},
	{207, "recvfrom", "fd:fd ubuf:buffer size:size flags:flags addr:sockaddr addr_len:int*"},
	{214, "brk", "brk:address"},
	{215, "munmap", "addr:address len:size"},
	{220, "clone", "flags:flags newsp:address parent_tidptr:int* tls:hex child_tidptr:int*"},
	{221, "execve", "filename:path argv:strings envp:strings"},
	{222, "mmap", "addr:address len:size prot:flags flags:flags fd:fd off:hex"},
	{226, "mprotect", "start:address len:size prot:flags"},
	{260, "wait4", "upid:pid stat_addr:status options:flags ru:rusage"},
	{276, "renameat2", "olddfd:dirfd oldname:path newdfd:dirfd newname:path flags:flags"},
	{278, "getrandom", "buf:buffer count:size flags:flags"},
	{291, "statx", "dfd:dirfd filename:path flags:flags mask:flags buffer:statx"},
	{435, "clone3", "uargs:clone_args size:size"},
	{437, "openat2", "dfd:dirfd filename:path how:open_how usize:size"},
	{439, "faccessat2", "dfd:dirfd filename:path mode:flags flags:flags"},
}

// elsewhere reports whether another architecture has a syscall of the name that
// riscv64 lacks (arch/x86/entry/syscalls/syscall_64.tbl).
func elsewhere(name string) bool {
	const names = " access alarm arch_prctl chmod chown creat dup2 epoll_create epoll_wait eventfd fork futimesat getdents getpgrp" +
		" getrlimit inotify_init lchown link lstat mkdir mknod modify_ldt open pause pipe poll readlink rename renameat rmdir" +
		" select setrlimit signalfd stat symlink sysfs time unlink uselib ustat utime utimes vfork "
	return name != "" && !strings.Contains(name, " ") && strings.Contains(names, " "+name+" ")
}
