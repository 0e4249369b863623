/// Flattens a config for TensorBoard's HParams tab.
#include "report/hparams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 96, LIMIT = 256 };

typedef struct flattened {
  tensorboard_hparam hparam[LIMIT];
  char name[LIMIT][NAME_SIZE];
  int64_t n;
} flattened;

static void flatten(flattened *out, const char *prefix, const cJSON *object) {
  const cJSON *item;
  cJSON_ArrayForEach(item, object) {
    if (!item->string || out->n == LIMIT) continue;
    char name[NAME_SIZE];
    int used = snprintf(name, sizeof name, "%s%s%s", prefix, *prefix ? "." : "", item->string);
    if (used >= NAME_SIZE) continue;
    if (cJSON_IsObject(item)) {
      if (strcmp(name, "dataset") != 0) flatten(out, name, item);
      continue;
    }
    tensorboard_hparam *hparam = &out->hparam[out->n];
    *hparam = (tensorboard_hparam){.name = out->name[out->n]};
    if (cJSON_IsString(item)) {
      hparam->kind = TENSORBOARD_STRING;
      hparam->text = item->valuestring;
    } else if (cJSON_IsBool(item)) {
      hparam->kind = TENSORBOARD_BOOL;
      hparam->number = cJSON_IsTrue(item);
    } else if (cJSON_IsNumber(item)) {
      hparam->kind = TENSORBOARD_NUMBER;
      hparam->number = item->valuedouble;
    } else {
      continue;  // lists and nulls have no column in the table
    }
    memcpy(out->name[out->n++], name, (size_t)used + 1);
  }
}

throng_status hparams_write(tensorboard *board, const cJSON *config) {
  void *block;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(flattened), "hyperparameters"));
  flattened *flat = block;
  flatten(flat, "", config);
  throng_status status = tensorboard_session_start(board, NULL, flat->hparam, flat->n);
  free(flat);
  return status;
}
