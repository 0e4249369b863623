/// libFuzzer target: any text as the space of a sweep. What is accepted must print to what is read
/// back the same, and its points must stay in it.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_sweep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds) {
  if (!holds) abort();
}

/// The space that a config has with this text as its sweep.space; NULL: refused.
static space *read_space(throng_config *config, const char *text) {
  space *s = NULL;
  config->sweep_space = text;
  return config_space(config, &s) == THRONG_OK ? s : NULL;
}

static bool same_point(const space *s, const double *a, const double *b) {
  for (int32_t k = 0; k < s->n; ++k)
    if (a[k] != b[k] && !(isnan(a[k]) && isnan(b[k]))) return false;
  return true;
}

static void check_points(const space *s) {
  double x[SPACE_MOST], again[SPACE_MOST];
  for (int i = 0; i < 5; ++i) {
    for (int32_t k = 0; k < s->n; ++k) {
      const space_parameter *p = &s->parameter[k];
      x[k] = i ? space_from_unit(p, (i - 1 + k % 2) / 4.0 + 0.01) : p->initial;
      const double u = space_to_unit(p, x[k]);
      check(u >= 0 && u <= 1);
      check(p->parent < k);
    }
    space_round(s, x);
    memcpy(again, x, sizeof x);
    space_round(s, again);
    check(same_point(s, x, again));
    char **lines;
    check(space_overrides(s, x, &lines) == THRONG_OK);
    free(lines);
  }
  const int64_t n = space_size(s);
  if (n < 0 || n >= SPACE_POINTS) return;
  for (int64_t k = 0; k < n; k += n / 7 + 1) {
    space_point(s, k, x);
    check(space_index(s, x) == k);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  throng_config config;
  char *text = malloc(size + 1);
  if (!text || config_load_text(NULL, 0, NULL, NULL, &config) != THRONG_OK) return 0;
  memcpy(text, data, size);
  text[size] = '\0';
  space *s = read_space(&config, text);
  if (s) {
    char *first, *second, *difference;
    check(space_print(s, &first) == THRONG_OK);
    space *again = read_space(&config, first);
    check(again && again->n == s->n);
    check(space_print(again, &second) == THRONG_OK && !strcmp(first, second));
    check(space_difference(first, second, &difference) == THRONG_OK && !difference);
    check_points(s);
    for (int32_t k = 0; k < s->n; ++k) {
      char *json;
      check(space_distribution_json(&s->parameter[k], &json) == THRONG_OK);
      free(json);
    }
    space_free(again);
    free(first);
    free(second);
  }
  space_free(s);
  config.sweep_space = NULL;
  config_free(&config);
  free(text);
  return 0;
}
