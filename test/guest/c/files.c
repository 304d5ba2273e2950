// Files: open flags, reading and writing in all forms, seeking, metadata, folders, links, permissions, times, locks,
// descriptors, pipes, copies inside the kernel, the working directory, inotify.
// CFLAGS: -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds
#include "check.h"

#include <dirent.h>
#include <limits.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

static void make(const char *path, const char *text) {
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0644);
	OK(fd);
	EQ(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static const char *contents(const char *path) {
	static char text[4096];
	int fd = open(path, O_RDONLY);
	ssize_t n = fd == -1 ? 0 : read(fd, text, sizeof text - 1);
	text[n > 0 ? n : 0] = '\0';
	close(fd);
	return text;
}

static void test_open(void) {
	char text[16];
	FAILS(open("none", O_RDONLY), ENOENT);
	FAILS(open("", O_RDONLY), ENOENT);
	FAILS(open((char *)8, O_RDONLY), EFAULT);
	int fd = open("a", O_RDWR | O_CREAT | O_EXCL, 0640);
	OK(fd);
	FAILS(open("a", O_RDWR | O_CREAT | O_EXCL, 0640), EEXIST);
	FAILS(open("a/b", O_RDONLY), ENOTDIR);
	FAILS(open("a", O_RDONLY | O_DIRECTORY), ENOTDIR);
	FAILS(open(".", O_RDWR), EISDIR);
	EQ(write(fd, "0123456789", 10), 10);
	EQ(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
	EQ(fcntl(fd, F_GETFD), 0);
	OK(close(fd));
	FAILS(close(fd), EBADF);
	FAILS(read(fd, text, 1), EBADF);
	FAILS(close(-1), EBADF);

	fd = open("a", O_WRONLY | O_APPEND | O_CLOEXEC);
	EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	CHECK(fcntl(fd, F_GETFL) & O_APPEND);
	FAILS(read(fd, text, 1), EBADF);
	EQ(lseek(fd, 0, SEEK_SET), 0);
	EQ(write(fd, "AB", 2), 2);
	EQ(lseek(fd, 0, SEEK_CUR), 12);
	OK(close(fd));
	STR(contents("a"), "0123456789AB");
	fd = open("a", O_WRONLY | O_TRUNC);
	OK(close(fd));
	STR(contents("a"), "");

	int dir = open(".", O_RDONLY | O_DIRECTORY);
	OK(dir);
	fd = openat(dir, "b", O_CREAT | O_WRONLY, 0600);
	OK(fd);
	close(fd);
	FAILS(openat(fd, "b", O_RDONLY), EBADF);
	fd = openat(AT_FDCWD, "b", O_RDONLY);
	OK(fd);
	FAILS(openat(fd, "b", O_RDONLY), ENOTDIR);
	FAILS(write(fd, "x", 1), EBADF);
	close(fd);
	FAILS(read(dir, text, 1), EISDIR);
	close(dir);
	fd = open(".", O_TMPFILE | O_RDWR, 0600);
	if (fd != -1) { // not every file system has it
		EQ(write(fd, "x", 1), 1);
		close(fd);
	}
	// The largest file offset goes through.
	fd = open("b", O_RDWR);
	EQ(lseek(fd, (off_t)1 << 40, SEEK_SET), (off_t)1 << 40);
	EQ(write(fd, "z", 1), 1);
	struct stat st;
	OK(fstat(fd, &st));
	EQ(st.st_size, ((off_t)1 << 40) + 1);
	EQ(lseek(fd, -1, SEEK_END), (off_t)1 << 40);
	EQ(lseek(fd, 0, SEEK_DATA) <= (off_t)1 << 40, 1);
	FAILS(lseek(fd, -1, SEEK_SET), EINVAL);
	FAILS(lseek(fd, 0, 99), EINVAL);
	OK(ftruncate(fd, 3));
	OK(fstat(fd, &st));
	EQ(st.st_size, 3);
	FAILS(ftruncate(fd, -1), EINVAL);
	OK(truncate("b", 100));
	OK(stat("b", &st));
	EQ(st.st_size, 100);
	OK(posix_fallocate(fd, 0, 8192));
	OK(fstat(fd, &st));
	EQ(st.st_size, 8192);
	OK(fsync(fd));
	OK(fdatasync(fd));
	close(fd);
}

static void test_vectors(void) {
	int fd = open("v", O_RDWR | O_CREAT | O_TRUNC, 0600);
	struct iovec out[3] = {{"hello", 5}, {NULL, 0}, {" world", 6}};
	char a[4] = "", b[8] = "", c[20] = "";
	EQ(writev(fd, out, 3), 11);
	EQ(lseek(fd, 0, SEEK_SET), 0);
	struct iovec in[2] = {{a, 3}, {b, 8}};
	EQ(readv(fd, in, 2), 11);
	EQ(memcmp(a, "hel", 3), 0);
	EQ(memcmp(b, "lo world", 8), 0);
	EQ(pread(fd, c, 5, 6), 5);
	STR(c, "world");
	EQ(lseek(fd, 0, SEEK_CUR), 11);
	EQ(pwrite(fd, "W", 1, 6), 1);
	EQ(pwritev(fd, out, 1, 20), 5);
	memset(c, 1, sizeof c);
	struct iovec one[1] = {{c, 20}};
	EQ(preadv(fd, one, 1, 8), 17);
	EQ(memcmp(c, "rld\0\0\0\0\0\0\0\0\0hello", 17), 0);
	EQ(preadv2(fd, one, 1, 0, 0), 20);
	EQ(read(fd, c, 5), 5); // the file pointer has not moved: from 11
	EQ(c[0], 0);
	FAILS(pread(fd, c, 1, -1), EINVAL);
	FAILS(readv(fd, in, -1), EINVAL);
	FAILS(readv(fd, in, IOV_MAX + 1), EINVAL);
	FAILS(readv(fd, (struct iovec *)8, 1), EFAULT);
	EQ(readv(fd, in, 0), 0);
	EQ(read(fd, c, 0), 0);
	FAILS(read(fd, (void *)8, 5), EFAULT);
	FAILS(write(fd, (void *)8, 5), EFAULT);
	EQ(lseek(fd, 1000, SEEK_SET), 1000);
	EQ(read(fd, c, 5), 0);
	close(fd);
}

static void test_stat(void) {
	struct stat st, link;
	umask(022);
	make("s", "twelve bytes");
	OK(stat("s", &st));
	EQ(st.st_size, 12);
	EQ(st.st_mode, S_IFREG | 0644);
	EQ(st.st_nlink, 1);
	EQ(st.st_uid, geteuid());
	CHECK(st.st_blksize >= 512);
	CHECK(st.st_ino != 0);
	OK(symlink("s", "l"));
	OK(lstat("l", &link));
	EQ(link.st_mode & S_IFMT, S_IFLNK);
	EQ(link.st_size, 1);
	OK(stat("l", &link));
	EQ(link.st_ino, st.st_ino);
	FAILS(stat("none", &st), ENOENT);
	FAILS(stat("s", (struct stat *)8), EFAULT);

	OK(stat("/dev/null", &st));
	EQ(st.st_mode & S_IFMT, S_IFCHR);
	EQ(major(st.st_rdev), 1);
	EQ(minor(st.st_rdev), 3);

	// Known times in nanoseconds.
	struct timespec times[2] = {{1000000001, 123456789}, {2000000002, 987654321}};
	OK(utimensat(AT_FDCWD, "s", times, 0));
	OK(stat("s", &st));
	EQ(st.st_atim.tv_sec, 1000000001);
	EQ(st.st_atim.tv_nsec, 123456789);
	EQ(st.st_mtim.tv_sec, 2000000002);
	EQ(st.st_mtim.tv_nsec, 987654321);
	times[0].tv_nsec = UTIME_OMIT;
	times[1] = (struct timespec){7, 0};
	OK(utimensat(AT_FDCWD, "s", times, 0));
	OK(stat("s", &st));
	EQ(st.st_atim.tv_sec, 1000000001);
	EQ(st.st_mtim.tv_sec, 7);
	OK(utimensat(AT_FDCWD, "s", NULL, 0));
	OK(stat("s", &st));
	CHECK(st.st_mtim.tv_sec > 1600000000);
	FAILS(utimensat(AT_FDCWD, "s", times, 0x7000), EINVAL);

	struct statx x;
	memset(&x, 0xff, sizeof x);
	OK(statx(AT_FDCWD, "s", 0, STATX_BASIC_STATS | STATX_BTIME, &x));
	CHECK((x.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS);
	EQ(x.stx_size, 12);
	EQ(x.stx_mode, S_IFREG | 0644);
	EQ(x.stx_nlink, 1);
	EQ(x.stx_ino, st.st_ino);
	EQ(x.stx_uid, st.st_uid);
	EQ(x.stx_mtime.tv_sec, st.st_mtim.tv_sec);
	EQ(x.stx_mtime.tv_nsec, st.st_mtim.tv_nsec);
	EQ(makedev(x.stx_dev_major, x.stx_dev_minor), st.st_dev);
	OK(statx(AT_FDCWD, "l", AT_SYMLINK_NOFOLLOW, STATX_TYPE, &x));
	EQ(x.stx_mode & S_IFMT, S_IFLNK);
	int fd = open("s", O_RDONLY);
	OK(statx(fd, "", AT_EMPTY_PATH, STATX_SIZE, &x));
	EQ(x.stx_size, 12);
	FAILS(statx(fd, "", 0, STATX_SIZE, &x), ENOENT);
	FAILS(statx(AT_FDCWD, "s", 0x40000000, STATX_SIZE, &x), EINVAL);
	OK(fstatat(AT_FDCWD, "l", &st, AT_SYMLINK_NOFOLLOW));
	EQ(st.st_size, 1);
	close(fd);

	struct statfs fs;
	OK(statfs(".", &fs));
	CHECK(fs.f_bsize > 0 && fs.f_blocks > 0 && fs.f_namelen >= 100);
	OK(statfs("/proc", &fs));
	EQ(fs.f_type, 0x9fa0);
	struct statvfs vfs;
	OK(statvfs(".", &vfs));
	CHECK(vfs.f_bsize > 0);
}

static void test_folders(void) {
	OK(mkdir("d", 0755));
	FAILS(mkdir("d", 0755), EEXIST);
	FAILS(mkdir("no/d", 0755), ENOENT);
	char name[300];
	enum { FILES = 300 };
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof name, "d/file-with-a-rather-long-name-%03d", i);
		make(name, "x");
	}
	OK(mkdir("d/sub", 0700));
	bool seen[FILES] = {false};
	int dots = 0, subs = 0, others = 0;
	DIR *dir = opendir("d");
	long half = 0;
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		int n;
		if (sscanf(e->d_name, "file-with-a-rather-long-name-%d", &n) == 1 && n >= 0 && n < FILES && !seen[n]) {
			seen[n] = true;
			EQ(e->d_type == DT_REG || e->d_type == DT_UNKNOWN, 1);
			if (n == FILES / 2)
				half = telldir(dir);
		} else if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			dots++;
		else if (strcmp(e->d_name, "sub") == 0)
			subs++;
		else
			others++;
		CHECK(e->d_ino != 0);
	}
	EQ(dots, 2);
	EQ(subs, 1);
	EQ(others, 0);
	for (int i = 0; i < FILES; i++)
		CHECK(seen[i]);
	seekdir(dir, half);
	CHECK(telldir(dir) == half);
	rewinddir(dir);
	CHECK(readdir(dir) != NULL);
	closedir(dir);

	// The call itself: small buffers.
	int fd = open("d", O_RDONLY | O_DIRECTORY);
	char buffer[256] __attribute__((aligned(8)));
	int entries = 0;
	for (long n; (n = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0;)
		for (long at = 0; at < n; at += ((struct dirent64 *)(buffer + at))->d_reclen)
			entries++;
	EQ(entries, FILES + 3);
	EQ(lseek(fd, 0, SEEK_SET), 0);
	FAILS(syscall(SYS_getdents64, fd, buffer, 8), EINVAL);
	close(fd);

	FAILS(rmdir("d"), ENOTEMPTY);
	FAILS(unlink("d/sub"), EISDIR);
	FAILS(rmdir("d/file-with-a-rather-long-name-000"), ENOTDIR);
	OK(unlinkat(AT_FDCWD, "d/sub", AT_REMOVEDIR));
	for (int i = 0; i < FILES; i++) {
		snprintf(name, sizeof name, "d/file-with-a-rather-long-name-%03d", i);
		OK(unlink(name));
	}
	OK(rmdir("d"));
	memset(name, 'n', 299);
	name[299] = '\0';
	FAILS(open(name, O_RDONLY), ENAMETOOLONG);
	char longer[5000];
	memset(longer, '/', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	FAILS(open(longer, O_RDONLY), ENAMETOOLONG);
}

static void test_links(void) {
	char text[64];
	struct stat st;
	make("one", "1");
	OK(link("one", "two"));
	OK(stat("two", &st));
	EQ(st.st_nlink, 2);
	FAILS(link("one", "two"), EEXIST);
	OK(unlink("one"));
	STR(contents("two"), "1");
	OK(symlink("some/where", "sym"));
	FAILS(symlink("x", "sym"), EEXIST);
	EQ(readlink("sym", text, sizeof text), 10);
	EQ(memcmp(text, "some/where", 10), 0);
	EQ(readlink("sym", text, 4), 4); // cut off, no error
	FAILS(readlink("two", text, sizeof text), EINVAL);
	FAILS(readlink("sym", text, 0), EINVAL);
	FAILS(open("sym", O_RDONLY), ENOENT);
	FAILS(open("sym", O_RDONLY | O_NOFOLLOW), ELOOP);
	OK(symlink("loop", "loop"));
	FAILS(open("loop", O_RDONLY), ELOOP);
	make("three", "3");
	OK(rename("three", "two"));
	STR(contents("two"), "3");
	FAILS(rename("three", "two"), ENOENT);
	make("four", "4");
	FAILS(renameat2(AT_FDCWD, "four", AT_FDCWD, "two", RENAME_NOREPLACE), EEXIST);
	OK(renameat2(AT_FDCWD, "four", AT_FDCWD, "two", RENAME_EXCHANGE));
	STR(contents("two"), "4");
	STR(contents("four"), "3");
	OK(mkdir("dir", 0755));
	FAILS(rename("two", "dir"), EISDIR);
	FAILS(rename("dir", "two"), ENOTDIR);
	FAILS(rename("dir", "dir/sub"), EINVAL);
	OK(unlink("sym"));
	OK(unlink("loop"));

	// /proc/self/exe and fd links lead to the guest's own files.
	ssize_t n = readlink("/proc/self/exe", text, sizeof text);
	CHECK(n > 0);
	int fd = open("two", O_RDONLY);
	char path[64], real[PATH_MAX], want[PATH_MAX + 8];
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	n = readlink(path, real, sizeof real - 1);
	real[n > 0 ? n : 0] = '\0';
	CHECK(getcwd(want, PATH_MAX) != NULL);
	strcat(want, "/two");
	STR(real, want);
	close(fd);
}

static void test_permissions(void) {
	struct stat st;
	EQ(umask(027), 022);
	make("p", "");
	OK(stat("p", &st));
	EQ(st.st_mode & 07777, 0640);
	umask(022);
	OK(chmod("p", 0751));
	OK(stat("p", &st));
	EQ(st.st_mode & 07777, 0751);
	int fd = open("p", O_RDONLY);
	OK(fchmod(fd, 0600));
	OK(fstat(fd, &st));
	EQ(st.st_mode & 07777, 0600);
	OK(fchown(fd, (uid_t)-1, (gid_t)-1));
	close(fd);
	OK(chown("p", getuid(), getgid()));
	OK(access("p", R_OK | W_OK));
	FAILS(access("p", X_OK), EACCES);
	FAILS(access("none", F_OK), ENOENT);
	FAILS(access("p", 077), EINVAL);
	OK(faccessat(AT_FDCWD, "p", R_OK, AT_EACCESS));
	char value[8];
	if (setxattr("p", "user.weir", "abc", 3, 0) == 0) { // not every file system has them
		EQ(getxattr("p", "user.weir", value, sizeof value), 3);
		EQ(memcmp(value, "abc", 3), 0);
		OK(removexattr("p", "user.weir"));
		FAILS(getxattr("p", "user.weir", value, sizeof value), ENODATA);
	}
	OK(mkfifo("fifo", 0600));
	OK(stat("fifo", &st));
	EQ(st.st_mode & S_IFMT, S_IFIFO);
	FAILS(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
}

static void test_descriptors(void) {
	int fd = open("/dev/null", O_WRONLY);
	int copy = dup(fd);
	CHECK(copy > fd);
	OK(close(copy));
	EQ(dup2(fd, 77), 77);
	EQ(dup2(fd, fd), fd);
	FAILS(dup3(fd, fd, 0), EINVAL);
	EQ(dup3(fd, 78, O_CLOEXEC), 78);
	EQ(fcntl(78, F_GETFD), FD_CLOEXEC);
	EQ(fcntl(77, F_GETFD), 0);
	FAILS(dup3(fd, 79, 1), EINVAL);
	FAILS(dup2(200, 79), EBADF);
	FAILS(dup2(fd, -1), EBADF);
	EQ(fcntl(fd, F_DUPFD, 90), 90);
	EQ(fcntl(fd, F_DUPFD_CLOEXEC, 90), 91);
	EQ(fcntl(91, F_GETFD), FD_CLOEXEC);
	OK(fcntl(91, F_SETFD, 0));
	EQ(fcntl(91, F_GETFD), 0);
	OK(fcntl(fd, F_SETFL, O_NONBLOCK | O_APPEND));
	EQ(fcntl(77, F_GETFL) & (O_NONBLOCK | O_APPEND), O_NONBLOCK | O_APPEND); // one open file
	FAILS(fcntl(fd, 9999), EINVAL);
	OK(syscall(SYS_close_range, 77, 78, 0));
	FAILS(fcntl(77, F_GETFD), EBADF);
	EQ(fcntl(90, F_GETFD), 0);
	close(90), close(91);
	// The lowest free number is taken.
	OK(close(fd));
	EQ(open("/dev/null", O_RDONLY), fd);
	OK(close(fd));
	fd = open("/dev/null", O_RDONLY);
	EQ(isatty(fd), 0);
	EQ(errno, ENOTTY);
	FAILS(ioctl(fd, 0x12345678, NULL), ENOTTY);
	close(fd);
}

static void test_locks(void) {
	int fd = open("lock", O_RDWR | O_CREAT, 0600);
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 20};
	OK(fcntl(fd, F_SETLK, &lock));
	pid_t parent = getpid(), pid = fork();
	if (pid == 0) {
		struct flock mine = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 15, .l_len = 1};
		int mistakes = 0;
		mistakes += fcntl(fd, F_SETLK, &mine) != -1 || (errno != EAGAIN && errno != EACCES);
		OK(fcntl(fd, F_GETLK, &mine));
		mistakes += mine.l_type != F_WRLCK || mine.l_pid != parent || mine.l_start != 10 || mine.l_len != 20;
		mine = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 30, .l_len = 1};
		mistakes += fcntl(fd, F_SETLK, &mine) != 0;
		_exit(mistakes);
	}
	int status;
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	// A lock of the open file, not of the process.
	int second = open("lock", O_RDWR);
	struct flock ofd = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 100, .l_len = 1};
	OK(fcntl(fd, F_OFD_SETLK, &ofd));
	FAILS(fcntl(second, F_OFD_SETLK, &ofd), EAGAIN);
	OK(flock(fd, LOCK_EX));
	FAILS(flock(second, LOCK_SH | LOCK_NB), EWOULDBLOCK);
	OK(flock(fd, LOCK_UN));
	OK(flock(second, LOCK_SH | LOCK_NB));
	FAILS(flock(second, 0), EINVAL);
	close(fd), close(second);
}

static void test_pipes(void) {
	int fds[2], other[2];
	char text[32] = "";
	OK(pipe2(fds, O_CLOEXEC | O_NONBLOCK));
	EQ(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
	FAILS(read(fds[0], text, 1), EAGAIN);
	EQ(write(fds[1], "hello", 5), 5);
	int waiting = 0;
	OK(ioctl(fds[0], FIONREAD, &waiting));
	EQ(waiting, 5);
	EQ(read(fds[0], text, 32), 5);
	CHECK(fcntl(fds[1], F_GETPIPE_SZ) >= 4096);
	long total = 0;
	char block[4096] = "";
	for (ssize_t n; (n = write(fds[1], block, sizeof block)) > 0;)
		total += n;
	EQ(errno, EAGAIN);
	EQ(total, fcntl(fds[1], F_GETPIPE_SZ));
	OK(close(fds[1]));
	while (total > 0)
		total -= read(fds[0], block, sizeof block);
	EQ(read(fds[0], text, 1), 0); // end of file
	close(fds[0]);
	FAILS(pipe2(fds, 1), EINVAL);
	FAILS(pipe((int *)8), EFAULT);

	signal(SIGPIPE, SIG_IGN);
	OK(pipe(fds));
	close(fds[0]);
	FAILS(write(fds[1], "x", 1), EPIPE);
	close(fds[1]);

	// Copies inside the kernel.
	make("from", "abcdefghij");
	int in = open("from", O_RDONLY), out = open("to", O_RDWR | O_CREAT | O_TRUNC, 0600);
	off_t at = 2;
	EQ(sendfile(out, in, &at, 3), 3);
	EQ(at, 5);
	EQ(lseek(in, 0, SEEK_CUR), 0);
	EQ(sendfile(out, in, NULL, 100), 10);
	STR(contents("to"), "cdeabcdefghij");
	loff_t from = 8, to = 0;
	ssize_t n = copy_file_range(in, &from, out, &to, 2, 0);
	EQ(n, 2);
	EQ(from, 10);
	STR(contents("to"), "ijeabcdefghij");
	OK(pipe(fds));
	from = 1;
	EQ(splice(in, &from, fds[1], NULL, 4, 0), 4);
	EQ(from, 5);
	OK(pipe(other));
	EQ(tee(fds[0], other[1], 10, 0), 4);
	EQ(read(other[0], text, 10), 4);
	EQ(memcmp(text, "bcde", 4), 0);
	OK(ftruncate(out, 0));
	EQ(lseek(out, 0, SEEK_SET), 0);
	EQ(splice(fds[0], NULL, out, NULL, 10, 0), 4);
	STR(contents("to"), "bcde");
	struct iovec iov = {"vm", 2};
	EQ(vmsplice(fds[1], &iov, 1, 0), 2);
	EQ(read(fds[0], text, 10), 2);
	FAILS(splice(in, NULL, out, NULL, 1, 0), EINVAL); // no pipe
	close(in), close(out);
	for (int i = 0; i < 2; i++)
		close(fds[i]), close(other[i]);
}

static void test_working_directory(void) {
	char here[PATH_MAX], there[PATH_MAX];
	CHECK(getcwd(here, sizeof here) != NULL);
	OK(mkdir("cwd", 0755));
	OK(chdir("cwd"));
	CHECK(getcwd(there, sizeof there) != NULL);
	EQ(strncmp(here, there, strlen(here)), 0);
	STR(there + strlen(here), "/cwd");
	EQ(syscall(SYS_getcwd, there, sizeof there), (long)strlen(there) + 1);
	FAILS(syscall(SYS_getcwd, there, 3), ERANGE);
	int fd = open("..", O_RDONLY);
	OK(fchdir(fd));
	close(fd);
	CHECK(getcwd(there, sizeof there) != NULL);
	STR(there, here);
	FAILS(chdir("none"), ENOENT);
	make("file", "");
	FAILS(chdir("file"), ENOTDIR);
}

static void test_inotify(void) {
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	char buffer[1024] __attribute__((aligned(8)));
	OK(fd);
	OK(mkdir("watched", 0755));
	int watch = inotify_add_watch(fd, "watched", IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO);
	OK(watch);
	FAILS(read(fd, buffer, sizeof buffer), EAGAIN);
	make("watched/new", "");
	OK(rename("watched/new", "watched/old"));
	OK(unlink("watched/old"));
	ssize_t n = read(fd, buffer, sizeof buffer);
	static const struct {
		uint32_t mask;
		const char *name;
	} want[] = {{IN_CREATE, "new"}, {IN_MOVED_FROM, "new"}, {IN_MOVED_TO, "old"}, {IN_DELETE, "old"}};
	ssize_t at = 0;
	for (int i = 0; i < 4; i++) {
		const struct inotify_event *e = (void *)(buffer + at);
		if (at >= n) {
			check_fail(__FILE__, __LINE__, "only %d events", i);
			break;
		}
		EQ(e->wd, watch);
		EQ(e->mask, want[i].mask);
		STR(e->name, want[i].name);
		at += (ssize_t)(sizeof *e + e->len);
	}
	EQ(at, n);
	OK(inotify_rm_watch(fd, watch));
	FAILS(inotify_rm_watch(fd, watch), EINVAL);
	close(fd);
}

int main(void) {
	scratch_dir();
	test_open();
	test_vectors();
	test_stat();
	test_folders();
	test_links();
	test_permissions();
	test_descriptors();
	test_locks();
	test_pipes();
	test_working_directory();
	test_inotify();
	scratch_remove();
	return done("files");
}
