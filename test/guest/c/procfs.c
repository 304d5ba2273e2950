// /proc: what a process finds there about itself, its threads, and other processes of its family, made by fork, by vfork and
// execve, and by execve in place. Nothing in it is anybody else's than the program's.
#include "check.h"

#include <dirent.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/uio.h>

static char text[1 << 20];
static char self[4096]; // this program

static const char *slurp(const char *name) {
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t k;
	if (fd == -1) {
		check_fail(__FILE__, __LINE__, "%s: %s", name, strerror(errno));
		return "";
	}
	while (n < sizeof text - 1 && (k = read(fd, text + n, sizeof text - 1 - n)) > 0)
		n += (size_t)k;
	text[n] = 0;
	close(fd);
	return text;
}

static const char *file(const char *dir, const char *name) {
	char path[200];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	return slurp(path);
}

// value is the number behind a key of status, smaps and their like.
static unsigned long value(const char *t, const char *key, int base) {
	const char *at = strstr(t, key);
	return at != NULL ? strtoul(at + strlen(key), NULL, base) : 0;
}

// count lists a folder: how many numbers it has, and whether n is one of them.
static int count(const char *dir, const char *name, long n, bool *there) {
	char path[200];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	DIR *d = opendir(path);
	int found = 0;
	*there = false;
	if (d == NULL)
		return -1;
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		if (e->d_name[0] != '.') {
			found++;
			*there |= strtol(e->d_name, NULL, 10) == n;
		}
	closedir(d);
	return found;
}

// A thing that is known about a process.
struct known {
	pid_t pid;
	int threads;
	const char *arg; // its first argument
	const char *env; // one of its variables
	unsigned long heap, stack, code;
	int fd; // an open descriptor
	int fds;
};

static int variable;

static void look(const char *dir, const struct known *k, bool thread) {
	char path[256], link[4096];
	snprintf(path, sizeof path, "%s/exe", dir);
	ssize_t n = readlink(path, link, sizeof link - 1);
	link[n > 0 ? n : 0] = 0;
	STR(link, self);
	struct stat a, b;
	OK(stat(path, &a));
	OK(stat(self, &b));
	CHECK(a.st_ino == b.st_ino && a.st_size == b.st_size);
	int fd = open(path, O_RDONLY);
	OK(fd);
	OK(fstat(fd, &a));
	CHECK(a.st_ino == b.st_ino);
	close(fd);

	const char *t = file(dir, "cmdline");
	STR(t, self);
	STR(t + strlen(t) + 1, k->arg);
	t = file(dir, "environ");
	bool found = false;
	for (; *t; t += strlen(t) + 1)
		found |= strcmp(t, k->env) == 0;
	CHECK(found);
	snprintf(path, sizeof path, "%s/auxv", dir);
	unsigned long aux[128] = {0};
	fd = open(path, O_RDONLY);
	OK(fd);
	CHECK(read(fd, aux, sizeof aux) > 0);
	close(fd);
	found = false;
	for (int i = 0; i < 126 && aux[i] != 0; i += 2)
		if (aux[i] == AT_ENTRY) {
			EQ(aux[i + 1], getauxval(AT_ENTRY));
			found = true;
		}
	CHECK(found);

	STR(file(dir, "comm"), "procfs\n");
	t = file(dir, "status");
	CHECK(strncmp(t, "Name:\tprocfs\n", 13) == 0);
	EQ(value(t, "\nThreads:", 10), k->threads);
	EQ(value(t, "\nTgid:", 10), k->pid);
	CHECK(value(t, "\nSigIgn:", 16) & 1UL << (SIGUSR2 - 1));
	EQ(value(t, "\nSigCgt:", 16) & ~(3UL << 31), 1UL << (SIGHUP - 1)); // without the C library's own
	unsigned long size = value(t, "\nVmSize:", 10), rss = value(t, "\nVmRSS:", 10);
	CHECK(size > 100 && size < 900000);
	CHECK(rss > 50 && rss <= size);
#ifdef __riscv
	CHECK(strstr(t, "x86") == NULL);
#endif

	// stat: fields behind the name
	t = strrchr(file(dir, "stat"), ')');
	CHECK(t != NULL);
	unsigned long f[53] = {0};
	if (t != NULL) {
		char *at = (char *)t + 3; // the state
		for (int i = 4; i < 53; i++) {
			at = strchr(at, ' ');
			if (at == NULL)
				break;
			f[i] = strtoul(++at, NULL, 10);
		}
	}
	EQ(f[20], k->threads);
	EQ(f[23] / 1024, size);
	CHECK(f[24] > 0 && f[24] <= f[23] / 4096);
	CHECK(f[26] <= k->code && k->code < f[27]);
	CHECK(f[28] > k->stack - (8 << 20) && f[28] < k->stack + (8 << 20));
	CHECK(f[48] < f[49] && f[49] <= f[50] && f[50] < f[51]);

	unsigned long pages[7] = {0};
	EQ(sscanf(file(dir, "statm"), "%lu %lu %lu %lu %lu %lu %lu", &pages[0], &pages[1], &pages[2], &pages[3], &pages[4], &pages[5], &pages[6]), 7);
	EQ(pages[0] * 4, size);
	CHECK(pages[1] > 0 && pages[1] <= pages[0]);

	t = file(dir, "limits");
	char want[80];
	snprintf(want, sizeof want, "\nMax stack size            %-20d ", 4 << 20);
	CHECK(strstr(t, want) != NULL);
	CHECK(strstr(t, "\nMax open files ") != NULL);

	// Mappings: each is between two others, of this program or without a name, and the known places are in the right ones.
	t = file(dir, "maps");
	bool heap = false, stack = false, code = false;
	unsigned long last = 0, sum = 0;
	for (const char *line = t; *line; line = strchr(line, '\n') + 1) {
		unsigned long lo, hi, off;
		char prot[8] = "", name[512] = "";
		unsigned major, minor;
		unsigned long ino;
		int got = sscanf(line, "%lx-%lx %7s %lx %x:%x %lu %511[^\n]", &lo, &hi, prot, &off, &major, &minor, &ino, name);
		CHECK(got >= 7 && lo >= last && hi > lo);
		last = hi;
		sum += strstr(name, "vsyscall") != NULL ? 0 : hi - lo;
		code |= lo <= k->code && k->code < hi && strstr(name, "procfs") != NULL && strncmp(prot, "r-xp", 4) == 0;
		heap |= lo <= k->heap && k->heap < hi && strcmp(name, "[heap]") == 0 && strncmp(prot, "rw-p", 4) == 0;
		stack |= lo <= k->stack && k->stack < hi && strcmp(name, "[stack]") == 0;
		CHECK(strstr(name, "weir") == NULL || strstr(name, "procfs") != NULL);
		CHECK(strstr(name, "memfd") == NULL);
	}
	CHECK(code);
	CHECK(heap);
	CHECK(stack);
	EQ(sum / 1024, size);
	t = file(dir, "smaps");
	unsigned long total = 0;
	for (const char *at = t; (at = strstr(at, "\nRss:")) != NULL; at++)
		total += strtoul(at + 5, NULL, 10);
	CHECK(total > 50 && total <= size);
	CHECK(strstr(t, "\nVmFlags: rd ex mr mw me") != NULL);
	if (!thread) {
		t = file(dir, "smaps_rollup");
		CHECK(strstr(t, "[rollup]") != NULL);
		CHECK(value(t, "\nRss:", 10) > 50 && value(t, "\nRss:", 10) <= size);
	}

	snprintf(path, sizeof path, "%s/mem", dir);
	fd = open(path, O_RDONLY);
	if (fd != -1) { // the kernel may not allow it for others
		int got = 0;
		ssize_t r = pread(fd, &got, sizeof got, (off_t)(uintptr_t)&variable);
		CHECK(r == -1 || (r == sizeof got && got == 4711));
		close(fd);
	}

	bool there;
	EQ(count(dir, "fd", k->fd, &there), k->fds);
	CHECK(there);
	EQ(count(dir, "fdinfo", k->fd, &there), k->fds);
	if (!thread) {
		EQ(count(dir, "task", k->pid, &there), k->threads);
		CHECK(there);
		snprintf(path, sizeof path, "%s/task/1", dir);
		FAILS(access(path, F_OK), ENOENT);
	}
	snprintf(path, sizeof path, "%s/fd/777", dir);
	FAILS(access(path, F_OK), ENOENT);
	for (int i = k->fd + 1; i < 200; i++) { // no hidden ones either
		snprintf(path, sizeof path, "%s/fd/%d", dir, i);
		if (access(path, F_OK) == 0)
			check_fail(__FILE__, __LINE__, "%s is there", path);
	}

	// By way of the folder.
	int d = open(dir, O_RDONLY | O_DIRECTORY);
	OK(d);
	fd = openat(d, "maps", O_RDONLY);
	OK(fd);
	char first[200] = "";
	CHECK(read(fd, first, sizeof first - 1) > 0);
	close(fd);
	CHECK(strncmp(first, file(dir, "maps"), 17) == 0);
	n = readlinkat(d, "exe", link, sizeof link - 1);
	link[n > 0 ? n : 0] = 0;
	STR(link, self);
	close(d);
}

static void nothing(int sig) { (void)sig; }

static int pipes[2];
static atomic_int waiting;

static void *waits(void *arg) {
	(void)arg;
	char c;
	waiting++;
	(void)!read(pipes[0], &c, 1);
	return NULL;
}

// begin sets up what look wants to find, and returns what is known of this process.
static struct known begin(const char *arg) {
	signal(SIGHUP, nothing);
	signal(SIGUSR2, SIG_IGN);
	prctl(PR_SET_NAME, "procfs");
	variable = 4711;
	struct known k = {.pid = getpid(), .threads = 1, .arg = arg, .env = "PROCFS_TEST=yes"};
	k.heap = (unsigned long)sbrk(1 << 16);
	*(char *)k.heap = 1;
	k.stack = (unsigned long)&k;
	k.code = (unsigned long)begin;
	return k;
}

static void note(struct known *k) {
	k->fd = dup(0);
	k->fds = 0;
	for (int i = 0; i < 1024; i++)
		k->fds += fcntl(i, F_GETFD) != -1;
}

static void limit(void) {
	struct rlimit l;
	getrlimit(RLIMIT_STACK, &l);
	l.rlim_cur = 4 << 20;
	OK(setrlimit(RLIMIT_STACK, &l));
}

// tells writes what is known of this process to descriptor 1 and waits for the end of descriptor 0.
static int tells(const char *arg) {
	struct known k = begin(arg);
	note(&k);
	if (write(1, &k, sizeof k) != sizeof k)
		return 2;
	char c;
	(void)!read(0, &c, 1);
	return 0;
}

// other starts this program anew with "tell" and looks at it. how: by vfork and execve, fork and execve, or fork alone.
static void other(int how) {
	int to[2], from[2];
	OK(pipe(to));
	OK(pipe(from));
	char *argv[] = {self, "tell", NULL};
	pid_t pid = how == 0 ? vfork() : fork();
	if (pid == 0) {
		dup2(to[0], 0);
		dup2(from[1], 1);
		for (int i = 3; i < 100; i++)
			close(i);
		if (how < 2)
			execv(self, argv);
		_exit(how < 2 ? 127 : tells("run"));
	}
	close(to[0]);
	close(from[1]);
	struct known k;
	EQ(read(from[0], &k, sizeof k), sizeof k);
	EQ(k.pid, pid);
	k.arg = how < 2 ? "tell" : "run";
	k.env = "PROCFS_TEST=yes";
	char dir[100];
	snprintf(dir, sizeof dir, "/proc/%d", (int)pid);
	look(dir, &k, false);
	snprintf(dir, sizeof dir, "/proc/%d/task/%d", (int)pid, (int)pid);
	look(dir, &k, true);
	close(to[1]);
	int status;
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	close(from[0]);
	snprintf(dir, sizeof dir, "/proc/%d/maps", (int)pid);
	FAILS(access(dir, F_OK), ENOENT);
}

int main(int argc, char **argv) {
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	self[n > 0 ? n : 0] = 0;
	if (argc > 1 && strcmp(argv[1], "tell") == 0)
		return tells("tell");
	if (argc < 2) { // once more by the full name, with a known environment and descriptors
		limit();
		for (int i = 3; i < 100; i++)
			close(i);
		char *args[] = {self, "run", NULL}, *env[] = {"PROCFS_TEST=yes", NULL};
		execve("/proc/self/exe", args, env);
		DIE("execve");
	}
	struct known k = begin("run");
	note(&k);
	k.fds++; // that of the listing
	look("/proc/self", &k, false);
	look("/proc/thread-self", &k, true);
	char dir[100];
	snprintf(dir, sizeof dir, "/proc/%d", getpid());
	look(dir, &k, false);

	OK(pipe(pipes));
	k.fds += 2;
	pthread_t th[2];
	for (int i = 0; i < 2; i++)
		EQ(pthread_create(&th[i], NULL, waits, NULL), 0);
	while (waiting < 2)
		sleep_ms(1);
	k.threads = 3;
	DIR *tasks = opendir("/proc/self/task");
	for (struct dirent *e; (e = readdir(tasks)) != NULL;)
		if (e->d_name[0] != '.') {
			char name[300];
			snprintf(name, sizeof name, "/proc/self/task/%s/comm", e->d_name);
			STR(slurp(name), "procfs\n");
			snprintf(name, sizeof name, "/proc/%s/comm", e->d_name);
			STR(slurp(name), "procfs\n");
		}
	closedir(tasks);
	k.fd = pipes[1];
	look("/proc/self", &k, false);
	snprintf(dir, sizeof dir, "/proc/self/task/%d", getpid());
	look(dir, &k, true);

	// A child looks at its parent.
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		check_failures = 0;
		k.fds--;
		snprintf(dir, sizeof dir, "/proc/%d", getppid());
		look(dir, &k, false);
		_exit(check_failures != 0);
	}
	int status;
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	close(pipes[1]);
	close(pipes[0]);
	for (int i = 0; i < 2; i++)
		pthread_join(th[i], NULL);

	for (int how = 0; how < 3; how++)
		other(how);
	OK(chdir("/proc/self"));
	CHECK(strstr(slurp("status"), "\nThreads:\t1\n") != NULL);
#ifdef __riscv
	STR(slurp("/proc/sys/kernel/arch"), "riscv64\n");
	FAILS(access("/proc/self/arch_status", F_OK), ENOENT);
#endif
	return done("procfs");
}
