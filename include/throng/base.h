/// Status codes, errors, progress and the backend handle: what every other header needs.
/// Nothing here knows about worlds, simulators or agents.
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

#define THRONG_VERSION_MAJOR 0
#define THRONG_VERSION_MINOR 1
#define THRONG_VERSION_PATCH 0

/// What a call came to. Everything but THRONG_OK leaves a message in throng_error_message().
typedef enum throng_status {
  THRONG_OK = 0,
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

/// "0.1.0"
THRONG_API const char *throng_version(void);

/// Where long calls report to. All members may be zero. Called from the calling thread only.
typedef struct throng_progress {
  /// `stage` names what is going on ("read reviews"); `done` of `total` units (total 0: unknown).
  /// Return false to cancel: the call then returns THRONG_ERROR_CANCELLED and leaves no
  /// half-written file.
  bool (*report)(void *context, const char *stage, int64_t done, int64_t total, const char *unit);
  /// A fact worth telling a person ("1,177 duplicate interactions, the earliest kept").
  void (*note)(void *context, const char *text);
  void *context;
} throng_progress;

/// A place where arrays live and kernels run. Opened once, shared by worlds, simulators and
/// agents made on it; must outlive them.
///
/// Threads: the CPU's are the backend's own. They start when it is opened, sleep while nothing is
/// asked of it, block every signal and end when it is closed; no OpenMP runtime is used, and the
/// OpenBLAS of other libraries in the process is neither used nor set. Several backends may be used
/// from several threads at once, each from one at a time. After fork() the child may go on with a
/// backend of the CPU (new threads start with the first call) and must not with one of a GPU.
typedef struct throng_backend throng_backend;

typedef struct throng_backend_def {
  const char *name;  ///< "auto" (usual), "cpu" or "cuda"
  int32_t threads;   ///< CPU threads; 0 (usual): as many as this process may use processors, by
                     ///< its affinity and its control group's quota
  int32_t device;    ///< CUDA device ordinal; usually 0
  int32_t cookie;    ///< set by throng_default_backend_def(); do not touch
} throng_backend_def;

THRONG_API throng_backend_def throng_default_backend_def(void);

/// Open a backend. "auto" takes CUDA where a device is usable, else the CPU.
/// Errors: ARGUMENT (unknown name, Def not initialised), BACKEND (no such device in this build),
/// MEMORY (the system starts no more threads).
THRONG_API throng_status throng_backend_open(const throng_backend_def *def, throng_backend **out);
/// NULL is allowed.
THRONG_API void throng_backend_close(throng_backend *backend);
/// "cpu" or "cuda"
THRONG_API const char *throng_backend_name(const throng_backend *backend);
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
