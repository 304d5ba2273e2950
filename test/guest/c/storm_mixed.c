// Everything at the same time: threads that fork children, spawn programs, start threads, allocate, pass messages over
// sockets and descriptors, sleep and signal the process. Every child must report the right answer and every message arrive.
#include "storm.h"

#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

extern char **environ;
static const char *self;
static atomic_long forks, spawns, starts, messages, signals_sent, signals_got;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long guarded;
static atomic_long sections;

static void on_signal(int sig) {
	(void)sig;
	signals_got++;
}

static int wait_for(pid_t pid) {
	int status = -1;
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			DIE("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

static void *brief(void *arg) {
	char *p = malloc(1000 + (size_t)(intptr_t)arg);
	memset(p, 1, 1000);
	free(p);
	return (void *)((intptr_t)arg * 2);
}

static void *work(void *arg) {
	uint64_t random = 0x2545f4914f6cdd1d + (uint64_t)(intptr_t)arg * 7907;
	int pair[2];
	OK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
	while (storm_goes_on() || forks == 0 || starts == 0 || messages == 0) {
		switch (storm_random(&random) % 7) {
		case 0: { // a child that computes on a copy of memory
			int want = (int)(storm_random(&random) % 200);
			volatile int copy = want;
			pid_t pid = fork();
			if (pid == -1)
				DIE("fork");
			if (pid == 0) {
				volatile int sum = 0;
				for (int i = 0; i < 1000; i++)
					sum += i;
				copy += sum - 499500;
				_exit(copy);
			}
			int got = wait_for(pid);
			if (got != want || copy != want)
				check_fail(__FILE__, __LINE__, "a child returned %d, not %d", got, want);
			forks++;
			break;
		}
		case 1: { // another program
			if (storm_random(&random) % 4 != 0)
				break;
			char number[16];
			int want = (int)(storm_random(&random) % 200);
			snprintf(number, sizeof number, "%d", want);
			pid_t pid;
			int error = posix_spawn(&pid, self, NULL, NULL, (char *[]){"storm", "code", number, NULL}, environ);
			if (error != 0) {
				check_fail(__FILE__, __LINE__, "posix_spawn: %s", strerror(error));
				break;
			}
			int got = wait_for(pid);
			if (got != want)
				check_fail(__FILE__, __LINE__, "a program returned %d, not %d", got, want);
			spawns++;
			break;
		}
		case 2: { // a thread
			pthread_t t;
			void *result;
			intptr_t n = storm_random(&random) % 1000;
			if (pthread_create(&t, NULL, brief, (void *)n) != 0)
				DIE("pthread_create");
			pthread_join(t, &result);
			if ((intptr_t)result != n * 2)
				check_fail(__FILE__, __LINE__, "a thread returned %ld, not %ld", (long)result, (long)n * 2);
			starts++;
			break;
		}
		case 3: { // a message with a descriptor
			int fd = eventfd(7, EFD_CLOEXEC);
			union {
				char bytes[CMSG_SPACE(sizeof(int))];
				struct cmsghdr align;
			} control = {{0}};
			uint32_t out = storm_random(&random), in = 0;
			struct iovec iov = {&out, 4};
			struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
			struct cmsghdr *c = CMSG_FIRSTHDR(&m);
			*c = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
			memcpy(CMSG_DATA(c), &fd, sizeof fd);
			if (sendmsg(pair[0], &m, 0) != 4)
				DIE("sendmsg");
			close(fd);
			iov.iov_base = &in;
			if (recvmsg(pair[1], &m, MSG_CMSG_CLOEXEC) != 4 || in != out)
				check_fail(__FILE__, __LINE__, "a message changed");
			memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
			uint64_t v = 0;
			if (read(fd, &v, 8) != 8 || v != 7)
				check_fail(__FILE__, __LINE__, "a descriptor changed");
			close(fd);
			messages++;
			break;
		}
		case 4: { // allocation of odd sizes
			unsigned char *p[20];
			for (int i = 0; i < 20; i++) {
				p[i] = malloc(1 + storm_random(&random) % 200000);
				p[i][0] = (unsigned char)i;
			}
			for (int i = 0; i < 20; i++) {
				if (p[i][0] != i)
					check_fail(__FILE__, __LINE__, "an allocation changed");
				free(p[i]);
			}
			break;
		}
		case 5: // the process signals itself
			signals_sent++;
			kill(getpid(), SIGUSR1);
			break;
		case 6:
			for (int i = 0; i < 100; i++) {
				pthread_mutex_lock(&mutex);
				guarded++;
				pthread_mutex_unlock(&mutex);
				sections++;
			}
			break;
		}
	}
	close(pair[0]), close(pair[1]);
	return NULL;
}

int main(int argc, char **argv) {
	if (argc > 2 && strcmp(argv[1], "code") == 0)
		return atoi(argv[2]);
	static char path[512];
	if (realpath(argv[0], path) == NULL)
		DIE("own path");
	self = path;
	storm_start(argc, argv);
	struct sigaction sa = {.sa_flags = SA_RESTART};
	sa.sa_handler = on_signal;
	OK(sigaction(SIGUSR1, &sa, NULL));
	storm_run(work);
	EQ(guarded, sections);
	CHECK(forks > 0 && starts > 0 && messages > 0);
	CHECK(signals_sent == 0 || signals_got > 0);
	CHECK(signals_got <= signals_sent); // standard signals merge, they do not multiply
	FAILS(waitpid(-1, NULL, WNOHANG), ECHILD);
	return done("storm_mixed");
}
