/// Messages between an owner and its workers: their bytes, the token, and what happens to a
/// connection. Over real sockets of this machine.
#include <arpa/inet.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "deal/deal.h"
#include "deal/frame.h"
#include "deal/socket.h"
#include "deal/token.h"
#include "throng_test.h"

static const deal_token secret = {"a token of some length", 22};

// --- bytes ---------------------------------------------------------------------------------------

TEST(deal, a_message_reads_back_as_it_was_written) {
  wire_writer w = {0};
  const char *const texts[] = {"agent.gamma=0.99", "", "größer", NULL};
  wire_put_u32(&w, 4000000000u);
  wire_put_i64(&w, -5);
  wire_put_f64(&w, -INFINITY);
  wire_put_text(&w, NULL);
  wire_put_texts(&w, texts);
  wire_put_f64(&w, 0.1);
  ASSERT_OK(wire_written(&w));
  wire_reader r = {w.data, w.size, false};
  const char **again;
  EXPECT_EQ(wire_get_u32(&r), 4000000000u);
  EXPECT_EQ(wire_get_i64(&r), -5);
  EXPECT_TRUE(wire_get_f64(&r) == -INFINITY);
  EXPECT_STREQ(wire_get_text(&r), "");
  ASSERT_OK(wire_get_texts(&r, &again));
  for (int k = 0; k < 3; ++k) EXPECT_STREQ(again[k], texts[k]);
  EXPECT_TRUE(again[3] == NULL);
  EXPECT_TRUE(wire_get_f64(&r) == 0.1);
  EXPECT_OK(wire_end(&r, "test"));
  free(again);
  free(w.data);
}

TEST(deal, what_ends_early_or_late_or_lies_about_its_length_is_refused) {
  const uint8_t short_number[] = {1, 2, 3};
  wire_reader r = {short_number, 3, false};
  EXPECT_EQ(wire_get_u32(&r), 0);
  EXPECT_EQ(wire_end(&r, "hello"), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "hello: a message that ends too early");
  r = (wire_reader){short_number, 3, false};
  EXPECT_EQ(wire_end(&r, "hello"), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "too late");
  const uint8_t long_text[] = {200, 0, 0, 0, 'a', 0};
  r = (wire_reader){long_text, sizeof long_text, false};
  EXPECT_STREQ(wire_get_text(&r), "");
  EXPECT_TRUE(r.bad);
  const uint8_t open_text[] = {2, 0, 0, 0, 'a', 'b'};
  r = (wire_reader){open_text, sizeof open_text, false};
  wire_get_text(&r);
  EXPECT_TRUE(r.bad);
  const uint8_t inner_end[] = {3, 0, 0, 0, 'a', 0, 0};
  r = (wire_reader){inner_end, sizeof inner_end, false};
  wire_get_text(&r);
  EXPECT_TRUE(r.bad);
  const uint8_t many[] = {255, 255, 255, 255, 1, 0, 0, 0, 0};
  const char **texts;
  r = (wire_reader){many, sizeof many, false};
  ASSERT_OK(wire_get_texts(&r, &texts));
  EXPECT_TRUE(r.bad && texts[0] == NULL);
  free(texts);
}

TEST(deal, every_damaged_byte_of_a_frame_is_noticed) {
  const char text[] = "so many user-steps";
  uint8_t bytes[FRAME_HEADER + sizeof text];
  deal_message message;
  size_t used;
  frame_header(bytes, 20, text, sizeof text);
  memcpy(bytes + FRAME_HEADER, text, sizeof text);
  ASSERT_OK(frame_read(bytes, sizeof bytes, 1000, &message, &used));
  EXPECT_EQ(used, sizeof bytes);
  EXPECT_EQ(message.type, 20);
  EXPECT_STREQ((const char *)message.data, text);
  for (size_t n = 0; n < sizeof bytes; ++n) {
    EXPECT_OK(frame_read(bytes, n, 1000, &message, &used));
    EXPECT_EQ(used, 0);
  }
  for (size_t k = 0; k < sizeof bytes; ++k) {
    bytes[k] ^= 1;
    throng_status status = frame_read(bytes, sizeof bytes, 1000, &message, &used);
    EXPECT_TRUE(status == THRONG_ERROR_DATA || used == 0);
    bytes[k] ^= 1;
  }
  EXPECT_EQ(frame_read(bytes, sizeof bytes, 10, &message, &used), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "expected 10 at most");
  EXPECT_EQ(frame_read((const uint8_t *)"GET / HTTP/1.1", 14, 10, &message, &used),
            THRONG_ERROR_DATA);
}

// --- tokens --------------------------------------------------------------------------------------

static void write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  if (file) fputs(text, file), fclose(file);
}

TEST(deal, a_token_is_the_first_line_of_its_file_and_long_enough) {
  char path[4096];
  deal_token token;
  snprintf(path, sizeof path, "%s/token", throng_test_folder());
  write_file(path, "0123456789abcdef\r\nmore\n");
  ASSERT_OK(deal_token_read(path, &token));
  EXPECT_EQ(token.length, 16);
  EXPECT_STREQ(token.text, "0123456789abcdef");
  write_file(path, "short secret\n");
  EXPECT_EQ(deal_token_read(path, &token), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "a token of 12 characters");
  EXPECT_TRUE(!strstr(throng_error_message(), "short secret"));
  unlink(path);
  EXPECT_EQ(deal_token_read(path, &token), THRONG_ERROR_IO);
}

TEST(deal, a_new_token_is_its_owners_alone_and_an_old_one_stays) {
  char path[4096];
  deal_token first, second;
  struct stat about;
  snprintf(path, sizeof path, "%s/token", throng_test_folder());
  ASSERT_OK(deal_token_make(path));
  ASSERT_EQ(stat(path, &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600);
  ASSERT_OK(deal_token_read(path, &first));
  EXPECT_EQ(first.length, 64);
  ASSERT_OK(deal_token_make(path));
  ASSERT_OK(deal_token_read(path, &second));
  EXPECT_STREQ(first.text, second.text);
}

typedef struct token_reader {
  const char *path;
  _Atomic bool done;
  _Atomic int read;
  int broken;
} token_reader;

/// A worker that waits for the owner's token.
static void *read_tokens(void *context) {
  token_reader *r = context;
  deal_token token;
  while (!r->done) {
    const throng_status status = deal_token_read(r->path, &token);
    r->read += status == THRONG_OK;
    r->broken += status == THRONG_ERROR_DATA;
  }
  return NULL;
}

TEST(deal, who_waits_for_a_token_never_reads_half_of_one) {
  char path[4096];
  pthread_t thread;
  snprintf(path, sizeof path, "%s/awaited", throng_test_folder());
  token_reader reader = {.path = path};
  ASSERT_EQ(pthread_create(&thread, NULL, read_tokens, &reader), 0);
  // Until it was read often enough to tell: on a busy machine the reader may wait for its turn.
  for (int k = 0; k < 2000 || (reader.read < 20 && k < 200000); ++k) {
    EXPECT_OK(deal_token_make(path));
    EXPECT_EQ(unlink(path), 0);
  }
  reader.done = true;
  pthread_join(thread, NULL);
  EXPECT_GE(reader.read, 20);
  EXPECT_EQ(reader.broken, 0);
}

TEST(deal, a_proof_depends_on_token_role_and_both_challenges) {
  uint8_t a[TOKEN_CHALLENGE] = {1}, b[TOKEN_CHALLENGE] = {2};
  uint8_t proof[5][TOKEN_PROOF];
  deal_token other = secret;
  other.text[21] = 'H';
  ASSERT_OK(token_proof(&secret, "owner", a, b, proof[0]));
  ASSERT_OK(token_proof(&secret, "worker", a, b, proof[1]));
  ASSERT_OK(token_proof(&secret, "owner", b, b, proof[2]));
  ASSERT_OK(token_proof(&secret, "owner", a, a, proof[3]));
  ASSERT_OK(token_proof(&other, "owner", a, b, proof[4]));
  for (int k = 1; k < 5; ++k) EXPECT_FALSE(token_proof_equal(proof[0], proof[k]));
  ASSERT_OK(token_proof(&secret, "owner", a, b, proof[1]));
  EXPECT_TRUE(token_proof_equal(proof[0], proof[1]));
}

// --- connections ---------------------------------------------------------------------------------

typedef struct other_end {
  pthread_t thread;
  char where[DEAL_WHERE];
  deal_token token;
  deal *deal;
  throng_status status;
  char message[512];
} other_end;

static void *connect_there(void *context) {
  other_end *e = context;
  e->status = deal_connect(e->where, &e->token, 5, NULL, &e->deal);
  if (e->status != THRONG_OK) snprintf(e->message, sizeof e->message, "%s", throng_error_message());
  return NULL;
}

/// A worker's end at the owner's address, while the owner waits; the owner's event.
static deal_event join(deal *owner, other_end *e, const deal_token *token) {
  deal_event event = {0};
  e->token = *token;
  e->deal = NULL;
  pthread_create(&e->thread, NULL, connect_there, e);
  EXPECT_OK(owner->ops->wait(owner, 1, &event));
  pthread_join(e->thread, NULL);
  return event;
}

TEST(deal, messages_of_any_size_arrive_in_order_both_ways) {
  deal *owner;
  other_end e = {0};
  ASSERT_OK(deal_listen("0", &secret, 60, e.where, &owner));
  EXPECT_CONTAINS(e.where, "127.0.0.1:");
  EXPECT_EQ(join(owner, &e, &secret).kind, DEAL_JOINED);
  ASSERT_OK(e.status);
  uint8_t *large = malloc(200000);
  for (int k = 0; k < 200000; ++k) large[k] = (uint8_t)((unsigned)k * (unsigned)k >> 3);
  deal_event event;
  ASSERT_OK(owner->ops->send(owner, 0, 16, "first", 6));
  ASSERT_OK(owner->ops->send(owner, 0, 17, large, 200000));
  ASSERT_OK(owner->ops->send(owner, 0, 18, NULL, 0));
  ASSERT_OK(e.deal->ops->wait(e.deal, 5, &event));
  EXPECT_EQ(event.kind, DEAL_MESSAGE);
  EXPECT_EQ(event.message.type, 16);
  EXPECT_STREQ((const char *)event.message.data, "first");
  ASSERT_OK(e.deal->ops->wait(e.deal, 5, &event));
  ASSERT_EQ(event.message.size, 200000);
  EXPECT_EQ(memcmp(event.message.data, large, 200000), 0);
  ASSERT_OK(e.deal->ops->wait(e.deal, 5, &event));
  EXPECT_EQ(event.message.type, 18);
  EXPECT_EQ(event.message.size, 0);
  ASSERT_OK(e.deal->ops->wait(e.deal, 0, &event));
  EXPECT_EQ(event.kind, DEAL_NOTHING);
  ASSERT_OK(e.deal->ops->send(e.deal, 0, 19, "back", 5));
  ASSERT_OK(owner->ops->wait(owner, 5, &event));
  EXPECT_STREQ((const char *)event.message.data, "back");
  free(large);
  e.deal->ops->close(e.deal);
  ASSERT_OK(owner->ops->wait(owner, 5, &event));
  EXPECT_EQ(event.kind, DEAL_LOST);
  EXPECT_CONTAINS(event.cause, "closed");
  EXPECT_EQ(owner->ops->send(owner, 0, 16, "", 1), THRONG_ERROR_IO);
  owner->ops->close(owner);
}

TEST(deal, what_was_said_before_the_end_still_arrives) {
  deal *owner;
  other_end e = {0};
  ASSERT_OK(deal_listen("127.0.0.1:0", &secret, 60, e.where, &owner));
  join(owner, &e, &secret);
  ASSERT_OK(e.deal->ops->send(e.deal, 0, 16, "last", 5));
  e.deal->ops->close(e.deal);
  deal_event event;
  ASSERT_OK(owner->ops->wait(owner, 5, &event));
  EXPECT_EQ(event.kind, DEAL_MESSAGE);
  ASSERT_OK(owner->ops->wait(owner, 5, &event));
  EXPECT_EQ(event.kind, DEAL_LOST);
  owner->ops->close(owner);
}

TEST(deal, who_has_another_token_does_not_join) {
  deal *owner;
  other_end e = {0};
  const deal_token other = {"a token of some lengtH", 22};
  ASSERT_OK(deal_listen("0", &secret, 60, e.where, &owner));
  EXPECT_EQ(join(owner, &e, &other).kind, DEAL_NOTHING);
  EXPECT_EQ(e.status, THRONG_ERROR_IO);
  EXPECT_CONTAINS(e.message, "the sweep there has another token");
  EXPECT_TRUE(!strstr(e.message, "lengt"));
  owner->ops->close(owner);
}

/// A socket that says these bytes and nothing else.
static int say(const char *where, const void *bytes, size_t n) {
  int fd;
  EXPECT_OK(socket_connect(where, 1, NULL, &fd));
  EXPECT_EQ(send(fd, bytes, n, MSG_NOSIGNAL), n);
  return fd;
}

TEST(deal, who_speaks_otherwise_is_sent_away_and_others_go_on) {
  deal *owner;
  other_end e = {0};
  ASSERT_OK(deal_listen("0", &secret, 60, e.where, &owner));
  uint8_t huge[FRAME_HEADER];
  frame_header(huge, 2, NULL, 0);
  huge[10] = 255;  // 16 MB are to follow
  int fds[70];
  fds[0] = say(e.where, "GET / HTTP/1.1\r\n\r\n", 18);
  fds[1] = say(e.where, huge, sizeof huge);
  for (int k = 2; k < 70; ++k) fds[k] = say(e.where, "T", 1);  // more than may wait
  deal_event event;
  for (int k = 0; k < 20; ++k) {
    ASSERT_OK(owner->ops->wait(owner, 0.01, &event));
    EXPECT_EQ(event.kind, DEAL_NOTHING);
  }
  for (int k = 0; k < 70; ++k) close(fds[k]);
  for (int k = 0; k < 20; ++k) ASSERT_OK(owner->ops->wait(owner, 0.01, &event));
  EXPECT_EQ(join(owner, &e, &secret).kind, DEAL_JOINED);
  e.deal->ops->close(e.deal);
  owner->ops->close(owner);
}

TEST(deal, a_silent_peer_is_lost_and_a_beating_one_is_not) {
  deal *owner;
  other_end silent = {0}, beating = {0};
  ASSERT_OK(deal_listen("0", &secret, 2.5, silent.where, &owner));
  memcpy(beating.where, silent.where, sizeof beating.where);
  const deal_event first = join(owner, &silent, &secret);
  EXPECT_EQ(first.kind, DEAL_JOINED);
  EXPECT_EQ(join(owner, &beating, &secret).kind, DEAL_JOINED);
  deal_event event = {0};
  const double start = clock_now();
  while (clock_now() - start < 3.5 && event.kind != DEAL_LOST) {
    beating.deal->ops->beat(beating.deal);
    ASSERT_OK(owner->ops->wait(owner, 0.1, &event));
  }
  EXPECT_EQ(event.kind, DEAL_LOST);
  EXPECT_EQ(event.peer, first.peer);
  EXPECT_CONTAINS(event.cause, "silent for");
  ASSERT_OK(owner->ops->wait(owner, 0, &event));
  EXPECT_EQ(event.kind, DEAL_NOTHING);
  silent.deal->ops->close(silent.deal);
  beating.deal->ops->close(beating.deal);
  owner->ops->close(owner);
}

TEST(deal, addresses_are_read_or_refused) {
  int fd;
  char where[DEAL_WHERE];
  const char *const bad[] = {"",      "host",        "host:",   "host:port",
                             "1:2:3", "host:700000", "host:-1", "::1:80"};
  for (size_t k = 0; k < sizeof bad / sizeof *bad; ++k) {
    EXPECT_EQ(socket_listen(bad[k], where, &fd), THRONG_ERROR_ARGUMENT);
    EXPECT_CONTAINS(throng_error_message(), "is no address, expected HOST:PORT");
  }
  ASSERT_OK(socket_listen(":0", where, &fd));
  EXPECT_CONTAINS(where, "127.0.0.1:");
  int second;
  EXPECT_EQ(socket_listen(where, where, &second), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "listening at 127.0.0.1:");
  close(fd);
  EXPECT_EQ(socket_connect(where, 0, NULL, &fd), THRONG_ERROR_IO);
}

static bool stop(void *context, const char *stage, int64_t done, int64_t total, const char *unit) {
  (void)context, (void)stage, (void)done, (void)total, (void)unit;
  return false;
}

TEST(deal, looking_for_a_sweep_ends_when_asked) {
  char where[DEAL_WHERE];
  int fd;
  ASSERT_OK(socket_listen("0", where, &fd));
  close(fd);
  const throng_progress progress = {.report = stop};
  EXPECT_EQ(socket_connect(where, 100, &progress, &fd), THRONG_ERROR_CANCELLED);
}
