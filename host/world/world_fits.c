/// Fits that are shared: a list beside the world, under a lock.
#include "world/world_fits.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

struct world_fit {
  world_fit *next;  // in the world's list
  const world_fit_kind *kind;
  int hidden;
  atomic_int users;
  void *fitted;
};

struct world_fits {
  pthread_mutex_t lock;  // held while a fit is made, so that nobody makes it twice
  world_fit *first;
};

const void *world_fit_get(const world_fit *fit) { return fit->fitted; }

void world_fit_give_back(world_fit *fit) {
  if (!fit || atomic_fetch_sub(&fit->users, 1) > 1) return;
  fit->kind->clear(fit->fitted);
  free(fit->fitted);
  free(fit);
}

static throng_status make(const throng_world *world, const world_fit_kind *kind, int hidden,
                          world_fit **out) {
  world_fit *fit;
  *out = NULL;
  THRONG_TRY(throng_alloc((void **)&fit, 1, sizeof *fit, kind->name));
  fit->kind = kind;
  fit->hidden = hidden;
  atomic_init(&fit->users, 1);
  throng_status status = throng_alloc(&fit->fitted, 1, kind->size, kind->name);
  if (status == THRONG_OK) status = kind->fit(world, hidden, fit->fitted);
  if (status == THRONG_OK) {
    *out = fit;
    return THRONG_OK;
  }
  free(fit->fitted);
  free(fit);
  return status;
}

throng_status world_fit_take(world_fits *fits, const throng_world *world,
                             const world_fit_kind *kind, int hidden, world_fit **out) {
  throng_status status = THRONG_OK;
  if (!fits) return make(world, kind, hidden, out);
  pthread_mutex_lock(&fits->lock);
  world_fit *fit = fits->first;
  while (fit && (fit->kind != kind || fit->hidden != hidden)) fit = fit->next;
  if (!fit) {
    status = make(world, kind, hidden, &fit);
    if (status == THRONG_OK) {
      fit->next = fits->first;
      fits->first = fit;  // the list has the first share of it
    }
  }
  if (fit) atomic_fetch_add(&fit->users, 1);
  pthread_mutex_unlock(&fits->lock);
  *out = fit;
  return status;
}

throng_status world_fits_create(world_fits **out) {
  THRONG_TRY(throng_alloc((void **)out, 1, sizeof **out, "a world's fits"));
  pthread_mutex_init(&(*out)->lock, NULL);
  return THRONG_OK;
}

void world_fits_free(world_fits *fits) {
  if (!fits) return;
  while (fits->first) {
    world_fit *fit = fits->first;
    fits->first = fit->next;
    world_fit_give_back(fit);
  }
  pthread_mutex_destroy(&fits->lock);
  free(fits);
}
