// Processes: fork, vfork, execve, posix_spawn, waiting in all forms, exit codes, signals to children, groups and sessions,
// orphans, process names.
// CFLAGS: -Wno-stringop-overread -Wno-clobbered
#include "check.h"

#include <sched.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>

extern char **environ;
static const char *self;

// The program runs itself; these are the other lives.
static int other_life(int argc, char **argv) {
	if (strcmp(argv[1], "code") == 0)
		return atoi(argv[2]);
	if (strcmp(argv[1], "show") == 0) {
		printf("%s", argv[0]);
		for (int i = 2; i < argc; i++)
			printf("|%s", argv[i]);
		for (char **e = environ; *e != NULL; e++)
			printf("|%s", *e);
		printf("|%d\n", fcntl(50, F_GETFD));
		return 0;
	}
	if (strcmp(argv[1], "cat") == 0) {
		char c;
		while (read(0, &c, 1) == 1)
			if (write(1, &c, 1) != 1)
				return 1;
		return 0;
	}
	if (strcmp(argv[1], "signals") == 0) {
		// After exec: handlers are gone, ignored signals and the mask stay.
		struct sigaction sa;
		sigset_t mask, pending;
		sigprocmask(SIG_BLOCK, NULL, &mask);
		sigpending(&pending);
		int bits = 0;
		sigaction(SIGUSR1, NULL, &sa);
		bits |= sa.sa_handler == SIG_DFL ? 1 : 0;
		sigaction(SIGUSR2, NULL, &sa);
		bits |= sa.sa_handler == SIG_IGN ? 2 : 0;
		bits |= sigismember(&mask, SIGHUP) ? 4 : 0;
		bits |= sigismember(&pending, SIGHUP) ? 8 : 0;
		return bits;
	}
	if (strcmp(argv[1], "pid") == 0)
		return getpid() == atoi(argv[2]) ? 0 : 1;
	return 99;
}

static int wait_for(pid_t pid) {
	int status = -1;
	EQ(waitpid(pid, &status, 0), pid);
	return status;
}

static const char *read_all(int fd) {
	static char text[2048];
	size_t n = 0;
	for (ssize_t k; n < sizeof text - 1 && (k = read(fd, text + n, sizeof text - 1 - n)) > 0;)
		n += (size_t)k;
	text[n] = '\0';
	close(fd);
	return text;
}

static void test_fork(void) {
	for (int code = 0; code < 256; code += 17) {
		pid_t pid = fork();
		if (pid == 0)
			_exit(code);
		int status = wait_for(pid);
		CHECK(WIFEXITED(status));
		EQ(WEXITSTATUS(status), code);
	}
	pid_t pid = fork();
	if (pid == 0)
		_exit(0x1234); // only the low byte counts
	EQ(wait_for(pid), 0x3400);

	// The child has a copy of memory and shares open files.
	static int value = 1;
	int fd = open("shared", O_RDWR | O_CREAT | O_TRUNC, 0600);
	pid_t parent = getpid();
	pid = fork();
	if (pid == 0) {
		int mistakes = getppid() != parent || getpid() == parent || value != 1;
		value = 2;
		mistakes += write(fd, "child", 5) != 5;
		_exit(mistakes);
	}
	EQ(wait_for(pid), 0);
	EQ(value, 1);
	EQ(lseek(fd, 0, SEEK_CUR), 5);
	close(fd);

	// Many at the same time, collected in any order.
	enum { N = 20 };
	pid_t pids[N];
	int sum = 0;
	for (int i = 0; i < N; i++)
		if ((pids[i] = fork()) == 0)
			_exit(i);
	for (int i = 0; i < N; i++) {
		int status;
		pid = wait(&status);
		for (int k = 0; k < N; k++)
			if (pids[k] == pid) {
				EQ(WEXITSTATUS(status), k);
				sum += k;
				pids[k] = 0;
			}
	}
	EQ(sum, N * (N - 1) / 2);
	FAILS(wait(NULL), ECHILD);
	FAILS(waitpid(getppid(), NULL, 0), ECHILD);

	// Forks of forks.
	pid = fork();
	if (pid == 0) {
		for (int depth = 0; depth < 5; depth++) {
			pid_t next = fork();
			if (next != 0) {
				int status;
				waitpid(next, &status, 0);
				_exit(WEXITSTATUS(status) + 1);
			}
		}
		_exit(10);
	}
	EQ(WEXITSTATUS(wait_for(pid)), 15);
}

static void test_wait(void) {
	int fds[2];
	OK(pipe(fds));
	pid_t pid = fork();
	if (pid == 0) {
		char c;
		close(fds[1]);
		_exit(read(fds[0], &c, 1) == 0 ? 3 : 4);
	}
	int status;
	EQ(waitpid(pid, &status, WNOHANG), 0);
	siginfo_t info = {0};
	EQ(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG), 0);
	EQ(info.si_pid, 0);
	close(fds[0]), close(fds[1]);
	OK(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT));
	EQ(info.si_pid, pid);
	EQ(info.si_signo, SIGCHLD);
	EQ(info.si_code, CLD_EXITED);
	EQ(info.si_status, 3);
	EQ(info.si_uid, getuid());
	struct rusage usage;
	EQ(wait4(pid, &status, 0, &usage), pid); // still there after WNOWAIT
	EQ(WEXITSTATUS(status), 3);
	FAILS(waitid(P_PID, (id_t)pid, &info, WEXITED), ECHILD);
	FAILS(waitid(P_ALL, 0, &info, 0), EINVAL);
	FAILS(waitpid(-1, NULL, 0x7000), EINVAL);

	// Killed, stopped, continued.
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	OK(kill(pid, SIGSTOP));
	EQ(waitpid(pid, &status, WUNTRACED), pid);
	CHECK(WIFSTOPPED(status));
	EQ(WSTOPSIG(status), SIGSTOP);
	OK(kill(pid, SIGCONT));
	EQ(waitpid(pid, &status, WCONTINUED), pid);
	CHECK(WIFCONTINUED(status));
	OK(kill(pid, SIGTERM));
	OK(waitid(P_PID, (id_t)pid, &info, WEXITED));
	EQ(info.si_code, CLD_KILLED);
	EQ(info.si_status, SIGTERM);

	// A busy child that makes no system calls can be killed too.
	pid = fork();
	if (pid == 0)
		for (volatile long i = 0;; i++)
			continue;
	sleep_ms(20);
	OK(kill(pid, SIGKILL));
	status = wait_for(pid);
	CHECK(WIFSIGNALED(status));
	EQ(WTERMSIG(status), SIGKILL);

	int pidfd;
	pid = fork();
	if (pid == 0)
		pause();
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	OK(pidfd);
	OK(syscall(SYS_pidfd_send_signal, pidfd, SIGUSR1, NULL, 0));
	OK(waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED));
	EQ(info.si_status, SIGUSR1);
	close(pidfd);
}

static volatile sig_atomic_t children;
static siginfo_t child_info;

static void on_child(int sig, siginfo_t *info, void *context) {
	(void)sig, (void)context;
	child_info = *info;
	children++;
}

static void test_child_signal(void) {
	struct sigaction sa = {.sa_flags = SA_SIGINFO};
	sa.sa_sigaction = on_child;
	OK(sigaction(SIGCHLD, &sa, NULL));
	children = 0;
	pid_t pid = fork();
	if (pid == 0)
		_exit(9);
	for (int i = 0; i < 2000 && children == 0; i++)
		sleep_ms(1);
	EQ(children, 1);
	EQ(child_info.si_pid, pid);
	EQ(child_info.si_code, CLD_EXITED);
	EQ(child_info.si_status, 9);
	EQ(WEXITSTATUS(wait_for(pid)), 9);

	// Ignored: children are not kept.
	signal(SIGCHLD, SIG_IGN);
	pid = fork();
	if (pid == 0)
		_exit(9);
	FAILS(waitpid(pid, NULL, 0), ECHILD);
	signal(SIGCHLD, SIG_DFL);
}

static void test_exec(void) {
	int fds[2];
	OK(pipe(fds));
	pid_t pid = fork();
	if (pid == 0) {
		dup2(fds[1], 1);
		fcntl(fds[1], F_DUPFD, 51);
		dup2(fds[1], 50);
		fcntl(50, F_SETFD, FD_CLOEXEC); // gone after exec
		close(fds[0]);
		char *args[] = {"my name", "show", "a b", "", "c", NULL}, *env[] = {"X=1", "EMPTY=", NULL};
		execve(self, args, env);
		_exit(98);
	}
	close(fds[1]);
	STR(read_all(fds[0]), "my name|a b||c|X=1|EMPTY=|-1\n");
	EQ(wait_for(pid), 0);

	FAILS(execv("/nonexistent/program", (char *[]){"x", NULL}), ENOENT);
	FAILS(execv("/", (char *[]){"x", NULL}), EACCES);
	int fd = open("garbage", O_WRONLY | O_CREAT | O_TRUNC, 0755);
	EQ(write(fd, "\1\2\3\4 no program\n", 16), 16);
	close(fd);
	FAILS(execv("./garbage", (char *[]){"x", NULL}), ENOEXEC);
	OK(chmod("garbage", 0644));
	FAILS(execv("./garbage", (char *[]){"x", NULL}), EACCES);
	FAILS(execv("./garbage/x", (char *[]){"x", NULL}), ENOTDIR);
	FAILS(execve(self, (char **)8, environ), EFAULT);

	// The process keeps its id over exec; a script names its interpreter.
	char text[32];
	pid = fork();
	if (pid == 0) {
		snprintf(text, sizeof text, "%d", getpid());
		execl(self, self, "pid", text, NULL);
		_exit(98);
	}
	EQ(wait_for(pid), 0);
	FILE *f = fopen("script", "w");
	fprintf(f, "#!%s show\nrest\n", self);
	fclose(f);
	OK(chmod("script", 0755));
	OK(pipe(fds));
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], 1);
		execle("./script", "ignored", "arg", NULL, (char *[]){NULL});
		_exit(98);
	}
	close(fds[1]);
	char want[600];
	snprintf(want, sizeof want, "%s|./script|arg|-1\n", self);
	STR(read_all(fds[0]), want);
	EQ(wait_for(pid), 0);

	// fexecve, and exec of an open file by the empty path.
	pid = fork();
	if (pid == 0) {
		int program = open(self, O_RDONLY | O_CLOEXEC);
		fexecve(program, (char *[]){"x", "code", "41", NULL}, environ);
		_exit(98);
	}
	EQ(WEXITSTATUS(wait_for(pid)), 41);

	// Signals over exec.
	pid = fork();
	if (pid == 0) {
		sigset_t set;
		sigemptyset(&set);
		sigaddset(&set, SIGHUP);
		sigprocmask(SIG_BLOCK, &set, NULL);
		signal(SIGUSR1, _exit);
		signal(SIGUSR2, SIG_IGN);
		raise(SIGHUP);
		execl(self, self, "signals", NULL);
		_exit(98);
	}
	EQ(WEXITSTATUS(wait_for(pid)), 15);

	// A long argument list.
	enum { MANY = 3000 };
	static char *many[MANY + 4];
	many[0] = "x", many[1] = "code", many[2] = "7";
	for (int i = 3; i < MANY; i++)
		many[i] = "some argument of a certain length";
	pid = fork();
	if (pid == 0) {
		execve(self, many, environ);
		_exit(98);
	}
	EQ(WEXITSTATUS(wait_for(pid)), 7);
}

static void test_vfork(void) {
	for (int i = 0; i < 10; i++) {
		volatile int mine = 0;
		pid_t pid = vfork();
		if (pid == 0) {
			mine = 1; // the memory is the parent's
			_exit(5);
		}
		EQ(mine, 1);
		EQ(WEXITSTATUS(wait_for(pid)), 5);
		pid = vfork();
		if (pid == 0) {
			execl(self, self, "code", "6", NULL);
			_exit(98);
		}
		EQ(WEXITSTATUS(wait_for(pid)), 6);
	}
	volatile int error = 0;
	pid_t pid = vfork();
	if (pid == 0) {
		execl("/nonexistent/program", "x", NULL);
		error = errno;
		_exit(127);
	}
	EQ(error, ENOENT);
	EQ(WEXITSTATUS(wait_for(pid)), 127);
}

static void test_spawn(void) {
	pid_t pid;
	EQ(posix_spawn(&pid, "/nonexistent/program", NULL, NULL, (char *[]){"x", NULL}, environ), ENOENT);
	EQ(posix_spawnp(&pid, "no-such-program-anywhere", NULL, NULL, (char *[]){"x", NULL}, environ), ENOENT);
	EQ(posix_spawn(&pid, "/", NULL, NULL, (char *[]){"x", NULL}, environ), EACCES);
	EQ(posix_spawn(&pid, self, NULL, NULL, (char *[]){"x", "code", "12", NULL}, environ), 0);
	EQ(WEXITSTATUS(wait_for(pid)), 12);

	int in[2], out[2];
	OK(pipe2(in, O_CLOEXEC));
	OK(pipe2(out, O_CLOEXEC));
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in[0], 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], 1);
	posix_spawnattr_t attr;
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP);
	EQ(posix_spawn(&pid, self, &actions, &attr, (char *[]){"x", "cat", NULL}, environ), 0);
	close(in[0]), close(out[1]);
	EQ(getpgid(pid), pid);
	EQ(write(in[1], "through two pipes", 17), 17);
	close(in[1]);
	STR(read_all(out[0]), "through two pipes");
	EQ(wait_for(pid), 0);
	FILE *f = popen("exit 3", "r");
	if (f != NULL)
		EQ(WEXITSTATUS(pclose(f)), 3);
	int status = system("exit 4");
	EQ(WEXITSTATUS(status), 4);
}

static void test_groups(void) {
	int fds[2];
	OK(pipe(fds));
	pid_t pid = fork();
	if (pid == 0) {
		int mistakes = 0;
		mistakes += setsid() != getpid() || getsid(0) != getpid() || getpgrp() != getpid();
		mistakes += setsid() != -1 || errno != EPERM; // a leader cannot
		pid_t child = fork();
		if (child == 0) {
			setpgid(0, 0);
			(void)!write(fds[1], "r", 1);
			for (;;)
				pause();
		}
		char c;
		mistakes += read(fds[0], &c, 1) != 1;
		mistakes += getpgid(child) != child;
		mistakes += kill(-child, SIGTERM) != 0; // the whole group
		int status;
		mistakes += waitpid(-child, &status, 0) != child || WTERMSIG(status) != SIGTERM;
		_exit(mistakes);
	}
	EQ(wait_for(pid), 0);
	FAILS(getpgid(0x3ffffffe), ESRCH);
	FAILS(setpgid(0, -1), EINVAL);

	// An orphan gets another parent, a subreaper when there is one.
	OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
	pid_t me = getpid();
	pid = fork();
	if (pid == 0) {
		if (fork() == 0) {
			for (int i = 0; i < 5000 && getppid() != me; i++)
				sleep_ms(1);
			pid_t parent = getppid();
			(void)!write(fds[1], &parent, sizeof parent);
			_exit(11);
		}
		_exit(0);
	}
	EQ(wait_for(pid), 0);
	pid_t parent;
	EQ(read(fds[0], &parent, sizeof parent), sizeof parent);
	EQ(parent, me);
	int status;
	CHECK(wait(&status) > 0);
	EQ(WEXITSTATUS(status), 11);
	OK(prctl(PR_SET_CHILD_SUBREAPER, 0));
	close(fds[0]), close(fds[1]);

	// A child that outlives its parent's death signal.
	OK(pipe(fds));
	pid = fork();
	if (pid == 0) {
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			(void)!write(fds[1], "r", 1);
			pause();
			_exit(0);
		}
		char c;
		_exit(read(fds[0], &c, 1) != 1);
	}
	EQ(wait_for(pid), 0);
	close(fds[1]);
	char c;
	EQ(read(fds[0], &c, 1), 0); // end of file: the grandchild is dead
	close(fds[0]);
}

static void test_names(void) {
	char name[17] = "";
	OK(prctl(PR_SET_NAME, "a name that is too long"));
	OK(prctl(PR_GET_NAME, name));
	STR(name, "a name that is ");
	FILE *f = fopen("/proc/self/comm", "r");
	char line[64] = "";
	(void)!fgets(line, sizeof line, f);
	fclose(f);
	STR(line, "a name that is \n");
	f = fopen("/proc/self/cmdline", "r");
	size_t n = fread(line, 1, sizeof line - 1, f);
	fclose(f);
	line[n] = '\0';
	STR(line, program_invocation_name);
	char exe[512];
	ssize_t k = readlink("/proc/self/exe", exe, sizeof exe - 1);
	exe[k > 0 ? k : 0] = '\0';
	STR(exe, self);
}

static atomic_int clone_ran;

static int cloned(void *arg) {
	clone_ran += (int)(intptr_t)arg;
	return 31;
}

static void test_clone(void) {
	static char stack[64 * 1024] __attribute__((aligned(16)));
	int status;
	pid_t pid = clone(cloned, stack + sizeof stack, CLONE_VM | SIGCHLD, (void *)5); // shares memory, is a process
	EQ(waitpid(pid, &status, 0), pid);
	EQ(WEXITSTATUS(status), 31);
	EQ(clone_ran, 5);
	pid = clone(cloned, stack + sizeof stack, SIGCHLD, (void *)7); // a copy
	EQ(waitpid(pid, &status, 0), pid);
	EQ(WEXITSTATUS(status), 31);
	EQ(clone_ran, 5);
	pid = clone(cloned, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)1);
	EQ(clone_ran, 6); // the parent waited
	EQ(waitpid(pid, &status, 0), pid);
	FAILS(syscall(SYS_clone, CLONE_SIGHAND, 0, 0, 0, 0), EINVAL); // needs CLONE_VM
}

int main(int argc, char **argv) {
	if (argc > 1)
		return other_life(argc, argv);
	static char path[512];
	if (realpath(argv[0], path) == NULL)
		DIE("own path");
	self = path;
	scratch_dir();
	test_fork();
	test_wait();
	test_child_signal();
	test_exec();
	test_vfork();
	test_spawn();
	test_groups();
	test_clone();
	test_names();
	scratch_remove();
	return done("procs");
}
