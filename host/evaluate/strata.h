/// Groups of questions: by how active their users are, how popular their items, and what is new.
#ifndef THRONG_EVALUATE_STRATA_H
#define THRONG_EVALUATE_STRATA_H

#include "evaluate/contenders.h"

enum { STRATUM_NEW = 5 };  // answers below which a user or an item is new

/// X(ID, name, help). Thirds are of the users asked, by the length of their histories, and of the
/// questions, by how often their items were answered before; ties stay together.
#define FIDELITY_STRATA(X)                                                                         \
  X(ACTIVITY_LOW, "activity_low", "users: the third with the shortest histories")                  \
  X(ACTIVITY_MIDDLE, "activity_middle", "users: the middle third")                                 \
  X(ACTIVITY_HIGH, "activity_high", "users: the third with the longest histories")                 \
  X(POPULARITY_LOW, "popularity_low", "questions: the third about the items answered least often") \
  X(POPULARITY_MIDDLE, "popularity_middle", "questions: the middle third")                         \
  X(POPULARITY_HIGH, "popularity_high", "questions: the third about those answered most often")    \
  X(ITEM_UNKNOWN, "item_unknown", "items that nobody answered before")                             \
  X(ITEM_NEW, "item_new", "items answered fewer than STRATUM_NEW times before")                    \
  X(USER_NEW, "user_new", "users with fewer than STRATUM_NEW answers before the question")

typedef enum fidelity_stratum {
#define X(ID, name, help) STRATUM_##ID,
  FIDELITY_STRATA(X)
#undef X
      STRATUM_COUNT
} fidelity_stratum;
extern const char *const stratum_names[STRATUM_COUNT];

typedef struct strata {
  int64_t n[STRATUM_COUNT], users[STRATUM_COUNT], likes[STRATUM_COUNT];
  int32_t *row[STRATUM_COUNT];  // (n) questions, rising
} strata;

/// Errors: MEMORY.
throng_status strata_make(const questions *q, const learned_rates *rates, strata *out);
void strata_free(strata *s);

#endif
