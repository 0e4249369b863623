/// The client against a real server that fails in every way it is told to: nothing lost, nothing
/// asked again that was answered, no limit passed, no key given away.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "support/http_stage.h"

TEST(llm_http, every_request_is_answered_once_over_few_connections) {
  START(def);
  def.in_flight = 8;
  EXPECT_OK(ask_all(&def, 2000));
  for (int i = 0; i < 2000; ++i) EXPECT_TRUE(ask.taken[i] == 1 && st.seen[i] == 1);
  char want[64];
  snprintf(want, sizeof want, "{\"ok\":%d,\"padding\"", 1234);
  EXPECT_CONTAINS(ask.body[1234], want);
  EXPECT_LE(http_server_connections(server), 8);
  EXPECT_EQ(counts.answers, 2000);
  EXPECT_EQ(counts.retries, 0);
  http_server_stop(server);
}

TEST(llm_http, three_thousand_requests_through_every_fault_lose_nothing_and_repeat_no_answer) {
  START(def);
  st.random = true;
  ask.want_json = true;
  def.in_flight = 128;
  def.retries = 12;
  EXPECT_OK(ask_all(&def, 3000));
  int lost = 0, twice = 0, wrong = 0;
  for (int i = 0; i < 3000; ++i) {
    char want[64];
    snprintf(want, sizeof want, "{\"ok\":%d,", i);
    lost += ask.taken[i] != 1;
    twice += st.good[i] != 1;
    wrong += strncmp(ask.body[i], want, strlen(want)) != 0;
  }
  EXPECT_EQ(lost, 0);
  EXPECT_EQ(twice, 0);
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(counts.retries, 300);
  http_server_stop(server);
}

TEST(llm_http, a_refusal_that_no_retry_helps_comes_back_at_once) {
  START(def);
  st.n_turn = 1;
  st.status[0] = 401;
  EXPECT_OK(ask_all(&def, 1));
  EXPECT_EQ(st.seen[0], 1);
  EXPECT_EQ(ask.status[0], 401);
  EXPECT_STREQ(ask.error, "HTTP 401");
  http_server_stop(server);
}

TEST(llm_http, retries_end_and_the_last_error_is_told) {
  START(def);
  def.retries = 1;
  st.n_turn = 8;
  for (int i = 0; i < 8; ++i) {
    st.status[i] = 503;
    st.headers[i] = "retry-after-ms: 5\r\n";
  }
  EXPECT_OK(ask_all(&def, 1));
  EXPECT_EQ(st.seen[0], 2);
  EXPECT_STREQ(ask.error, "HTTP 503");
  http_server_stop(server);
}

TEST(llm_http, an_endless_body_is_cut_at_the_limit) {
  START(def);
  def.retries = 0;
  def.max_answer = 100000;
  st.n_turn = 1;
  st.fault[0] = FAULT_ENDLESS;
  EXPECT_OK(ask_all(&def, 1));
  EXPECT_STREQ(ask.error, "the answer is longer than 100000 bytes");
  EXPECT_LE(counts.bytes_received, 100000 + (1 << 20));
  http_server_stop(server);
}

TEST(llm_http, a_server_that_says_nothing_is_left_after_the_time_allowed) {
  START(def);
  def.retries = 0;
  def.timeout = 0.2;
  st.n_turn = 1;
  st.fault[0] = FAULT_STALL;
  EXPECT_OK(ask_all(&def, 1));
  EXPECT_CONTAINS(ask.error, "timed out");
  EXPECT_LE(milliseconds(), 20000);
  http_server_stop(server);
}

TEST(llm_http, nobody_listening_is_an_error_that_names_the_address) {
  START(def);
  http_server_stop(server);
  def.retries = 0;
  EXPECT_OK(ask_all(&def, 1));
  EXPECT_EQ(ask.status[0], 0);
  EXPECT_CONTAINS(ask.error, "127.0.0.1");
}

TEST(llm_http, a_proxy_that_the_environment_names_is_named_and_its_password_is_not) {
  START(def);
  def.retries = 0;
  setenv("http_proxy", "http://me:secret@127.0.0.1:1", 1);
  EXPECT_OK(ask_all(&def, 1));
  unsetenv("http_proxy");
  EXPECT_CONTAINS(ask.error, "(http_proxy is set: ");
  EXPECT_EQ(strstr(ask.error, "secret"), NULL);
  http_server_stop(server);
}

TEST(llm_http, a_redirect_is_not_followed_and_its_target_never_sees_the_key) {
  START(def);
  http_server *other = http_server_start(serve, &st);
  char to[128];
  snprintf(to, sizeof to, "Location: %s/elsewhere\r\n", http_server_url(other));
  st.n_turn = 1;
  st.status[0] = 307;
  st.headers[0] = to;
  static const char *const key[] = {"Authorization: Bearer sk-secret"};
  def.header = key;
  def.n_header = 1;
  EXPECT_OK(ask_all(&def, 1));
  EXPECT_CONTAINS(ask.error, "redirects are not followed");
  EXPECT_EQ(http_server_connections(other), 0);
  http_server_stop(server);
  http_server_stop(other);
}

static void echo_headers(void *context, const server_request *request, server_reply *reply) {
  snprintf(((stage *)context)->headers_seen, sizeof st.headers_seen, "%s", request->headers);
  reply->status = 400;
  reply_text(reply, "%s", request->headers);
}

TEST(llm_http, headers_are_sent_and_keys_never_stand_in_errors) {
  START_WITH(echo_headers, def);
  static const char *const lines[] = {"api-key: sk-secret", "X-Team: blue"};
  def.header = lines;
  def.n_header = 2;
  secrets secret = {0};
  EXPECT_OK(secrets_add(&secret, "sk-secret", 9));
  def.secret = &secret;
  EXPECT_OK(ask_all(&def, 1));
  EXPECT_CONTAINS(st.headers_seen, "api-key: sk-secret\r\nX-Team: blue");
  EXPECT_TRUE(strstr(st.headers_seen, "Authorization") == NULL);
  http_server_stop(server);
  server = http_server_start(serve, &st);
  snprintf(url_, sizeof url_, "%s/chat", http_server_url(server));
  memset(&ask, 0, sizeof ask);
  st.n_turn = 1;
  st.seen[0] = 0;
  st.status[0] = 302;
  st.headers[0] = "Location: http://host/?key=sk%2Dsecret\r\n";
  EXPECT_OK(ask_all(&def, 1));
  EXPECT_STREQ(ask.error, "HTTP 302, sent on to http://host/?key=***; redirects are not followed");
  secrets_free(&secret);
  http_server_stop(server);
}

TEST(llm_http, a_stop_starts_nothing_more_and_takes_what_is_in_flight) {
  START(def);
  def.in_flight = 4;
  st.delay = 0.02;
  ask.stop_after = 10;
  EXPECT_OK(ask_all(&def, 1000));
  EXPECT_GE(ask.n_taken, 10);
  EXPECT_LE(ask.n_taken, 10 + 2 * 4);
  EXPECT_EQ(ask.next, ask.n_taken + ask.dropped);
  EXPECT_EQ(ask.dropped, 0);
  http_server_stop(server);
}

TEST(llm_http, a_stop_does_not_wait_for_a_slow_server_beyond_its_grace) {
  START(def);
  st.delay = 20;
  def.timeout = 30;
  def.grace = 0.2;
  ask.stop_at_tick = 2;
  EXPECT_OK(ask_all(&def, 10));
  EXPECT_GE(milliseconds(), 200);
  EXPECT_LE(milliseconds(), 15000);
  EXPECT_EQ(ask.n_taken, 0);
  EXPECT_EQ(ask.next, 8);
  EXPECT_EQ(ask.dropped, 8);
  http_server_stop(server);
}

TEST(llm_http, the_wanted_number_is_in_flight_all_the_time) {
  START(def);
  def.in_flight = 8;
  st.delay = 0.02;
  EXPECT_OK(ask_all(&def, 400));
  EXPECT_GE(1000 * counts.busy / counts.seconds,
            500 * 8);  // on a machine that does other things too
  EXPECT_LE(1000 * counts.busy / counts.seconds, 8010);
  http_server_stop(server);
}

TEST(llm_http, an_error_of_the_asker_ends_the_run_with_it) {
  START(def);
  ask.fail_with = THRONG_ERROR_IO;
  EXPECT_EQ(ask_all(&def, 10), THRONG_ERROR_IO);
  EXPECT_STREQ(throng_error_message(), "the asker had enough");
  http_server_stop(server);
}

TEST(llm_http, a_certificate_that_nobody_vouches_for_is_refused_without_another_try) {
  START(def);
  int port = http_server_port(server);  // free again in a moment
  http_server_stop(server);
  char command[1024], port_text[16];
  snprintf(command, sizeof command,
           "cd %s && openssl req -x509 -newkey rsa:2048 -nodes -keyout k.pem -out c.pem -subj "
           "/CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -days 1 >openssl.log 2>&1",
           throng_test_folder());
  if (system(command) != 0) SKIP("no openssl program to make a certificate with");
  snprintf(port_text, sizeof port_text, "%d", port);
  pid_t child = fork();
  if (child == 0) {
    if (chdir(throng_test_folder()) != 0 || !freopen("server.log", "w", stdout) ||
        !freopen("server.err", "w", stderr))
      _exit(1);
    execlp("openssl", "openssl", "s_server", "-accept", port_text, "-cert", "c.pem", "-key",
           "k.pem", "-www", (char *)NULL);
    _exit(127);
  }
  snprintf(url_, sizeof url_, "https://127.0.0.1:%d/v1", port);
  def.url = url_;
  static const char *const key[] = {"Authorization: Bearer sk-secret"};
  def.header = key;
  def.n_header = 1;
  def.retries = 20;  // until it listens
  EXPECT_OK(ask_all(&def, 1));
  EXPECT_EQ(ask.status[0], 0);
  EXPECT_CONTAINS(ask.error, "certificate");
  EXPECT_LE(ask.tries[0], 20);  // given up for the certificate, not for the number of tries

  // SSL_CERT_FILE names those that are trusted. (What this server then says is no answer of a
  // model.)
  snprintf(command, sizeof command, "%s/c.pem", throng_test_folder());
  memset(&ask, 0, sizeof ask);
  setenv("SSL_CERT_FILE", command, 1);
  def.retries = 0;
  def.timeout = 2;
  EXPECT_OK(ask_all(&def, 1));
  unsetenv("SSL_CERT_FILE");
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  EXPECT_TRUE(strstr(ask.error, "certificate") == NULL);
}

TEST(llm_http, addresses_that_give_keys_away_or_are_no_addresses_are_refused) {
  static const struct {
    const char *url, *part;
  } bad[] = {
      {"", "expected the address of a server"},
      {"not an address", "expected the address of a server"},
      {"file:///etc/passwd", "http"},
      {"ftp://host/v1", "expected http or https"},
      {"http://me:secret@host/v1", "keys come from the environment"},
      {"http://host/v1?key=secret", "keys come from the environment"},
      {"http://host/v1?api-version=1&api_key=secret", "keys come from the environment"},
      {"http://host/v1#a", "fragment"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
    EXPECT_EQ(http_check_url("llm.url", bad[i].url), THRONG_ERROR_CONFIG);
    EXPECT_CONTAINS(throng_error_message(), "llm.url: ");
    EXPECT_CONTAINS(throng_error_message(), bad[i].part);
    EXPECT_TRUE(strstr(throng_error_message(), "secret") == NULL);
  }
  EXPECT_OK(http_check_url("llm.url", "http://127.0.0.1:8080/v1"));
  EXPECT_OK(http_check_url("llm.url", "https://api.example.org/v1"));
  EXPECT_OK(http_check_url("llm.url", "https://host/openai/deployments/m?api-version=2024-06-01"));
}
