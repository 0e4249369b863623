/// A small real HTTP/1.1 server for tests: sockets, poll, one thread, keep-alive. What it answers,
/// and how it fails, a test's handler says. Not a server for anything else.
#ifndef THRONG_TESTS_HTTP_SERVER_H
#define THRONG_TESTS_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum server_fault {
  FAULT_NONE,
  FAULT_DROP,     // close the connection without a word
  FAULT_STALL,    // never answer
  FAULT_HALF,     // half of the promised body, then close
  FAULT_CUT,      // half of the body without a promised length, then close: a whole HTTP message
  FAULT_ENDLESS,  // a body that never ends
  FAULT_GARBAGE,  // no HTTP at all
} server_fault;

typedef struct server_request {
  const char *path;     // "/v1/chat/completions"
  const char *headers;  // all lines, NUL-terminated
  const char *body;     // NUL-terminated
  size_t length;
  int64_t number;  // of all requests, from 0
} server_request;

typedef struct server_reply {
  int status;           // 200 at first
  const char *headers;  // more header lines, each with "\r\n"; "" at first
  char *body;           // malloc'd; the server frees it
  size_t length;
  double delay;  // seconds before the answer goes out
  server_fault fault;
} server_reply;

/// Called in the server's thread, for one request at a time.
typedef void server_handler(void *context, const server_request *request, server_reply *reply);

typedef struct http_server http_server;

/// Listens on 127.0.0.1 at a port of its own. Aborts where that fails: tests cannot go on then.
http_server *http_server_start(server_handler *handler, void *context);
void http_server_stop(http_server *server);
int http_server_port(const http_server *server);
/// "http://127.0.0.1:PORT/v1"
const char *http_server_url(const http_server *server);
/// Connections accepted so far.
int64_t http_server_connections(const http_server *server);

/// Set the reply's body, printf style.
void reply_text(server_reply *reply, const char *format, ...) __attribute__((format(printf, 2, 3)));
/// A chat completion with this content, escaped as JSON; tokens are bytes / 4.
void reply_chat(server_reply *reply, const server_request *request, const char *content,
                const char *finish);

#endif
