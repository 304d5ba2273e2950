// What a thread inherits of credentials, whatever threads made it: capabilities in all their sets, and what is kept over
// changes of IDs. capget with a version of its own choice.
#include "check.h"

#include <linux/capability.h>
#include <pthread.h>
#include <sys/prctl.h>

struct sets {
	struct __user_cap_data_struct data[2];
	int keep, bits, dumped, ambient, no_new_privs;
};

static void *get(void *arg) {
	struct sets *s = arg;
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	memset(s, 0, sizeof *s);
	OK(syscall(SYS_capget, &h, s->data));
	s->keep = prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0);
	s->bits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
	s->dumped = prctl(PR_CAPBSET_READ, CAP_SYSLOG, 0, 0, 0);
	s->ambient = prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_SYS_TIME, 0, 0);
	s->no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	return NULL;
}

static void same(const char *what) {
	struct sets mine, theirs;
	pthread_t t;
	EQ(pthread_create(&t, NULL, get, &theirs), 0);
	EQ(pthread_join(t, NULL), 0);
	get(&mine);
	check_count++;
	if (memcmp(&mine, &theirs, sizeof mine) != 0)
		check_fail(__FILE__, __LINE__, "%s: a thread has keep %d bits %d bounding %d ambient %d permitted %x, its parent %d %d %d %d %x", what,
			theirs.keep, theirs.bits, theirs.dumped, theirs.ambient, theirs.data[0].permitted, mine.keep, mine.bits, mine.dumped, mine.ambient,
			mine.data[0].permitted);
}

static void in_child(void *arg) {
	(void)arg;
	same("at first");
	OK(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
	same("PR_SET_KEEPCAPS");
	OK(prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0));
	same("and back");
	struct sets s;
	get(&s);
	if (geteuid() == 0 && (s.data[0].permitted & 1 << CAP_SETPCAP) != 0) {
		OK(prctl(PR_CAPBSET_DROP, CAP_SYSLOG, 0, 0, 0));
		same("PR_CAPBSET_DROP");
		struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
		s.data[0].inheritable |= 1 << CAP_SYS_TIME;
		if (syscall(SYS_capset, &h, s.data) == 0 && (s.data[0].permitted & 1 << CAP_SYS_TIME) != 0) {
			OK(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_TIME, 0, 0));
			same("an ambient capability");
		}
		OK(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0));
		OK(syscall(SYS_setresuid, 1234, 1234, 1234));
		same("another user, with capabilities permitted");
		get(&s);
		CHECK(s.data[0].permitted != 0);
		EQ(s.data[0].effective, 0);
		s.data[0].effective = s.data[0].permitted &= ~(1U << CAP_CHOWN);
		OK(syscall(SYS_capset, &h, s.data));
		same("one capability less");
	}
	OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	same("PR_SET_NO_NEW_PRIVS");
}

int main(void) {
	struct __user_cap_header_struct h = {0, 0};
	OK(syscall(SYS_capget, &h, NULL)); // asks for the version
	EQ(h.version, _LINUX_CAPABILITY_VERSION_3);
	struct __user_cap_data_struct d[2];
	h.version = 1;
	FAILS(syscall(SYS_capget, &h, d), EINVAL);
	EQ(h.version, _LINUX_CAPABILITY_VERSION_3);
	EQ(child_status(in_child, NULL), 0);
	return done("cred");
}
