// What a program finds at its start of closed standard descriptors and ignored signals, over posix_spawn and over execve.
#include "check.h"

#include <spawn.h>

extern char **environ;
enum { SAY = 30 };
static const int ignored[] = {SIGPIPE, SIGSEGV, SIGURG, SIGCHLD};

// show ends with 0 if the start is what main has made.
static int show(void) {
	FAILS(fcntl(0, F_GETFD), EBADF);
	OK(fcntl(1, F_GETFD));
	FAILS(fcntl(2, F_GETFD), EBADF);
	uint64_t want = 0;
	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) {
		struct sigaction sa;
		OK(sigaction(ignored[i], NULL, &sa));
		CHECK(sa.sa_handler == SIG_IGN);
		want |= 1ull << (ignored[i] - 1);
	}
	struct sigaction sa;
	OK(sigaction(SIGUSR1, NULL, &sa));
	CHECK(sa.sa_handler == SIG_DFL);
	raise(SIGPIPE), raise(SIGSEGV), raise(SIGURG);

	FILE *f = fopen("/proc/self/status", "r");
	uint64_t set = 0;
	char line[256];
	while (f != NULL && fgets(line, sizeof line, f) != NULL)
		sscanf(line, "SigIgn: %" SCNx64, &set);
	EQ(set & (want | 1ull << (SIGUSR1 - 1)), want);
	if (check_failures == 0)
		(void)!write(SAY, "y", 1); // closed in the second run
	return check_failures != 0;
}

static void ends_well(pid_t pid) {
	int status = -1;
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
}

int main(int argc, char **argv) {
	if (argc > 1)
		return show();
	pid_t pid = fork();
	if (pid == 0) {
		for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
			signal(ignored[i], SIG_IGN);
		signal(SIGUSR1, _exit);
		posix_spawn_file_actions_t actions;
		posix_spawn_file_actions_init(&actions);
		posix_spawn_file_actions_addclose(&actions, 0);
		posix_spawn_file_actions_addclose(&actions, 2);
		// With SIGCHLD ignored there is no status to wait for: the program says by a pipe how it ended.
		int fds[2];
		char said = 0;
		if (pipe(fds) != 0 || dup2(fds[1], SAY) != SAY || posix_spawn(&pid, argv[0], &actions, NULL, (char *[]){argv[0], "show", NULL}, environ) != 0)
			_exit(97);
		close(fds[1]), close(SAY);
		if (read(fds[0], &said, 1) != 1 || said != 'y')
			_exit(96);
		close(fds[0]);
		close(0), close(2);
		execl(argv[0], argv[0], "show", NULL);
		_exit(98);
	}
	ends_well(pid);
	return done("start");
}
