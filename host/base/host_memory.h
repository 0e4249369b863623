/// How much memory this process may still take.
#ifndef THRONG_BASE_HOST_MEMORY_H
#define THRONG_BASE_HOST_MEMORY_H

#include <stddef.h>

/// Bytes that can be had without swapping: what the kernel calls available, or less where a control
/// group (a container) has a limit. Linux; elsewhere the machine's free pages.
size_t host_memory_free(void);

/// The number of kB behind `name` ("MemAvailable:") in text as /proc/meminfo has it, in bytes; or,
/// where no unit follows, the number itself. 0: not there.
size_t host_memory_read(const char *text, const char *name);

#endif
