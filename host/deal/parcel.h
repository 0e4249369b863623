/// A file as messages, and back into a file.
#ifndef THRONG_DEAL_PARCEL_H
#define THRONG_DEAL_PARCEL_H

#include "deal/deal.h"

/// All of the file, as messages of this type. Errors: IO (the file; the peer is lost).
throng_status parcel_send(deal *d, int32_t peer, uint16_t type, const char *path);

/// What has arrived of a file so far.
typedef struct parcel {
  int fd;  // -1: nothing is on its way
  int64_t have, total;
} parcel;
/// A part has come, to be written to `path`; `*whole`: it was the last. Errors: DATA (not the next
/// part), IO.
throng_status parcel_take(parcel *p, const deal_message *message, const char *path, bool *whole);
/// Whatever has come is forgotten.
void parcel_reset(parcel *p);

#endif
