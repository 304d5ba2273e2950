// Programs executed from every kind of thread and process: the process ID stays, the thread that is left has it.
#include <errno.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static char *self;
static int failures;

static void expect(const char *what, long got, long want) {
	if (got == want)
		return;
	printf("%s: %#lx, expected %#lx\n", what, got, want);
	failures++;
}

static void *again(void *arg) {
	char id[32];
	snprintf(id, sizeof id, "%d", getpid());
	execl(self, self, "again", id, (char *)NULL);
	perror("execl");
	_exit(99);
}

static void *spin(void *arg) {
	for (volatile long i = 0;; i++) {
	}
}

static void *block(void *arg) {
	int fds[2];
	char c;
	if (pipe(fds) == 0)
		(void)!read(fds[0], &c, 1);
	return NULL;
}

static int status_of(pid_t pid) {
	int status = -1;
	waitpid(pid, &status, 0);
	return status;
}

int main(int argc, char **argv) {
	self = argv[0];
	pthread_t t;
	if (argc == 3) { // again PID
		pid_t pid = atoi(argv[2]);
		return (pid == 0 || pid == getpid()) && syscall(SYS_gettid) == getpid() ? 7 : 8;
	}
	if (argc == 2) { // the main thread has exited when another calls execve
		pthread_create(&t, NULL, again, NULL);
		pthread_exit(NULL);
	}
	for (int i = 0; i < 20; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			pthread_create(&t, NULL, spin, NULL);
			pthread_create(&t, NULL, block, NULL);
			if (i & 1)
				pthread_create(&t, NULL, again, NULL);
			else
				again(NULL);
			pause();
		}
		expect(i & 1 ? "execve from a thread" : "execve from the main thread", status_of(pid), 7 << 8);
	}
	for (int i = 0; i < 5; i++) {
		pid_t pid = fork();
		if (pid == 0)
			execl(self, self, "lead", (char *)NULL);
		expect("execve after the main thread's end", status_of(pid), 7 << 8);
	}
	pid_t pid;
	char *shell[] = {"sh", "-c", "exit 3", NULL};
	expect("posix_spawn of a native program", posix_spawn(&pid, "/bin/sh", NULL, NULL, shell, environ), 0);
	expect("its status", status_of(pid), 3 << 8);
	expect("posix_spawn of nothing", posix_spawn(&pid, "/nonexistent", NULL, NULL, shell, environ), ENOENT);
	char *other[] = {self, "again", "0", NULL};
	expect("posix_spawn of a guest program", posix_spawn(&pid, self, NULL, NULL, other, environ), 0);
	expect("its status", status_of(pid), 7 << 8);
	expect("system", system("exit 5"), 5 << 8);
	return failures != 0;
}
