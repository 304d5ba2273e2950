// CFLAGS: -O1 -pthread
// trap makes calls that a profile answers in each way there is, and says what came of them.
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t trapped;
static siginfo_t seen;
static void on(int s, siginfo_t *i, void *c) { trapped++, seen = *i; }

static void *thread(void *x) {
	syscall(SYS_getsid, 0); // kills the thread
	*(int *)x = 1;
	return NULL;
}

static void child(const char *what, void (*f)(void)) {
	int st;
	fflush(stdout);
	pid_t p = fork();
	if (!p) {
		f();
		_exit(0);
	}
	waitpid(p, &st, 0);
	if (WIFSIGNALED(st)) printf("%s: signal %d\n", what, WTERMSIG(st));
	else printf("%s: status %d\n", what, WEXITSTATUS(st));
}
static void kill_process(void) { syscall(SYS_getpgid, 0); }
static void kill_single(void) { syscall(SYS_getsid, 0); }
static void trap_default(void) { signal(SIGSYS, SIG_DFL), syscall(SYS_sync); }
static void trap_ignored(void) { signal(SIGSYS, SIG_IGN), syscall(SYS_sync); }
static void trap_blocked(void) {
	sigset_t s;
	sigfillset(&s);
	sigprocmask(SIG_BLOCK, &s, NULL);
	syscall(SYS_sync);
}

int main(void) {
	struct sigaction a = {.sa_sigaction = on, .sa_flags = SA_SIGINFO};
	sigaction(SIGSYS, &a, NULL);
	char guard[64];
	memset(guard, 'x', sizeof guard);
	syscall(SYS_sync);
	printf("trap: %d signo %d errno %d code %d syscall %d arch %x addr %d\n", trapped, seen.si_signo, seen.si_errno, seen.si_code, seen.si_syscall,
	       seen.si_arch, seen.si_call_addr != 0);
	errno = 0;
	long r = syscall(SYS_getuid);
	printf("errno: %ld %d\n", r, errno);
	r = syscall(SYS_getgid);
	printf("zero: %ld\n", r);
	errno = 0;
	r = syscall(SYS_geteuid);
	printf("notify: %ld %d\n", r, errno == ENOSYS);
	errno = 0;
	r = syscall(SYS_getegid);
	printf("trace: %ld %d\n", r, errno == ENOSYS);
	printf("log: %d\n", syscall(SYS_gettid) == getpid());
	pthread_t t;
	int lived = 0;
	pthread_create(&t, NULL, thread, &lived);
	pthread_join(t, NULL);
	printf("thread: %d\n", lived);
	child("process", kill_process);
	child("single", kill_single);
	child("default", trap_default);
	child("ignored", trap_ignored);
	child("blocked", trap_blocked);
	return 0;
}
