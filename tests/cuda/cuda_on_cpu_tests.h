/// What tests may do to the emulated device besides using it.
#ifndef CUDA_ON_CPU_TESTS_H
#define CUDA_ON_CPU_TESTS_H

#include "base/backend.h"
#include "cuda_runtime_api.h"

/// The device is gone, with this error, until cudaSuccess is given.
void cuda_on_cpu_lose(cudaError_t error);
/// No graph can be recorded, with this error, until cudaSuccess is given.
void cuda_on_cpu_fail_capture(cudaError_t error);
/// No memory of the host's may be locked (as in a container with a low limit), until false is
/// given.
void cuda_on_cpu_deny_pinned(bool denied);
/// What is recorded becomes invalid after so many calls, as by a call that none may make meanwhile:
/// every later one and the end of recording fail. Until SIZE_MAX is given.
void cuda_on_cpu_break_capture(size_t calls);
/// Is a kernel stopped that is given an address of the host's? It takes a compiler that can tell a
/// struct's padding.
bool cuda_on_cpu_inspects(void);
/// Bytes that the device has (4 GiB where nobody says), and how many are taken.
void cuda_on_cpu_limit(size_t bytes);
size_t cuda_on_cpu_in_use(void);
/// How often kernels were launched whose name begins with `name`, since the program began.
size_t cuda_on_cpu_launched(const char *name);
/// How often a stream was made to wait for another's work, and of the last time which for which.
size_t cuda_on_cpu_waits(uint64_t *waiter, uint64_t *waited_for);
/// Run `work` on a copy of its arguments when its turn on the stream comes.
void cuda_on_cpu_queue(cudaStream_t stream, void (*work)(const void *), const void *arguments,
                       size_t bytes);
/// The CPU backend, also where a test program's "cpu" is the emulated device (real_backend.c).
throng_status cuda_on_cpu_real_backend(int threads, throng_backend **out);

#endif
