// native PROGRAM EXPECTED: executes PROGRAM, which is for the host's own CPU, in a forked child, in a vfork child and as the
// interpreter of a script. Expected is an errno of execve, or 0 if the program is to run and exit with 42.
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static int failures;

static void want(const char *what, int got, int expected) {
	if (got == expected)
		return;
	printf("%s: %d, want %d\n", what, got, expected);
	failures++;
}

static int forked(const char *path) {
	char *argv[] = {(char *)path, NULL};
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		execve(path, argv, environ);
		_exit(100 + errno);
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int spawned(const char *path) {
	char *argv[] = {(char *)path, NULL};
	int status;
	pid_t pid;
	int e = posix_spawn(&pid, path, NULL, NULL, argv, environ);
	if (e != 0)
		return 100 + e;
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(int argc, char **argv) {
	if (argc != 3)
		return 2;
	int expected = atoi(argv[2]) != 0 ? 100 + atoi(argv[2]) : 42;
	char script[] = "/tmp/weir-native-XXXXXX";
	int fd = mkstemp(script);
	if (fd == -1 || dprintf(fd, "#!%s\n", argv[1]) < 0 || fchmod(fd, 0700) == -1)
		return 3;
	close(fd);
	want("fork", forked(argv[1]), expected);
	want("spawn", spawned(argv[1]), expected);
	want("script", forked(script), expected);
	want("script, spawned", spawned(script), expected);
	unlink(script);
	return failures;
}
