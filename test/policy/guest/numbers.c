// Descriptor numbers that Weir has for a policy are the program's when it asks for them by dup2, in the process, in a child of
// fork and in one of vfork, while other threads make calls that the policy judges.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
enum { THREADS = 3, SPAWNED = 30, UNUSED = 31, FIRST = 34, LAST = 45 };
static volatile int stop;

static void *opens(void *arg) {
	while (!stop) {
		int fd = open("/proc/self/exe", O_RDONLY);
		if (fd < 0)
			perror("open"), exit(3);
		close(fd);
	}
	return arg;
}

static void check(int ok, const char *what) {
	if (!ok)
		printf("%s: %s\n", what, strerror(errno)), exit(1);
}

int main(int argc, char **argv) {
	char c = 0;
	if (argc > 1)
		return read(SPAWNED, &c, 1) != 1 || c != 'x';
	pthread_t threads[THREADS];
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, opens, NULL);
	int p[2], status;
	check(pipe(p) == 0 && write(p[1], "x", 1) == 1, "pipe");

	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, p[0], SPAWNED);
	pid_t pid;
	errno = posix_spawn(&pid, argv[0], &actions, NULL, (char *[]){argv[0], "spawned", NULL}, environ);
	check(errno == 0, "posix_spawn");
	check(waitpid(pid, &status, 0) == pid && status == 0, "the spawned program");
	check(fcntl(SPAWNED, F_GETFD) < 0 && errno == EBADF, "the number of the child's in the parent");

	for (int i = FIRST; i <= LAST; i++)
		check(dup2(p[0], i) == i, "dup2");
	for (int i = FIRST; i <= LAST; i++)
		check(dup2(p[1], i) == i, "dup2 again");
	check(dup2(99, UNUSED) < 0 && errno == EBADF && fcntl(UNUSED, F_GETFD) < 0, "dup2 of nothing");
	if (fork() == 0) {
		for (int i = FIRST; i <= LAST; i++)
			check(write(i, "y", 1) == 1, "write");
		_exit(0);
	}
	check(wait(&status) > 0 && status == 0, "fork");
	for (int i = FIRST; i <= LAST; i++)
		check(read(p[0], &c, 1) == 1 && c == 'y', "read");
	stop = 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	puts("ok");
	return 0;
}
