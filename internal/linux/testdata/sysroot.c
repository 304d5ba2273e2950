// What a program sees of a sysroot (-L), which has /only/here, a link /only/link to "here", and
// /only/dangling, a link to nowhere. Argument: a host folder.
#include "../../../test/guest/c/check.h"

#include <sys/inotify.h>
#include <sys/statfs.h>

static void holds(const char *path, const char *text) {
	char b[64] = "";
	int fd = open(path, O_RDONLY);
	CHECK(fd >= 0);
	CHECK(read(fd, b, sizeof b - 1) >= 0);
	CHECK(strcmp(b, text) == 0);
	close(fd);
}

int main(int argc, char **argv) {
	char b[64] = "", path[256];
	struct stat st;
	struct statx sx;
	struct statfs fs;
	holds("/only/here", "in the sysroot");
	holds("/only/link", "in the sysroot");
	OK(stat("/only/here", &st));
	EQ(st.st_size, 14);
	OK(lstat("/only/link", &st));
	EQ(S_ISLNK(st.st_mode), 1);
	OK(lstat("/only/dangling", &st));
	FAILS(stat("/only/dangling", &st), ENOENT);
	OK(statx(AT_FDCWD, "/only/here", 0, STATX_SIZE, &sx));
	EQ(sx.stx_size, 14);
	OK(access("/only/here", R_OK));
	OK(faccessat(AT_FDCWD, "/only/here", W_OK, AT_EACCESS));
	OK(statfs("/only/here", &fs));
	EQ(readlink("/only/link", b, sizeof b), 4);
	EQ(memcmp(b, "here", 4), 0);
	int in = inotify_init1(0);
	CHECK(inotify_add_watch(in, "/only", IN_CREATE) > 0);
	// What is not there is the host's.
	OK(access("/dev/null", F_OK));
	FAILS(access("/only/there", F_OK), ENOENT);
	FAILS(open("/only/new", O_CREAT | O_WRONLY, 0600), ENOENT);
	snprintf(path, sizeof path, "%s/new", argv[1]);
	int fd = open(path, O_CREAT | O_EXCL | O_RDWR, 0600);
	CHECK(fd >= 0);
	OK(unlink(path));
	// Relative paths have nothing to do with it.
	FAILS(open("only/here", O_RDONLY), ENOENT);
	return done("sysroot");
}
