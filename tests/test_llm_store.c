/// The store: what is put in comes out, answers are never overwritten, a kill loses nothing that
/// was committed, and files that are no store are refused.
#include "llm/store.h"

#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "data/byte_buffer.h"
#include "llm/sha256.h"
#include "throng_test.h"

static const char *at(const char *name) {
  static char path[2][512];
  static int next;
  next ^= 1;
  snprintf(path[next], sizeof path[next], "%s/%s", throng_test_folder(), name);
  return path[next];
}

static store_row row(const char *id, const char *answer) {
  return (store_row){.id = id,
                     .kind = "objective",
                     .item = "i1",
                     .side = "both",
                     .prompt = "p",
                     .model = "m",
                     .params = "{}",
                     .request = "[]",
                     .answer = answer,
                     .error = answer ? NULL : "HTTP 500",
                     .prompt_tokens = 10,
                     .completion_tokens = 5,
                     .seconds = 0.25,
                     .tries = 1};
}

TEST(llm_store, a_row_comes_back_as_it_was_put_in_even_after_closing) {
  llm_store *s;
  ASSERT_OK(store_open(at("s.sqlite"), false, &s));
  store_row put = row("a", "an \"answer\"\nof two lines, \xc3\xa9"), got;
  put.keywords = "{\"like\":[]}";
  put.finish = "stop";
  put.form = "lines";
  bool found;
  EXPECT_OK(store_put(s, &put));
  EXPECT_OK(store_find(s, "b", &got, &found));
  EXPECT_FALSE(found);
  store_close(s);
  ASSERT_OK(store_open(at("s.sqlite"), true, &s));
  EXPECT_OK(store_find(s, "a", &got, &found));
  ASSERT_TRUE(found);
  EXPECT_STREQ(got.answer, put.answer);
  EXPECT_STREQ(got.keywords, put.keywords);
  EXPECT_STREQ(got.finish, "stop");
  EXPECT_STREQ(got.form, "lines");
  EXPECT_TRUE(got.error == NULL);
  EXPECT_EQ(got.prompt_tokens, 10);
  EXPECT_EQ(got.completion_tokens, 5);
  EXPECT_NEAR(got.seconds, 0.25, 0);
  store_close(s);
}

TEST(llm_store, a_failure_gives_way_to_an_answer_and_never_the_other_way_round) {
  llm_store *s;
  ASSERT_OK(store_open(at("s.sqlite"), false, &s));
  store_row failed = row("a", NULL), good = row("a", "yes"), got;
  bool found;
  EXPECT_OK(store_put(s, &failed));
  EXPECT_OK(store_find(s, "a", &got, &found));
  EXPECT_TRUE(found && got.answer == NULL);
  EXPECT_STREQ(got.error, "HTTP 500");
  EXPECT_OK(store_put(s, &good));
  EXPECT_OK(store_put(s, &failed));
  EXPECT_OK(store_find(s, "a", &got, &found));
  EXPECT_STREQ(got.answer, "yes");
  EXPECT_EQ(got.tries, 2);
  store_totals sum;
  EXPECT_OK(store_sum(s, "m", &sum));
  EXPECT_EQ(sum.answered, 1);
  EXPECT_EQ(sum.failed, 0);
  EXPECT_EQ(sum.prompt_tokens, 10);
  EXPECT_OK(store_sum(s, "another model", &sum));
  EXPECT_EQ(sum.answered, 0);
  store_close(s);
}

TEST(llm_store, vectors_are_kept_by_model_and_text) {
  llm_store *s;
  ASSERT_OK(store_open(at("s.sqlite"), false, &s));
  const float v[3] = {1, -2, 0.5f}, *got;
  int32_t dim;
  EXPECT_OK(store_vector_dim(s, "m", &dim));
  EXPECT_EQ(dim, 0);
  EXPECT_OK(store_put_vector(s, "m", "piano", v, 3));
  EXPECT_OK(store_find_vector(s, "m", "piano", &got, &dim));
  EXPECT_TRUE(got && dim == 3 && got[1] == -2);
  EXPECT_OK(store_find_vector(s, "other", "piano", &got, &dim));
  EXPECT_TRUE(got == NULL);
  EXPECT_OK(store_vector_dim(s, "m", &dim));
  EXPECT_EQ(dim, 3);
  store_close(s);
}

TEST(llm_store, what_is_no_store_is_refused_and_left_as_it_is) {
  llm_store *s;
  FILE *file = fopen(at("text"), "w");
  for (int i = 0; i < 100; ++i) fputs("this is a text of many lines\n", file);
  fclose(file);
  EXPECT_EQ(store_open(at("text"), false, &s), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "expected a store that throng made");
  EXPECT_TRUE(s == NULL);
  file = fopen(at("text"), "r");
  char line[64];
  EXPECT_TRUE(fgets(line, sizeof line, file) != NULL);
  EXPECT_STREQ(line, "this is a text of many lines\n");
  fclose(file);
  EXPECT_EQ(store_open("/nonexistent/folder/s.sqlite", false, &s), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "/nonexistent/folder/s.sqlite");
  EXPECT_CONTAINS(throng_error_message(), "No such file or directory");
  EXPECT_EQ(store_open(throng_test_folder(), false, &s), THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "Is a directory");
  EXPECT_OK(store_open(at("absent"), true, &s));
  EXPECT_TRUE(s == NULL);
}

/// Writes rows and says on the pipe how many are committed, until it is killed.
static void write_until_killed(const char *path, int to) {
  llm_store *s;
  if (store_open(path, false, &s) != THRONG_OK) _exit(1);
  static char text[2000];
  memset(text, 'x', sizeof text - 1);
  for (int i = 0;; ++i) {
    char id[32];
    snprintf(id, sizeof id, "%d", i);
    store_row r = row(id, text);
    int64_t before = store_committed(s);
    if (store_put(s, &r) != THRONG_OK || store_commit_due(s) != THRONG_OK) _exit(1);
    int64_t committed = store_committed(s);
    if (committed != before && write(to, &committed, sizeof committed) != sizeof committed)
      _exit(1);
  }
}

TEST(llm_store, a_killed_writer_loses_no_row_that_it_said_was_committed) {
  for (int round = 0; round < 5; ++round) {
    char name[32];
    snprintf(name, sizeof name, "kill-%d.sqlite", round);
    const char *path = at(name);
    int ends[2];
    ASSERT_TRUE(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) write_until_killed(path, ends[1]);
    close(ends[1]);
    // Once it has said something, at some moment.
    int64_t told = 0;
    EXPECT_EQ(read(ends[0], &told, sizeof told), (long long)sizeof told);
    usleep(3000 + 23000 * (unsigned)round);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    while (read(ends[0], &told, sizeof told) == sizeof told) {
    }
    close(ends[0]);
    EXPECT_GT(told, 0);
    llm_store *s;
    ASSERT_OK(store_open(path, false, &s));
    int64_t lost = 0;
    for (int64_t i = 0; i < told; ++i) {
      char id[32];
      snprintf(id, sizeof id, "%lld", (long long)i);
      store_row got;
      bool found;
      ASSERT_OK(store_find(s, id, &got, &found));
      lost += !found || !got.answer || strlen(got.answer) != 1999;
    }
    EXPECT_EQ(lost, 0);
    store_close(s);
  }
}

TEST(llm_store, names_are_sha256_as_fips_180_gives_them) {
  static const struct {
    const char *text, *hash;
    int repeat;
  } known[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 1},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", 1},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1", 1},
      {"aaaaaaaaaa", "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0", 100000},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; ++i) {
    char text[SHA256_TEXT];
    byte_buffer all = {0};
    for (int k = 0; k < known[i].repeat; ++k)
      EXPECT_OK(bytes_append(&all, known[i].text, strlen(known[i].text)));
    EXPECT_OK(sha256_text(bytes_text(&all), all.length, text));
    EXPECT_STREQ(text, known[i].hash);
    bytes_free(&all);
  }
}

static void run_sql(const char *path, const char *sql) {
  sqlite3 *db;
  ASSERT_EQ(sqlite3_open(path, &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(db);
}

TEST(llm_store,
     a_store_of_the_first_version_is_read_as_it_is_and_brought_up_to_date_to_be_written) {
  const char *path = at("old.sqlite");
  llm_store *s;
  store_row old = row("a", "yes"), got;
  bool found;
  ASSERT_OK(store_open(path, false, &s));
  EXPECT_OK(store_put(s, &old));
  store_close(s);
  run_sql(path, "ALTER TABLE request DROP COLUMN body; PRAGMA user_version = 1");
  ASSERT_OK(store_open(path, true, &s));
  EXPECT_OK(store_find(s, "a", &got, &found));
  EXPECT_STREQ(got.answer, "yes");
  EXPECT_TRUE(got.body == NULL);
  store_close(s);
  ASSERT_OK(store_open(path, false, &s));
  store_row next = row("b", NULL);
  next.body = "{}";
  EXPECT_OK(store_put(s, &next));
  EXPECT_OK(store_find(s, "a", &got, &found));
  EXPECT_STREQ(got.answer, "yes");
  EXPECT_OK(store_find(s, "b", &got, &found));
  EXPECT_STREQ(got.body, "{}");
  got.answer = "read later";
  store_row later = {.id = "b", .answer = "read later", .keywords = "{}"};
  EXPECT_OK(store_reread(s, &later));
  EXPECT_OK(store_find(s, "b", &got, &found));
  EXPECT_STREQ(got.answer, "read later");
  EXPECT_TRUE(got.error == NULL);
  EXPECT_STREQ(got.body, "{}");
  store_close(s);
  run_sql(path, "PRAGMA user_version = 3");
  EXPECT_EQ(store_open(path, false, &s), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "version 3 of the store, expected 1 to 2");
}

TEST(llm_store, a_disk_without_room_is_told_as_such_and_what_was_committed_stays) {
  const char *path = at("full.sqlite");
  int ends[2];
  ASSERT_TRUE(pipe(ends) == 0);
  pid_t child = fork();
  if (child == 0) {
    // A limit on files stands for the disk's end: SQLite meets EFBIG in place of ENOSPC.
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {200000, 200000};
    setrlimit(RLIMIT_FSIZE, &limit);
    llm_store *s;
    if (store_open(path, false, &s) != THRONG_OK) _exit(2);
    static char text[20000];
    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < 100; ++i) {
      char id[16];
      snprintf(id, sizeof id, "%d", i);
      store_row r = row(id, text);
      if (store_put(s, &r) == THRONG_OK && store_commit(s) == THRONG_OK) continue;
      const char *said = throng_error_message();
      _exit(write(ends[1], said, strlen(said)) == (ssize_t)strlen(said) ? 3 : 4);
    }
    _exit(5);
  }
  close(ends[1]);
  char said[2048];
  ssize_t n = read(ends[0], said, sizeof said - 1);
  close(ends[0]);
  int status;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 3);
  ASSERT_TRUE(n > 0);
  said[n] = '\0';
  EXPECT_CONTAINS(said, "no space is left for it on its disk");
  llm_store *s;
  store_row got;
  bool found;
  ASSERT_OK(store_open(path, false, &s));
  EXPECT_OK(store_find(s, "0", &got, &found));
  EXPECT_TRUE(found && strlen(got.answer) == 19999);
  store_close(s);
}

static sqlite3 *opened;
static int note_opened(sqlite3 *db, char **error, const struct sqlite3_api_routines *api) {
  (void)error;
  (void)api;
  opened = db;
  return SQLITE_OK;
}

TEST(llm_store,
     a_transaction_that_the_full_disk_took_back_is_told_as_such_and_not_as_its_rollback) {
  llm_store *s;
  sqlite3_auto_extension((void (*)(void))note_opened);
  ASSERT_OK(store_open(at("pages.sqlite"), false, &s));
  sqlite3_reset_auto_extension();
  store_row r = row("0", "first");
  ASSERT_OK(store_put(s, &r));
  ASSERT_OK(store_commit(s));
  // The most pages there may be stand for the disk's end: SQLITE_FULL, as ENOSPC in the midst of a
  // transaction gives, which SQLite takes back by itself.
  ASSERT_EQ(sqlite3_exec(opened, "PRAGMA max_page_count = 40", NULL, NULL, NULL), SQLITE_OK);
  static char text[20000];
  memset(text, 'x', sizeof text - 1);
  throng_status status = THRONG_OK;
  for (int i = 1; i < 100 && status == THRONG_OK; ++i) {
    char id[16];
    snprintf(id, sizeof id, "%d", i);
    r = row(id, text);
    status = store_put(s, &r);
  }
  EXPECT_EQ(status, THRONG_ERROR_IO);
  EXPECT_CONTAINS(throng_error_message(), "no space is left for it on its disk");
  store_close(s);
  EXPECT_CONTAINS(throng_error_message(), "no space is left for it on its disk");
  store_row got;
  bool found;
  ASSERT_OK(store_open(at("pages.sqlite"), false, &s));
  EXPECT_OK(store_find(s, "0", &got, &found));
  EXPECT_TRUE(found);
  store_close(s);
}
