// ptrace between two processes: start, stops at system calls and signals, registers and memory, single steps, events of
// children, threads and programs, attaching, detaching, ends.
#include "check.h"

#include <elf.h>
#include <linux/filter.h>
#include <linux/ptrace.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/uio.h>

long ptrace(int request, ...);

static const char *self;

// The registers that the checks are about.
#if defined(__riscv)
struct regs {
	unsigned long pc, ra, sp, gp, tp, t0, t1, t2, s0, s1, a0, a1, a2, a3, a4, a5, a6, a7, rest[14];
};
#define RESULT(r) ((r).a0)
#define NUMBER(r) ((r).a7)
#define PC(r) ((r).pc)
#define BREAK "ebreak"
#elif defined(__x86_64__)
struct regs {
	unsigned long r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi, orig_rax, rip, cs, eflags, rsp, ss, rest[6];
};
#define RESULT(r) ((r).rax)
#define NUMBER(r) ((r).orig_rax)
#define PC(r) ((r).rip)
#define BREAK "int3"
#elif defined(__aarch64__)
struct regs {
	unsigned long x[31], sp, pc, pstate;
};
#define RESULT(r) ((r).x[0])
#define NUMBER(r) ((r).x[8])
#define PC(r) ((r).pc)
#define BREAK "brk 0"
#endif

static volatile long shared_word = 41;

static struct regs get_regs(pid_t pid) {
	struct regs r;
	struct iovec v = {&r, sizeof r};
	memset(&r, 0, sizeof r);
	OK(ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &v));
	EQ(v.iov_len, sizeof r);
	return r;
}

static void set_regs(pid_t pid, struct regs *r) {
	struct iovec v = {r, sizeof *r};
	OK(ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &v));
}

// next resumes pid and returns the status of its next stop or end.
static int next(pid_t pid, int request, int sig) {
	int status = -1;
	OK(ptrace(request, pid, 0, sig));
	EQ(waitpid(pid, &status, __WALL), pid);
	return status;
}

#define STOPPED(sig) ((sig) << 8 | 0x7f)
#define EVENT(event) (STOPPED(SIGTRAP) | (event) << 16)

// trace_child forks a child that is traced, and waits for its first stop.
static pid_t trace_child(void (*f)(void)) {
	pid_t pid = fork();
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, 0, 0) == -1)
			_exit(100);
		raise(SIGSTOP);
		f();
		_exit(7);
	}
	int status = -1;
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, STOPPED(SIGSTOP));
	return pid;
}

static long call(long nr, long arg) { return syscall(nr, arg, 0, 0); }

static void two_calls(void) {
	if (call(SYS_getpid, 0) != getpid() || call(SYS_close, 12345) != -1 || errno != EBADF)
		_exit(1);
	// The tracer changes one result and makes another call of one.
	if (call(SYS_getppid, 0) != 424242)
		_exit(2);
	if (call(SYS_close, 54321) != -1 || errno != EPROTO)
		_exit(3);
}

static void test_calls(void) {
	pid_t pid = trace_child(two_calls);
	OK(ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL));
	struct ptrace_syscall_info info;
	int exits = 0, pids = 0, badf = 0, changed = 0;
	for (;;) {
		int status = next(pid, PTRACE_SYSCALL, 0);
		if (status != STOPPED(SIGTRAP | 0x80)) {
			EQ(status, 7 << 8);
			break;
		}
		memset(&info, 0, sizeof info);
		CHECK(ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) >= 24);
		EQ(info.op, PTRACE_SYSCALL_INFO_ENTRY);
		struct regs r = get_regs(pid);
		EQ(NUMBER(r), info.entry.nr);
		EQ(PC(r), info.instruction_pointer);
		long nr = (long)info.entry.nr, arg = (long)info.entry.args[0];
		exits += nr == SYS_exit_group;
		if (nr == SYS_exit_group) {
			status = next(pid, PTRACE_SYSCALL, 0);
			EQ(status, 7 << 8);
			break;
		}
		if (nr == SYS_getppid) { // not at all
			NUMBER(r) = (unsigned long)-1;
			set_regs(pid, &r);
		}
		EQ(next(pid, PTRACE_SYSCALL, 0), STOPPED(SIGTRAP | 0x80));
		CHECK(ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) >= 24);
		EQ(info.op, PTRACE_SYSCALL_INFO_EXIT);
		r = get_regs(pid);
		if (nr == SYS_getpid) {
			EQ(info.exit.rval, pid);
			EQ(RESULT(r), pid);
			EQ(info.exit.is_error, 0);
			pids++;
		} else if (nr == SYS_close && arg == 12345) {
			EQ(info.exit.rval, -EBADF);
			EQ(info.exit.is_error, 1);
			badf++;
		} else if (nr == SYS_close && arg == 54321) {
			RESULT(r) = (unsigned long)-EPROTO;
			set_regs(pid, &r);
			changed++;
		} else if (nr == SYS_getppid) {
			RESULT(r) = 424242;
			set_regs(pid, &r);
			changed++;
		}
	}
	EQ(exits, 1);
	CHECK(pids >= 1);
	EQ(badf, 1);
	EQ(changed, 2);
}

static volatile sig_atomic_t seen;

static void note(int sig) { seen = seen * 100 + sig; }

static void raise_some(void) {
	signal(SIGUSR1, note);
	signal(SIGUSR2, note);
	signal(SIGWINCH, SIG_IGN);
	raise(SIGUSR1); // suppressed
	raise(SIGUSR2); // as it is
	raise(SIGWINCH); // ignored, but the tracer sees it
	raise(SIGTERM); // becomes SIGUSR1
	raise(SIGTSTP); // suppressed
	if (seen != SIGUSR2 * 100 + SIGUSR1)
		_exit(9);
}

static void test_signals(void) {
	pid_t pid = trace_child(raise_some);
	siginfo_t si;
	EQ(next(pid, PTRACE_CONT, 0), STOPPED(SIGUSR1));
	OK(ptrace(PTRACE_GETSIGINFO, pid, 0, &si));
	EQ(si.si_signo, SIGUSR1);
	EQ(si.si_code, SI_TKILL);
	EQ(si.si_pid, pid);
	EQ(next(pid, PTRACE_CONT, 0), STOPPED(SIGUSR2));
	EQ(next(pid, PTRACE_CONT, SIGUSR2), STOPPED(SIGWINCH));
	EQ(next(pid, PTRACE_CONT, SIGWINCH), STOPPED(SIGTERM));
	uint64_t mask = 0;
	OK(ptrace(PTRACE_GETSIGMASK, pid, sizeof mask, &mask));
	EQ(mask, 0);
	EQ(next(pid, PTRACE_CONT, SIGUSR1), STOPPED(SIGTSTP));
	EQ(next(pid, PTRACE_CONT, 0), 7 << 8);
	// A fatal one.
	pid = trace_child(raise_some);
	EQ(next(pid, PTRACE_CONT, 0), STOPPED(SIGUSR1));
	EQ(next(pid, PTRACE_CONT, SIGKILL), SIGKILL);
	pid = trace_child(raise_some);
	OK(kill(pid, SIGKILL));
	int status;
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, SIGKILL);
}

static void bump(void) {
	shared_word++;
	if (shared_word != 1001)
		_exit(4);
	__asm__ volatile(BREAK "\n nop");
}

static void test_memory(void) {
	pid_t pid = trace_child(bump);
	long word = 0;
	OK(syscall(SYS_ptrace, PTRACE_PEEKDATA, pid, &shared_word, &word));
	EQ(word, 41);
	OK(ptrace(PTRACE_POKEDATA, pid, &shared_word, 1000));
	EQ(shared_word, 41);
	FAILS(syscall(SYS_ptrace, PTRACE_PEEKDATA, pid, 8, &word), EIO);
	FAILS(ptrace(PTRACE_POKEDATA, pid, 8, 1), EIO);
	// Code, though it is not writable.
	OK(syscall(SYS_ptrace, PTRACE_PEEKTEXT, pid, (long)&two_calls & -8L, &word));
	OK(ptrace(PTRACE_POKETEXT, pid, (long)&two_calls & -8L, word));
	EQ(next(pid, PTRACE_CONT, 0), STOPPED(SIGTRAP));
#if defined(__riscv)
	struct regs r = get_regs(pid);
	uint32_t insn = 0;
	OK(syscall(SYS_ptrace, PTRACE_PEEKTEXT, pid, PC(r) & -8UL, &word));
	insn = (uint32_t)(word >> (PC(r) & 7) * 8);
	int len = (insn & 3) == 3 ? 4 : 2;
	PC(r) += (unsigned long)len; // the pc is that of the breakpoint
	set_regs(pid, &r);
#elif defined(__aarch64__)
	struct regs r = get_regs(pid);
	PC(r) += 4;
	set_regs(pid, &r);
#endif
	EQ(next(pid, PTRACE_CONT, 0), 7 << 8);
}

// A breakpoint in code that has run.
static NOINLINE long target(long x) {
	__asm__ volatile("" : "+r"(x));
	return x + 1;
}

static void call_target(void) {
	for (int i = 0; i < 3; i++)
		if (target(i) != i + 1)
			_exit(5);
	raise(SIGUSR1);
	for (int i = 0; i < 3; i++)
		if (target(i) != i + 1)
			_exit(6);
}

static void test_breakpoint(void) {
	pid_t pid = trace_child(call_target);
	EQ(next(pid, PTRACE_CONT, 0), STOPPED(SIGUSR1));
	unsigned long at = (unsigned long)&target & -8UL;
	int shift = (int)((unsigned long)&target & 7) * 8;
	long old = 0;
	OK(syscall(SYS_ptrace, PTRACE_PEEKTEXT, pid, at, &old));
#if defined(__riscv)
	unsigned long bits = 0x9002, mask = 0xffff, back = 0; // c.ebreak
#elif defined(__x86_64__)
	unsigned long bits = 0xcc, mask = 0xff, back = 1;
#else
	unsigned long bits = 0xd4200000, mask = 0xffffffff, back = 0;
#endif
	unsigned long with = ((unsigned long)old & ~(mask << shift)) | bits << shift;
	OK(ptrace(PTRACE_POKETEXT, pid, at, with));
	for (int i = 0; i < 3; i++) {
		EQ(next(pid, PTRACE_CONT, 0), STOPPED(SIGTRAP));
		struct regs r = get_regs(pid);
		EQ(PC(r) - back, (unsigned long)&target);
		PC(r) -= back;
		set_regs(pid, &r);
		// Over it and on.
		OK(ptrace(PTRACE_POKETEXT, pid, at, old));
		if (i < 2) {
			int status = -1;
#if defined(__riscv) // no single steps: to the caller, by another breakpoint
			unsigned long ra = r.ra;
			long word = 0;
			OK(syscall(SYS_ptrace, PTRACE_PEEKTEXT, pid, ra & -8UL, &word));
			int s = (int)(ra & 7) * 8;
			CHECK(s < 56);
			OK(ptrace(PTRACE_POKETEXT, pid, ra & -8UL, ((unsigned long)word & ~(0xffffUL << s)) | 0x9002UL << s));
			status = next(pid, PTRACE_CONT, 0);
			EQ(status, STOPPED(SIGTRAP));
			r = get_regs(pid);
			EQ(PC(r), ra);
			OK(ptrace(PTRACE_POKETEXT, pid, ra & -8UL, word));
#else
			status = next(pid, PTRACE_SINGLESTEP, 0);
			EQ(status, STOPPED(SIGTRAP));
#endif
			OK(ptrace(PTRACE_POKETEXT, pid, at, with));
		}
	}
	EQ(next(pid, PTRACE_CONT, 0), 7 << 8);
}

// Steps: under an emulator riscv64 has them, the kernel's port does not.
static void test_steps(void) {
	pid_t pid = trace_child(call_target);
	int steps = 0, moved = 0;
	unsigned long last = 0;
	int status = STOPPED(SIGTRAP);
	while (steps < 2000 && status == STOPPED(SIGTRAP)) {
		OK(ptrace(PTRACE_SINGLESTEP, pid, 0, 0));
		EQ(waitpid(pid, &status, 0), pid);
		if (status != STOPPED(SIGTRAP))
			break;
		struct regs r = get_regs(pid);
		moved += PC(r) != last;
		last = PC(r);
		steps++;
	}
	EQ(status, STOPPED(SIGUSR1));
	CHECK(steps > 30);
	CHECK(moved >= steps - 5);
	siginfo_t si;
	OK(ptrace(PTRACE_GETSIGINFO, pid, 0, &si));
	EQ(si.si_signo, SIGUSR1);
	EQ(next(pid, PTRACE_CONT, 0), 7 << 8);
}

static void exec_self(void) {
	execl(self, self, "other", (char *)NULL);
	_exit(8);
}

static void test_exec(void) {
	// Without an option it is a plain SIGTRAP.
	pid_t pid = trace_child(exec_self);
	EQ(next(pid, PTRACE_CONT, 0), STOPPED(SIGTRAP));
	EQ(next(pid, PTRACE_CONT, 0), 33 << 8);
	pid = trace_child(exec_self);
	OK(ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXEC | PTRACE_O_TRACEEXIT));
	EQ(next(pid, PTRACE_CONT, 0), EVENT(PTRACE_EVENT_EXEC));
	unsigned long message = 0;
	OK(ptrace(PTRACE_GETEVENTMSG, pid, 0, &message));
	EQ(message, pid);
	EQ(next(pid, PTRACE_CONT, 0), EVENT(PTRACE_EVENT_EXIT));
	OK(ptrace(PTRACE_GETEVENTMSG, pid, 0, &message));
	EQ(message, 33 << 8);
	EQ(next(pid, PTRACE_CONT, 0), 33 << 8);
	// A child of vfork is traced too, and the first stop is its program's.
	pid = vfork();
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, 0, 0) == -1)
			_exit(100);
		execl(self, self, "other", (char *)NULL);
		_exit(8);
	}
	int status = -1;
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, STOPPED(SIGTRAP));
	EQ(next(pid, PTRACE_CONT, 0), 33 << 8);
}

static void *in_thread(void *arg) {
	call(SYS_getppid, 0);
	return arg;
}

static void make_children(void) {
	pthread_t t;
	if (pthread_create(&t, NULL, in_thread, NULL) != 0 || pthread_join(t, NULL) != 0)
		_exit(50);
	pid_t pid = fork();
	if (pid == 0)
		_exit(11);
	int status;
	if (waitpid(pid, &status, 0) != pid || status != 11 << 8)
		_exit(51);
	pid = vfork();
	if (pid == 0)
		_exit(12);
	if (waitpid(pid, &status, 0) != pid || status != 12 << 8)
		_exit(52);
}

static void test_children(void) {
	pid_t pid = trace_child(make_children);
	OK(ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEVFORKDONE));
	OK(ptrace(PTRACE_CONT, pid, 0, 0));
	int clones = 0, forks = 0, vforks = 0, dones = 0, starts = 0, ends = 0;
	for (;;) {
		int status = -1, sig = 0;
		pid_t who = waitpid(-1, &status, __WALL);
		if (who == -1) {
			EQ(errno, ECHILD);
			break;
		}
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			ends++;
			if (who == pid) {
				EQ(status, 7 << 8);
				break;
			}
			continue;
		}
		switch (status >> 16) {
		case PTRACE_EVENT_FORK:
			forks++;
			break;
		case PTRACE_EVENT_VFORK:
			vforks++;
			break;
		case PTRACE_EVENT_CLONE:
			clones++;
			break;
		case PTRACE_EVENT_VFORK_DONE:
			dones++;
			break;
		default:
			if (who != pid && status == STOPPED(SIGSTOP))
				starts++;
			else
				sig = WSTOPSIG(status);
		}
		OK(ptrace(PTRACE_CONT, who, 0, sig));
	}
	EQ(clones, 1);
	EQ(forks, 1);
	EQ(vforks, 1);
	EQ(dones, 1);
	EQ(starts, 3);
	EQ(ends, 4);
}

static volatile int *run_flag;

static void test_attach(void) {
	run_flag = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int seize = 0; seize < 2; seize++) {
		*run_flag = 0;
		pid_t pid = fork();
		if (pid == 0) {
			while (*run_flag < 2) // busy
				if (*run_flag == 0)
					*run_flag = 1;
			_exit(13);
		}
		while (*run_flag == 0)
			sched_yield();
		int status = -1;
		if (seize) {
			OK(ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACEEXIT));
			OK(ptrace(PTRACE_INTERRUPT, pid, 0, 0));
			EQ(waitpid(pid, &status, 0), pid);
			EQ(status, EVENT(PTRACE_EVENT_STOP));
		} else {
			FAILS(ptrace(PTRACE_CONT, pid, 0, 0), ESRCH);
			OK(ptrace(PTRACE_ATTACH, pid, 0, 0));
			EQ(waitpid(pid, &status, 0), pid);
			EQ(status, STOPPED(SIGSTOP));
			FAILS(ptrace(PTRACE_ATTACH, pid, 0, 0), EPERM);
		}
		CHECK(PC(get_regs(pid)) != 0);
		*run_flag = 2;
		EQ(waitpid(pid, &status, WNOHANG), 0);
		if (seize) {
			EQ(next(pid, PTRACE_CONT, 0), EVENT(PTRACE_EVENT_EXIT));
			OK(ptrace(PTRACE_DETACH, pid, 0, 0));
		} else {
			OK(ptrace(PTRACE_DETACH, pid, 0, 0));
		}
		EQ(waitpid(pid, &status, 0), pid);
		EQ(status, 13 << 8);
	}
	// A process that sleeps in a call, which goes on behind the stop.
	int fds[2];
	OK(pipe(fds));
	pid_t pid = fork();
	if (pid == 0) {
		char c;
		_exit(read(fds[0], &c, 1) == 1 ? c : 90);
	}
	until_asleep(pid, pid);
	int status = -1;
	OK(ptrace(PTRACE_SEIZE, pid, 0, 0));
	OK(ptrace(PTRACE_INTERRUPT, pid, 0, 0));
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, EVENT(PTRACE_EVENT_STOP));
	OK(ptrace(PTRACE_CONT, pid, 0, 0));
	EQ(write(fds[1], "A", 1), 1);
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 'A' << 8);
	FAILS(ptrace(PTRACE_ATTACH, getpid(), 0, 0), EPERM);
	FAILS(ptrace(PTRACE_CONT, 999999, 0, 0), ESRCH);
}

static volatile int chld;

static void on_chld(int sig, siginfo_t *si, void *uc) {
	(void)sig, (void)uc;
	if (si->si_code == CLD_TRAPPED)
		chld++;
}

static void filtered(void) {
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE | 77),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {sizeof code / sizeof code[0], code};
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog) != 0)
		_exit(60);
	if (call(SYS_getppid, 0) != 4711 || call(SYS_getppid, 0) != getppid())
		_exit(61);
}

static void test_seccomp(void) {
	pid_t pid = trace_child(filtered);
	OK(ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESECCOMP));
	EQ(next(pid, PTRACE_CONT, 0), EVENT(PTRACE_EVENT_SECCOMP));
	unsigned long message = 0;
	OK(ptrace(PTRACE_GETEVENTMSG, pid, 0, &message));
	EQ(message, 77);
	struct ptrace_syscall_info info = {0};
	CHECK(ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) >= 80);
	EQ(info.op, PTRACE_SYSCALL_INFO_SECCOMP);
	EQ(info.seccomp.nr, SYS_getppid);
	EQ(info.seccomp.ret_data, 77);
	struct regs r = get_regs(pid);
	NUMBER(r) = (unsigned long)-1;
	RESULT(r) = 4711;
	set_regs(pid, &r);
	EQ(next(pid, PTRACE_CONT, 0), EVENT(PTRACE_EVENT_SECCOMP));
	EQ(next(pid, PTRACE_CONT, 0), EVENT(PTRACE_EVENT_SECCOMP)); // that of the comparison
	EQ(next(pid, PTRACE_CONT, 0), 7 << 8);
}

static void test_sigchld(void) {
	struct sigaction sa = {.sa_sigaction = on_chld, .sa_flags = SA_SIGINFO | SA_RESTART}, old;
	OK(sigaction(SIGCHLD, &sa, &old));
	pid_t pid = trace_child(raise_some);
	siginfo_t si = {0};
	OK(ptrace(PTRACE_CONT, pid, 0, 0));
	OK(waitid(P_PID, (id_t)pid, &si, WSTOPPED | WNOWAIT));
	EQ(si.si_code, CLD_TRAPPED);
	EQ(si.si_status, SIGUSR1);
	EQ(si.si_pid, pid);
	int status = -1;
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, STOPPED(SIGUSR1));
	CHECK(chld >= 1);
	OK(kill(pid, SIGKILL));
	EQ(waitpid(pid, &status, 0), pid);
	OK(sigaction(SIGCHLD, &old, NULL));
}

// A tracer that goes leaves its tracees running, or takes them along.
static void test_tracer_ends(void) {
	for (int kill_too = 0; kill_too < 2; kill_too++) {
		int fds[2];
		OK(pipe(fds));
		pid_t child = fork();
		if (child == 0) {
			pid_t grandchild = fork();
			if (grandchild == 0) {
				char c;
				ptrace(PTRACE_TRACEME, 0, 0, 0);
				raise(SIGSTOP);
				(void)!read(fds[0], &c, 1);
				(void)!write(fds[1], "xy", 2);
				_exit(0);
			}
			int status;
			waitpid(grandchild, &status, 0);
			if (kill_too)
				ptrace(PTRACE_SETOPTIONS, grandchild, 0, PTRACE_O_EXITKILL);
			_exit(21);
		}
		int status = -1;
		EQ(waitpid(child, &status, 0), child);
		EQ(status, 21 << 8);
		EQ(write(fds[1], "a", 1), 1);
		char c[3] = "";
		if (kill_too == 0) {
			for (int i = 0; i < 500 && c[0] != 'x'; i++) {
				sleep_ms(10);
				if (fcntl(fds[0], F_SETFL, O_NONBLOCK) == 0 && read(fds[0], c, 1) == 1 && c[0] == 'a') {
					OK(write(fds[1], "a", 1)); // it has not got it yet
					c[0] = 0;
				}
			}
			EQ(c[0], 'x');
		}
		close(fds[0]);
		close(fds[1]);
	}
}

int main(int argc, char **argv) {
	self = argv[0];
	if (argc > 1 && strcmp(argv[1], "other") == 0)
		return 33;
	test_calls();
	test_signals();
	test_memory();
	test_breakpoint();
	test_steps();
	test_exec();
	test_children();
	test_attach();
	test_seccomp();
	test_sigchld();
	test_tracer_ends();
	return done("ptrace");
}
