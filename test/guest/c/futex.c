// The futex system call itself: WAIT, WAKE, REQUEUE, CMP_REQUEUE, WAKE_OP, bit sets, timeouts and error numbers.
#include "check.h"

#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>

static atomic_int word, other;
static atomic_int waiting, woken;
static _Atomic pid_t ids[8]; // of the waiting threads

static long futex(atomic_int *addr, int op, int value, void *timeout, atomic_int *addr2, int value3) {
	return syscall(SYS_futex, addr, op, value, timeout, addr2, value3);
}

static void *wait_on(void *bits) {
	ids[waiting++] = (pid_t)syscall(SYS_gettid);
	long r = bits == NULL ? futex(&word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0)
						  : futex(&word, FUTEX_WAIT_BITSET_PRIVATE, 0, NULL, NULL, (int)(intptr_t)bits);
	EQ(r, 0);
	woken++;
	return NULL;
}

// add makes waiters and waits until they are inside the call, as well as can be told.
static void add(pthread_t *t, int n, intptr_t bits) {
	waiting = 0;
	for (int i = 0; i < n; i++)
		pthread_create(&t[i], NULL, wait_on, (void *)bits);
	for (int i = 0; i < n; i++) {
		while (!ids[i])
			sleep_ms(1);
		until_asleep(getpid(), ids[i]);
		ids[i] = 0;
	}
}

static void start(pthread_t *t, int n, intptr_t bits) {
	woken = 0;
	add(t, n, bits);
}

static void settle(int want) {
	for (int i = 0; i < 2000 && woken < want; i++)
		sleep_ms(1);
	sleep_ms(5);
	EQ(woken, want);
}

static void join(pthread_t *t, int n) {
	for (int i = 0; i < n; i++)
		pthread_join(t[i], NULL);
}

static void test_errors(void) {
	struct timespec zero = {0, 0}, bad = {0, 1000000000}, negative = {-1, 0};
	word = 1;
	FAILS(futex(&word, FUTEX_WAIT, 0, NULL, NULL, 0), EAGAIN);
	FAILS(futex(&word, FUTEX_WAIT, 1, &zero, NULL, 0), ETIMEDOUT);
	FAILS(futex(&word, FUTEX_WAIT, 1, &bad, NULL, 0), EINVAL);
	FAILS(futex(&word, FUTEX_WAIT, 1, &negative, NULL, 0), EINVAL);
	FAILS(futex((atomic_int *)((char *)&word + 1), FUTEX_WAIT, 1, NULL, NULL, 0), EINVAL);
	FAILS(futex((atomic_int *)((char *)&word + 1), FUTEX_WAKE, 1, NULL, NULL, 0), EINVAL);
	FAILS(futex((atomic_int *)0x1000, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), EFAULT);
	FAILS(futex(&word, FUTEX_WAIT, 1, (void *)8, NULL, 0), EFAULT);
	FAILS(futex(&word, 99, 0, NULL, NULL, 0), ENOSYS);
	FAILS(futex(&word, FUTEX_WAIT_BITSET, 1, NULL, NULL, 0), EINVAL); // no bits
	FAILS(futex(&word, FUTEX_WAKE_BITSET, 1, NULL, NULL, 0), EINVAL);
	FAILS(futex(&word, FUTEX_CMP_REQUEUE, 1, (void *)1, &other, 7), EAGAIN);
	EQ(futex(&word, FUTEX_WAKE, 5, NULL, NULL, 0), 0);
	EQ(futex(&word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 0);
}

static void test_timeouts(void) {
	word = 0;
	struct timespec t = {0, 30 * 1000 * 1000};
	double before = seconds_now();
	FAILS(futex(&word, FUTEX_WAIT, 0, &t, NULL, 0), ETIMEDOUT);
	CHECK(seconds_now() - before >= 0.029);
	// WAIT_BITSET takes an absolute time, of the monotonic or the real-time clock.
	static const int clocks[2] = {CLOCK_MONOTONIC, CLOCK_REALTIME};
	for (int i = 0; i < 2; i++) {
		clock_gettime(clocks[i], &t);
		t.tv_nsec += 30 * 1000 * 1000;
		if (t.tv_nsec >= 1000000000)
			t.tv_nsec -= 1000000000, t.tv_sec++;
		before = seconds_now();
		FAILS(futex(&word, FUTEX_WAIT_BITSET | (i ? FUTEX_CLOCK_REALTIME : 0), 0, &t, NULL, -1), ETIMEDOUT);
		double spent = seconds_now() - before;
		CHECK(spent >= 0.025 && spent < 10);
	}
	t = (struct timespec){1, 0}; // long ago
	FAILS(futex(&word, FUTEX_WAIT_BITSET, 0, &t, NULL, -1), ETIMEDOUT);
}

static void test_wake(void) {
	pthread_t t[6];
	word = 0;
	start(t, 6, 0);
	EQ(futex(&word, FUTEX_WAKE_PRIVATE, 2, NULL, NULL, 0), 2);
	settle(2);
	EQ(futex(&word, FUTEX_WAKE_PRIVATE, 0, NULL, NULL, 0), 1); // historic: zero wakes one
	settle(3);
	EQ(futex(&word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 3);
	settle(6);
	join(t, 6);
}

static void test_bitset(void) {
	pthread_t a[2], b[2];
	word = 0;
	start(a, 2, 1);
	add(b, 2, 2);
	EQ(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, INT_MAX, NULL, NULL, 4), 0);
	EQ(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, INT_MAX, NULL, NULL, 2), 2);
	join(b, 2);
	EQ(woken, 2);
	EQ(futex(&word, FUTEX_WAKE_BITSET_PRIVATE, 1, NULL, NULL, 3), 1);
	EQ(futex(&word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 1);
	join(a, 2);
}

static void test_requeue(void) {
	pthread_t t[5];
	word = other = 0;
	start(t, 5, 0);
	EQ(futex(&word, FUTEX_CMP_REQUEUE_PRIVATE, 1, (void *)2, &other, 0), 3); // one woken, two moved
	settle(1);
	EQ(futex(&other, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 2);
	settle(3);
	EQ(futex(&word, FUTEX_REQUEUE_PRIVATE, 0, (void *)INT_MAX, &other, 0), 2);
	EQ(futex(&word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 0);
	EQ(futex(&other, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0), 2);
	settle(5);
	join(t, 5);
}

static void test_wake_op(void) {
	pthread_t t[2];
	word = 0;
	other = 5;
	start(t, 2, 0);
	// other += 3; wake one on word; the second wake depends on the old value 5 == 5.
	EQ(futex(&word, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &other, FUTEX_OP(FUTEX_OP_ADD, 3, FUTEX_OP_CMP_EQ, 5)), 1);
	EQ(other, 8);
	settle(1);
	// The second address is where the waiter is.
	word = 0;
	EQ(futex(&other, FUTEX_WAKE_OP_PRIVATE, 1, (void *)1, &word, FUTEX_OP(FUTEX_OP_OR, 6, FUTEX_OP_CMP_LT, 1)), 1);
	EQ(word, 6);
	settle(2);
	join(t, 2);
}

static void test_shared(void) {
	// Two mappings of one page, in two processes: shared futexes meet by the memory, not by the address.
	int fd = memfd_create("futex", 0);
	OK(ftruncate(fd, 4096));
	atomic_int *a = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	atomic_int *b = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	CHECK(a != b);
	pid_t pid = fork();
	if (pid == 0)
		_exit(futex(a, FUTEX_WAIT, 0, NULL, NULL, 0) != 0);
	long n = 0;
	for (int i = 0; i < 2000 && n == 0; i++) {
		sleep_ms(1);
		n = futex(b, FUTEX_WAKE, 1, NULL, NULL, 0);
	}
	EQ(n, 1);
	int status;
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, 0);
	close(fd);
}

static atomic_int turn;

static void *ping(void *me) {
	int mine = (int)(intptr_t)me;
	for (int i = 0; i < 3000; i++) {
		int now;
		while ((now = turn) % 2 != mine)
			futex(&turn, FUTEX_WAIT_PRIVATE, now, NULL, NULL, 0);
		turn++;
		futex(&turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	}
	return NULL;
}

static void test_ping_pong(void) {
	pthread_t t[2];
	for (intptr_t i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, ping, (void *)i);
	join(t, 2);
	EQ(turn, 6000);
}

static void test_priority_inheritance(void) {
	word = 0;
	EQ(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
	EQ(word & FUTEX_TID_MASK, syscall(SYS_gettid));
	FAILS(futex(&word, FUTEX_LOCK_PI_PRIVATE, 0, NULL, NULL, 0), EDEADLK);
	EQ(futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), 0);
	EQ(word & FUTEX_TID_MASK, 0);
	FAILS(futex(&word, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL, NULL, 0), EPERM);
}

int main(void) {
	test_errors();
	test_timeouts();
	test_wake();
	test_bitset();
	test_requeue();
	test_wake_op();
	test_shared();
	test_ping_pong();
	test_priority_inheritance();
	return done("futex");
}
