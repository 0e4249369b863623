/// The test server: a poll loop over connections, each reading a request or writing an answer.
#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MOST_CONNECTIONS = 512 };

typedef enum connection_state { READING, WAITING, WRITING, STALLED } connection_state;

typedef struct connection {
  int socket;
  connection_state state;
  char *in, *out;
  size_t in_length, in_capacity, out_length, out_sent;
  double due;
  bool close_after, endless;
} connection;

struct http_server {
  int socket, wake[2], port;
  char url[64];
  pthread_t thread;
  server_handler *handler;
  void *context;
  int64_t n_request;
  atomic_llong accepted;
  connection connection[MOST_CONNECTIONS];
  int n_connection;
};

static void require(bool holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "test server: %s: %s\n", what, strerror(errno));
  abort();
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void close_connection(http_server *s, int i, bool reset) {
  connection *c = &s->connection[i];
  if (reset) {
    struct linger hard = {.l_onoff = 1, .l_linger = 0};
    setsockopt(c->socket, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  }
  close(c->socket);
  free(c->in);
  free(c->out);
  *c = s->connection[--s->n_connection];
}

static void make_answer(connection *c, server_reply *r) {
  char head[1024];
  bool told = r->fault != FAULT_CUT && r->fault != FAULT_ENDLESS;
  char length[64] = "";
  if (told) snprintf(length, sizeof length, "Content-Length: %zu\r\n", r->length);
  int n = r->fault == FAULT_GARBAGE
              ? snprintf(head, sizeof head, "\x16\x03\x01 this is no HTTP\n\n")
              : snprintf(head, sizeof head,
                         "HTTP/1.1 %d Answer\r\nContent-Type: application/json\r\n%s%s%s\r\n",
                         r->status, length, r->headers, told ? "" : "Connection: close\r\n");
  size_t body = r->fault == FAULT_HALF || r->fault == FAULT_CUT ? r->length / 2 : r->length;
  if (r->fault == FAULT_GARBAGE) body = 0;
  c->out = malloc((size_t)n + body + 1);
  require(c->out != NULL, "memory");
  memcpy(c->out, head, (size_t)n);
  if (body) memcpy(c->out + n, r->body, body);
  c->out_length = (size_t)n + body;
  c->out_sent = 0;
  c->close_after = r->fault != FAULT_NONE;
  c->endless = r->fault == FAULT_ENDLESS;
}

/// A whole request in the buffer? Answer it and take it out. False: the connection is gone.
static bool take_request(http_server *s, int i) {
  connection *c = &s->connection[i];
  char *end = c->in_length ? memmem(c->in, c->in_length, "\r\n\r\n", 4) : NULL;
  if (!end) return true;
  size_t head = (size_t)(end - c->in) + 4, length = 0;
  *end = '\0';
  const char *field = strcasestr(c->in, "\r\ncontent-length:");
  if (field) length = strtoul(field + 17, NULL, 10);
  if (c->in_length < head + length) {
    *end = '\r';
    return true;
  }
  char *path = strchr(c->in, ' ');
  char *headers = strstr(c->in, "\r\n");
  require(path && headers, "a request line");
  char *path_end = strchr(path + 1, ' ');
  require(path_end != NULL, "a request line");
  *path_end = '\0';
  char after = c->in[head + length];
  c->in[head + length] = '\0';
  server_request request = {path + 1, headers + 2, c->in + head, length, s->n_request++};
  server_reply reply = {.status = 200, .headers = ""};
  s->handler(s->context, &request, &reply);
  c->in[head + length] = after;
  memmove(c->in, c->in + head + length, c->in_length - head - length);
  c->in_length -= head + length;
  bool dropped = reply.fault == FAULT_DROP;
  if (reply.fault == FAULT_STALL) {
    c->state = STALLED;
  } else if (!dropped) {
    make_answer(c, &reply);
    c->due = now() + reply.delay;
    c->state = reply.delay > 0 ? WAITING : WRITING;
  }
  free(reply.body);
  if (dropped) close_connection(s, i, s->n_request % 2 == 0);  // FIN and RST in turn
  return !dropped;
}

static bool read_more(http_server *s, int i) {
  connection *c = &s->connection[i];
  if (c->in_capacity - c->in_length < 65536) {
    c->in_capacity = 2 * c->in_capacity + 65536;
    c->in = realloc(c->in, c->in_capacity + 1);
    require(c->in != NULL, "memory");
  }
  ssize_t got = read(c->socket, c->in + c->in_length, c->in_capacity - c->in_length);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (got <= 0) {
    close_connection(s, i, false);
    return false;
  }
  c->in_length += (size_t)got;
  return c->state != READING || take_request(s, i);
}

static bool write_more(http_server *s, int i) {
  connection *c = &s->connection[i];
  for (;;) {
    ssize_t sent = send(c->socket, c->out + c->out_sent, c->out_length - c->out_sent, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) return true;
    if (sent < 0) {
      close_connection(s, i, false);
      return false;
    }
    c->out_sent += (size_t)sent;
    if (c->out_sent < c->out_length) return true;
    if (!c->endless) break;
    free(c->out);
    c->out_length = 65536;
    c->out_sent = 0;
    c->out = malloc(c->out_length);
    require(c->out != NULL, "memory");
    memset(c->out, ' ', c->out_length);
  }
  if (c->close_after) {
    close_connection(s, i, false);
    return false;
  }
  free(c->out);
  c->out = NULL;
  c->state = READING;
  return take_request(s, i);
}

static void accept_one(http_server *s) {
  int socket = accept4(s->socket, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (socket < 0) return;
  if (s->n_connection == MOST_CONNECTIONS) {
    close(socket);
    return;
  }
  int one = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  s->connection[s->n_connection++] = (connection){.socket = socket};
  ++s->accepted;
}

static void *serve(void *context) {
  http_server *s = context;
  static _Thread_local struct pollfd poll_of[MOST_CONNECTIONS + 2];
  for (;;) {
    double time = now(), soonest = time + 1;
    poll_of[0] = (struct pollfd){.fd = s->wake[0], .events = POLLIN};
    poll_of[1] = (struct pollfd){.fd = s->socket, .events = POLLIN};
    for (int i = 0; i < s->n_connection; ++i) {
      connection *c = &s->connection[i];
      if (c->state == WAITING && c->due <= time) c->state = WRITING;
      if (c->state == WAITING && c->due < soonest) soonest = c->due;
      short events = c->state == WRITING ? POLLOUT : POLLIN;
      poll_of[i + 2] = (struct pollfd){.fd = c->socket, .events = events};
    }
    int n = s->n_connection, ms = (int)((soonest - time) * 1000) + 1;
    if (poll(poll_of, (nfds_t)n + 2, ms) < 0 && errno != EINTR) require(false, "poll");
    if (poll_of[0].revents) return NULL;
    // From the last, since a closed connection's place is taken by the last one.
    for (int i = n - 1; i >= 0; --i) {
      short events = poll_of[i + 2].revents;
      if (!events) continue;
      if (s->connection[i].state == WRITING)
        write_more(s, i);
      else
        read_more(s, i);
    }
    if (poll_of[1].revents & POLLIN) accept_one(s);
  }
}

http_server *http_server_start(server_handler *handler, void *context) {
  http_server *s = calloc(1, sizeof *s);
  require(s != NULL, "memory");
  s->handler = handler;
  s->context = context;
  s->socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  require(s->socket >= 0 && bind(s->socket, (struct sockaddr *)&address, size) == 0 &&
              listen(s->socket, 256) == 0 &&
              getsockname(s->socket, (struct sockaddr *)&address, &size) == 0 &&
              pipe2(s->wake, O_CLOEXEC) == 0,
          "a listening socket");
  fcntl(s->socket, F_SETFL, O_NONBLOCK);
  s->port = ntohs(address.sin_port);
  snprintf(s->url, sizeof s->url, "http://127.0.0.1:%d/v1", s->port);
  require(pthread_create(&s->thread, NULL, serve, s) == 0, "a thread");
  return s;
}

void http_server_stop(http_server *s) {
  require(write(s->wake[1], "x", 1) == 1, "the pipe");
  pthread_join(s->thread, NULL);
  while (s->n_connection) close_connection(s, s->n_connection - 1, false);
  close(s->socket);
  close(s->wake[0]);
  close(s->wake[1]);
  free(s);
}

int http_server_port(const http_server *s) { return s->port; }
const char *http_server_url(const http_server *s) { return s->url; }
int64_t http_server_connections(const http_server *s) { return s->accepted; }

void reply_text(server_reply *reply, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int n = vasprintf(&reply->body, format, arguments);
  va_end(arguments);
  require(n >= 0, "memory");
  reply->length = (size_t)n;
}

void reply_chat(server_reply *reply, const server_request *request, const char *content,
                const char *finish) {
  size_t n = strlen(content), at = 0;
  char *escaped = malloc(6 * n + 1);
  require(escaped != NULL, "memory");
  for (size_t i = 0; i < n; ++i) {
    unsigned char c = (unsigned char)content[i];
    if (c < 0x20)
      at += (size_t)sprintf(escaped + at, "\\u%04x", c);
    else
      at += (size_t)sprintf(escaped + at, c == '"' || c == '\\' ? "\\%c" : "%c", c);
  }
  escaped[at] = '\0';
  reply_text(reply,
             "{\"id\":\"x\",\"object\":\"chat.completion\",\"model\":\"m\",\"choices\":[{\"index\":"
             "0,\"message\":{\"role\":\"assistant\",\"content\":\"%s\"},\"finish_reason\":\"%s\"}],"
             "\"usage\":{\"prompt_tokens\":%zu,\"completion_tokens\":%zu,\"total_tokens\":%zu}}",
             escaped, finish, request->length / 4, n / 4, request->length / 4 + n / 4);
  free(escaped);
}
