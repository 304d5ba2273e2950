// Storm on futexes: a hand-made mutex, a token passed around a ring, a bounded queue and a semaphore by all threads. No
// increment, token or item may get lost, and nobody may sleep for ever.
#include "storm.h"

#include <limits.h>
#include <linux/futex.h>
#include <semaphore.h>

static long futex(atomic_int *a, int op, int value) { return syscall(SYS_futex, a, op | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0); }

// The mutex with three states: free, held, held with sleepers.
static atomic_int lock_word;
static long guarded, sections[256];

static void lock(void) {
	int c = 0;
	if (atomic_compare_exchange_strong(&lock_word, &c, 1))
		return;
	if (c != 2)
		c = atomic_exchange(&lock_word, 2);
	while (c != 0) {
		futex(&lock_word, FUTEX_WAIT, 2);
		c = atomic_exchange(&lock_word, 2);
	}
}

static void unlock(void) {
	if (atomic_exchange(&lock_word, 0) == 2)
		futex(&lock_word, FUTEX_WAKE, 1);
}

static void *use_lock(void *arg) {
	int me = (int)(intptr_t)arg;
	while (storm_goes_on()) {
		lock();
		long before = guarded;
		if (me & 1)
			sched_yield();
		guarded = before + 1;
		unlock();
		sections[me]++;
	}
	return NULL;
}

// The token: thread i waits until it is its turn.
static atomic_int turn;
static long passes;

static void *pass_token(void *arg) {
	int me = (int)(intptr_t)arg;
	for (;;) {
		int now;
		while ((now = turn) != INT_MAX && now % storm_threads != me)
			futex(&turn, FUTEX_WAIT, now);
		if (now == INT_MAX)
			return NULL;
		passes++;
		if (passes > INT_MAX / 2 || (passes % storm_threads == 0 && !storm_goes_on()))
			turn = INT_MAX;
		else
			turn = now + 1;
		futex(&turn, FUTEX_WAKE, INT_MAX);
		if (turn == INT_MAX)
			return NULL;
	}
}

// The queue: half of the threads put numbers in, the others take them out.
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER, not_empty = PTHREAD_COND_INITIALIZER;
static long queue[8], head, tail, put_sum, got_sum, puts_done;
static sem_t credits;
static atomic_long posted, waited;

static void *use_queue(void *arg) {
	bool producer = ((intptr_t)arg & 1) == 0;
	long sum = 0, value = (intptr_t)arg;
	for (;;) {
		pthread_mutex_lock(&mutex);
		if (producer) {
			if (!storm_goes_on()) {
				puts_done++;
				pthread_cond_broadcast(&not_empty);
				put_sum += sum;
				pthread_mutex_unlock(&mutex);
				return NULL;
			}
			while (tail - head == 8)
				pthread_cond_wait(&not_full, &mutex);
			value = value * 31 + 7;
			queue[tail++ % 8] = value & 0xffff;
			sum += value & 0xffff;
			pthread_cond_signal(&not_empty);
		} else {
			while (tail == head && puts_done < (storm_threads + 1) / 2)
				pthread_cond_wait(&not_empty, &mutex);
			if (tail == head) {
				got_sum += sum;
				pthread_mutex_unlock(&mutex);
				return NULL;
			}
			sum += queue[head++ % 8];
			pthread_cond_signal(&not_full);
		}
		pthread_mutex_unlock(&mutex);
		if (producer) {
			posted++;
			sem_post(&credits);
		} else {
			sem_wait(&credits);
			waited++;
		}
	}
}

int main(int argc, char **argv) {
	storm_start(argc, argv);
	double part = storm_seconds / 3;
	storm_end = seconds_now() + part;
	storm_run(use_lock);
	long all = 0;
	for (int i = 0; i < storm_threads; i++)
		all += sections[i];
	EQ(guarded, all);
	CHECK(all > 0);
	EQ(lock_word, 0);

	storm_over = false;
	storm_end = seconds_now() + part;
	storm_run(pass_token);
	CHECK(passes > 0);
	EQ(passes % storm_threads, 0);

	sem_init(&credits, 0, 0);
	storm_over = false;
	storm_end = seconds_now() + part;
	storm_run(use_queue);
	EQ(got_sum, put_sum);
	EQ(head, tail);
	EQ(waited, tail);
	EQ(posted, tail);
	return done("storm_futex");
}
