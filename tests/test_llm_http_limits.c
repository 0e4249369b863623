/// The client against servers that ask it to wait, and within limits of its own.
#include <time.h>

#include "support/http_stage.h"

TEST(llm_http_limits, a_limited_server_is_obeyed_whether_it_names_a_time_or_not) {
  START(def);
  st.n_turn = 3;
  st.status[0] = st.status[1] = st.status[2] = 429;
  st.headers[0] = "retry-after-ms: 20\r\n";
  st.headers[1] = "retry-after: 0.05\r\n";
  EXPECT_OK(ask_all(&def, 1));
  EXPECT_EQ(ask.tries[0], 4);
  EXPECT_EQ(ask.status[0], 200);
  // 20 ms, 50 ms, and a back-off of 2 s less at most a quarter.
  EXPECT_GE(milliseconds(), 1570);
  EXPECT_LE(milliseconds(), 30000);
  http_server_stop(server);
}

TEST(llm_http_limits, one_refused_request_with_a_time_holds_all_that_have_not_begun) {
  START(def);
  st.n_turn = 1;
  st.status[0] = 429;
  st.headers[0] = "retry-after-ms: 300\r\n";
  def.in_flight = 2;
  EXPECT_OK(ask_all(&def, 4));
  // Two begin and are refused; none of the others may be sent before the time has passed, and is
  // then refused once itself.
  EXPECT_GE(milliseconds(), 600);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(st.seen[i], 2);
  http_server_stop(server);
}

TEST(llm_http_limits, a_server_that_asks_for_ten_minutes_is_left_at_once_and_not_asked_again) {
  START(def);
  st.n_turn = 1;
  st.status[0] = 429;
  st.headers[0] = "retry-after: 600\r\n";
  def.in_flight = 8;
  EXPECT_OK(ask_all(&def, 100));
  EXPECT_LE(ask.next, 8);
  for (int i = 0; i < 8; ++i) EXPECT_LE(st.seen[i], 1);
  EXPECT_EQ((int64_t)counts.asked_wait, 600);
  EXPECT_GE((int64_t)counts.until, (int64_t)time(NULL) + 590);
  EXPECT_EQ(ask.n_taken, 0);
  EXPECT_EQ(ask.dropped, ask.next);
  EXPECT_LE(milliseconds(), 5000);
  http_server_stop(server);
}

TEST(llm_http_limits, a_date_is_waited_for_by_the_servers_own_clock) {
  START(def);
  st.n_turn = 1;
  st.status[0] = 503;
  // Its clock is years behind ours.
  st.headers[0] =
      "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nRetry-After: Sun, 06 Nov 1994 08:49:38 GMT\r\n";
  EXPECT_OK(ask_all(&def, 1));
  EXPECT_EQ(ask.status[0], 200);
  EXPECT_GE(milliseconds(), 1000);
  EXPECT_LE(milliseconds(), 20000);
  http_server_stop(server);
}

/// The first `refused` requests are refused with these headers.
typedef struct clocked {
  int seen, refused;
  const char *headers;
} clocked;
static clocked watch;

static void refuse_then_serve(void *context, const server_request *request, server_reply *reply) {
  (void)context;
  (void)request;
  ++watch.seen;
  reply_text(reply, "{}");
  if (watch.seen > watch.refused) return;
  reply->status = 429;
  reply->headers = watch.headers;
}

TEST(llm_http_limits, while_a_server_refuses_one_request_at_a_time_tries) {
  START_WITH(refuse_then_serve, def);
  def.in_flight = 16;
  // 16 that are in flight at first, then three probes; without probes it would be 64.
  watch = (clocked){.refused = 16 + 3, .headers = "retry-after-ms: 50\r\n"};
  EXPECT_OK(ask_all(&def, 32));
  EXPECT_EQ(ask.n_taken, 32);
  EXPECT_EQ(watch.seen, 16 + 3 + 32);
  EXPECT_GE(milliseconds(), 4 * 50);
  http_server_stop(server);
  // Without a time too: half a second, then twice as long.
  server = http_server_start(refuse_then_serve, &st);
  memset(&ask, 0, sizeof ask);
  snprintf(url_, sizeof url_, "%s/chat", http_server_url(server));
  watch = (clocked){.refused = 16 + 1, .headers = ""};
  EXPECT_OK(ask_all(&def, 32));
  EXPECT_EQ(watch.seen, 16 + 1 + 32);
  EXPECT_GE(milliseconds(), 375 + 750);
  http_server_stop(server);
}

TEST(llm_http_limits, the_limit_that_is_used_up_says_when_to_come_back) {
  START_WITH(refuse_then_serve, def);
  watch = (clocked){.refused = 1,
                    .headers =
                        "x-ratelimit-remaining-requests: 10\r\n"
                        "x-ratelimit-reset-requests: 2h\r\n"
                        "x-ratelimit-remaining-tokens: 0\r\n"
                        "x-ratelimit-reset-tokens: 1.2s\r\n"};
  EXPECT_OK(ask_all(&def, 1));
  EXPECT_GE(milliseconds(), 1200);
  EXPECT_LE(milliseconds(), 20000);
  http_server_stop(server);
}

TEST(llm_http_limits, requests_a_minute_are_not_passed) {
  START(def);
  def.requests_per_minute = 1200;  // 20 a second, and one second's worth at first
  EXPECT_OK(ask_all(&def, 40));
  EXPECT_GE(milliseconds(), 950);
  EXPECT_LE(milliseconds(), 30000);
  http_server_stop(server);
}

TEST(llm_http_limits, tokens_a_minute_are_not_passed) {
  START(def);
  def.tokens_per_minute = 12000;  // 200 a second; a request takes 10
  EXPECT_OK(ask_all(&def, 40));
  EXPECT_GE(milliseconds(), 900);
  EXPECT_LE(milliseconds(), 30000);
  http_server_stop(server);
}
