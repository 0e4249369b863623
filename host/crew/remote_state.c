/// States of agents that travel: to a file of the owner's and back, and from one worker to another.
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "crew/hands.h"

static const char *const *last_overrides(const crew_line *line) {
  return line->leg[line->n - 1].overrides;
}

/// The state of a slot's agent into a file, from wherever it is.
static throng_status fetch(crew_remote *m, int32_t slot, const char *path) {
  for (;;) {
    THRONG_TRY(remote_settle(m, false));
    const int32_t host = m->slot[slot].host;
    if (host == HOST_SELF) return seat_save(m->seat, slot, path);
    char part[PATH_MAX];
    snprintf(part, sizeof part, "%s.part", path);
    wire_writer w = {0};
    wire_put_u32(&w, (uint32_t)slot);
    m->hand[host].state_path = part;
    m->hand[host].state_whole = false;
    hand_order(m, host, ORDER_SAVE, &w);
    throng_status status = hands_await(m, host);
    hand *h = &m->hand[host];
    h->state_path = NULL;
    const bool whole = h->state_whole;
    if (status == THRONG_OK && h->state == HAND_READY && h->status == THRONG_OK && whole) {
      if (rename(part, path) == 0) return THRONG_OK;
      status = throng_fail(THRONG_ERROR_IO, "%s: %s", path, strerror(errno));
    }
    unlink(part);
    THRONG_TRY(status);
    if (h->state == HAND_READY) hand_refuse(m, host, h->message);
  }
}

static void line_path(const crew_remote *m, int32_t slot, char path[PATH_MAX]) {
  snprintf(path, PATH_MAX, "%s/slot_%d.safetensors", m->def.seat.folder, slot);
}

/// A file of our own with what is in `from`: its other name where the file system has such, else a
/// copy.
static throng_status keep_file(const char *from, const char *to) {
  unlink(to);
  if (link(from, to) == 0) return THRONG_OK;
  const int in = open(from, O_RDONLY | O_CLOEXEC);
  const int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  ssize_t n = out < 0 ? -1 : 1;
  while (n > 0) n = sendfile(out, in, NULL, 1 << 24);
  const int cause = errno;
  if (in >= 0) close(in);
  if (out >= 0 && close(out) != 0) n = -1;
  if (n == 0) return THRONG_OK;
  unlink(to);
  return throng_fail(THRONG_ERROR_IO, "%s: %s", in < 0 ? from : to, strerror(cause));
}

throng_status remote_save(crew *base, int32_t slot, const char *path) {
  crew_remote *m = (crew_remote *)base;
  char kept[PATH_MAX];
  THRONG_TRY(remote_require(m, slot, true));
  m->progress = m->def.progress;
  THRONG_TRY(fetch(m, slot, path));
  line_path(m, slot, kept);
  THRONG_TRY(keep_file(path, kept));
  return line_begin_at(&m->slot[slot].line, kept);
}

throng_status remote_load(crew *base, int32_t slot, const crew_setup *setup, const char *path) {
  crew_remote *m = (crew_remote *)base;
  char kept[PATH_MAX];
  THRONG_TRY(remote_require(m, slot, false));
  m->progress = m->def.progress;
  THRONG_TRY(remote_settle(m, false));
  line_path(m, slot, kept);
  THRONG_TRY(keep_file(path, kept));
  crew_line *line = &m->slot[slot].line;
  throng_status status = line_add(line, setup->overrides);
  if (status == THRONG_OK) status = line_begin_at(line, kept);
  if (status == THRONG_OK) status = remote_settle(m, false);
  if (status == THRONG_OK) return THRONG_OK;
  slot_move(m, slot, HOST_NOBODY);
  line_free(line);
  unlink(kept);
  return status;
}

/// The same host trains both.
static throng_status copy_at_home(crew_remote *m, int32_t host, int32_t slot, int32_t from,
                                  const char *const *overrides) {
  if (host == HOST_SELF) {
    THRONG_TRY(seat_copy(m->seat, slot, from, overrides));
  } else {
    wire_writer w = {0};
    wire_put_u32(&w, (uint32_t)slot);
    wire_put_u32(&w, (uint32_t)from);
    wire_put_texts(&w, overrides);
    hand_order(m, host, ORDER_COPY, &w);
    THRONG_TRY(hands_await(m, host));
    hand *h = &m->hand[host];
    const throng_status status = h->status;
    h->status = THRONG_OK;
    if (h->state == HAND_READY && status != THRONG_OK) return throng_fail(status, "%s", h->message);
  }
  if (m->slot[from].host == host) slot_move(m, slot, host);
  return THRONG_OK;
}

/// The agent's state travels: a file to the other host, and the new options on top of it.
static throng_status copy_across(crew_remote *m, int32_t host, int32_t slot, int32_t from,
                                 const char *const *overrides) {
  char path[PATH_MAX];
  crew_line line = {0};
  snprintf(path, sizeof path, "%s/copy.safetensors", m->def.seat.folder);
  THRONG_TRY(fetch(m, from, path));
  throng_status status = line_add(&line, last_overrides(&m->slot[from].line));
  if (status == THRONG_OK) status = line_add(&line, overrides);
  if (status == THRONG_OK && !(line.file = strdup(path)))
    status = throng_fail(THRONG_ERROR_MEMORY, "a copy: out of memory");
  if (status == THRONG_OK && host_of(m, host)->state == HAND_READY) {
    slot_move(m, slot, host);
    m->slot[slot].settling = true;
    status = remote_tell_line(m, host, slot, &line, false);
    if (status == THRONG_OK) status = remote_finish_lines(m);
  }
  line_free(&line);
  unlink(path);
  return status;
}

/// The slot's agent is from now on what `from` was, with other options.
static throng_status note_copy(crew_remote *m, int32_t slot, int32_t from,
                               const char *const *overrides) {
  char kept[PATH_MAX];
  crew_line line = {0}, *old = &m->slot[slot].line;
  line_path(m, slot, kept);
  throng_status status = line_copy(&line, &m->slot[from].line);
  if (status == THRONG_OK) status = line_add(&line, overrides);
  if (status == THRONG_OK && line.file && slot != from) {
    status = keep_file(line.file, kept);
    free(line.file);
    line.file = status == THRONG_OK ? strdup(kept) : NULL;
    if (status == THRONG_OK && !line.file)
      status = throng_fail(THRONG_ERROR_MEMORY, "a copy: out of memory");
  } else if (status == THRONG_OK && old->file && !line.file) {
    unlink(old->file);
  }
  if (status != THRONG_OK) {
    line_free(&line);
    return status;
  }
  line_free(old);
  *old = line;
  return THRONG_OK;
}

throng_status remote_copy(crew *base, int32_t slot, int32_t from, const crew_setup *setup) {
  crew_remote *m = (crew_remote *)base;
  THRONG_TRY(remote_require(m, from, true));
  THRONG_TRY(remote_require(m, slot, m->slot[slot].line.n > 0));
  m->progress = m->def.progress;
  THRONG_TRY(remote_settle(m, false));
  int32_t home = m->slot[from].host, host = m->slot[slot].host;
  if (host == HOST_NOBODY) host = home;
  if (host != m->slot[slot].host && host_of(m, host)->held >= host_of(m, host)->most) {
    THRONG_TRY(remote_find_host(m, &host));
    home = m->slot[from].host;
  }
  THRONG_TRY(host == home ? copy_at_home(m, host, slot, from, setup->overrides)
                          : copy_across(m, host, slot, from, setup->overrides));
  THRONG_TRY(note_copy(m, slot, from, setup->overrides));
  return remote_settle(m, false);  // where it was lost on the way
}
