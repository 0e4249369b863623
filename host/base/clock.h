/// Time that passes, for measuring it: not the time of day.
#ifndef THRONG_BASE_CLOCK_H
#define THRONG_BASE_CLOCK_H

/// Seconds since some moment, never going back.
double clock_now(void);

#endif
