/// A lock that one process holds while it writes something, as a file beside it. The system gives
/// it back when the process ends, however it ends. On a file system without locks the number of the
/// process in the file stands for it, on this machine alone.
#ifndef THRONG_BASE_FILE_LOCK_H
#define THRONG_BASE_FILE_LOCK_H

#include "base/status.h"

typedef struct file_lock file_lock;

/// Make the file `path` where it is missing and lock it. Errors: IO; where another process (or
/// another lock of this one) holds it, the message is "WHAT: another process (1234) is writing
/// there" and then `advice`.
throng_status file_lock_take(const char *path, const char *what, const char *advice,
                             file_lock **out);
/// Remove the file and let go. NULL is allowed.
void file_lock_release(file_lock *lock);
/// Does anybody hold it? False where the file is missing or cannot be looked at.
bool file_lock_held(const char *path);

#endif
