/// A resolved config as TensorBoard's hyperparameters: every scalar of its sections, by dotted name
/// ("agent.learning_rate"). The dataset's files are no hyperparameters and are left out.
#ifndef THRONG_REPORT_HPARAMS_H
#define THRONG_REPORT_HPARAMS_H

#include <cjson/cJSON.h>

#include "report/tensorboard.h"

throng_status hparams_write(tensorboard *board, const cJSON *config);

#endif
