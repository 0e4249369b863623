/// The emulated device: memory that host code cannot touch, streams that run at once, and graphs as
/// lists of what was recorded. One host thread at a time. How a block runs is cuda_on_cpu_block.h.
#include "cuda_on_cpu_block.h"

#include <sys/mman.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(at, bytes) ((void)(at), (void)(bytes))
#endif

namespace cuda_on_cpu {

namespace {

// --- memory ------------------------------------------------------------------------------------

constexpr size_t kReserved = size_t{1} << 36;  // of addresses, not of memory
constexpr size_t kPage = 4096;
constexpr size_t kGuard = 256;  // bytes after each block that nobody may write
constexpr unsigned char kGuardByte = 0xA5;

/// Blocks lie in a range of their own that nobody may read or write but while a kernel, a copy or a
/// product runs: host code that follows a device pointer ends there.
struct device_memory {
  char *base = nullptr;
  size_t used = 0, in_use = 0, limit = size_t{4} << 30;
  std::map<char *, size_t> blocks;
  std::multimap<size_t, char *> spare;  // freed blocks by their padded size
  int open = 0;
  bool closed = true;
  uint64_t uses = 0;

  void reserve() {
    if (base) return;
    void *at =
        mmap(nullptr, kReserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) stop("no address range for the device's memory", "(none)");
    base = static_cast<char *>(at);
  }
  void protect(int how) {
    if (used && mprotect(base, used, how) != 0) stop("mprotect failed", "(none)");
  }
};

device_memory memory;

size_t padded(size_t bytes) { return (bytes + kGuard + kPage - 1) / kPage * kPage; }

/// While one of these lives the device's memory is open. Closing it costs more than a small kernel:
/// after the first thousand times it is closed now and then, which a loop's steps still meet.
struct access {
  access() {
    if (memory.open++ == 0 && memory.closed) memory.protect(PROT_READ | PROT_WRITE);
    memory.closed = false;
  }
  ~access() {
    ++memory.uses;
    if (--memory.open == 0 && (memory.uses < 1000 || memory.uses % 37 == 0)) {
      memory.protect(PROT_NONE);
      memory.closed = true;
    }
  }
  access(const access &) = delete;
  access &operator=(const access &) = delete;
};

}  // namespace
}  // namespace cuda_on_cpu

// --- streams and graphs --------------------------------------------------------------------------

struct cuda_on_cpu_graph {
  std::vector<std::function<void()>> work;
};
struct cuda_on_cpu_event {
  cudaStream_t stream = nullptr;  // that it was last recorded on
};
struct cuda_on_cpu_stream {
  std::unique_ptr<cuda_on_cpu_graph> recorded;
};

namespace {

using namespace cuda_on_cpu;

cudaError_t last_error = cudaSuccess;
cudaError_t lost = cudaSuccess;           // set by tests: every call fails with it
cudaError_t capture_fails = cudaSuccess;  // set by tests: what is recorded is refused with it
bool pinned_denied = false;               // set by tests: no memory may be locked
size_t capture_breaks = SIZE_MAX;         // set by tests: after so many calls it is invalid

std::map<std::string, size_t> launched;  // how often, by the kernel's name

cudaError_t give(cudaError_t error) {
  if (lost != cudaSuccess) error = lost;
  if (error != cudaSuccess) last_error = error;
  return error;
}

cudaError_t queue(cudaStream_t stream, std::function<void()> work) {
  if (lost != cudaSuccess) return give(lost);
  if (stream->recorded) {
    if (stream->recorded->work.size() >= capture_breaks)
      return give(cudaErrorStreamCaptureInvalidated);
    stream->recorded->work.push_back(std::move(work));
  } else {
    access open;
    work();
  }
  return cudaSuccess;
}

bool is_device(const void *at) {
  const char *p = static_cast<const char *>(at);
  return memory.base && p >= memory.base && p < memory.base + memory.used;
}

/// Bytes from `at` to the end of its block; 0 where it lies in none.
size_t room(const void *at) {
  const char *p = static_cast<const char *>(at);
  auto next = memory.blocks.upper_bound(const_cast<char *>(p));
  if (next == memory.blocks.begin()) return 0;
  --next;
  return p < next->first + next->second ? size_t(next->first + next->second - p) : 0;
}

}  // namespace

void cuda_on_cpu::inspect(const char *kernel, const void *argument, size_t bytes) {
  // Numbers are seldom as large, and seldom an address that is there; AddressSanitizer's own memory
  // lies below.
  constexpr uint64_t kLeast = uint64_t{1} << 44, kMost = uint64_t{1} << 47;
  for (size_t at = 0; at + sizeof(uint64_t) <= bytes; at += sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, static_cast<const char *>(argument) + at, sizeof word);
    if (word < kLeast || word >= kMost) continue;
    const char *p = reinterpret_cast<const char *>(word);
    if (memory.base && p >= memory.base && p < memory.base + kReserved) continue;
    unsigned char resident;
    if (mincore(reinterpret_cast<void *>(word / kPage * kPage), kPage, &resident) == 0)
      stop("an address of the host's among its arguments", kernel);
  }
}

void cuda_on_cpu::launch(const char *name, dim3 grid, dim3 block_dim, cudaStream_t stream,
                         bool fibers, std::function<void()> thread) {
  const size_t n = size_t{block_dim.x} * block_dim.y * block_dim.z;
  const size_t n_block = size_t{grid.x} * grid.y * grid.z;
  if (n == 0 || n > 1024 || n_block == 0 || grid.y > 65535 || grid.z > 65535) {
    give(cudaErrorInvalidValue);
    return;
  }
  ++launched[name];
  queue(stream, [=]() {
    const order turn(n_block);
    for (size_t k = 0; k < n_block; ++k) {
      here.grid_dim = grid;
      here.block_dim = block_dim;
      here.block_index = index_of(turn[k], grid);
      run_block(name, fibers, thread, n);
    }
  });
}

extern "C" {

/// For tests: the device is gone, with this error, until cudaSuccess is given.
void cuda_on_cpu_lose(cudaError_t error);
/// For tests: are the addresses among a kernel's arguments looked at?
bool cuda_on_cpu_inspects(void);
/// For tests: no graph can be recorded, with this error, until cudaSuccess is given.
void cuda_on_cpu_fail_capture(cudaError_t error);
/// For tests: no memory of the host's may be locked, until false is given.
void cuda_on_cpu_deny_pinned(bool denied);
/// For tests: what is recorded becomes invalid after so many calls, until SIZE_MAX is given.
void cuda_on_cpu_break_capture(size_t calls);
/// For tests: bytes that the device has; and how many are taken.
void cuda_on_cpu_limit(size_t bytes);
size_t cuda_on_cpu_in_use(void);
/// For tests: how often kernels were launched whose name begins so.
size_t cuda_on_cpu_launched(const char *name);
/// For blas_on_cpu.c: run a product when its turn on the stream comes.
void cuda_on_cpu_queue(cudaStream_t stream, void (*work)(const void *), const void *arguments,
                       size_t bytes);

/// For tests: how often a stream was made to wait for another's work, and the last two.
size_t cuda_on_cpu_waits(uint64_t *waiter, uint64_t *waited_for);
static std::vector<std::pair<uint64_t, uint64_t>> waits;
static uint64_t number_of(cudaStream_t stream) { return reinterpret_cast<uintptr_t>(stream); }

bool cuda_on_cpu_inspects(void) {
#ifdef CUDA_ON_CPU_INSPECTS
  return true;
#else
  return false;
#endif
}
void cuda_on_cpu_lose(cudaError_t error) { lost = last_error = error; }
void cuda_on_cpu_fail_capture(cudaError_t error) { capture_fails = error; }
void cuda_on_cpu_deny_pinned(bool denied) { pinned_denied = denied; }
void cuda_on_cpu_break_capture(size_t calls) { capture_breaks = calls; }
void cuda_on_cpu_limit(size_t bytes) { memory.limit = bytes; }
size_t cuda_on_cpu_in_use(void) { return memory.in_use; }

size_t cuda_on_cpu_launched(const char *name) {
  const size_t length = std::strlen(name);
  size_t n = 0;
  for (const auto &kernel : launched)
    if (!kernel.first.compare(0, length, name)) n += kernel.second;
  return n;
}

void cuda_on_cpu_queue(cudaStream_t stream, void (*work)(const void *), const void *arguments,
                       size_t bytes) {
  const char *from = static_cast<const char *>(arguments);
  queue(stream, [work, copy = std::vector<char>(from, from + bytes)]() { work(copy.data()); });
}

cudaError_t cudaGetDeviceCount(int *count) {
  *count = 1;
  return give(cudaSuccess);
}
cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *out, int device) {
  if (device != 0) return give(cudaErrorInvalidDevice);
  *out = {};
  std::snprintf(out->name, sizeof out->name, "CUDA on CPU");
  out->multiProcessorCount = 1;
  return give(cudaSuccess);
}
cudaError_t cudaSetDevice(int device) {
  return give(device == 0 ? cudaSuccess : cudaErrorInvalidDevice);
}
/// As a device answers that has no such limit.
cudaError_t cudaDeviceSetLimit(enum cudaLimit, size_t) { return give(cudaErrorInvalidValue); }
cudaError_t cudaDriverGetVersion(int *version) {
  *version = lost == cudaErrorInsufficientDriver ? 12040 : 13000;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int *version) {
  *version = 13000;
  return cudaSuccess;
}
cudaError_t cudaMemGetInfo(size_t *free_bytes, size_t *total_bytes) {
  *total_bytes = memory.limit;
  *free_bytes = memory.limit > memory.in_use ? memory.limit - memory.in_use : 0;
  return give(cudaSuccess);
}

cudaError_t cudaMalloc(void **out, size_t bytes) {
  memory.reserve();
  if (lost != cudaSuccess) return give(lost);
  const size_t size = padded(bytes);
  if (memory.in_use + size > memory.limit) return give(cudaErrorMemoryAllocation);
  char *at;
  auto spare = memory.spare.find(size);
  if (spare != memory.spare.end()) {
    at = spare->second;
    memory.spare.erase(spare);
  } else {
    if (memory.used + size > kReserved) return give(cudaErrorMemoryAllocation);
    at = memory.base + memory.used;
    memory.used += size;
    if (!memory.closed) memory.protect(PROT_READ | PROT_WRITE);
  }
  memory.in_use += size;
  memory.blocks[at] = bytes;
  access open;
  ASAN_UNPOISON_MEMORY_REGION(at, size);
  std::memset(at, 0xFF, bytes);  // fresh device memory holds anything
  std::memset(at + bytes, kGuardByte, size - bytes);
  ASAN_POISON_MEMORY_REGION(at + bytes, size - bytes);
  *out = at;
  return cudaSuccess;
}

cudaError_t cudaFree(void *block) {
  if (!block) return cudaSuccess;
  auto found = memory.blocks.find(static_cast<char *>(block));
  if (found == memory.blocks.end()) return give(cudaErrorInvalidValue);
  const size_t size = padded(found->second);
  access open;
  ASAN_UNPOISON_MEMORY_REGION(found->first, size);
  for (size_t k = found->second; k < size; ++k)
    if (static_cast<unsigned char>(found->first[k]) != kGuardByte)
      stop("a kernel wrote past the end of a block", "(found when it was freed)");
  ASAN_POISON_MEMORY_REGION(found->first, size);
  memory.in_use -= size;
  memory.spare.emplace(size, found->first);
  memory.blocks.erase(found);
  return give(cudaSuccess);
}

cudaError_t cudaHostAlloc(void **out, size_t bytes, unsigned) {
  if (pinned_denied) return give(cudaErrorMemoryAllocation);
  *out = std::malloc(bytes);
  return give(*out ? cudaSuccess : cudaErrorMemoryAllocation);
}
cudaError_t cudaFreeHost(void *block) {
  std::free(block);
  return cudaSuccess;
}
/// Streams run at once: whatever an event stands behind has been done.
cudaError_t cudaEventCreateWithFlags(cudaEvent_t *out, unsigned) {
  *out = new cuda_on_cpu_event;
  return give(cudaSuccess);
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  event->stream = stream;
  return give(cudaSuccess);
}
/// Kept for tests: that a stream waits, and for which.
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  waits.push_back({number_of(stream), number_of(event->stream)});
  return give(cudaSuccess);
}
size_t cuda_on_cpu_waits(uint64_t *waiter, uint64_t *waited_for) {
  if (!waits.empty()) {
    *waiter = waits.back().first;
    *waited_for = waits.back().second;
  }
  return waits.size();
}
cudaError_t cudaEventSynchronize(cudaEvent_t) { return give(cudaSuccess); }
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind,
                            cudaStream_t stream) {
  const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  if (to_device != is_device(to) || from_device != is_device(from))
    stop("a copy between other memories than it says", "(copy)");
  if ((to_device && room(to) < bytes) || (from_device && room(from) < bytes))
    stop("a copy past the end of a block", "(copy)");
  return queue(stream, [=]() { std::memmove(to, from, bytes); });
}
cudaError_t cudaMemsetAsync(void *to, int value, size_t bytes, cudaStream_t stream) {
  if (room(to) < bytes) stop("a fill past the end of a block", "(fill)");
  return queue(stream, [=]() { std::memset(to, value, bytes); });
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *out, unsigned) {
  *out = new cuda_on_cpu_stream;
  return give(cudaSuccess);
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  delete stream;
  return give(cudaSuccess);
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return give(stream->recorded ? cudaErrorStreamCaptureUnsupported : cudaSuccess);
}
cudaError_t cudaStreamBeginCapture(cudaStream_t stream, enum cudaStreamCaptureMode) {
  if (stream->recorded) return give(cudaErrorStreamCaptureUnsupported);
  stream->recorded = std::make_unique<cuda_on_cpu_graph>();
  return give(cudaSuccess);
}
cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *out) {
  *out = stream->recorded.release();
  const bool broken = (*out)->work.size() >= capture_breaks;
  if (lost != cudaSuccess || capture_fails != cudaSuccess || broken) {
    delete *out;
    *out = nullptr;
  }
  if (capture_fails != cudaSuccess) return give(capture_fails);
  return give(*out ? cudaSuccess : cudaErrorStreamCaptureInvalidated);
}
cudaError_t cudaGraphInstantiate(cudaGraphExec_t *out, cudaGraph_t graph, unsigned long long) {
  *out = new cuda_on_cpu_graph(*graph);
  return give(cudaSuccess);
}
cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t stream) {
  for (const auto &work : graph->work)
    if (cudaError_t error = queue(stream, work)) return error;
  return give(cudaSuccess);
}
cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGetLastError(void) {
  const cudaError_t error = last_error;
  last_error = cudaSuccess;
  return lost != cudaSuccess ? lost : error;
}
const char *cudaGetErrorName(cudaError_t error) {
  return error == cudaErrorIllegalAddress ? "cudaErrorIllegalAddress" : "cudaError";
}
const char *cudaGetErrorString(cudaError_t error) {
  return error == cudaErrorIllegalAddress ? "an illegal memory access was encountered"
                                          : "an emulated error";
}

}  // extern "C"
