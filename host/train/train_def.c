/// The usual settings of a training run.
#include "base/status.h"
#include "throng/train.h"

throng_train_def throng_default_train_def(void) {
  return (throng_train_def){
      .steps = 2000000,
      .evaluate_every = 100000,
      .checkpoint_every = 500000,
      .evaluation = {.episodes = 512, .seed = 1000003, .top = 10},
      .yardsticks = true,
      .resume = false,
      .out = NULL,
      .config_json = NULL,
      .cookie = THRONG_COOKIE,
  };
}
