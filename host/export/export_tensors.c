/// The agent as one safetensors file: network, items, ids and the sample.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/safetensors.h"
#include "export/layers.h"
#include "world/world.h"

enum { MOST_PARTS = 40, MOST_TEXTS = 3 };

/// An array of the file; its data is elsewhere.
typedef struct part {
  const char *name;
  tensor_type type;
  int rank;
  int64_t shape[2];
  const void *data;
} part;

typedef struct parts {
  part list[MOST_PARTS];
  int n;
  void *blob[MOST_TEXTS], *offset[MOST_TEXTS];  // texts without the NULs that a table has
  int n_text;
} parts;

/// `columns` -1: a row of them. What is not there is left out.
static void put(parts *p, const char *name, tensor_type type, int64_t rows, int64_t columns,
                const void *data) {
  if (!data) return;
  p->list[p->n++] =
      (part){name, type, columns < 0 ? 1 : 2, {rows, columns < 0 ? 0 : columns}, data};
}

static throng_status put_texts(parts *p, const char *blob, const char *offset,
                               const string_table *t) {
  void **text = &p->blob[p->n_text], **at = &p->offset[p->n_text];
  ++p->n_text;
  THRONG_TRY(throng_alloc(text, t->n ? (size_t)t->offset[t->n] : 1, 1, blob));
  THRONG_TRY(throng_alloc(at, (size_t)t->n + 1, sizeof(int64_t), offset));
  for (int64_t i = 0; i < t->n; ++i) {
    const int64_t from = ((int64_t *)*at)[i], length = (int64_t)strings_length(t, i);
    memcpy((char *)*text + from, strings_get(t, i), (size_t)length);
    ((int64_t *)*at)[i + 1] = from + length;
  }
  put(p, blob, TENSOR_U8, ((int64_t *)*at)[t->n], -1, *text);
  put(p, offset, TENSOR_I64, t->n + 1, -1, *at);
  return THRONG_OK;
}

static void put_network(parts *p, const export_agent *e, const export_layers *l) {
  const agent_copy *c = &e->network;
  const int64_t h0 = c->n_hidden[0], h1 = c->n_hidden[1], columns = c->width + 1;
  put(p, "user", TENSOR_F32, c->n_user + 1, l->n_own, l->user);
  put(p, "layer.0.weight", TENSOR_F32, l->n_x, h0, l->first);
  put(p, "layer.0.bias", TENSOR_F32, h0, -1, c->input_bias);
  put(p, "layer.1.weight", TENSOR_F32, h0, h1, c->hidden);
  put(p, "layer.1.bias", TENSOR_F32, h1, -1, c->hidden_bias);
  put(p, "norm.0.weight", TENSOR_F32, h0, -1, c->input_gain);
  put(p, "norm.0.bias", TENSOR_F32, h0, -1, c->input_shift);
  put(p, "norm.1.weight", TENSOR_F32, h1, -1, c->hidden_gain);
  put(p, "norm.1.bias", TENSOR_F32, h1, -1, c->hidden_shift);
  put(p, "output.weight", TENSOR_F32, h1 + l->n_x, columns, l->output);
  put(p, "output.bias", TENSOR_F32, columns, -1, l->output_bias);
  put(p, "item.vector", TENSOR_F32, c->n_item, columns, l->vector);
  put(p, "item.bias", TENSOR_F32, c->n_item, -1, c->bias);
  put(p, "item.liked", TENSOR_F32, c->n_item, l->n_column, l->feature);
  put(p, "item.disliked", TENSOR_F32, c->n_item, l->n_column,
      l->feature ? l->feature + c->n_item * l->n_column : NULL);
}

/// What the model beside it reads and makes; `scores_only`: users and their scores, for a loader
/// that makes its own way from histories.
static void put_sample(parts *p, const export_agent *e, bool scores_only) {
  const agent_copy *c = &e->network;
  put(p, "sample.user", TENSOR_I32, e->n, -1, e->user);
  put(p, "sample.offset", TENSOR_I64, e->n + 1, -1, e->offset);
  put(p, "sample.item", TENSOR_I32, e->offset[e->n], -1, e->item);
  put(p, "sample.like", TENSOR_U8, e->offset[e->n], -1, e->like);
  put(p, "sample.score", TENSOR_F32, e->n, c->n_item, e->score);
  if (scores_only) return;
  put(p, "sample.state", TENSOR_F32, e->n, c->n_state, e->state);
  put(p, "sample.query", TENSOR_F32, e->n, c->width, e->query);
}

static throng_status add_number(safetensors_writer *writer, const char *key, int64_t value) {
  char text[24];
  snprintf(text, sizeof text, "%lld", (long long)value);
  return safetensors_writer_metadata(writer, key, text);
}

static throng_status add_metadata(safetensors_writer *writer, const export_agent *e) {
  const agent_copy *c = &e->network;
  THRONG_TRY(safetensors_writer_metadata(writer, "format", "throng agent export"));
  THRONG_TRY(safetensors_writer_metadata(writer, "version", "2"));
  THRONG_TRY(safetensors_writer_metadata(writer, "algorithm", c->algorithm));
  THRONG_TRY(safetensors_writer_metadata(writer, "head", c->head));
  THRONG_TRY(safetensors_writer_metadata(writer, "activation", c->activation));
  THRONG_TRY(
      safetensors_writer_metadata(writer, "score", strcmp(c->algorithm, "dqn") ? "logit" : "q"));
  THRONG_TRY(add_number(writer, "history", c->history));
  THRONG_TRY(add_number(writer, "directions", c->n_direction));
  THRONG_TRY(add_number(writer, "categories", c->n_category));
  return add_number(writer, "user_features", c->n_user_feature);
}

static throng_status write_parts(const export_agent *e, const parts *p, const char *path) {
  safetensors_writer *writer;
  throng_status status;
  THRONG_TRY(safetensors_writer_create(path, &writer));
  THRONG_TRY_GOTO(add_metadata(writer, e));
  for (int k = 0; k < p->n; ++k)
    THRONG_TRY_GOTO(safetensors_writer_declare(writer, p->list[k].name, p->list[k].type,
                                               p->list[k].rank, p->list[k].shape, NULL));
  THRONG_TRY_GOTO(safetensors_writer_begin(writer));
  for (int k = 0; k < p->n; ++k) {
    const part *t = &p->list[k];
    const int64_t elements = t->rank > 1 ? t->shape[0] * t->shape[1] : t->shape[0];
    THRONG_TRY_GOTO(safetensors_writer_data(writer, (size_t)k, t->data,
                                            (size_t)elements * tensor_type_size(t->type)));
  }
  return safetensors_writer_commit(writer);
done:
  safetensors_writer_abort(writer);
  return status;
}

throng_status export_safetensors(const export_agent *e, const char *path) {
  parts p = {.n = 0};
  export_layers layers;
  throng_status status;
  THRONG_TRY_GOTO(export_layers_make(e, &layers));
  put_network(&p, e, &layers);
  THRONG_TRY_GOTO(put_texts(&p, "item_id.blob", "item_id.offset", &e->world->item_id));
  THRONG_TRY_GOTO(put_texts(&p, "item_name.blob", "item_name.offset", &e->world->item_name));
  THRONG_TRY_GOTO(put_texts(&p, "user_id.blob", "user_id.offset", &e->world->user_id));
  put_sample(&p, e, true);
  status = write_parts(e, &p, path);
done:
  export_layers_free(&layers);
  for (int k = 0; k < p.n_text; ++k) {
    free(p.blob[k]);
    free(p.offset[k]);
  }
  return status;
}

throng_status export_sample(const export_agent *e, const char *path) {
  parts p = {.n = 0};
  put_sample(&p, e, false);
  return write_parts(e, &p, path);
}
