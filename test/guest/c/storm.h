// Shared by the storms: programs that put many threads or processes under load for a while and count what must not get lost.
// Usage of each: PROGRAM [SECONDS [THREADS]], default 1 second and 4 threads.
#ifndef STORM_H
#define STORM_H

#include "check.h"

#include <pthread.h>
#include <sched.h>

static double storm_seconds = 1;
static int storm_threads = 4;
static atomic_bool storm_over;
static double storm_end;

static inline void storm_start(int argc, char **argv) {
	if (argc > 1)
		storm_seconds = atof(argv[1]);
	if (argc > 2)
		storm_threads = atoi(argv[2]);
	if (storm_seconds <= 0 || storm_threads < 2 || storm_threads > 256) {
		fprintf(stderr, "usage: %s [seconds [threads 2..256]]\n", argv[0]);
		exit(2);
	}
	storm_end = seconds_now() + storm_seconds;
}

static inline bool storm_goes_on(void) {
	if (!storm_over && seconds_now() >= storm_end)
		storm_over = true;
	return !storm_over;
}

// storm_run runs f(i) in a thread for each i and waits for all.
static inline void storm_run(void *(*f)(void *)) {
	pthread_t t[256];
	for (intptr_t i = 0; i < storm_threads; i++)
		if (pthread_create(&t[i], NULL, f, (void *)i) != 0)
			DIE("pthread_create");
	for (int i = 0; i < storm_threads; i++)
		pthread_join(t[i], NULL);
}

// A generator of one's own for every thread.
static inline uint32_t storm_random(uint64_t *state) {
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)(*state >> 16);
}

#endif
