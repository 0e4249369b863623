/// Driving the real program from a test: run a command line in the test's own folder, keep what it
/// printed, look into what it left.
#ifndef THRONG_TESTS_CLI_DRIVER_H
#define THRONG_TESTS_CLI_DRIVER_H

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "throng/throng.h"
#include "throng_test.h"

typedef struct outcome {
  int code;  // 128 + signal where it was killed
  char out[1 << 20], err[1 << 14];
} outcome;

static outcome last;

static inline void slurp(const char *path, char *text, size_t size) {
  text[0] = '\0';
  FILE *file = fopen(path, "rb");
  if (!file) return;
  size_t n = fread(text, 1, size - 1, file);
  text[n] = '\0';
  fclose(file);
}

/// `throng COMMAND` in the test's folder, through the shell, so that redirections can be told.
static inline int throng(const char *command) {
  char line[4096], out[600], err[600];
  const char *folder = throng_test_folder();
  snprintf(out, sizeof out, "%s/stdout", folder);
  snprintf(err, sizeof err, "%s/stderr", folder);
  snprintf(line, sizeof line, "cd %s && %s %s%s%s 2>%s", folder, TEST_PROGRAM, command,
           strchr(command, '>') ? "" : " >", strchr(command, '>') ? "" : out, err);
  int status = system(line);
  last.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  slurp(out, last.out, sizeof last.out);
  slurp(err, last.err, sizeof last.err);
  return last.code;
}

static inline const char *in_folder(const char *name) {
  static char path[4][600];
  static int next;
  char *to = path[next++ % 4];
  snprintf(to, 600, "%s/%s", throng_test_folder(), name);
  return to;
}

static inline bool exists(const char *name) { return access(in_folder(name), F_OK) == 0; }

static inline void write_file(const char *name, const char *text) {
  FILE *file = fopen(in_folder(name), "wb");
  if (!file) abort();
  fputs(text, file);
  fclose(file);
}

/// A synthetic world of the test's own, small enough to be made in no time.
static inline bool make_world(void) {
  return throng(
             "synth -q -o world.safetensors --set synth.users=60 --set synth.items=40 --set "
             "synth.categories=4 --set synth.keywords=40 --set synth.dim=8 --set synth.tastes=4 "
             "--set synth.history_mean=8") == 0;
}

static inline double number_at(const cJSON *document, const char *a, const char *b) {
  const cJSON *object = cJSON_GetObjectItemCaseSensitive(document, a);
  if (b) object = cJSON_GetObjectItemCaseSensitive(object, b);
  return cJSON_IsNumber(object) ? object->valuedouble : NAN;
}

/// Thirty users who rate a dozen items with words, into r.csv; their times begin at `first`.
static inline void write_reviews_csv(int first) {
  FILE *file = fopen(in_folder("r.csv"), "w");
  if (!file) abort();
  fprintf(file, "user,item,rating,time,text\n");
  for (int user = 0; user < 30; ++user) {
    for (int k = 0; k < 6; ++k) {
      int item = (user * 5 + k * 7) % 12;
      bool like = (user + item) % 3 != 0;
      fprintf(file, "u%d,i%d,%d,%d,%s\n", user, item, like ? 5 : 1, first + k,
              like ? "warm sound and bright cover" : "dull sound and broken case");
    }
  }
  fclose(file);
}

#endif
