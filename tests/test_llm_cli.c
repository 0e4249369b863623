/// `throng extract` as a person meets it: counting first, progress beside a run, kills and Ctrl-C
/// that lose nothing, and a store that the sqlite3 library reads.
#include <signal.h>
#include <sqlite3.h>

#include "cli_driver.h"
#include "http/server.h"
#include "llm/sha256.h"

enum { N_REVIEW = 300, MOST_BODIES = 4096 };

typedef struct stage {
  const char *content;  // of every answer; NULL: the usual one
  bool azure;           // takes nothing without api-version and api-key
  int seen, answered, same;
  double delay;
  char hash[MOST_BODIES][SHA256_TEXT];
  int count[MOST_BODIES];
} stage;
static stage st;

static void serve(void *context, const server_request *request, server_reply *reply) {
  stage *s = context;
  char text[SHA256_TEXT];
  if (sha256_text(request->body, request->length, text) != THRONG_OK) abort();
  int i = 0;
  while (i < s->seen && strcmp(s->hash[i], text) != 0) ++i;
  if (i == s->seen) memcpy(s->hash[s->seen++], text, sizeof text);
  ++s->count[i];
  ++s->answered;
  reply->delay = s->delay;
  if (s->azure && (!strstr(request->path, "/gpt/chat/completions?api-version=2024-06-01") ||
                   !strstr(request->headers, "api-key: sk-azure-12345\r\n"))) {
    reply->status = 404;
    reply_text(reply, "{\"error\":{\"code\":\"404\",\"message\":\"Resource not found\"}}");
    return;
  }
  reply_chat(
      reply, request,
      s->content
          ? s->content
          : "{\"like\":[{\"reason\":\"r\",\"evidence\":\"soft piano\",\"keywords\":[\"soft "
            "piano\"]}],\"dislike\":[{\"reason\":\"r\",\"evidence\":\"rather loud\",\"keywords\":["
            "\"loud\"]}]}",
      "stop");
}

static http_server *server;

/// Items with reviews of many users, in the test's folder, and a config that asks the test's
/// server.
static void begin(const char *more) {
  memset(&st, 0, sizeof st);
  server = http_server_start(serve, &st);
  FILE *file = fopen(in_folder("visits.csv"), "w");
  fputs("user,item,rating,time,text\n", file);
  for (int i = 0; i < N_REVIEW; ++i) {
    // Two reviews follow each, so that it is learned from.
    fprintf(file,
            "u%d,i%d,%d,1,\"A soft piano; rather loud at times. This is review %d of all.\"\n", i,
            i % 60, i / 60 % 2 ? 5 : 1, i);
    fprintf(file, "u%d,j1,5,2,x\nu%d,j2,1,3,x\n", i, i);
  }
  fclose(file);
  char text[1024];
  snprintf(text, sizeof text,
           "{\"dataset\":{\"format\":\"csv\",\"file\":\"visits.csv\",\"like_threshold\":4},\n"
           " \"keywords\":{\"provider\":\"llm\",\"max_share\":1},\n"
           " \"llm\":{\"url\":\"%s\",\"model\":\"m\",\"store\":\"llm.sqlite\",\"in_flight\":4,"
           "\"reviews_per_request\":1%s}}\n",
           http_server_url(server), more);
  write_file("run.json", text);
}

static void end(void) { http_server_stop(server); }

static int64_t query(const char *sql) {
  sqlite3 *db;
  sqlite3_stmt *q = NULL;
  int64_t n = -1;
  if (sqlite3_open(in_folder("llm.sqlite"), &db) == SQLITE_OK &&
      sqlite3_prepare_v2(db, sql, -1, &q, NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW)
    n = sqlite3_column_int64(q, 0);
  sqlite3_finalize(q);
  sqlite3_close(db);
  return n;
}

static bool is_sound(void) {
  return query("SELECT integrity_check = 'ok' FROM pragma_integrity_check") == 1;
}

/// Start `throng ARGUMENTS` in the test's folder without waiting for it.
static pid_t launch(const char *arguments) {
  char command[2048];
  snprintf(command, sizeof command, "cd %s && exec %s %s >killed.out 2>killed.err",
           throng_test_folder(), TEST_PROGRAM, arguments);
  pid_t child = fork();
  if (child == 0) {
    execl("/bin/sh", "sh", "-c", command, NULL);
    _exit(127);
  }
  return child;
}

TEST(llm_cli, a_dry_run_counts_requests_and_tokens_and_asks_nobody) {
  begin(",\"price_prompt\":2,\"price_answer\":10,\"max_tokens\":100");
  EXPECT_EQ(throng("extract run.json --dry-run --json -q"), 0);
  cJSON *d = cJSON_Parse(last.out);
  EXPECT_NEAR(number_at(d, "requests", NULL), N_REVIEW, 0);
  EXPECT_NEAR(number_at(d, "missing", NULL), N_REVIEW, 0);
  EXPECT_NEAR(number_at(d, "ahead", "answer_tokens"), 100 * N_REVIEW, 0);
  double prompt = number_at(d, "ahead", "prompt_tokens");
  EXPECT_GT(prompt, 100.0 * N_REVIEW);
  EXPECT_NEAR(number_at(d, "ahead", "cost"), (2 * prompt + 10 * 100.0 * N_REVIEW) * 1e-6, 1e-4);
  cJSON_Delete(d);
  EXPECT_EQ(st.answered, 0);
  EXPECT_FALSE(exists("llm.sqlite"));
  EXPECT_EQ(throng("extract run.json --dry-run --status -o x"), 2);
  end();
}

TEST(llm_cli, a_run_reports_and_writes_keywords_that_prepare_takes) {
  begin("");
  EXPECT_EQ(throng("extract run.json -o k.jsonl --json"), 0);
  cJSON *d = cJSON_Parse(last.out);
  EXPECT_NEAR(number_at(d, "asked", NULL), N_REVIEW, 0);
  EXPECT_NEAR(number_at(d, "failed", NULL), 0, 0);
  EXPECT_NEAR(number_at(d, "items_both_sides", NULL), 60, 0);
  cJSON_Delete(d);
  EXPECT_EQ(query("SELECT count(*) FROM request WHERE state = 'answered' AND keywords LIKE "
                  "'%soft piano%'"),
            120);  // the liked ones
  EXPECT_EQ(query("SELECT sum(requests) FROM summary"), N_REVIEW);
  EXPECT_EQ(throng("prepare run.json -q -o w.safetensors"), 0);
  EXPECT_EQ(throng("prepare run.json -q -o v.safetensors --set keywords.provider=file --set "
                   "keywords.file=k.jsonl"),
            0);
  EXPECT_EQ(st.answered, N_REVIEW);
  EXPECT_EQ(throng("extract run.json --status"), 0);
  EXPECT_CONTAINS(last.out, "100.0 %");
  end();
}

TEST(llm_cli, runs_killed_again_and_again_lose_no_answer_that_was_committed) {
  begin("");
  st.delay = 0.004;
  int64_t before = 0;
  for (int round = 0; round < 6; ++round) {
    pid_t child = launch("extract run.json -q");
    // Until something was committed that was not there before, then at some moment.
    for (int wait = 0; wait < 2000 && query("SELECT count(*) FROM request") <= before; ++wait)
      usleep(5000);
    int64_t seen = query("SELECT count(*) FROM request");
    usleep(3000 + 7000 * (unsigned)round);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    EXPECT_TRUE(is_sound());
    int64_t now = query("SELECT count(*) FROM request WHERE state = 'answered'");
    EXPECT_GE(now, seen);
    before = now;
    if (before == N_REVIEW) break;
  }
  EXPECT_GT(before, 0);
  int answered = st.answered;
  EXPECT_EQ(throng("extract run.json -q"), 0);
  EXPECT_EQ(query("SELECT count(*) FROM request WHERE state = 'answered'"), N_REVIEW);
  EXPECT_EQ(st.answered - answered, N_REVIEW - before);  // what was kept was not asked again
  EXPECT_EQ(st.seen, N_REVIEW);
  end();
}

TEST(llm_cli, ctrl_c_stops_cleanly_and_says_how_to_go_on) {
  begin("");
  st.delay = 0.02;
  pid_t child = launch("extract run.json -q");
  for (int wait = 0; wait < 2000 && query("SELECT count(*) FROM request") < 1; ++wait) usleep(5000);
  kill(child, SIGINT);
  int status;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 1);
  static char text[4096];
  slurp(in_folder("killed.err"), text, sizeof text);
  EXPECT_CONTAINS(text, "stopped on request");
  EXPECT_CONTAINS(text, "the next run goes on from there");
  int64_t kept = query("SELECT count(*) FROM request WHERE state = 'answered'");
  EXPECT_EQ(kept, st.answered);  // what was in flight was taken too
  EXPECT_LT(kept, N_REVIEW);
  end();
}

TEST(llm_cli, mistakes_in_the_section_are_named_before_anything_is_read_or_asked) {
  begin("");
  EXPECT_EQ(throng("extract run.json --set llm.url=ftp://x"), 1);
  EXPECT_CONTAINS(last.err, "llm.url: scheme ftp, expected http or https");
  EXPECT_EQ(throng("extract run.json --set llm.model="), 1);
  EXPECT_CONTAINS(last.err, "llm.model: missing");
  EXPECT_EQ(throng("extract run.json --set llm.api_key_env=NOT_SET_ANYWHERE"), 1);
  EXPECT_CONTAINS(last.err, "NOT_SET_ANYWHERE is not set");
  EXPECT_EQ(throng("extract run.json --set llm.objective_prompt=none.txt"), 1);
  EXPECT_CONTAINS(last.err, "none.txt");
  EXPECT_EQ(throng("extract run.json --set llm.modell=x"), 1);
  EXPECT_CONTAINS(last.err, "did you mean llm.model?");
  EXPECT_EQ(throng("extract run.json --set llm.store=visits.csv"), 1);
  EXPECT_CONTAINS(last.err, "expected a store that throng made");
  EXPECT_EQ(throng("prepare run.json -o w --set embedding.provider=server"), 1);
  EXPECT_CONTAINS(last.err, "embedding.model: missing");
  EXPECT_EQ(st.answered, 0);
  EXPECT_FALSE(exists("w"));
  end();
}

TEST(llm_cli, a_run_that_was_mostly_unreadable_writes_what_it_has_and_fails_with_an_example) {
  begin("");
  st.content = "I'd rather not.\x1b[2J";
  EXPECT_EQ(throng("extract run.json -o k.jsonl"), 1);
  EXPECT_TRUE(exists("k.jsonl"));
  EXPECT_CONTAINS(last.out, "answers not to be read");
  EXPECT_CONTAINS(last.err, "300 of 300 answers could not be read");
  EXPECT_CONTAINS(last.err, "\"I'd rather not.\\x1b[2J\"");
  EXPECT_TRUE(strstr(last.err, "\x1b[2J") == NULL);
  EXPECT_EQ(throng("prepare run.json -q -o w.safetensors"), 1);
  EXPECT_FALSE(exists("w.safetensors"));
  // What the first version kept of an answer that it could not read.
  sqlite3 *db;
  ASSERT_EQ(sqlite3_open(in_folder("llm.sqlite"), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db,
                         "UPDATE request SET answer = '[1] Sure: {''like'': [{''evidence'': ''soft "
                         "piano'', ''keywords'': [''soft piano'',]}], ''dislike'': [],}'; ALTER "
                         "TABLE request DROP COLUMN body; PRAGMA user_version = 1",
                         NULL, NULL, NULL),
            SQLITE_OK);
  sqlite3_close(db);
  int answered = st.answered;
  http_server_stop(server);  // nobody is there to be asked
  EXPECT_EQ(throng("extract run.json --reread -o k.jsonl --json"), 0);
  EXPECT_EQ(st.answered, answered);
  cJSON *d = cJSON_Parse(last.out);
  EXPECT_NEAR(number_at(d, "reread", NULL), N_REVIEW, 0);
  EXPECT_NEAR(number_at(d, "recovered", NULL), N_REVIEW, 0);
  EXPECT_NEAR(number_at(d, "kept", NULL), 120, 0);
  cJSON_Delete(d);
  static char text[200000];
  slurp(in_folder("k.jsonl"), text, sizeof text);
  EXPECT_CONTAINS(text, "soft piano");
  EXPECT_EQ(throng("extract run.json --reread --dry-run"), 2);
}

TEST(llm_cli, azures_query_and_header_are_sent) {
  begin("");
  st.azure = true;
  char command[400];
  setenv("AZURE_KEY", "sk-azure-12345\n", 1);
  snprintf(command, sizeof command,
           "extract run.json -q --set llm.max_items=2 --set llm.api_key_env=AZURE_KEY --set "
           "'llm.url=http://127.0.0.1:%d/openai/deployments/gpt?api-version=2024-06-01'",
           http_server_port(server));
  EXPECT_EQ(throng(command), 0);
  EXPECT_GT(st.answered, 0);
  snprintf(command, sizeof command,
           "extract run.json --set llm.model=n --set llm.api_key_env=AZURE_KEY --set "
           "llm.api_key_header=x-key --set "
           "'llm.url=http://127.0.0.1:%d/openai/deployments/gpt?api-version=2024-06-01'",
           http_server_port(server));
  EXPECT_EQ(throng(command), 1);
  EXPECT_CONTAINS(last.err, "HTTP 404: Resource not found");
  EXPECT_CONTAINS(last.err, "Azure's addresses are");
  unsetenv("AZURE_KEY");
  end();
}
