/// Status codes, errors, progress and the backend handle: what every other header needs.
/// Nothing here knows about worlds, simulators or agents.
///
/// Threads. No function keeps state of its own between calls but the message of the last error,
/// which each thread has for itself; handles are all there is to share.
///
///   throng_world: from any number of threads at once; nothing changes it between open and close.
///   throng_backend: from one thread at a time. Several backends may be used at once.
///   throng_sta, throng_sim, throng_population, throng_session: from one thread at a time for all
///   that stand on one backend: two of them on one backend must take turns, on two they need not.
///
/// One world may serve simulators on any number of backends at the same time. Which thread calls
/// does not matter, only that two do not call at once: a handle may be handed from one to another.
/// Callbacks (throng_progress) come on the thread that called.
///
/// fork(): the child may go on with worlds and with backends of the CPU (their threads start anew
/// with the first call), and must not use a backend of a GPU, nor close one.
///
/// NULL: only where a function says so. A handle, a result's place or a name that is NULL where
/// none is expected is a programmer's mistake and not an error that is returned.
///
/// Signals: no handler is installed, and the library's own threads block all of them.
#ifndef THRONG_BASE_H
#define THRONG_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define THRONG_API __attribute__((visibility("default")))
#else
#define THRONG_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/// Version of these headers. Before 1.0 a minor version may change the interface, a patch may not;
/// the shared library's name (libthrong.so.0.2) and its symbols' version (THRONG_0.2) say so.
#define THRONG_VERSION_MAJOR 0
#define THRONG_VERSION_MINOR 2
#define THRONG_VERSION_PATCH 0

/// What a call came to. Everything but THRONG_OK leaves a message in throng_error_message().
typedef enum throng_status {
  THRONG_OK = 0,           ///< all was done that was asked
  THRONG_ERROR_ARGUMENT,   ///< an argument or a Def field is out of range or uninitialised
  THRONG_ERROR_CONFIG,     ///< a configuration file or an override is wrong
  THRONG_ERROR_DATA,       ///< an input file does not hold what its format promises
  THRONG_ERROR_IO,         ///< the operating system refused to read or write
  THRONG_ERROR_MEMORY,     ///< host or device memory does not suffice
  THRONG_ERROR_BACKEND,    ///< the device or its driver failed
  THRONG_ERROR_CANCELLED,  ///< the progress callback asked to stop
  THRONG_ERROR_DIVERGED,   ///< learning has diverged: a loss or a gradient is no number any more
} throng_status;

/// "ok", "argument error", "configuration error", ...; never NULL.
THRONG_API const char *throng_status_name(throng_status status);

/// The message of the last call on this thread that did not return THRONG_OK: place, cause and
/// what was expected. Valid until the next failing call on this thread; "" before the first.
THRONG_API const char *throng_error_message(void);

/// Version of the library that runs: "0.2.0". The headers' own is in THRONG_VERSION_MAJOR, ...
THRONG_API const char *throng_version(void);
/// Its three numbers.
typedef struct throng_version_numbers {
  int32_t major, minor, patch;  ///< 0, 2, 0
} throng_version_numbers;
/// The same as numbers.
THRONG_API throng_version_numbers throng_get_version(void);
/// May a program that was compiled with headers of this version use the library that runs? Before
/// 1.0: the same minor version; from then on: the same major, and a minor no older.
///   throng_version_fits(THRONG_VERSION_MAJOR, THRONG_VERSION_MINOR)
THRONG_API bool throng_version_fits(int32_t major, int32_t minor);

// Defs. Every struct of options throng_X_def is made by throng_default_X_def() and changed member
// by member; what takes one checks every member and answers THRONG_ERROR_ARGUMENT ("agent.gamma:
// expected a number in 0..1, not 1.5"). The limits are those of the configuration's keys (`throng
// config --keys`). Each begins with its size in bytes and a cookie: a Def that no default function
// made, or one of a caller that was compiled against the headers of another version and whose
// members lie elsewhere, is refused with THRONG_ERROR_ARGUMENT too.

/// Where long calls report to. All members may be zero. Called from the calling thread only.
typedef struct throng_progress {
  /// `stage` names what is going on ("read reviews"); `done` of `total` units (total 0: unknown).
  /// Return false to cancel: the call then returns THRONG_ERROR_CANCELLED and leaves no
  /// half-written file.
  bool (*report)(void *context, const char *stage, int64_t done, int64_t total, const char *unit);
  /// A fact worth telling a person ("1,177 duplicate interactions, the earliest kept").
  void (*note)(void *context, const char *text);
  void *context;  ///< handed to both; the library does not look at it
} throng_progress;

/// A place where arrays live and kernels run. Opened once, shared by worlds, simulators and
/// agents made on it; must outlive them.
///
/// Threads: see the top of this header. The CPU's are the backend's own. They start when it is
/// opened, sleep while nothing is asked of it, and end when it is closed; no OpenMP runtime is
/// used, and the OpenBLAS of other libraries in the process is neither used nor set.
typedef struct throng_backend throng_backend;

/// Which backend to open.
typedef struct throng_backend_def {
  int32_t size, cookie;  ///< set by throng_default_backend_def(); do not touch
  const char *name;      ///< "auto" (usual), "cpu" or "cuda"
  int32_t threads;       ///< CPU threads; 0 (usual): as many as this process may use processors, by
                         ///< its affinity and its control group's quota
  int32_t device;        ///< CUDA device ordinal; usually 0
} throng_backend_def;

/// Every field with its usual value.
THRONG_API throng_backend_def throng_default_backend_def(void);

/// Open a backend. "auto" takes CUDA where a device is usable, else the CPU.
/// Errors: ARGUMENT (unknown name, Def not initialised), BACKEND (no such device in this build),
/// MEMORY (the system starts no more threads).
THRONG_API throng_status throng_backend_open(const throng_backend_def *def, throng_backend **out);
/// Ends its threads and gives everything back. What was made on it must be closed before. NULL is
/// allowed.
THRONG_API void throng_backend_close(throng_backend *backend);
/// "cpu" or "cuda"; lives as long as the backend.
THRONG_API const char *throng_backend_name(const throng_backend *backend);
/// Wait for all that was queued: arrays (throng/array.h) may be read by others then. On the CPU
/// nothing is ever queued. Errors: BACKEND (what a kernel came to).
THRONG_API throng_status throng_backend_synchronize(throng_backend *backend);
/// On CUDA, the backend's work and another stream's in order, without the host waiting for either.
/// `stream` is a cudaStream_t as a number: 1 the legacy default stream, 2 the calling thread's own.
/// What `stream` is given from now on comes after all that the backend has queued:
/// Errors: ARGUMENT (stream 0, which may mean either default; a backend of the CPU), BACKEND.
THRONG_API throng_status throng_backend_before(throng_backend *backend, uint64_t stream);
/// What the backend is given from now on comes after all that `stream` has queued. Errors: as
/// throng_backend_before().
THRONG_API throng_status throng_backend_after(throng_backend *backend, uint64_t stream);
/// One line for people: cores, instruction set, why this backend was taken.
THRONG_API const char *throng_backend_describe(const throng_backend *backend);
/// What the last bits of a product depend on ("x86-64-v4, OpenBLAS 0.3.21 SkylakeX"): a fit or a
/// training repeats bit for bit where this is the same. Votes, rewards and trajectories of given
/// weights do not depend on it.
THRONG_API const char *throng_backend_arithmetic(const throng_backend *backend);

#ifdef __cplusplus
}
#endif
#endif
