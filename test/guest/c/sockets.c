// Sockets on the loopback interface and waiting for many descriptors: TCP, UDP, Unix; messages with control data; options;
// poll, select, epoll; eventfd, timerfd, signalfd.
// CFLAGS: -Wno-stringop-overread
#include "check.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>

static struct sockaddr_in loopback(int port) {
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return a;
}

static int port_of(int fd) {
	struct sockaddr_in a;
	socklen_t n = sizeof a;
	OK(getsockname(fd, (struct sockaddr *)&a, &n));
	EQ(n, sizeof a);
	EQ(a.sin_family, AF_INET);
	return ntohs(a.sin_port);
}

static void *echo(void *arg) {
	int listener = *(int *)arg;
	for (int i = 0; i < 2; i++) {
		struct sockaddr_in peer;
		socklen_t n = sizeof peer;
		int fd = accept4(listener, (struct sockaddr *)&peer, &n, SOCK_CLOEXEC);
		OK(fd);
		EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
		EQ(peer.sin_addr.s_addr, htonl(INADDR_LOOPBACK));
		char buffer[5000];
		for (ssize_t k; (k = recv(fd, buffer, sizeof buffer, 0)) > 0;)
			EQ(send(fd, buffer, (size_t)k, MSG_NOSIGNAL), k);
		close(fd);
	}
	return NULL;
}

static void test_tcp(void) {
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
	OK(listener);
	OK(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one));
	struct sockaddr_in a = loopback(0);
	OK(bind(listener, (struct sockaddr *)&a, sizeof a));
	OK(listen(listener, 5));
	a = loopback(port_of(listener));
	int other = socket(AF_INET, SOCK_STREAM, 0);
	FAILS(bind(other, (struct sockaddr *)&a, sizeof a), EADDRINUSE);
	FAILS(bind(other, (struct sockaddr *)&a, 4), EINVAL);
	close(other);

	pthread_t server;
	pthread_create(&server, NULL, echo, &listener);
	for (int round = 0; round < 2; round++) {
		int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
		OK(connect(fd, (struct sockaddr *)&a, sizeof a));
		FAILS(connect(fd, (struct sockaddr *)&a, sizeof a), EISCONN);
		OK(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one));
		int value = 0;
		socklen_t n = sizeof value;
		OK(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &n));
		CHECK(value != 0);
		OK(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &n));
		EQ(value, SOCK_STREAM);
		OK(getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &n));
		EQ(value, 0);
		char out[20000], in[20000];
		for (size_t i = 0; i < sizeof out; i++)
			out[i] = (char)(i * 7);
		size_t sent = 0, received = 0;
		while (sent < sizeof out) {
			ssize_t k = write(fd, out + sent, sizeof out - sent);
			CHECK(k > 0);
			sent += (size_t)k;
		}
		EQ(recv(fd, in, 10, MSG_PEEK | MSG_WAITALL), 10);
		while (received < sizeof in) {
			ssize_t k = read(fd, in + received, sizeof in - received);
			if (k <= 0)
				break;
			received += (size_t)k;
		}
		EQ(received, sizeof in);
		EQ(memcmp(in, out, sizeof in), 0);
		OK(shutdown(fd, SHUT_WR));
		EQ(read(fd, in, 1), 0);
		FAILS(send(fd, "x", 1, MSG_NOSIGNAL), EPIPE);
		close(fd);
	}
	pthread_join(server, NULL);
	close(listener);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	FAILS(connect(fd, (struct sockaddr *)&a, sizeof a), ECONNREFUSED);
	FAILS(getpeername(fd, (struct sockaddr *)&a, &(socklen_t){sizeof a}), ENOTCONN);
	FAILS(connect(fd, (struct sockaddr *)8, sizeof a), EFAULT);
	FAILS(shutdown(fd, SHUT_RD), ENOTCONN);
	close(fd);
	FAILS(socket(AF_INET, 99, 0), EINVAL);
	FAILS(socket(9999, SOCK_STREAM, 0), EAFNOSUPPORT);
	fd = open("/dev/null", O_RDWR);
	FAILS(listen(fd, 1), ENOTSOCK);
	close(fd);

	// A connection that is not waited for.
	listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	a = loopback(0);
	OK(bind(listener, (struct sockaddr *)&a, sizeof a));
	OK(listen(listener, 1));
	FAILS(accept(listener, NULL, NULL), EAGAIN);
	close(listener);
}

static void test_udp(void) {
	int a = socket(AF_INET, SOCK_DGRAM, 0), b = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	struct sockaddr_in any = loopback(0), to, from;
	OK(bind(a, (struct sockaddr *)&any, sizeof any));
	OK(bind(b, (struct sockaddr *)&any, sizeof any));
	to = loopback(port_of(b));
	EQ(sendto(a, "datagram", 8, 0, (struct sockaddr *)&to, sizeof to), 8);
	EQ(sendto(a, "", 0, 0, (struct sockaddr *)&to, sizeof to), 0);
	char text[16];
	socklen_t n = sizeof from;
	EQ(recvfrom(b, text, 4, MSG_TRUNC, (struct sockaddr *)&from, &n), 8); // the real length
	EQ(n, sizeof from);
	EQ(ntohs(from.sin_port), port_of(a));
	EQ(recv(b, text, sizeof text, 0), 0);
	FAILS(recv(b, text, sizeof text, 0), EAGAIN);
	FAILS(sendto(a, "x", 1, 0, NULL, 0), EDESTADDRREQ);
	OK(connect(a, (struct sockaddr *)&to, sizeof to));
	EQ(send(a, "yes", 3, 0), 3);

	// Many at once.
	struct iovec iov[3];
	struct mmsghdr messages[3];
	memset(messages, 0, sizeof messages);
	for (int i = 0; i < 3; i++) {
		iov[i] = (struct iovec){"abcdef", (size_t)i + 2};
		messages[i].msg_hdr.msg_iov = &iov[i];
		messages[i].msg_hdr.msg_iovlen = 1;
	}
	EQ(sendmmsg(a, messages, 3, 0), 3);
	EQ(messages[2].msg_len, 4);
	char in[4][8];
	struct mmsghdr received[4];
	struct iovec riov[4];
	memset(received, 0, sizeof received);
	for (int i = 0; i < 4; i++) {
		riov[i] = (struct iovec){in[i], 8};
		received[i].msg_hdr.msg_iov = &riov[i];
		received[i].msg_hdr.msg_iovlen = 1;
	}
	EQ(recvmmsg(b, received, 4, MSG_DONTWAIT, NULL), 4);
	EQ(received[0].msg_len, 3);
	EQ(received[3].msg_len, 4);
	EQ(memcmp(in[3], "abcd", 4), 0);
	close(a), close(b);
}

static void test_unix(void) {
	int fds[2];
	char text[32];
	OK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
	EQ(write(fds[0], "pair", 4), 4);
	EQ(read(fds[1], text, sizeof text), 4);

	// A descriptor and credentials travel with a message.
	int pipe_fds[2], one = 1;
	OK(pipe(pipe_fds));
	OK(setsockopt(fds[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof one));
	union {
		char bytes[CMSG_SPACE(2 * sizeof(int)) + CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {"m", 1};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = CMSG_SPACE(2 * sizeof(int))};
	memset(&control, 0, sizeof control);
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(2 * sizeof(int));
	memcpy(CMSG_DATA(c), pipe_fds, 2 * sizeof(int));
	EQ(sendmsg(fds[0], &message, 0), 1);
	memset(&control, 0, sizeof control);
	iov = (struct iovec){text, sizeof text};
	message.msg_controllen = sizeof control;
	EQ(recvmsg(fds[1], &message, MSG_CMSG_CLOEXEC), 1);
	EQ(message.msg_flags & MSG_CTRUNC, 0);
	int passed[2] = {-1, -1}, kinds = 0;
	for (c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c)) {
		EQ(c->cmsg_level, SOL_SOCKET);
		if (c->cmsg_type == SCM_RIGHTS) {
			EQ(c->cmsg_len, CMSG_LEN(2 * sizeof(int)));
			memcpy(passed, CMSG_DATA(c), sizeof passed);
			kinds |= 1;
		} else if (c->cmsg_type == SCM_CREDENTIALS) {
			struct ucred credentials;
			memcpy(&credentials, CMSG_DATA(c), sizeof credentials);
			EQ(credentials.pid, getpid());
			EQ(credentials.uid, getuid());
			kinds |= 2;
		}
	}
	EQ(kinds, 3);
	CHECK(passed[0] > pipe_fds[1] && passed[1] > passed[0]);
	EQ(fcntl(passed[0], F_GETFD), FD_CLOEXEC);
	EQ(write(passed[1], "through", 7), 7);
	EQ(read(pipe_fds[0], text, sizeof text), 7);

	// Control data that does not fit.
	memset(&control, 0, sizeof control);
	iov = (struct iovec){"m", 1};
	message = (struct msghdr){.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = CMSG_SPACE(sizeof(int))};
	c = CMSG_FIRSTHDR(&message);
	*c = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
	memcpy(CMSG_DATA(c), pipe_fds, sizeof(int));
	EQ(sendmsg(fds[1], &message, 0), 1);
	iov = (struct iovec){text, sizeof text};
	message.msg_controllen = 0;
	message.msg_control = NULL;
	EQ(recvmsg(fds[0], &message, 0), 1);
	CHECK(message.msg_flags & MSG_CTRUNC);
	struct ucred peer;
	socklen_t n = sizeof peer;
	OK(getsockopt(fds[0], SOL_SOCKET, SO_PEERCRED, &peer, &n));
	EQ(peer.pid, getpid());
	for (int i = 0; i < 2; i++)
		close(fds[i]), close(pipe_fds[i]), close(passed[i]);

	// By name, in the file system and in the abstract space.
	for (int abstract = 0; abstract < 2; abstract++) {
		struct sockaddr_un name = {.sun_family = AF_UNIX}, got;
		socklen_t length;
		if (abstract) {
			snprintf(name.sun_path + 1, sizeof name.sun_path - 1, "weir-%d", getpid());
			length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name.sun_path + 1));
		} else {
			strcpy(name.sun_path, "socket");
			length = sizeof name;
		}
		int listener = socket(AF_UNIX, SOCK_SEQPACKET, 0), client = socket(AF_UNIX, SOCK_SEQPACKET, 0);
		FAILS(connect(client, (struct sockaddr *)&name, length), abstract ? ECONNREFUSED : ENOENT);
		OK(bind(listener, (struct sockaddr *)&name, length));
		OK(listen(listener, 1));
		OK(connect(client, (struct sockaddr *)&name, length));
		int server = accept(listener, NULL, NULL);
		OK(server);
		n = sizeof got;
		OK(getpeername(client, (struct sockaddr *)&got, &n));
		EQ(memcmp(got.sun_path, name.sun_path, 6), 0);
		EQ(n, abstract ? length : offsetof(struct sockaddr_un, sun_path) + 7);
		EQ(send(client, "one", 3, 0), 3);
		EQ(send(client, "two!", 4, 0), 4);
		EQ(recv(server, text, sizeof text, 0), 3); // packets keep their borders
		EQ(recv(server, text, sizeof text, 0), 4);
		close(listener), close(server), close(client);
	}
	OK(unlink("socket"));
}

static void test_poll(void) {
	int fds[2];
	OK(pipe(fds));
	struct pollfd p[3] = {{fds[0], POLLIN, 0}, {fds[1], POLLOUT, 0}, {-1, POLLIN, 0}};
	EQ(poll(p, 3, -1), 1);
	EQ(p[0].revents, 0);
	EQ(p[1].revents, POLLOUT);
	double before = seconds_now();
	EQ(poll(p, 1, 30), 0);
	CHECK(seconds_now() - before >= 0.029);
	EQ(write(fds[1], "x", 1), 1);
	EQ(poll(p, 1, 1000), 1);
	EQ(p[0].revents, POLLIN);
	struct timespec t = {0, 20 * 1000 * 1000};
	sigset_t set;
	sigemptyset(&set);
	EQ(ppoll(p, 1, &t, &set), 1);
	p[2].fd = 333;
	EQ(poll(p, 3, 0), 3);
	EQ(p[2].revents, POLLNVAL);

	fd_set in, out, none;
	FD_ZERO(&in);
	FD_ZERO(&out);
	FD_ZERO(&none);
	FD_SET(fds[0], &in);
	FD_SET(fds[1], &out);
	EQ(select(fds[1] + 1, &in, &out, &none, NULL), 2);
	CHECK(FD_ISSET(fds[0], &in) && FD_ISSET(fds[1], &out));
	char c;
	EQ(read(fds[0], &c, 1), 1);
	EQ(select(fds[1] + 1, &in, NULL, NULL, &(struct timeval){0, 20000}), 0);
	CHECK(!FD_ISSET(fds[0], &in));
	FD_SET(fds[0], &in);
	EQ(pselect(fds[1] + 1, &in, NULL, NULL, &(struct timespec){0, 1000}, &set), 0);
	FD_SET(60, &in);
	FAILS(select(61, &in, NULL, NULL, &(struct timeval){0, 0}), EBADF);
	FAILS(select(-1, NULL, NULL, NULL, &(struct timeval){0, 0}), EINVAL);
	close(fds[1]);
	EQ(poll(p, 1, 1000), 1);
	EQ(p[0].revents, POLLHUP);
	close(fds[0]);
}

static volatile sig_atomic_t signals_seen;
static void on_signal(int sig) { (void)sig, signals_seen++; }

static void test_epoll(void) {
	int ep = epoll_create1(EPOLL_CLOEXEC), fds[2], more[2];
	OK(ep);
	EQ(fcntl(ep, F_GETFD), FD_CLOEXEC);
	OK(pipe(fds));
	OK(pipe(more));
	// All 64 bits of the data come back; the structure is packed on x86 and is not elsewhere.
	struct epoll_event e = {.events = EPOLLIN, .data.u64 = 0xfedcba9876543210}, got[4];
	OK(epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], &e));
	FAILS(epoll_ctl(ep, EPOLL_CTL_ADD, fds[0], &e), EEXIST);
	FAILS(epoll_ctl(ep, EPOLL_CTL_MOD, more[0], &e), ENOENT);
	FAILS(epoll_ctl(ep, EPOLL_CTL_ADD, ep, &e), EINVAL);
	FAILS(epoll_ctl(ep, EPOLL_CTL_ADD, 333, &e), EBADF);
	int file = open("/tmp", O_RDONLY);
	FAILS(epoll_ctl(ep, EPOLL_CTL_ADD, file, &e), EPERM);
	close(file);
	e.data.u64 = 0x0123456789abcdef;
	OK(epoll_ctl(ep, EPOLL_CTL_ADD, more[0], &e));
	EQ(epoll_wait(ep, got, 4, 0), 0);
	EQ(write(fds[1], "x", 1), 1);
	memset(got, 0xee, sizeof got);
	EQ(epoll_wait(ep, got, 4, 1000), 1);
	EQ(got[0].events, EPOLLIN);
	EQ(got[0].data.u64, 0xfedcba9876543210);
	EQ(write(more[1], "x", 1), 1);
	EQ(epoll_wait(ep, got, 4, 1000), 2);
	EQ(got[0].data.u64 ^ got[1].data.u64, 0xfedcba9876543210 ^ 0x0123456789abcdef);
	EQ(epoll_wait(ep, got, 1, 1000), 1);
	FAILS(epoll_wait(ep, got, 0, 0), EINVAL);
	FAILS(epoll_wait(fds[0], got, 1, 0), EINVAL);

	// Edge triggered reports once, one-shot until it is armed again.
	e.events = EPOLLIN | EPOLLET;
	e.data.u64 = 7;
	OK(epoll_ctl(ep, EPOLL_CTL_MOD, fds[0], &e));
	OK(epoll_ctl(ep, EPOLL_CTL_DEL, more[0], NULL));
	EQ(epoll_wait(ep, got, 4, 100), 1);
	EQ(got[0].data.u64, 7);
	EQ(epoll_wait(ep, got, 4, 0), 0);
	EQ(write(fds[1], "x", 1), 1);
	EQ(epoll_wait(ep, got, 4, 100), 1);
	e.events = EPOLLIN | EPOLLONESHOT;
	OK(epoll_ctl(ep, EPOLL_CTL_MOD, fds[0], &e));
	EQ(epoll_wait(ep, got, 4, 100), 1);
	EQ(epoll_wait(ep, got, 4, 0), 0);
	OK(epoll_ctl(ep, EPOLL_CTL_MOD, fds[0], &e));
	EQ(epoll_wait(ep, got, 4, 100), 1);

	// epoll_pwait unblocks a signal while it waits.
	signal(SIGUSR1, on_signal);
	sigset_t set, none;
	sigemptyset(&none);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGUSR1);
	EQ(epoll_wait(ep, got, 4, 0), 0);
	EQ(signals_seen, 0);
	FAILS(epoll_pwait(ep, got, 4, 1000, &none), EINTR);
	EQ(signals_seen, 1);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	for (int i = 0; i < 2; i++)
		close(fds[i]), close(more[i]);
	close(ep);
}

static void test_event_descriptors(void) {
	uint64_t v = 5;
	int fd = eventfd(3, EFD_NONBLOCK);
	OK(fd);
	EQ(write(fd, &v, 8), 8);
	EQ(read(fd, &v, 8), 8);
	EQ(v, 8);
	FAILS(read(fd, &v, 8), EAGAIN);
	FAILS(read(fd, &v, 4), EINVAL);
	close(fd);
	fd = eventfd(2, EFD_SEMAPHORE | EFD_CLOEXEC);
	EQ(read(fd, &v, 8), 8);
	EQ(v, 1);
	close(fd);
	FAILS(eventfd(0, 0x7000), EINVAL);

	fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	OK(fd);
	struct itimerspec its = {{0, 10 * 1000 * 1000}, {0, 20 * 1000 * 1000}}, now;
	OK(timerfd_settime(fd, 0, &its, NULL));
	OK(timerfd_gettime(fd, &now));
	EQ(now.it_interval.tv_nsec, 10 * 1000 * 1000);
	CHECK(now.it_value.tv_nsec > 0 && now.it_value.tv_nsec <= 20 * 1000 * 1000);
	sleep_ms(55);
	EQ(read(fd, &v, 8), 8);
	CHECK(v >= 3);
	clock_gettime(CLOCK_MONOTONIC, &its.it_value);
	its.it_interval.tv_nsec = 0;
	OK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &its, &now)); // due already
	EQ(read(fd, &v, 8), 8);
	EQ(v, 1);
	close(fd);
	FAILS(timerfd_create(999, 0), EINVAL);

	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_NONBLOCK);
	OK(fd);
	struct signalfd_siginfo info[3];
	FAILS(read(fd, info, sizeof info), EAGAIN);
	EQ(sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 99}), 0);
	kill(getpid(), SIGUSR2);
	EQ(read(fd, info, sizeof info), 2 * sizeof info[0]);
	EQ(info[0].ssi_signo, SIGUSR2);
	EQ(info[0].ssi_code, SI_USER);
	EQ(info[0].ssi_pid, getpid());
	EQ(info[1].ssi_signo, SIGRTMIN + 1);
	EQ(info[1].ssi_int, 99);
	sigdelset(&set, SIGUSR2);
	EQ(signalfd(fd, &set, 0), fd);
	kill(getpid(), SIGUSR2);
	FAILS(read(fd, info, sizeof info), EAGAIN);
	close(fd);
	int sig;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	EQ(sigwait(&set, &sig), 0);
	EQ(sig, SIGUSR2);
}

static void test_options(void) {
	int fd = socket(AF_INET, SOCK_STREAM, 0), value = 0;
	socklen_t n = sizeof value;
	struct linger linger = {1, 3}, linger_got;
	OK(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger));
	n = sizeof linger_got;
	OK(getsockopt(fd, SOL_SOCKET, SO_LINGER, &linger_got, &n));
	EQ(n, sizeof linger);
	EQ(linger_got.l_linger, 3);
	struct timeval t = {2, 500000}, t_got;
	OK(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t));
	n = sizeof t_got;
	OK(getsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t_got, &n));
	EQ(t_got.tv_sec, 2);
	EQ(t_got.tv_usec, 500000);
	n = sizeof value;
	OK(getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &value, &n));
	EQ(value, AF_INET);
	OK(getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &n));
	EQ(value, 0);
	value = 8192;
	OK(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, sizeof value));
	OK(getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &value, &n));
	CHECK(value >= 8192);
	n = 1;
	value = 0;
	OK(getsockopt(fd, SOL_SOCKET, SO_TYPE, &value, &n)); // cut to the buffer
	EQ(n, 1);
	FAILS(getsockopt(fd, SOL_SOCKET, 9999, &value, &n), ENOPROTOOPT);
	FAILS(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &value, 1), EINVAL);
	close(fd);
	fd = socket(AF_INET6, SOCK_DGRAM, 0);
	if (fd != -1) { // not every machine has it
		value = 1;
		OK(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &value, sizeof value));
		close(fd);
	}
}

int main(void) {
	scratch_dir();
	test_tcp();
	test_udp();
	test_unix();
	test_poll();
	test_epoll();
	test_event_descriptors();
	test_options();
	scratch_remove();
	return done("sockets");
}
