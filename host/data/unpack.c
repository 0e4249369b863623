/// zlib, liblzma, libzstd and libbz2 behind one step function each; see unpack.h.
#include "data/unpack.h"

#include <bzlib.h>
#include <errno.h>
#include <lzma.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum {
  IN_CAPACITY = 1 << 18,
  MOST_WINDOW_LOG = 27,  // zstd's own limit without --long: 128 MiB
};
#define MOST_XZ_MEMORY (UINT64_C(256) << 20)  // xz -9 needs 65 MiB

typedef enum step_result { STEP_MORE, STEP_MEMBER_END, STEP_CORRUPT, STEP_TOO_LARGE } step_result;

typedef struct codec {
  const char *name, *command;
  unsigned char magic[6];
  size_t n_magic;
  bool (*begin)(unpacker *u);  // before each member; false: no memory
  step_result (*step)(unpacker *u);
  void (*end)(unpacker *u);
} codec;

struct unpacker {
  int descriptor;
  const codec *codec;  // NULL: plain
  union {
    z_stream gzip;
    lzma_stream xz;
    ZSTD_DStream *zstd;
    bz_stream bzip2;
  } state;
  bool within;    // a member was begun and has not ended
  bool file_end;  // read() has seen the end
  bool begun;     // `state` must be ended
  const char *cause;
  int64_t offset;       // of the file, read
  unsigned char *next;  // input that is not used yet
  size_t left;
  char *out;
  size_t room;
  unsigned char in[IN_CAPACITY];
};

// --- the four libraries --------------------------------------------------------------------------

static bool gzip_begin(unpacker *u) {
  if (u->begun) return inflateReset(&u->state.gzip) == Z_OK;
  return inflateInit2(&u->state.gzip, 15 + 16) == Z_OK;  // the largest window; gzip's header only
}

static step_result gzip_step(unpacker *u) {
  z_stream *s = &u->state.gzip;
  s->next_in = u->next, s->avail_in = (unsigned)u->left;
  s->next_out = (unsigned char *)u->out, s->avail_out = (unsigned)u->room;
  int code = inflate(s, Z_NO_FLUSH);
  u->next = s->next_in, u->left = s->avail_in;
  u->out = (char *)s->next_out, u->room = s->avail_out;
  if (code == Z_STREAM_END) return STEP_MEMBER_END;
  if (code == Z_OK || code == Z_BUF_ERROR) return STEP_MORE;
  u->cause = s->msg ? s->msg : "cannot be unpacked";
  return STEP_CORRUPT;
}

static void gzip_end(unpacker *u) { inflateEnd(&u->state.gzip); }

static bool xz_begin(unpacker *u) {
  return lzma_stream_decoder(&u->state.xz, MOST_XZ_MEMORY, 0) == LZMA_OK;
}

static step_result xz_step(unpacker *u) {
  lzma_stream *s = &u->state.xz;
  s->next_in = u->next, s->avail_in = u->left;
  s->next_out = (uint8_t *)u->out, s->avail_out = u->room;
  lzma_ret code = lzma_code(s, LZMA_RUN);
  u->next = (unsigned char *)(uintptr_t)s->next_in, u->left = s->avail_in;
  u->out = (char *)s->next_out, u->room = s->avail_out;
  switch (code) {
    case LZMA_STREAM_END: return STEP_MEMBER_END;
    case LZMA_OK:
    case LZMA_BUF_ERROR: return STEP_MORE;
    case LZMA_MEMLIMIT_ERROR:
    case LZMA_MEM_ERROR: u->cause = "a dictionary beyond 256 MiB"; return STEP_TOO_LARGE;
    case LZMA_FORMAT_ERROR: u->cause = "no xz header where one was expected"; break;
    case LZMA_OPTIONS_ERROR: u->cause = "options that liblzma does not know"; break;
    default: u->cause = "its checks do not hold"; break;
  }
  return STEP_CORRUPT;
}

static void xz_end(unpacker *u) { lzma_end(&u->state.xz); }

static bool zstd_begin(unpacker *u) {
  if (!u->begun) u->state.zstd = ZSTD_createDStream();
  if (!u->state.zstd) return false;
  ZSTD_DCtx_reset(u->state.zstd, ZSTD_reset_session_only);
  return !ZSTD_isError(ZSTD_DCtx_setParameter(u->state.zstd, ZSTD_d_windowLogMax, MOST_WINDOW_LOG));
}

static step_result zstd_step(unpacker *u) {
  ZSTD_inBuffer in = {u->next, u->left, 0};
  ZSTD_outBuffer out = {u->out, u->room, 0};
  size_t code = ZSTD_decompressStream(u->state.zstd, &out, &in);
  u->next += in.pos, u->left -= in.pos;
  u->out += out.pos, u->room -= out.pos;
  if (code == 0) return STEP_MEMBER_END;
  if (!ZSTD_isError(code)) return STEP_MORE;
  u->cause = ZSTD_getErrorName(code);
  return strstr(u->cause, "too much memory") ? STEP_TOO_LARGE : STEP_CORRUPT;
}

static void zstd_end(unpacker *u) { ZSTD_freeDStream(u->state.zstd); }

static void bzip2_end(unpacker *u) { BZ2_bzDecompressEnd(&u->state.bzip2); }

static bool bzip2_begin(unpacker *u) {
  if (u->begun) bzip2_end(u);
  memset(&u->state.bzip2, 0, sizeof u->state.bzip2);
  return BZ2_bzDecompressInit(&u->state.bzip2, 0, 0) == BZ_OK;
}

static step_result bzip2_step(unpacker *u) {
  bz_stream *s = &u->state.bzip2;
  s->next_in = (char *)u->next, s->avail_in = (unsigned)u->left;
  s->next_out = u->out, s->avail_out = (unsigned)u->room;
  int code = BZ2_bzDecompress(s);
  u->next = (unsigned char *)s->next_in, u->left = s->avail_in;
  u->out = s->next_out, u->room = s->avail_out;
  if (code == BZ_STREAM_END) return STEP_MEMBER_END;
  if (code == BZ_OK) return STEP_MORE;
  u->cause = code == BZ_DATA_ERROR_MAGIC ? "no bzip2 header where one was expected"
                                         : "its checks do not hold";
  return STEP_CORRUPT;
}

static const codec codecs[] = {
    {"gzip", "gzip -dc", {0x1F, 0x8B}, 2, gzip_begin, gzip_step, gzip_end},
    {"xz", "xz -dc", {0xFD, '7', 'z', 'X', 'Z', 0}, 6, xz_begin, xz_step, xz_end},
    {"zstd", "zstd -dc", {0x28, 0xB5, 0x2F, 0xFD}, 4, zstd_begin, zstd_step, zstd_end},
    {"bzip2", "bzip2 -dc", {'B', 'Z', 'h'}, 3, bzip2_begin, bzip2_step, bzip2_end},
};

// --- the stream ----------------------------------------------------------------------------------

/// Up to `room` bytes of the file, as many as there are; -1 where the system refuses.
static ssize_t read_file(unpacker *u, void *to, size_t room) {
  size_t got = 0;
  while (got < room && !u->file_end) {
    ssize_t n = read(u->descriptor, (char *)to + got, room - got);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    u->file_end = n == 0;
    got += (size_t)n;
  }
  u->offset += (int64_t)got;
  return (ssize_t)got;
}

static unpack_result refill(unpacker *u) {
  ssize_t got = read_file(u, u->in, sizeof u->in);
  u->next = u->in;
  u->left = got < 0 ? 0 : (size_t)got;
  if (got >= 0) return UNPACK_OK;
  u->cause = strerror(errno);
  return UNPACK_IO;
}

/// What its first bytes say. "BZh" may begin a text, so that bzip2's own next bytes are asked for.
static const codec *recognise(const unpacker *u) {
  static const unsigned char block[] = {0x31, 0x41, 0x59, 0x26, 0x53, 0x59};
  static const unsigned char empty[] = {0x17, 0x72, 0x45, 0x38, 0x50, 0x90};
  for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++) {
    const codec *c = &codecs[i];
    if (u->left < c->n_magic || memcmp(u->next, c->magic, c->n_magic) != 0) continue;
    if (c->begin != bzip2_begin) return c;
    if (u->left >= 10 && (!memcmp(u->next + 4, block, 6) || !memcmp(u->next + 4, empty, 6)))
      return c;
  }
  return NULL;
}

throng_status unpacker_open(int descriptor, const char *path, unpacker **out) {
  unpacker *u;
  throng_status status = throng_alloc((void **)&u, 1, sizeof *u, "unpacking");
  *out = NULL;
  if (status != THRONG_OK) {
    close(descriptor);
    return status;
  }
  u->descriptor = descriptor;
  u->cause = "";
  if (refill(u) != UNPACK_OK) {
    status = throng_fail(THRONG_ERROR_IO, "%s: %s", path, u->cause);
    unpacker_close(u);
    return status;
  }
  u->codec = recognise(u);
  *out = u;
  return THRONG_OK;
}

void unpacker_close(unpacker *u) {
  if (!u) return;
  if (u->begun) u->codec->end(u);
  close(u->descriptor);
  free(u);
}

/// Between members: past zeros, as tapes and xz pad with them. `*more` is false at the file's end.
static unpack_result next_member(unpacker *u, bool *more) {
  *more = true;
  for (;;) {
    while (u->left > 0 && *u->next == 0 && u->begun) u->next++, u->left--;
    if (u->left > 0) break;
    if (u->file_end) {
      *more = false;
      return UNPACK_OK;
    }
    unpack_result result = refill(u);
    if (result != UNPACK_OK) return result;
  }
  if (!u->codec->begin(u)) {
    u->cause = "no memory to unpack it";
    return UNPACK_MEMORY;
  }
  u->within = u->begun = true;
  return UNPACK_OK;
}

static unpack_result decode(unpacker *u) {
  while (u->room > 0) {
    bool more;
    if (!u->within) {
      unpack_result result = next_member(u, &more);
      if (result != UNPACK_OK || !more) return result;
    }
    size_t left = u->left, room = u->room;
    switch (u->codec->step(u)) {
      case STEP_MEMBER_END: u->within = false; continue;
      case STEP_CORRUPT: return UNPACK_CORRUPT;
      case STEP_TOO_LARGE: return UNPACK_TOO_LARGE;
      case STEP_MORE: break;
    }
    if (u->left == left && u->room == room && left > 0) {
      u->cause = "no progress";
      return UNPACK_CORRUPT;
    }
    if (u->left > 0 || u->room == 0) continue;
    if (u->file_end) return UNPACK_TRUNCATED;
    unpack_result result = refill(u);
    if (result != UNPACK_OK) return result;
  }
  return UNPACK_OK;
}

unpack_result unpacker_read(unpacker *u, char *to, size_t room, size_t *got) {
  unpack_result result = UNPACK_OK;
  u->out = to;
  u->room = room;
  if (u->codec) {
    result = decode(u);
  } else {
    size_t head = u->left < room ? u->left : room;
    memcpy(to, u->next, head);
    u->next += head, u->left -= head;
    ssize_t more = read_file(u, to + head, room - head);
    if (more < 0) {
      u->cause = strerror(errno);
      result = UNPACK_IO;
      more = 0;
    }
    u->out += head + (size_t)more;
  }
  *got = (size_t)(u->out - to);
  return result;
}

int64_t unpacker_offset(const unpacker *u) { return u->offset - (int64_t)u->left; }
const char *unpacker_codec(const unpacker *u) { return u->codec ? u->codec->name : NULL; }
const char *unpacker_command(const unpacker *u) { return u->codec ? u->codec->command : "cat"; }
const char *unpacker_cause(const unpacker *u) { return u->cause; }
