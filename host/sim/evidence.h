/// Evidence of an explanation keyword by keyword: entries of one stand side by side.
#ifndef THRONG_SIM_EVIDENCE_H
#define THRONG_SIM_EVIDENCE_H

#include "throng/explain.h"

/// The entry after the last one of entry `first`'s keyword, whose past items lie between them.
static inline int64_t evidence_keyword_end(const throng_evidence *side, int64_t first) {
  int64_t end = first + 1;
  while (end < side->n_shared && side->shared[end].keyword == side->shared[first].keyword) ++end;
  return end;
}

#endif
