// Threads: creation, joining, mutexes of every kind, conditions, barriers, read-write locks, thread-local storage,
// cancellation, per-thread ids and errno, once, keys with destructors, stacks.
#include "check.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>

enum { THREADS = 32, ROUNDS = 2000 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long counter;
static atomic_long atomic_counter;
static __thread long local = 5;
static __thread char big_local[5000];

static void *count_up(void *arg) {
	long id = (long)arg;
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		counter++;
		pthread_mutex_unlock(&mutex);
		atomic_counter++;
		local += id;
		big_local[i % 5000] = (char)id;
		errno = (int)id;
		if (i % 100 == 0)
			sched_yield();
		if (errno != (int)id)
			check_fail(__FILE__, __LINE__, "errno of thread %ld is %d", id, errno);
	}
	EQ(local, 5 + id * ROUNDS);
	for (int i = 0; i < ROUNDS; i++)
		if (big_local[i] != (char)id)
			check_fail(__FILE__, __LINE__, "big_local[%d] of thread %ld is %d", i, id, big_local[i]);
	return (void *)(id * 3);
}

static void test_many(void) {
	pthread_t t[THREADS];
	for (long i = 0; i < THREADS; i++)
		EQ(pthread_create(&t[i], NULL, count_up, (void *)i), 0);
	for (long i = 0; i < THREADS; i++) {
		void *result;
		EQ(pthread_join(t[i], &result), 0);
		EQ((long)result, i * 3);
	}
	EQ(counter, THREADS * ROUNDS);
	EQ(atomic_counter, THREADS * ROUNDS);
	EQ(local, 5);
}

static void *nothing(void *arg) { return arg; }

static void test_churn(void) {
	for (long i = 0; i < 300; i++) {
		pthread_t t;
		void *result = NULL;
		EQ(pthread_create(&t, NULL, nothing, (void *)i), 0);
		EQ(pthread_join(t, &result), 0);
		EQ((long)result, i);
	}
}

static struct {
	pthread_mutex_t mutex;
	pthread_cond_t full, empty;
	int items[4], used;
	long sum;
} queue = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, PTHREAD_COND_INITIALIZER, {0}, 0, 0};

static void *produce(void *arg) {
	for (int i = 1; i <= 1000; i++) {
		pthread_mutex_lock(&queue.mutex);
		while (queue.used == 4)
			pthread_cond_wait(&queue.full, &queue.mutex);
		queue.items[queue.used++] = i;
		pthread_cond_signal(&queue.empty);
		pthread_mutex_unlock(&queue.mutex);
	}
	return arg;
}

static void *consume(void *arg) {
	for (int i = 1; i <= 1000; i++) {
		pthread_mutex_lock(&queue.mutex);
		while (queue.used == 0)
			pthread_cond_wait(&queue.empty, &queue.mutex);
		queue.sum += queue.items[--queue.used];
		pthread_cond_signal(&queue.full);
		pthread_mutex_unlock(&queue.mutex);
	}
	return arg;
}

static void test_conditions(void) {
	pthread_t t[8];
	for (int i = 0; i < 8; i++)
		pthread_create(&t[i], NULL, i % 2 ? produce : consume, NULL);
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	EQ(queue.sum, 4 * 500500L);
	EQ(queue.used, 0);

	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 50 * 1000 * 1000;
	if (until.tv_nsec >= 1000000000)
		until.tv_nsec -= 1000000000, until.tv_sec++;
	pthread_mutex_lock(&queue.mutex);
	EQ(pthread_cond_timedwait(&queue.empty, &queue.mutex, &until), ETIMEDOUT);
	EQ(pthread_mutex_trylock(&queue.mutex), EBUSY);
	pthread_mutex_unlock(&queue.mutex);
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	CHECK(now.tv_sec > until.tv_sec || (now.tv_sec == until.tv_sec && now.tv_nsec >= until.tv_nsec));
}

static pthread_barrier_t barrier;
static atomic_int arrived, serial;

static void *meet(void *arg) {
	for (int i = 1; i <= 50; i++) {
		arrived++;
		if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
			serial++;
		if (arrived < i * 8)
			check_fail(__FILE__, __LINE__, "passed barrier %d with %d arrivals", i, arrived);
		pthread_barrier_wait(&barrier);
	}
	return arg;
}

static void test_barrier(void) {
	pthread_t t[8];
	pthread_barrier_init(&barrier, NULL, 8);
	for (int i = 0; i < 8; i++)
		pthread_create(&t[i], NULL, meet, NULL);
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	EQ(arrived, 400);
	EQ(serial, 50);
}

static pthread_mutex_t kinds[3];

static void *hold_and_die(void *arg) {
	EQ(pthread_mutex_lock(arg), 0);
	return NULL;
}

static void test_mutex_kinds(void) {
	static const int types[3] = {PTHREAD_MUTEX_ERRORCHECK, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_NORMAL};
	pthread_mutexattr_t attr;
	for (int i = 0; i < 3; i++) {
		pthread_mutexattr_init(&attr);
		pthread_mutexattr_settype(&attr, types[i]);
		if (i == 2)
			pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
		EQ(pthread_mutex_init(&kinds[i], &attr), 0);
	}
	EQ(pthread_mutex_lock(&kinds[0]), 0);
	EQ(pthread_mutex_lock(&kinds[0]), EDEADLK);
	EQ(pthread_mutex_unlock(&kinds[0]), 0);
	EQ(pthread_mutex_unlock(&kinds[0]), EPERM);
	EQ(pthread_mutex_lock(&kinds[1]), 0);
	EQ(pthread_mutex_lock(&kinds[1]), 0);
	EQ(pthread_mutex_unlock(&kinds[1]), 0);
	EQ(pthread_mutex_unlock(&kinds[1]), 0);

	// Robust: the kernel marks the word of a thread that ends with the lock held.
	pthread_t t;
	pthread_create(&t, NULL, hold_and_die, &kinds[2]);
	pthread_join(t, NULL);
	EQ(pthread_mutex_lock(&kinds[2]), EOWNERDEAD);
	EQ(pthread_mutex_consistent(&kinds[2]), 0);
	EQ(pthread_mutex_unlock(&kinds[2]), 0);
	EQ(pthread_mutex_lock(&kinds[2]), 0);
	EQ(pthread_mutex_unlock(&kinds[2]), 0);

	// The same across processes, where the whole process dies.
	pthread_mutex_t *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	int robust = pthread_mutex_init(shared, &attr);
	EQ(robust, 0);
	if (robust != 0)
		return; // the lock below would wait for ever
	pid_t pid = fork();
	if (pid == 0) {
		pthread_mutex_lock(shared);
		_exit(0);
	}
	EQ(waitpid(pid, NULL, 0), pid);
	EQ(pthread_mutex_lock(shared), EOWNERDEAD);
	EQ(pthread_mutex_consistent(shared), 0);
	EQ(pthread_mutex_unlock(shared), 0);

	// Priority inheritance uses FUTEX_LOCK_PI once it is contended.
	pthread_mutexattr_init(&attr);
	EQ(pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT), 0);
	pthread_mutex_t inherit;
	EQ(pthread_mutex_init(&inherit, &attr), 0);
	EQ(pthread_mutex_lock(&inherit), 0);
	EQ(pthread_mutex_unlock(&inherit), 0);
	munmap(shared, 4096);
}

static atomic_int cleaned, looping;

static void cleanup(void *arg) { cleaned += (int)(intptr_t)arg; }

static void *wait_for_cancel(void *arg) {
	pthread_cleanup_push(cleanup, (void *)1);
	pthread_cleanup_push(cleanup, (void *)2);
	looping = 1;
	if (arg == NULL)
		pause();
	else {
		pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
		for (volatile long i = 0;; i++)
			continue;
	}
	pthread_cleanup_pop(0);
	pthread_cleanup_pop(0);
	return NULL;
}

static void test_cancel(void) {
	for (intptr_t async = 0; async < 2; async++) {
		pthread_t t;
		void *result;
		cleaned = looping = 0;
		pthread_create(&t, NULL, wait_for_cancel, (void *)async);
		while (!looping)
			sleep_ms(1);
		sleep_ms(5);
		EQ(pthread_cancel(t), 0);
		EQ(pthread_join(t, &result), 0);
		CHECK(result == PTHREAD_CANCELED);
		EQ(cleaned, 3);
	}
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_int once_calls, destroyed;
static pthread_key_t key;
static sem_t finished;

static void run_once(void) { once_calls++; }
static void destroy(void *value) { destroyed += (int)(intptr_t)value; }

static void *keyed(void *arg) {
	pthread_once(&once, run_once);
	CHECK(pthread_getspecific(key) == NULL);
	pthread_setspecific(key, arg);
	sched_yield();
	EQ((intptr_t)pthread_getspecific(key), (intptr_t)arg);
	sem_post(&finished);
	return NULL;
}

static void test_keys_and_detached(void) {
	pthread_key_create(&key, destroy);
	sem_init(&finished, 0, 0);
	pthread_attr_t attr;
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, 128 * 1024);
	for (intptr_t i = 1; i <= 10; i++) {
		pthread_t t;
		EQ(pthread_create(&t, &attr, keyed, (void *)i), 0);
	}
	for (int i = 0; i < 10; i++)
		sem_wait(&finished);
	for (int i = 0; i < 1000 && destroyed != 55; i++)
		sleep_ms(1);
	EQ(destroyed, 55);
	EQ(once_calls, 1);
}

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static long pair[2];

static void *read_or_write(void *arg) {
	for (int i = 0; i < 500; i++) {
		if ((intptr_t)arg == 0) {
			pthread_rwlock_wrlock(&rwlock);
			pair[0]++;
			sched_yield();
			pair[1]++;
		} else {
			pthread_rwlock_rdlock(&rwlock);
			if (pair[0] != pair[1])
				check_fail(__FILE__, __LINE__, "a reader saw half a write");
		}
		pthread_rwlock_unlock(&rwlock);
	}
	return NULL;
}

static void test_rwlock(void) {
	pthread_t t[6];
	for (intptr_t i = 0; i < 6; i++)
		pthread_create(&t[i], NULL, read_or_write, (void *)(i % 3));
	for (int i = 0; i < 6; i++)
		pthread_join(t[i], NULL);
	EQ(pair[0], 1000);
	EQ(pair[1], 1000);
}

static void *identity(void *arg) {
	*(pid_t *)arg = (pid_t)syscall(SYS_gettid);
	CHECK(getpid() != *(pid_t *)arg);
	char path[64], name[32] = "";
	EQ(pthread_setname_np(pthread_self(), "weir-thread"), 0);
	snprintf(path, sizeof path, "/proc/self/task/%d/comm", *(pid_t *)arg);
	FILE *f = fopen(path, "r");
	CHECK(f != NULL);
	if (f != NULL) {
		(void)!fgets(name, sizeof name, f);
		fclose(f);
	}
	STR(name, "weir-thread\n");

	pthread_attr_t attr;
	void *stack;
	size_t size;
	EQ(pthread_getattr_np(pthread_self(), &attr), 0);
	EQ(pthread_attr_getstack(&attr, &stack, &size), 0);
	CHECK((char *)&attr > (char *)stack && (char *)&attr < (char *)stack + size);
	return NULL;
}

static void test_identity(void) {
	pthread_t t[4];
	pid_t ids[4];
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, identity, &ids[i]);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	for (int i = 0; i < 4; i++) {
		CHECK(ids[i] > 0 && ids[i] != getpid());
		for (int k = 0; k < i; k++)
			CHECK(ids[i] != ids[k]);
	}
	EQ(syscall(SYS_gettid), getpid());
	// A joined thread may still be on its way out of the kernel.
	for (int i = 0; i < 2000 && syscall(SYS_tgkill, getpid(), ids[0], 0) == 0; i++)
		sleep_ms(1);
	FAILS(syscall(SYS_tgkill, getpid(), ids[0], 0), ESRCH);
}

static void *hang(void *arg) {
	for (;;)
		pause();
	return arg;
}

static void exit_with_threads(void *unused) {
	(void)unused;
	pthread_t t;
	for (int i = 0; i < 4; i++)
		pthread_create(&t, NULL, hang, NULL);
	_exit(17); // exit_group takes the others along
}

static void *exit_process(void *arg) { exit((int)(intptr_t)arg); }

static void exit_from_thread(void *unused) {
	(void)unused;
	pthread_t t;
	pthread_create(&t, NULL, exit_process, (void *)23);
	hang(NULL);
}

static void *outlive(void *arg) {
	sleep_ms(30);
	_exit((int)(intptr_t)arg);
}

static void leave_main(void *unused) {
	(void)unused;
	pthread_t t;
	pthread_create(&t, NULL, outlive, (void *)29);
	pthread_exit(NULL); // the process lives on without its first thread
}

static void test_exit(void) {
	int status = child_status(exit_with_threads, NULL);
	EQ(WEXITSTATUS(status), 17);
	status = child_status(exit_from_thread, NULL);
	EQ(WEXITSTATUS(status), 23);
	status = child_status(leave_main, NULL);
	EQ(WEXITSTATUS(status), 29);
}

int main(void) {
	test_many();
	test_churn();
	test_conditions();
	test_barrier();
	test_mutex_kinds();
	test_cancel();
	test_keys_and_detached();
	test_rwlock();
	test_identity();
	test_exit();
	return done("threads");
}
