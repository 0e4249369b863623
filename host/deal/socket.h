/// Sockets of a sweep: addresses, connecting, and sending all of something. No messages yet.
#ifndef THRONG_DEAL_SOCKET_H
#define THRONG_DEAL_SOCKET_H

#include <sys/uio.h>

#include "deal/deal.h"

/// A listening socket at the address; `where` is it as it came out. Errors: ARGUMENT, IO.
throng_status socket_listen(const char *address, char where[DEAL_WHERE], int *out);
/// A connected one; tries again for `seconds`. Errors: ARGUMENT, IO, CANCELLED.
throng_status socket_connect(const char *address, double seconds, const throng_progress *progress,
                             int *out);
/// Does not block, notices a machine that is gone, and sends at once what is small.
void socket_prepare(int fd);
/// All of it, waiting for room for `seconds` at most. False: the other end is gone; errno says how.
bool socket_send(int fd, struct iovec *parts, int n, double seconds);

#endif
