/// Sockets; see socket.h.
#include "deal/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

typedef struct place {
  char host[256], port[16];
} place;

/// "HOST:PORT", "[HOST]:PORT", ":PORT" or "PORT".
static throng_status place_read(const char *address, place *out) {
  *out = (place){0};
  const char *colon = strrchr(address, ':');
  const char *host = address, *port = colon ? colon + 1 : address;
  size_t length = colon ? (size_t)(colon - address) : 0;
  if (length > 1 && host[0] == '[' && host[length - 1] == ']') ++host, length -= 2;
  char *end;
  const long number = strtol(port, &end, 10);
  if (end == port || *end || number < 0 || number > 65535 || length >= sizeof out->host ||
      (memchr(host, ':', length) && host == address))
    return throng_fail(THRONG_ERROR_ARGUMENT,
                       "'%s' is no address, expected HOST:PORT, [ADDRESS]:PORT or PORT (0..65535)",
                       address);
  memcpy(out->host, host, length);
  if (length == 0) strcpy(out->host, "127.0.0.1");
  snprintf(out->port, sizeof out->port, "%ld", number);
  return THRONG_OK;
}

static throng_status place_find(const char *address, int flags, struct addrinfo **out) {
  place at;
  THRONG_TRY(place_read(address, &at));
  const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags};
  const int cause = getaddrinfo(at.host, at.port, &hints, out);
  if (cause == 0) return THRONG_OK;
  return throng_fail(THRONG_ERROR_IO, "%s: %s", address,
                     cause == EAI_SYSTEM ? strerror(errno) : gai_strerror(cause));
}

void socket_prepare(int fd) {
  const int yes = 1, idle = 20, interval = 10, count = 3;
  const unsigned unheard = 60000;  // milliseconds
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unheard, sizeof unheard);
}

static void place_write(int fd, char where[DEAL_WHERE]) {
  struct sockaddr_storage at;
  socklen_t size = sizeof at;
  char host[56] = "?", port[16] = "?";
  if (getsockname(fd, (struct sockaddr *)&at, &size) == 0)
    getnameinfo((struct sockaddr *)&at, size, host, sizeof host, port, sizeof port,
                NI_NUMERICHOST | NI_NUMERICSERV);
  snprintf(where, DEAL_WHERE, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, port);
}

throng_status socket_listen(const char *address, char where[DEAL_WHERE], int *out) {
  struct addrinfo *list;
  *out = -1;
  THRONG_TRY(place_find(address, AI_PASSIVE, &list));
  int cause = 0;
  for (const struct addrinfo *at = list; at && *out < 0; at = at->ai_next) {
    const int yes = 1;
    int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (fd >= 0 && bind(fd, at->ai_addr, at->ai_addrlen) == 0 && listen(fd, 128) == 0) {
      *out = fd;
    } else {
      cause = errno;
      if (fd >= 0) close(fd);
    }
  }
  freeaddrinfo(list);
  if (*out < 0)
    return throng_fail(THRONG_ERROR_IO, "listening at %s: %s", address, strerror(cause));
  place_write(*out, where);
  return THRONG_OK;
}

/// 0, or why not.
static int try_connect(const struct addrinfo *at, int *out) {
  const int milliseconds = 5000;
  int fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return errno;
  int cause = connect(fd, at->ai_addr, at->ai_addrlen) == 0 ? 0 : errno;
  if (cause == EINPROGRESS) {
    struct pollfd room = {fd, POLLOUT, 0};
    socklen_t size = sizeof cause;
    if (poll(&room, 1, milliseconds) != 1) {
      cause = ETIMEDOUT;
    } else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &cause, &size) != 0) {
      cause = errno;
    }
  }
  if (cause == 0) {
    *out = fd;
  } else {
    close(fd);
  }
  return cause;
}

throng_status socket_connect(const char *address, double seconds, const throng_progress *progress,
                             int *out) {
  *out = -1;
  const double end = clock_now() + seconds;
  for (;;) {
    struct addrinfo *list;
    throng_status status = place_find(address, 0, &list);
    if (status == THRONG_ERROR_ARGUMENT) return status;
    int cause = 0;
    if (status == THRONG_OK) {
      for (const struct addrinfo *at = list; at && *out < 0; at = at->ai_next)
        cause = try_connect(at, out);
      freeaddrinfo(list);
      if (*out >= 0) return THRONG_OK;
    }
    if (!throng_report(progress, "look for the sweep", 0, 0, ""))
      return throng_cancelled("looking for the sweep");
    if (clock_now() >= end) {
      if (status != THRONG_OK) return status;
      return throng_fail(THRONG_ERROR_IO, "%s: %s", address, strerror(cause));
    }
    nanosleep(&(struct timespec){0, 200000000}, NULL);
  }
}

bool socket_send(int fd, struct iovec *parts, int n, double seconds) {
  const double end = clock_now() + seconds;
  while (n > 0) {
    if (parts->iov_len == 0) {
      ++parts, --n;
      continue;
    }
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = (size_t)n};
    ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (sent < 0) {
      const double left = end - clock_now();
      struct pollfd room = {fd, POLLOUT, 0};
      errno = ETIMEDOUT;
      if (left <= 0 || (poll(&room, 1, (int)(left * 1000) + 1) < 0 && errno != EINTR)) return false;
      continue;
    }
    for (; n > 0 && (size_t)sent >= parts->iov_len; ++parts, --n) sent -= (ssize_t)parts->iov_len;
    if (n > 0) {
      parts->iov_base = (char *)parts->iov_base + sent;
      parts->iov_len -= (size_t)sent;
    }
  }
  return true;
}
