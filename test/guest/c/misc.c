// What a program learns about machine and itself: uname, sysinfo, limits, processors, random bytes, the auxiliary vector,
// prctl, ids, personality, a few files of /proc.
#include "check.h"

#include <elf.h>
#include <grp.h>
#include <link.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

extern char **environ;
extern const ElfW(Ehdr) __ehdr_start;

static void test_machine(void) {
	struct utsname u;
	OK(uname(&u));
	STR(u.sysname, "Linux");
#if defined(__riscv)
	STR(u.machine, "riscv64");
#elif defined(__x86_64__)
	STR(u.machine, "x86_64");
#elif defined(__aarch64__)
	STR(u.machine, "aarch64");
#endif
	CHECK(u.release[0] >= '2' && u.release[0] <= '9');
	CHECK(u.nodename[0] != '\0');
	char host[256];
	OK(gethostname(host, sizeof host));
	STR(host, u.nodename);

	struct sysinfo s;
	OK(sysinfo(&s));
	CHECK(s.uptime > 0 && s.totalram > 0 && s.procs > 0 && s.mem_unit > 0);
	CHECK(s.freeram <= s.totalram);
	FAILS(syscall(SYS_sysinfo, (void *)8), EFAULT);
	FAILS(syscall(SYS_uname, (void *)8), EFAULT);
	FAILS(syscall(5000), ENOSYS);
	FAILS(syscall(-1), ENOSYS);
}

static void test_random(void) {
	unsigned char a[64] = {0}, b[64] = {0};
	EQ(getrandom(a, sizeof a, 0), sizeof a);
	EQ(getrandom(b, sizeof b, GRND_NONBLOCK), sizeof b);
	CHECK(memcmp(a, b, sizeof a) != 0);
	FAILS(getrandom(a, 1, 0x100), EINVAL);
	FAILS(getrandom((void *)8, 1, 0), EFAULT);
	OK(getentropy(a, 32));
}

static void test_limits(void) {
	struct rlimit l, old, now;
	OK(getrlimit(RLIMIT_NOFILE, &l));
	CHECK(l.rlim_cur > 10 && l.rlim_cur <= l.rlim_max);
	struct rlimit lower = {l.rlim_cur - 1, l.rlim_max};
	OK(prlimit(0, RLIMIT_NOFILE, &lower, &old));
	EQ(old.rlim_cur, l.rlim_cur);
	OK(prlimit(getpid(), RLIMIT_NOFILE, NULL, &now));
	EQ(now.rlim_cur, l.rlim_cur - 1);
	struct rlimit few = {20, l.rlim_max};
	OK(setrlimit(RLIMIT_NOFILE, &few));
	FAILS(dup2(0, 20), EBADF);
	int fds[32], n = 0;
	while (n < 32 && (fds[n] = open("/dev/null", O_RDONLY)) != -1)
		n++;
	EQ(errno, EMFILE);
	CHECK(n > 0 && n < 20);
	while (n > 0)
		close(fds[--n]);
	OK(setrlimit(RLIMIT_NOFILE, &l));
	FAILS(getrlimit(99, &l), EINVAL);
	struct rlimit wrong = {10, 5};
	FAILS(setrlimit(RLIMIT_NOFILE, &wrong), EINVAL);
	OK(getrlimit(RLIMIT_STACK, &l));
	CHECK(l.rlim_cur >= 64 * 1024);
	errno = 0;
	int nice_now = getpriority(PRIO_PROCESS, 0);
	EQ(errno, 0);
	CHECK(nice_now >= -20 && nice_now <= 19);
	OK(setpriority(PRIO_PROCESS, 0, nice_now));
	FAILS(getpriority(99, 0), EINVAL);
}

static void test_processors(void) {
	cpu_set_t set;
	CPU_ZERO(&set);
	OK(sched_getaffinity(0, sizeof set, &set));
	int n = CPU_COUNT(&set);
	CHECK(n >= 1);
	EQ(sysconf(_SC_NPROCESSORS_ONLN) >= 1, 1);
	unsigned cpu = 9999, node = 9999;
	OK(getcpu(&cpu, &node));
	CHECK(cpu < 4096 && CPU_ISSET(cpu, &set));
	CHECK(sched_getcpu() >= 0);
	OK(sched_setaffinity(0, sizeof set, &set));
	CPU_ZERO(&set);
	FAILS(sched_setaffinity(0, sizeof set, &set), EINVAL);
	long bytes = syscall(SYS_sched_getaffinity, 0, sizeof set, &set); // the call tells how much it wrote
	CHECK(bytes >= 8 && bytes % 8 == 0);
	FAILS(syscall(SYS_sched_getaffinity, 0, 4, &set), EINVAL);
	EQ(sched_yield(), 0);
	EQ(sched_getscheduler(0), SCHED_OTHER);
	EQ(sched_get_priority_max(SCHED_FIFO), 99);
	struct sched_param param;
	OK(sched_getparam(0, &param));
	EQ(param.sched_priority, 0);
	struct timespec slice;
	OK(sched_rr_get_interval(0, &slice));
}

static void test_auxv(const char *argv0) {
	EQ(getauxval(AT_PAGESZ), sysconf(_SC_PAGESIZE));
	const unsigned char *random = (void *)getauxval(AT_RANDOM);
	CHECK(random != NULL);
	int zeros = 0;
	for (int i = 0; i < 16; i++)
		zeros += random[i] == 0;
	CHECK(zeros < 8);
	STR((char *)getauxval(AT_EXECFN), argv0);
	EQ(getauxval(AT_PHDR), (uintptr_t)&__ehdr_start + __ehdr_start.e_phoff);
	EQ(getauxval(AT_PHENT), sizeof(ElfW(Phdr)));
	EQ(getauxval(AT_PHNUM), __ehdr_start.e_phnum);
	EQ(getauxval(AT_ENTRY), __ehdr_start.e_entry);
	EQ(getauxval(AT_BASE), 0); // static
	EQ(getauxval(AT_UID), getuid());
	EQ(getauxval(AT_EUID), geteuid());
	EQ(getauxval(AT_GID), getgid());
	EQ(getauxval(AT_EGID), getegid());
	EQ(getauxval(AT_SECURE), 0);
	EQ(getauxval(AT_CLKTCK), sysconf(_SC_CLK_TCK));
	CHECK(getauxval(AT_SYSINFO_EHDR) != 0);
	if (getauxval(AT_SYSINFO_EHDR) != 0)
		CHECK(memcmp((void *)getauxval(AT_SYSINFO_EHDR), ELFMAG, SELFMAG) == 0);
#if defined(__riscv)
	// One bit for each single-letter extension.
	static const char letters[] = "imafdc";
	for (int i = 0; letters[i] != '\0'; i++)
		CHECK(getauxval(AT_HWCAP) >> (letters[i] - 'a') & 1);
#else
	CHECK(getauxval(AT_HWCAP) != 0);
	CHECK(getauxval(AT_PLATFORM) != 0);
#endif
	errno = 0;
	EQ(getauxval(9999), 0);
	EQ(errno, ENOENT);

	// /proc/self/auxv holds the same vector; it starts where the environment on the stack ends.
	int fd = open("/proc/self/auxv", O_RDONLY);
	ElfW(auxv_t) vector[64];
	ssize_t n = read(fd, vector, sizeof vector);
	close(fd);
	CHECK(n > 0);
	size_t entries = 0;
	while (entries < (size_t)n / sizeof vector[0] && vector[entries].a_type != AT_NULL) {
		if (vector[entries].a_type != AT_HWCAP) // glibc has its own idea of it on x86
			EQ(getauxval(vector[entries].a_type), vector[entries].a_un.a_val);
		entries++;
	}
	CHECK(entries >= 10);
}

static void test_identity(void) {
	uid_t r, e, s;
	OK(getresuid(&r, &e, &s));
	EQ(r, getuid());
	EQ(e, geteuid());
	gid_t gr, ge, gs;
	OK(getresgid(&gr, &ge, &gs));
	EQ(gr, getgid());
	OK(setuid(getuid()));
	OK(setgid(getgid()));
	OK(setreuid((uid_t)-1, (uid_t)-1));
	OK(setresgid((gid_t)-1, (gid_t)-1, (gid_t)-1));
	int n = getgroups(0, NULL);
	CHECK(n >= 0);
	gid_t groups[256];
	EQ(getgroups(256, groups), n);
	if (n > 1)
		FAILS(getgroups(1, groups), EINVAL);
	FAILS(getgroups(-1, groups), EINVAL);
	CHECK(getpid() > 0 && getppid() >= 0 && getsid(0) >= 0 && getpgrp() >= 0);
	if (geteuid() != 0)
		FAILS(setuid(0), EPERM);
}

static void test_prctl(void) {
	OK(prctl(PR_SET_PDEATHSIG, SIGUSR1));
	int sig = 0;
	OK(prctl(PR_GET_PDEATHSIG, &sig));
	EQ(sig, SIGUSR1);
	OK(prctl(PR_SET_PDEATHSIG, 0));
	FAILS(prctl(PR_SET_PDEATHSIG, 99), EINVAL);
	int dumpable = prctl(PR_GET_DUMPABLE);
	CHECK(dumpable >= 0 && dumpable <= 2);
	EQ(prctl(PR_GET_KEEPCAPS), 0);
	OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
	EQ(prctl(PR_GET_TIMERSLACK) > 0, 1);
	FAILS(prctl(123456), EINVAL);
	EQ(personality(0xffffffff) & 0xff, PER_LINUX);
}

static void test_proc(int argc, char **argv) {
	char text[4096];
	FILE *f = fopen("/proc/self/status", "r");
	CHECK(f != NULL);
	int pid = 0, threads = 0;
	while (f != NULL && fgets(text, sizeof text, f) != NULL) {
		sscanf(text, "Pid: %d", &pid);
		sscanf(text, "Threads: %d", &threads);
	}
	fclose(f);
	EQ(pid, getpid());
	EQ(threads, 1); // those of an emulator are not the program's
	snprintf(text, sizeof text, "/proc/%d/cmdline", getpid());
	int fd = open(text, O_RDONLY);
	ssize_t n = read(fd, text, sizeof text);
	close(fd);
	ssize_t want = 0;
	for (int i = 0; i < argc; i++) {
		if (want < n)
			STR(text + want, argv[i]);
		want += (ssize_t)strlen(argv[i]) + 1;
	}
	EQ(n, want);
	char exe[512], path[512];
	n = readlink("/proc/self/exe", exe, sizeof exe - 1);
	exe[n > 0 ? n : 0] = '\0';
	STR(exe, realpath(argv[0], path));
	f = fopen("/proc/self/stat", "r");
	char name[64], state;
	int ppid;
	EQ(fscanf(f, "%d (%63[^)]) %c %d", &pid, name, &state, &ppid), 4);
	fclose(f);
	EQ(pid, getpid());
	EQ(ppid, getppid());
	CHECK(state == 'R' || state == 'S');
	fd = open("/proc/self/environ", O_RDONLY);
	OK(fd);
	n = read(fd, text, sizeof text - 1);
	close(fd);
	if (environ[0] != NULL && n > 0) {
		text[n] = '\0';
		STR(text, environ[0]);
	}
	fd = open("/proc/self/mem", O_RDONLY);
	if (fd != -1) {
		static int value = 4711;
		int got = 0;
		EQ(pread(fd, &got, sizeof got, (off_t)(uintptr_t)&value), sizeof got);
		EQ(got, 4711);
		close(fd);
	}
	f = fopen("/proc/cpuinfo", "r");
	CHECK(f != NULL && fgets(text, sizeof text, f) != NULL);
	fclose(f);
}

int main(int argc, char **argv) {
	test_machine();
	test_random();
	test_limits();
	test_processors();
	test_auxv(argv[0]);
	test_identity();
	test_prctl();
	test_proc(argc, argv);
	return done("misc");
}
