/*
 * timed_wait - conditions whose waits end by the clock of units_now_ms
 */
#ifndef BASE_TIMED_WAIT_H
#define BASE_TIMED_WAIT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

void timed_wait_init(pthread_cond_t *c);
/*
 * pthread_cond_wait(3), until that time at most; negative: for ever.  Returns
 * false when the time is over.
 */
bool timed_wait(pthread_cond_t *c, pthread_mutex_t *lock, int64_t until_ms);

#endif
