/// Files on their way; see parcel.h.
#include "deal/parcel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "deal/frame.h"

enum { PART = 1 << 20 };

/// A part: where it begins, how long the file is, bytes.
static throng_status send_part(deal *d, int32_t peer, uint16_t type, int64_t at, int64_t total,
                               const void *bytes, size_t n) {
  wire_writer w = {0};
  wire_put_i64(&w, at);
  wire_put_i64(&w, total);
  wire_put(&w, bytes, n);
  throng_status status = wire_written(&w);
  if (status == THRONG_OK) status = d->ops->send(d, peer, type, w.data, w.size);
  free(w.data);
  return status;
}

throng_status parcel_send(deal *d, int32_t peer, uint16_t type, const char *path) {
  struct stat about;
  void *bytes = NULL;
  throng_status status = THRONG_OK;
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &about) != 0)
    THRONG_TRY_GOTO(throng_fail(THRONG_ERROR_IO, "%s: %s", path, strerror(errno)));
  THRONG_TRY_GOTO(throng_alloc(&bytes, 1, PART, "a part of a file"));
  int64_t at = 0;
  do {
    const ssize_t n = read(fd, bytes, PART);
    if (n < 0 || (n == 0 && at < about.st_size))
      THRONG_TRY_GOTO(
          throng_fail(THRONG_ERROR_IO, "%s: %s", path, n < 0 ? strerror(errno) : "it has shrunk"));
    THRONG_TRY_GOTO(send_part(d, peer, type, at, about.st_size, bytes, (size_t)n));
    at += n;
  } while (at < about.st_size);
done:
  if (fd >= 0) close(fd);
  free(bytes);
  return status;
}

static bool write_all(int fd, const uint8_t *bytes, size_t n) {
  while (n > 0) {
    const ssize_t written = write(fd, bytes, n);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes += written;
    n -= (size_t)written;
  }
  return true;
}

throng_status parcel_take(parcel *p, const deal_message *message, const char *path, bool *whole) {
  wire_reader r = {message->data, message->size, false};
  const int64_t at = wire_get_i64(&r), total = wire_get_i64(&r);
  *whole = false;
  if (p->fd < 0) *p = (parcel){.fd = -1, .total = total};
  if (r.bad || at != p->have || total != p->total || total < at || (int64_t)r.left > total - at)
    return throng_fail(THRONG_ERROR_DATA, "a part of a file that is not the next one");
  if (p->fd < 0) p->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (p->fd < 0 || !write_all(p->fd, r.at, r.left))
    return throng_fail(THRONG_ERROR_IO, "%s: %s", path, strerror(errno));
  p->have += (int64_t)r.left;
  if (p->have < p->total) return THRONG_OK;
  const int fd = p->fd;
  p->fd = -1;
  p->have = p->total = 0;
  *whole = true;
  const bool kept = fsync(fd) == 0 || errno == EINVAL;
  if (close(fd) != 0 || !kept) return throng_fail(THRONG_ERROR_IO, "%s: %s", path, strerror(errno));
  return THRONG_OK;
}

void parcel_reset(parcel *p) {
  if (p->fd >= 0) close(p->fd);
  *p = (parcel){.fd = -1};
}
