/// Event records: length, masked CRC of the length, message, masked CRC of the message
/// (tensorflow/tensorboard: compat/tensorflow_stub/io/tf_record). Messages are tfevents.proto's.
#include "report/tensorboard.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "report/crc32c.h"
#include "tfevents.pb-c.h"

enum { MOST_PENDING = 65536 };  // bytes of records that wait

struct tensorboard {
  int file;           // -1: opened for each flush
  double fixed_time;  // below 0: the clock
  char *path;
  uint8_t *pending;  // records that have not reached the file
  size_t n_pending, capacity;
};

static double now(const tensorboard *board) {
  if (board->fixed_time >= 0) return board->fixed_time;
  struct timeval t;
  gettimeofday(&t, NULL);
  return (double)t.tv_sec + 1e-6 * (double)t.tv_usec;
}

static void put_u32(uint8_t *to, uint32_t value) {
  for (int i = 0; i < 4; ++i) to[i] = (uint8_t)(value >> (8 * i));
}

static throng_status write_event(tensorboard *board, Tfevents__Event *event, int64_t step) {
  enum { HEAD = 12, TAIL = 4 };
  event->wall_time = now(board);
  event->step = step;
  size_t size = tfevents__event__get_packed_size(event);
  THRONG_TRY(throng_grow((void **)&board->pending, &board->capacity,
                         board->n_pending + size + HEAD + TAIL, 1, "TensorBoard event"));
  uint8_t *record = board->pending + board->n_pending;
  put_u32(record, (uint32_t)size);
  put_u32(record + 4, (uint32_t)((uint64_t)size >> 32));
  put_u32(record + 8, crc32c_masked(record, 8));
  tfevents__event__pack(event, record + HEAD);
  put_u32(record + HEAD + size, crc32c_masked(record + HEAD, size));
  board->n_pending += size + HEAD + TAIL;
  return board->n_pending > MOST_PENDING ? tensorboard_flush(board) : THRONG_OK;
}

static throng_status write_value(tensorboard *board, int64_t step,
                                 Tfevents__Summary__Value *value) {
  Tfevents__Event event = TFEVENTS__EVENT__INIT;
  Tfevents__Summary summary = TFEVENTS__SUMMARY__INIT;
  summary.n_value = 1;
  summary.value = &value;
  event.what_case = TFEVENTS__EVENT__WHAT_SUMMARY;
  event.summary = &summary;
  return write_event(board, &event, step);
}

throng_status tensorboard_open(const tensorboard_def *def, tensorboard **out) {
  static int32_t opened;  // only makes names differ
  *out = NULL;
  void *block;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(tensorboard), "TensorBoard writer"));
  tensorboard *board = block;
  board->fixed_time = def->wall_time;
  char host[HOST_NAME_MAX + 1] = "localhost";
  if (def->host)
    snprintf(host, sizeof host, "%s", def->host);
  else if (gethostname(host, sizeof host - 1) != 0)
    snprintf(host, sizeof host, "localhost");
  for (char *c = host; *c; ++c)
    if (*c == '/') *c = '_';
  int64_t process = def->process >= 0 ? def->process : (int64_t)getpid();
  int32_t serial =
      def->serial >= 0 ? def->serial : __atomic_fetch_add(&opened, 1, __ATOMIC_RELAXED);
  throng_status status = THRONG_OK;
  if (asprintf(&board->path, "%s/events.out.tfevents.%010lld.%s.%lld.%d", def->folder,
               (long long)now(board), host, (long long)process, serial) < 0) {
    board->path = NULL;
    status = throng_fail(THRONG_ERROR_MEMORY, "TensorBoard writer: no memory for a file name");
  }
  board->file = status == THRONG_OK
                    ? open(board->path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666)
                    : -1;
  bool made = board->file >= 0;
  if (status == THRONG_OK && !made)
    status = throng_fail(THRONG_ERROR_IO, "%s: cannot create: %s", board->path, strerror(errno));
  if (status == THRONG_OK) {
    Tfevents__Event event = TFEVENTS__EVENT__INIT;
    char version[] = "brain.Event:2";
    event.what_case = TFEVENTS__EVENT__WHAT_FILE_VERSION;
    event.file_version = version;
    status = write_event(board, &event, 0);
  }
  if (status == THRONG_OK) status = tensorboard_flush(board);
  if (status != THRONG_OK) {
    if (made) close(board->file), unlink(board->path);
    free(board->path);
    free(board->pending);
    free(board);
    return status;
  }
  if (def->in_memory) close(board->file), board->file = -1;
  *out = board;
  return THRONG_OK;
}

throng_status tensorboard_scalar(tensorboard *board, int64_t step, const char *tag, double value) {
  Tfevents__Summary__Value scalar = TFEVENTS__SUMMARY__VALUE__INIT;
  scalar.tag = (char *)tag;
  scalar.value_case = TFEVENTS__SUMMARY__VALUE__VALUE_SIMPLE_VALUE;
  scalar.simple_value = (float)value;
  return write_value(board, step, &scalar);
}

throng_status tensorboard_scalars(tensorboard *board, int64_t step, const run_value *value,
                                  int64_t n) {
  // protobuf-c asks for an array of pointers: they lie behind the values.
  void *block;
  THRONG_TRY(throng_alloc(&block, (size_t)n + 1,
                          sizeof(Tfevents__Summary__Value) + sizeof(Tfevents__Summary__Value *),
                          "TensorBoard event"));
  Tfevents__Summary__Value *scalar = block, **list = (Tfevents__Summary__Value **)(scalar + n);
  for (int64_t i = 0; i < n; ++i) {
    tfevents__summary__value__init(&scalar[i]);
    scalar[i].tag = (char *)value[i].name;
    scalar[i].value_case = TFEVENTS__SUMMARY__VALUE__VALUE_SIMPLE_VALUE;
    scalar[i].simple_value = (float)value[i].value;
    list[i] = &scalar[i];
  }
  Tfevents__Event event = TFEVENTS__EVENT__INIT;
  Tfevents__Summary summary = TFEVENTS__SUMMARY__INIT;
  summary.n_value = (size_t)n;
  summary.value = list;
  event.what_case = TFEVENTS__EVENT__WHAT_SUMMARY;
  event.summary = &summary;
  throng_status status = write_event(board, &event, step);
  free(block);
  return status;
}

throng_status tensorboard_histogram(tensorboard *board, int64_t step, const char *tag,
                                    const histogram *h) {
  if (h->buckets == 0) return THRONG_OK;
  Tfevents__Histogram message = TFEVENTS__HISTOGRAM__INIT;
  message.min = h->least;
  message.max = h->most;
  message.num = h->n;
  message.sum = h->sum;
  message.sum_squares = h->sum_of_squares;
  message.n_bucket_limit = message.n_bucket = (size_t)h->buckets;
  message.bucket_limit = (double *)h->limit;
  message.bucket = (double *)h->count;
  Tfevents__Summary__Value value = TFEVENTS__SUMMARY__VALUE__INIT;
  value.tag = (char *)tag;
  value.value_case = TFEVENTS__SUMMARY__VALUE__VALUE_HISTO;
  value.histo = &message;
  return write_value(board, step, &value);
}

/// A plugin's bytes as a string tensor.
static throng_status write_string(tensorboard *board, const char *tag, const char *plugin,
                                  size_t size, void *bytes) {
  Tfevents__SummaryMetadata__PluginData data = TFEVENTS__SUMMARY_METADATA__PLUGIN_DATA__INIT;
  data.plugin_name = (char *)plugin;
  Tfevents__SummaryMetadata metadata = TFEVENTS__SUMMARY_METADATA__INIT;
  metadata.plugin_data = &data;
  Tfevents__Tensor__Shape shape = TFEVENTS__TENSOR__SHAPE__INIT;  // a scalar's: no dimension
  ProtobufCBinaryData string = {.len = size, .data = bytes};
  Tfevents__Tensor tensor = TFEVENTS__TENSOR__INIT;
  tensor.dtype = 7;  // DT_STRING
  tensor.tensor_shape = &shape;
  tensor.n_string_val = 1;
  tensor.string_val = &string;
  Tfevents__Summary__Value value = TFEVENTS__SUMMARY__VALUE__INIT;
  value.tag = (char *)tag;
  value.metadata = &metadata;
  value.value_case = TFEVENTS__SUMMARY__VALUE__VALUE_TENSOR;
  value.tensor = &tensor;
  return write_value(board, 0, &value);
}

throng_status tensorboard_layout(tensorboard *board, const tensorboard_chart *chart, int n) {
  typedef struct slot {
    Tfevents__Layout__Category category;
    Tfevents__Layout__Chart chart;
    Tfevents__Layout__Chart__Lines lines;
  } slot;
  // One block: a slot a chart, then the two arrays of pointers that protobuf-c asks for.
  void *block, *bytes = NULL;
  THRONG_TRY(throng_alloc(&block, (size_t)n + 1, sizeof(slot) + 2 * sizeof(void *), "layout"));
  slot *slots = block;
  Tfevents__Layout__Chart **charts = (Tfevents__Layout__Chart **)(slots + n);
  Tfevents__Layout__Category **categories = (Tfevents__Layout__Category **)(charts + n);
  Tfevents__Layout layout = TFEVENTS__LAYOUT__INIT;
  layout.category = categories;
  for (int i = 0; i < n; ++i) {
    slot *s = &slots[i];
    tfevents__layout__chart__lines__init(&s->lines);
    s->lines.tag = (char **)chart[i].tag;
    while (s->lines.n_tag < TENSORBOARD_CHART_TAGS && chart[i].tag[s->lines.n_tag])
      ++s->lines.n_tag;
    tfevents__layout__chart__init(&s->chart);
    s->chart.title = (char *)chart[i].title;
    s->chart.content_case = TFEVENTS__LAYOUT__CHART__CONTENT_MULTILINE;
    s->chart.multiline = &s->lines;
    charts[i] = &s->chart;
    if (i == 0 || strcmp(chart[i].category, chart[i - 1].category) != 0) {
      tfevents__layout__category__init(&s->category);
      s->category.title = (char *)chart[i].category;
      s->category.chart = &charts[i];
      categories[layout.n_category++] = &s->category;
    }
    ++categories[layout.n_category - 1]->n_chart;
  }
  const size_t size = tfevents__layout__get_packed_size(&layout);
  throng_status status = throng_alloc(&bytes, size, 1, "layout");
  if (status == THRONG_OK) {
    tfevents__layout__pack(&layout, bytes);
    status = write_string(board, "custom_scalars__config__", "custom_scalars", size, bytes);
  }
  free(bytes);
  free(block);
  return status;
}

throng_status tensorboard_restart(tensorboard *board, int64_t step) {
  Tfevents__Event event = TFEVENTS__EVENT__INIT;
  Tfevents__SessionLog log = TFEVENTS__SESSION_LOG__INIT;
  log.status = 1;
  event.what_case = TFEVENTS__EVENT__WHAT_SESSION_LOG;
  event.session_log = &log;
  return write_event(board, &event, step);
}

/// HParams messages travel as bytes in a summary's metadata; the summary itself is an empty vector.
static throng_status write_hparams(tensorboard *board, const char *tag,
                                   Tfevents__HParamsPluginData *data) {
  size_t size = tfevents__hparams_plugin_data__get_packed_size(data);
  void *content;
  THRONG_TRY(throng_alloc(&content, size, 1, "TensorBoard hyperparameters"));
  tfevents__hparams_plugin_data__pack(data, content);
  Tfevents__SummaryMetadata__PluginData plugin = TFEVENTS__SUMMARY_METADATA__PLUGIN_DATA__INIT;
  plugin.plugin_name = (char *)"hparams";
  plugin.content.len = size;
  plugin.content.data = content;
  Tfevents__SummaryMetadata metadata = TFEVENTS__SUMMARY_METADATA__INIT;
  metadata.plugin_data = &plugin;
  Tfevents__Tensor__Shape__Dim empty = TFEVENTS__TENSOR__SHAPE__DIM__INIT;
  Tfevents__Tensor__Shape__Dim *dims = &empty;
  Tfevents__Tensor__Shape shape = TFEVENTS__TENSOR__SHAPE__INIT;
  shape.n_dim = 1;
  shape.dim = &dims;
  Tfevents__Tensor tensor = TFEVENTS__TENSOR__INIT;
  tensor.dtype = 1;  // DT_FLOAT
  tensor.tensor_shape = &shape;
  Tfevents__Summary__Value value = TFEVENTS__SUMMARY__VALUE__INIT;
  value.tag = (char *)tag;
  value.metadata = &metadata;
  value.value_case = TFEVENTS__SUMMARY__VALUE__VALUE_TENSOR;
  value.tensor = &tensor;
  throng_status status = write_value(board, 0, &value);
  free(content);
  return status;
}

throng_status tensorboard_session_start(tensorboard *board, const char *group,
                                        const tensorboard_hparam *hparam, int64_t n) {
  typedef struct slot {
    Tfevents__SessionStartInfo__Entry entry;
    Tfevents__Scalar scalar;
  } slot;
  void *slot_block, *list_block;
  THRONG_TRY(throng_alloc(&slot_block, (size_t)n, sizeof(slot), "hyperparameters"));
  throng_status status = throng_alloc(
      &list_block, (size_t)n, sizeof(Tfevents__SessionStartInfo__Entry *), "hyperparameters");
  if (status != THRONG_OK) {
    free(slot_block);
    return status;
  }
  slot *slots = slot_block;
  Tfevents__SessionStartInfo__Entry **list = list_block;
  for (int64_t i = 0; i < n; ++i) {
    tfevents__session_start_info__entry__init(&slots[i].entry);
    tfevents__scalar__init(&slots[i].scalar);
    slots[i].entry.key = (char *)hparam[i].name;
    slots[i].entry.value = &slots[i].scalar;
    if (hparam[i].kind == TENSORBOARD_STRING) {
      slots[i].scalar.kind_case = TFEVENTS__SCALAR__KIND_STRING_VALUE;
      slots[i].scalar.string_value = (char *)hparam[i].text;
    } else if (hparam[i].kind == TENSORBOARD_BOOL) {
      slots[i].scalar.kind_case = TFEVENTS__SCALAR__KIND_BOOL_VALUE;
      slots[i].scalar.bool_value = hparam[i].number != 0;
    } else {
      slots[i].scalar.kind_case = TFEVENTS__SCALAR__KIND_NUMBER_VALUE;
      slots[i].scalar.number_value = hparam[i].number;
    }
    list[i] = &slots[i].entry;
  }
  Tfevents__SessionStartInfo start = TFEVENTS__SESSION_START_INFO__INIT;
  start.n_hparams = (size_t)n;
  start.hparams = list;
  start.start_time_secs = now(board);
  if (group) start.group_name = (char *)group;
  Tfevents__HParamsPluginData data = TFEVENTS__HPARAMS_PLUGIN_DATA__INIT;
  data.data_case = TFEVENTS__HPARAMS_PLUGIN_DATA__DATA_SESSION_START_INFO;
  data.session_start_info = &start;
  status = write_hparams(board, "_hparams_/session_start_info", &data);
  free(slots);
  free(list);
  return status;
}

throng_status tensorboard_session_end(tensorboard *board, tensorboard_end end) {
  Tfevents__SessionEndInfo info = TFEVENTS__SESSION_END_INFO__INIT;
  info.status = (int32_t)end;
  info.end_time_secs = now(board);
  Tfevents__HParamsPluginData data = TFEVENTS__HPARAMS_PLUGIN_DATA__INIT;
  data.data_case = TFEVENTS__HPARAMS_PLUGIN_DATA__DATA_SESSION_END_INFO;
  data.session_end_info = &info;
  return write_hparams(board, "_hparams_/session_end_info", &data);
}

throng_status tensorboard_experiment(tensorboard *board, const char *name,
                                     const tensorboard_hparam *hparam, int64_t n_hparam,
                                     const char *const *metric, int64_t n_metric) {
  typedef struct metric_slot {
    Tfevents__MetricInfo info;
    Tfevents__MetricName name;
  } metric_slot;
  // One block: the two arrays of messages, then the two arrays of pointers that protobuf-c asks
  // for.
  size_t n_h = (size_t)n_hparam, n_m = (size_t)n_metric;
  size_t bytes = n_h * (sizeof(Tfevents__HParamInfo) + sizeof(void *)) +
                 n_m * (sizeof(metric_slot) + sizeof(void *));
  void *block;
  THRONG_TRY(throng_alloc(&block, bytes, 1, "hyperparameters of an experiment"));
  Tfevents__HParamInfo *infos = block;
  metric_slot *metrics = (metric_slot *)(infos + n_h);
  Tfevents__HParamInfo **info_list = (Tfevents__HParamInfo **)(metrics + n_m);
  Tfevents__MetricInfo **metric_list = (Tfevents__MetricInfo **)(info_list + n_h);
  for (size_t i = 0; i < n_h; ++i) {
    tfevents__hparam_info__init(&infos[i]);
    infos[i].name = (char *)hparam[i].name;
    infos[i].type = (int32_t)hparam[i].kind;
    infos[i].differs = true;  // shown as a column beside the runs' names, too
    info_list[i] = &infos[i];
  }
  for (size_t i = 0; i < n_m; ++i) {
    tfevents__metric_info__init(&metrics[i].info);
    tfevents__metric_name__init(&metrics[i].name);
    metrics[i].name.tag = (char *)metric[i];
    metrics[i].info.name = &metrics[i].name;
    metric_list[i] = &metrics[i].info;
  }
  Tfevents__Experiment experiment = TFEVENTS__EXPERIMENT__INIT;
  experiment.name = (char *)name;
  experiment.n_hparam_infos = n_h;
  experiment.hparam_infos = info_list;
  experiment.n_metric_infos = n_m;
  experiment.metric_infos = metric_list;
  Tfevents__HParamsPluginData data = TFEVENTS__HPARAMS_PLUGIN_DATA__INIT;
  data.data_case = TFEVENTS__HPARAMS_PLUGIN_DATA__DATA_EXPERIMENT;
  data.experiment = &experiment;
  throng_status status = write_hparams(board, "_hparams_/experiment", &data);
  free(block);
  return status;
}

throng_status tensorboard_flush(tensorboard *board) {
  if (!board->n_pending) return THRONG_OK;
  int file = board->file;
  if (file < 0) file = open(board->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  size_t done = 0;
  bool good = file >= 0;
  while (good && done < board->n_pending) {
    ssize_t n = write(file, board->pending + done, board->n_pending - done);
    good = n > 0 || (n < 0 && errno == EINTR);
    if (n > 0) done += (size_t)n;
  }
  int cause = errno;
  memmove(board->pending, board->pending + done, board->n_pending - done);
  board->n_pending -= done;
  if (board->file < 0 && file >= 0) close(file);
  if (good) return THRONG_OK;
  return throng_fail(THRONG_ERROR_IO, "%s: cannot write: %s", board->path, strerror(cause));
}

throng_status tensorboard_close(tensorboard *board) {
  if (!board) return THRONG_OK;
  throng_status status = tensorboard_flush(board);
  if (board->file >= 0 && close(board->file) != 0 && status == THRONG_OK)
    status = throng_fail(THRONG_ERROR_IO, "%s: cannot write: %s", board->path, strerror(errno));
  free(board->path);
  free(board->pending);
  free(board);
  return status;
}

const char *tensorboard_path(const tensorboard *board) { return board->path; }
