// CFLAGS: -O1 -pthread
// bypass tries to get at what a policy denies.
//
//   bypass list                          names the attacks
//   bypass DIR DENIED ALLOWED NAME...    makes them, each in a process of its own, in DIR/NAME, where
//                                        secret/file holds "secret", secret/prog is this program,
//                                        open/file holds "public", open/prog is this program; DENIED and ALLOWED are TCP and
//                                        UDP ports of 127.0.0.1. Prints "NAME 1" for one that got what it wanted, "NAME 0"
//                                        for one that did not, "NAME n/a" for one that cannot be made here.
//   bypass me                            exits with 42 if it is secret/prog, 43 otherwise
//   bypass cat FILE                      exits with 42 if it can read "secret" in FILE
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { NO, GOT, NA };

static char base[2048]; // DIR/NAME, the working directory
static char self[2048];
static int denied, allowed;
static long flips = 100000, tries = 500;
static int many; // flip calls as often as memory
extern char **environ;

// got reads a descriptor, closes it, and reports whether it held the secret.
static int got(int fd) {
	char b[6];
	if (fd < 0) return NO;
	int r = pread(fd, b, 6, 0) == 6 && !memcmp(b, "secret", 6);
	close(fd);
	return r ? GOT : NO;
}

static int rd(const char *p) { return got(open(p, O_RDONLY)); }
static int rdat(int d, const char *p) { return got(openat(d, p, O_RDONLY)); }
static int dirfd_of(const char *p) { return open(p, O_RDONLY | O_DIRECTORY); }
static char *cat(const char *a, const char *b) {
	static char s[8][4400];
	static int i;
	char *r = s[i++ & 7];
	snprintf(r, sizeof s[0], "%s%s", a, b);
	return r;
}
static char *fdpath(const char *how, int fd, const char *rest) {
	char t[64];
	snprintf(t, sizeof t, how, fd);
	return cat(t, rest);
}
static int exitcode(pid_t p) {
	int st;
	while (waitpid(p, &st, 0) < 0)
		if (errno != EINTR) return -1;
	return WIFEXITED(st) ? WEXITSTATUS(st) : -1;
}
static int want42(pid_t p) { return p > 0 && exitcode(p) == 42 ? GOT : NO; }

// Ways to a file.
static int a_plain(void) { return rd("secret/file"); }
static int a_absolute(void) { return rd(cat(base, "/secret/file")); }
static int a_dotdot(void) { return rd("open/../secret/./file"); }
static int a_slashes(void) { return rd(cat("//", cat(base, "///secret////file"))); }
static int a_link(void) { return symlink("../secret/file", "open/l") ? NA : rd("open/l"); }
static int a_dirlink(void) { return symlink("../secret", "open/l") ? NA : rd("open/l/file"); }
static int a_chain(void) {
	if (symlink("b", "open/a") || symlink("c/.", "open/b") || symlink(cat(base, "/secret"), "open/c")) return NA;
	return rd("open/a/../secret/../open/b/file");
}
static int a_procroot(void) { return rd(cat("/proc/self/root", cat(base, "/secret/file"))); }
static int a_proccwd(void) { return rd("/proc/self/cwd/secret/file"); }
static int a_procthread(void) { return rd("/proc/thread-self/cwd/secret/file"); }
static int a_procpid(void) {
	char t[64];
	snprintf(t, sizeof t, "/proc/%d/task/%d/root", getpid(), getpid());
	return rd(cat(t, cat(base, "/secret/file")));
}
static int a_procparent(void) {
	char t[64];
	snprintf(t, sizeof t, "/proc/%d/root", getppid());
	return rd(cat(t, cat(base, "/secret/file")));
}
static int a_procfd(void) { return rd(fdpath("/proc/self/fd/%d", dirfd_of("secret"), "/file")); }
static int a_devfd(void) { return rd(fdpath("/dev/fd/%d", dirfd_of("secret"), "/file")); }
static int a_procfdlink(void) {
	int d = dirfd_of("secret");
	return symlink(fdpath("/proc/self/fd/%d", d, ""), "open/l") ? NA : rd("open/l/file");
}
static int a_dirfd(void) { return rdat(dirfd_of("secret"), "file"); }
static int a_dupfd(void) { return rdat(dup(dirfd_of("secret")), "file") || rdat(fcntl(dirfd_of("secret"), F_DUPFD, 30), "file"); }
static int a_dup2fd(void) {
	int d = dirfd_of("open");
	dup2(dirfd_of("secret"), d);
	return rdat(d, "file");
}
static int a_opath(void) {
	int f = open("secret/file", O_PATH);
	return f < 0 ? NO : rd(fdpath("/proc/self/fd/%d", f, ""));
}
static int a_opathdir(void) { return rdat(open("secret", O_PATH), "file"); }
static int a_emptypath(void) {
	struct stat st;
	int f = open("secret/file", O_PATH | O_NOFOLLOW);
	return f >= 0 && !fstatat(f, "", &st, AT_EMPTY_PATH) && st.st_size == 6 ? GOT : NO;
}
static int a_fchdir(void) { return fchdir(dirfd_of("secret")) ? NA : rd("file"); }
static int a_chdir(void) { return chdir("secret") ? NO : rd("file"); }
static int a_up(void) { return chdir("secret") ? NO : rd("../secret/file"); }
static int openat2_(int d, const char *p, unsigned long long flags, unsigned long long resolve) {
	struct open_how h = {.flags = flags, .resolve = resolve};
	return syscall(SYS_openat2, d, p, &h, sizeof h);
}
static int a_openat2(void) { return got(openat2_(AT_FDCWD, "secret/file", O_RDONLY, 0)); }
static int a_beneath(void) { return got(openat2_(AT_FDCWD, "open/../secret/file", O_RDONLY, RESOLVE_BENEATH)); }
static int a_inroot(void) { return got(openat2_(dirfd_of("."), "/secret/file", O_RDONLY, RESOLVE_IN_ROOT)); }
static int a_inrootup(void) { return got(openat2_(dirfd_of("secret"), "/../../file", O_RDONLY, RESOLVE_IN_ROOT)); }
static int a_nolinks(void) { return got(openat2_(AT_FDCWD, "secret/file", O_RDONLY, RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)); }
static int a_handle(void) {
	char b[sizeof(struct file_handle) + 128];
	struct file_handle *h = (void *)b;
	int id;
	h->handle_bytes = 128;
	if (name_to_handle_at(AT_FDCWD, "secret/file", h, &id, 0)) {
		// A name in the folder, by the folder's handle.
		h->handle_bytes = 128;
		if (name_to_handle_at(AT_FDCWD, "secret", h, &id, 0)) return NA;
		int d = open_by_handle_at(dirfd_of("open"), h, O_RDONLY);
		return d < 0 ? NO : rdat(d, "file");
	}
	return got(open_by_handle_at(dirfd_of("open"), h, O_RDONLY));
}
static int a_stat(void) {
	struct stat st;
	return !stat("secret/file", &st) && st.st_size == 6 ? GOT : NO;
}
static int a_statx(void) {
	struct statx st;
	return !statx(AT_FDCWD, "open/../secret/file", 0, STATX_SIZE, &st) && st.stx_size == 6 ? GOT : NO;
}
static int a_access(void) { return access("secret/file", R_OK) ? NO : GOT; }
static int a_readlink(void) {
	char b[64];
	return readlink("secret/link", b, sizeof b) > 0 ? GOT : NO;
}
static int a_nofollow(void) { return got(open("secret/file", O_RDONLY | O_NOFOLLOW)); }
static int a_xattr(void) {
	char b[64];
	errno = 0;
	return syscall(SYS_getxattr, "secret/file", "user.none", b, sizeof b) < 0 && errno == EACCES ? NO : GOT;
}

// Changes.
static int a_truncate(void) { return truncate("secret/file", 3) ? NO : GOT; }
static int a_unlink(void) { return unlink("secret/file") ? NO : GOT; }
static int a_create(void) { return open("secret/new", O_CREAT | O_WRONLY, 0600) < 0 ? NO : GOT; }
static int a_excl(void) { return openat(dirfd_of("secret"), "new", O_CREAT | O_EXCL | O_WRONLY, 0600) < 0 ? NO : GOT; }
static int a_createlink(void) { return symlink("../secret/new", "open/l") ? NA : open("open/l", O_CREAT | O_WRONLY, 0600) < 0 ? NO : GOT; }
static int a_tmpfile(void) { return open("secret", O_TMPFILE | O_WRONLY, 0600) < 0 ? NO : GOT; }
static int a_linkin(void) { return linkat(AT_FDCWD, "open/file", dirfd_of("secret"), "new", 0) ? NO : GOT; }
static int a_mkdir(void) { return mkdir("secret/d/", 0700) ? NO : GOT; }
static int a_symlink(void) { return symlink("x", "secret/l") ? NO : GOT; }
static int a_mknod(void) { return mknodat(dirfd_of("secret"), "n", S_IFIFO | 0600, 0) ? NO : GOT; }
static int a_chmod(void) { return chmod("open/../secret/file", 0777) ? NO : GOT; }
static int a_chown(void) { return fchownat(AT_FDCWD, "secret/file", -1, -1, 0) ? NO : GOT; }
static int a_utime(void) { return utimensat(AT_FDCWD, "secret/file", NULL, 0) ? NO : GOT; }
static int a_sockfile(void) {
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "secret/new"};
	return bind(socket(AF_UNIX, SOCK_STREAM, 0), (void *)&a, sizeof a) ? NO : GOT;
}
static int a_sockconnect(void) {
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "secret/sock"};
	return connect(socket(AF_UNIX, SOCK_DGRAM, 0), (void *)&a, sizeof a) ? NO : GOT;
}
static int a_socksend(void) {
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "open/../secret/sock"};
	return sendto(socket(AF_UNIX, SOCK_DGRAM, 0), "x", 1, 0, (void *)&a, sizeof a) == 1 ? GOT : NO;
}
static int a_sockmsg(void) {
	struct sockaddr_un a = {.sun_family = AF_UNIX, .sun_path = "secret/sock"};
	struct iovec v = {"x", 1};
	struct mmsghdr m = {.msg_hdr = {.msg_name = &a, .msg_namelen = sizeof a, .msg_iov = &v, .msg_iovlen = 1}};
	return sendmmsg(socket(AF_UNIX, SOCK_DGRAM, 0), &m, 1, 0) == 1 ? GOT : NO;
}

// New names.
static int a_rename(void) { return rename("secret/file", "open/stolen") ? NO : rd("open/stolen"); }
static int a_renamedir(void) { return rename("secret", "open/stolen") ? NO : rd("open/stolen/file"); }
static int a_renamesibling(void) { return rename("secret", "secret2") ? NO : rd("secret2/file"); }
static int a_renameparent(void) {
	char *to = cat(base, ".moved");
	if (rename(base, to)) return NO;
	int r = rd(cat(to, "/secret/file"));
	rename(to, base);
	return r;
}
static int a_renameopendir(void) {
	int d = dirfd_of("secret");
	return renameat(dirfd_of("."), "secret", dirfd_of("open"), "s") ? NO : rdat(d, "file");
}
static int a_exchange(void) {
	return syscall(SYS_renameat2, AT_FDCWD, "open", AT_FDCWD, "secret", 2) ? NO : rd("open/file");
}
static int a_hardlink(void) { return link("secret/file", "open/h") ? NO : rd("open/h"); }
static int a_hardlinkfd(void) {
	int f = open("secret/file", O_PATH);
	return f < 0 ? NO : linkat(AT_FDCWD, fdpath("/proc/self/fd/%d", f, ""), AT_FDCWD, "open/h", AT_SYMLINK_FOLLOW) ? NO : rd("open/h");
}
static int a_hardlinkdir(void) {
	return linkat(dirfd_of("secret"), "file", AT_FDCWD, "open/h", 0) ? NO : rd("open/h");
}
static int a_bindmount(void) {
	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL)) {
		if (errno != EPERM || unshare(CLONE_NEWNS)) return errno == EPERM && geteuid() ? NA : NO;
	}
	return mount("secret", "open", NULL, MS_BIND, NULL) ? NO : rd("open/file");
}
static int a_userns(void) {
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS)) return NA;
	return mount("secret", "open", NULL, MS_BIND, NULL) ? NO : rd("open/file");
}
static int a_opentree(void) {
	int f = syscall(SYS_open_tree, AT_FDCWD, "secret", 1 /* OPEN_TREE_CLONE */);
	return f < 0 ? (errno == ENOSYS ? NA : NO) : rdat(f, "file");
}
static int a_movemount(void) {
	if (unshare(CLONE_NEWNS)) return NA;
	int f = syscall(SYS_open_tree, AT_FDCWD, "secret", 1);
	if (f < 0) return NO;
	return syscall(SYS_move_mount, f, "", AT_FDCWD, "open", 4) ? NO : rd("open/file");
}
static int a_chroot(void) { return chroot(".") ? NO : rd("/secret/file"); }
static int a_chrootin(void) { return chroot("secret") ? NO : rd("/file"); }
static int a_setns(void) {
	int f = open("/proc/self/ns/mnt", O_RDONLY);
	return f < 0 ? NA : setns(f, CLONE_NEWNS) ? (errno == EINVAL ? NA : NO) : GOT;
}

// Others do it.
static int a_fork(void) {
	pid_t p = fork();
	if (!p) _exit(rd("secret/file") == GOT ? 42 : 0);
	return want42(p);
}
static int a_vfork(void) {
	volatile int r = 0;
	pid_t p = vfork();
	if (!p) {
		r = rd("secret/file") == GOT;
		_exit(0);
	}
	exitcode(p);
	return r ? GOT : NO;
}
static int a_exec(void) {
	pid_t p = fork();
	if (!p) {
		execl(self, self, "cat", "secret/file", NULL);
		_exit(1);
	}
	return want42(p);
}
static int a_spawn(void) {
	pid_t p;
	char *argv[] = {self, "cat", "secret/file", NULL};
	return posix_spawn(&p, self, NULL, NULL, argv, environ) ? NA : want42(p);
}
static void *reader(void *x) { return (void *)(long)rd("secret/file"); }
static int a_thread(void) {
	pthread_t t;
	void *r;
	pthread_create(&t, NULL, reader, NULL);
	pthread_join(t, &r);
	return (int)(long)r;
}
static int a_clonefs(void) {
	if (unshare(CLONE_FS | CLONE_FILES)) return NA;
	return chdir("secret") ? NO : rd("file");
}
static int a_uring(void) {
	struct io_uring_params p = {0};
	int ring = syscall(SYS_io_uring_setup, 2, &p);
	if (ring < 0) return errno == ENOSYS ? NA : NO;
	char *sq = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	char *cq = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_CQ_RING);
	struct io_uring_sqe *e = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || e == MAP_FAILED) return NO;
	e->opcode = IORING_OP_OPENAT, e->fd = AT_FDCWD, e->addr = (uintptr_t)"secret/file", e->open_flags = O_RDONLY;
	*(unsigned *)(sq + p.sq_off.array) = 0;
	atomic_fetch_add((atomic_uint *)(sq + p.sq_off.tail), 1);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 8) != 1) return NO;
	return got(((struct io_uring_cqe *)(cq + p.cq_off.cqes))->res);
}

// Programs.
static int run_(const char *prog, char *const argv[]) {
	pid_t p = fork();
	if (!p) {
		execv(prog, argv);
		_exit(1);
	}
	return want42(p);
}
static int a_execprog(void) { return run_("secret/prog", (char *[]){"p", "me", NULL}); }
static int a_execlink(void) { return symlink("../secret/prog", "open/l") ? NA : run_("open/l", (char *[]){"p", "me", NULL}); }
static int a_execat(void) {
	int d = dirfd_of("secret");
	pid_t p = fork();
	if (!p) {
		syscall(SYS_execveat, d, "prog", (char *[]){"p", "me", NULL}, environ, 0);
		_exit(1);
	}
	return want42(p);
}
static int a_fexec(void) {
	int f = open("secret/prog", O_PATH);
	if (f < 0) return NO;
	pid_t p = fork();
	if (!p) {
		syscall(SYS_execveat, f, "", (char *[]){"p", "me", NULL}, environ, AT_EMPTY_PATH);
		_exit(1);
	}
	return want42(p);
}
static int a_script(void) {
	FILE *f = fopen("open/script", "w");
	if (!f) return NA;
	fprintf(f, "#!%s/secret/prog me\n", base);
	fclose(f);
	chmod("open/script", 0755);
	return run_("open/script", (char *[]){"p", NULL});
}
static int a_vforkexec(void) {
	pid_t p = vfork();
	if (!p) {
		execl("secret/prog", "p", "me", NULL);
		_exit(1);
	}
	return want42(p);
}

// Hosts.
static struct sockaddr_in addr(int port) {
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	return a;
}
static int a_connect(void) {
	struct sockaddr_in a = addr(denied);
	return connect(socket(AF_INET, SOCK_STREAM, 0), (void *)&a, sizeof a) ? NO : GOT;
}
static int a_connectany(void) {
	struct sockaddr_in a = addr(denied);
	a.sin_addr.s_addr = 0;
	return connect(socket(AF_INET, SOCK_STREAM, 0), (void *)&a, sizeof a) ? NO : GOT;
}
static int a_connectmapped(void) {
	struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_port = htons(denied)};
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &a.sin6_addr);
	int s = socket(AF_INET6, SOCK_STREAM, 0);
	return s < 0 ? NA : connect(s, (void *)&a, sizeof a) ? (errno == ENETUNREACH || errno == EADDRNOTAVAIL ? NA : NO) : GOT;
}
static int a_fastopen(void) {
	struct sockaddr_in a = addr(denied);
	int s = socket(AF_INET, SOCK_STREAM, 0);
	return sendto(s, "x", 1, MSG_FASTOPEN, (void *)&a, sizeof a) == 1 ? GOT : errno == EOPNOTSUPP ? NA : NO;
}
static int a_udpconnect(void) {
	struct sockaddr_in a = addr(denied);
	return connect(socket(AF_INET, SOCK_DGRAM, 0), (void *)&a, sizeof a) ? NO : GOT;
}
static int a_sendto(void) {
	struct sockaddr_in a = addr(denied);
	return sendto(socket(AF_INET, SOCK_DGRAM, 0), "x", 1, 0, (void *)&a, sizeof a) == 1 ? GOT : NO;
}
static int a_sendunspec(void) {
	struct sockaddr_in a = addr(denied);
	a.sin_family = AF_UNSPEC;
	return sendto(socket(AF_INET, SOCK_DGRAM, 0), "x", 1, 0, (void *)&a, sizeof a) == 1 ? GOT : NO;
}
static int a_sendmsg(void) {
	struct sockaddr_in a = addr(denied);
	struct iovec v = {"x", 1};
	struct msghdr m = {.msg_name = &a, .msg_namelen = sizeof a, .msg_iov = &v, .msg_iovlen = 1};
	return sendmsg(socket(AF_INET, SOCK_DGRAM, 0), &m, 0) == 1 ? GOT : NO;
}
static int a_sendmmsg(void) {
	struct sockaddr_in a = addr(allowed), b = addr(denied);
	struct iovec v = {"x", 1};
	struct mmsghdr m[2] = {{.msg_hdr = {.msg_name = &a, .msg_namelen = sizeof a, .msg_iov = &v, .msg_iovlen = 1}},
			       {.msg_hdr = {.msg_name = &b, .msg_namelen = sizeof b, .msg_iov = &v, .msg_iovlen = 1}}};
	return sendmmsg(socket(AF_INET, SOCK_DGRAM, 0), m, 2, 0) == 2 ? GOT : NO;
}
static int a_bindport(void) {
	struct sockaddr_in a = addr(denied);
	a.sin_addr.s_addr = htonl(0x7f000002);
	int s = socket(AF_INET, SOCK_STREAM, 0);
	return bind(s, (void *)&a, sizeof a) ? NO : GOT;
}
static int a_rawsocket(void) { return socket(AF_INET, SOCK_RAW, IPPROTO_UDP) < 0 ? (geteuid() ? NA : NO) : GOT; }

// Races: another thread, or process, changes what the call is about all the time.
static atomic_long flipped;
static atomic_int stop;
static void (*flip)(int odd);
static void *flipper(void *x) {
	for (long i = 0; !stop; i++) {
		flip(i & 1);
		flipped++;
		if (i % 65 == 0) sched_yield(); // after odd and even ones in turn
	}
	return NULL;
}
// race makes attempts until enough flips have been made, too; any that gets the secret counts.
static void flip_text(int), flip_port(int);
static int race(void (*f)(int), int (*attempt)(void)) {
	pthread_t t;
	int r = NO;
	flip = f;
	if (!many && f != flip_text && f != flip_port) flips /= 50; // those that make calls
	struct timespec t0, t1;
	clock_gettime(CLOCK_MONOTONIC, &t0);
	pthread_create(&t, NULL, flipper, NULL);
	for (long i = 0; r == NO && (i < tries || flipped < flips); i++) {
		r = attempt();
		clock_gettime(CLOCK_MONOTONIC, &t1);
		if (!many && t1.tv_sec - t0.tv_sec > 4) break; // a busy machine
	}
	stop = 1;
	pthread_join(t, NULL);
	return r;
}
static char shared[4096];
static void flip_text(int odd) { memcpy(shared, odd ? "secret" : "./open", 6); }
static int try_text(void) { return rd(shared); }
static int a_racepath(void) {
	strcpy(shared, "secret/file");
	return race(flip_text, try_text);
}
static void flip_link(int odd) { rename(odd ? "open/s" : "open/o", "open/l"), symlink(odd ? "../secret" : ".", odd ? "open/s" : "open/o"); }
static int try_link(void) { return rd("open/l/file"); }
static int a_racelink(void) {
	if (symlink("../secret", "open/s") || symlink(".", "open/o")) return NA;
	return race(flip_link, try_link);
}
static void flip_exchange(int odd) { syscall(SYS_renameat2, AT_FDCWD, "open/x", AT_FDCWD, "open/y", 2); }
static int try_exchange(void) { return rd("open/x/file") | rd("open/x/../x/file"); }
static int a_raceexchange(void) {
	if (symlink("../secret", "open/x") || mkdir("open/y", 0700) || open("open/y/file", O_CREAT | O_WRONLY, 0600) < 0) return NA;
	return race(flip_exchange, try_exchange);
}
static int d_flip, d_open, d_secret;
static void flip_dirfd(int odd) { dup2(odd ? d_secret : d_open, d_flip); }
static int try_dirfd(void) { return rdat(d_flip, "file"); }
static int a_racedirfd(void) {
	d_open = dirfd_of("open"), d_secret = dirfd_of("secret"), d_flip = dup(d_open);
	return race(flip_dirfd, try_dirfd);
}
static void flip_cwd(int odd) { fchdir(odd ? d_secret : d_open); }
static int try_cwd(void) { return rd("file"); }
static int a_racecwd(void) {
	d_open = dirfd_of("open"), d_secret = dirfd_of("secret");
	return race(flip_cwd, try_cwd);
}
static struct open_how how;
static void flip_how(int odd) { how.flags = odd ? O_RDONLY : O_PATH | O_NOFOLLOW; }
static int try_how(void) { return got(syscall(SYS_openat2, AT_FDCWD, "secret/file", &how, sizeof how)); }
static int a_racehow(void) { return race(flip_how, try_how); }
static void flip_create(int odd) { unlink("open/t"), symlink(odd ? "../secret/made" : "made", "open/t"), rename("open/t", "open/c"); }
static int try_create(void) {
	struct stat st;
	int f = open("open/c", O_CREAT | O_WRONLY, 0600);
	if (f < 0) return NO;
	char b[4200];
	ssize_t n = readlink(fdpath("/proc/self/fd/%d", f, ""), b, sizeof b - 1);
	close(f);
	b[n < 0 ? 0 : n] = 0;
	(void)st;
	return strstr(b, "/secret/") ? GOT : NO;
}
static int a_racecreate(void) { return race(flip_create, try_create); }
static void flip_target(int odd) { memcpy(shared, odd ? "open/../secret/moved" : "secret/../open/moved", 20); }
static int try_target(void) {
	close(open("open/src", O_CREAT | O_WRONLY, 0600));
	int f = open("open/src", O_RDONLY);
	char b[4200];
	rename("open/src", shared);
	ssize_t n = readlink(fdpath("/proc/self/fd/%d", f, ""), b, sizeof b - 1);
	close(f);
	b[n < 0 ? 0 : n] = 0;
	return strstr(b, "/secret/") ? GOT : NO;
}
static int a_racerename(void) {
	strcpy(shared, "open/../secret/moved");
	return race(flip_target, try_target);
}
// A descriptor of Weir's own on the secret is stolen while a call is judged, and put in the place of
// another one.
static void flip_steal(int odd) {
	static int have = -1;
	for (int k = 3; k < 64; k++) {
		if (have >= 0) {
			dup2(have, k);
			if (k != have && k > 12) close(k);
			continue;
		}
		int d = dup(k);
		char b[4200];
		if (d < 0) continue;
		ssize_t n = readlink(fdpath("/proc/self/fd/%d", d, ""), b, sizeof b - 1);
		b[n < 0 ? 0 : n] = 0;
		if (strstr(b, "/secret/file")) have = d;
		else close(d);
	}
}
static int try_steal(void) {
	int s = open("secret/file", O_RDONLY);
	if (s >= 0) close(s);
	int f = open("open/file", O_RDONLY);
	return got(f);
}
static int a_racesteal(void) {
	return race(flip_steal, try_steal);
}
// The path lies in memory that another process writes to.
static int a_raceprocess(void) {
	char *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	strcpy(p, "secret/file");
	pid_t child = fork();
	if (!child)
		for (int i = 0;; i++) {
			memcpy(p, i & 1 ? "secret" : "./open", 6);
			if (i % 65 == 0) sched_yield();
		}
	int r = NO;
	for (long i = 0; r == NO && i < tries * 2; i++) r = rd(p);
	kill(child, SIGKILL);
	exitcode(child);
	return r;
}
static void flip_prog(int odd) { unlink("open/t"), symlink(odd ? "../secret/prog" : "prog", "open/t"), rename("open/t", "open/p"); }
static int try_prog(void) { return run_("open/p", (char *[]){"p", "me", NULL}); }
static int a_raceexec(void) {
	tries = 60, flips = 1;
	symlink("prog", "open/p");
	return race(flip_prog, try_prog);
}
static struct sockaddr_in target;
static void flip_port(int odd) { *(volatile in_port_t *)&target.sin_port = htons(odd ? denied : allowed); }
static int sock_;
static int try_connect(void) {
	struct sockaddr_in a;
	socklen_t n = sizeof a;
	int s = socket(AF_INET, SOCK_DGRAM, 0), r = NO;
	if (!connect(s, (void *)&target, sizeof target) && !getpeername(s, (void *)&a, &n) && a.sin_port == htons(denied)) r = GOT;
	close(s);
	return r;
}
static int a_raceconnect(void) {
	target = addr(allowed);
	return race(flip_port, try_connect);
}
// Datagrams that reach the denied port are counted by whoever listens there: the test.
static int try_sendto(void) { return sendto(sock_, "race", 4, MSG_DONTWAIT, (void *)&target, sizeof target), NO; }
static int a_racesendto(void) {
	target = addr(allowed), sock_ = socket(AF_INET, SOCK_DGRAM, 0);
	return race(flip_port, try_sendto);
}
static int try_sendmsg(void) {
	struct iovec v = {"race", 4};
	struct mmsghdr m = {.msg_hdr = {.msg_name = &target, .msg_namelen = sizeof target, .msg_iov = &v, .msg_iovlen = 1}};
	sendmsg(sock_, &m.msg_hdr, MSG_DONTWAIT);
	sendmmsg(sock_, &m, 1, MSG_DONTWAIT);
	return NO;
}
static int a_racesendmsg(void) {
	target = addr(allowed), sock_ = socket(AF_INET, SOCK_DGRAM, 0);
	return race(flip_port, try_sendmsg);
}

#define A(name) {#name, a_##name}
static const struct {
	const char *name;
	int (*run)(void);
} attacks[] = {
	A(plain), A(absolute), A(dotdot), A(slashes), A(link), A(dirlink), A(chain), A(procroot), A(proccwd), A(procthread), A(procpid),
	A(procparent), A(procfd), A(devfd), A(procfdlink), A(dirfd), A(dupfd), A(dup2fd), A(opath), A(opathdir), A(emptypath), A(fchdir), A(chdir),
	A(up), A(openat2), A(beneath), A(inroot), A(inrootup), A(nolinks), A(handle), A(stat), A(statx), A(access), A(readlink), A(nofollow),
	A(xattr), A(truncate), A(unlink), A(create), A(excl), A(createlink), A(tmpfile), A(linkin), A(mkdir), A(symlink), A(mknod), A(chmod),
	A(chown), A(utime), A(sockfile), A(sockconnect), A(socksend), A(sockmsg), A(rename), A(renamedir), A(renamesibling), A(renameparent),
	A(renameopendir), A(exchange), A(hardlink), A(hardlinkfd), A(hardlinkdir), A(bindmount), A(userns), A(opentree), A(movemount), A(chroot),
	A(chrootin), A(setns), A(fork), A(vfork), A(exec), A(spawn), A(thread), A(clonefs), A(uring), A(execprog), A(execlink), A(execat), A(fexec),
	A(script), A(vforkexec), A(connect), A(connectany), A(connectmapped), A(fastopen), A(udpconnect), A(sendto), A(sendunspec), A(sendmsg),
	A(sendmmsg), A(bindport), A(rawsocket), A(racepath), A(racelink), A(raceexchange), A(racedirfd), A(racecwd), A(racehow), A(racecreate),
	A(racerename), A(racesteal), A(raceprocess), A(raceexec), A(raceconnect), A(racesendto), A(racesendmsg),
};

int main(int argc, char **argv) {
	int n = sizeof attacks / sizeof *attacks;
	if (argc == 2 && !strcmp(argv[1], "list")) {
		for (int i = 0; i < n; i++) puts(attacks[i].name);
		return 0;
	}
	ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
	if (len < 0) return 2;
	if (argc >= 2 && !strcmp(argv[1], "me")) return strstr(self, "/secret/") ? 42 : 43;
	if (argc == 3 && !strcmp(argv[1], "cat")) return rd(argv[2]) == GOT ? 42 : 0;
	if (argc < 5) return 2;
	denied = atoi(argv[2]), allowed = atoi(argv[3]);
	if (getenv("BYPASS_FLIPS")) flips = atol(getenv("BYPASS_FLIPS")), many = 1;
	for (int k = 4; k < argc; k++)
		for (int i = 0; i < n; i++) {
			if (strcmp(argv[k], attacks[i].name)) continue;
			pid_t p = fork();
			if (!p) {
				snprintf(base, sizeof base, "%s/%s", argv[1], attacks[i].name);
				if (chdir(base)) _exit(9);
				_exit(attacks[i].run());
			}
			int c = exitcode(p);
			if (c == NA) printf("%s n/a\n", attacks[i].name);
			else printf("%s %d\n", attacks[i].name, c);
			fflush(stdout);
		}
	return 0;
}
