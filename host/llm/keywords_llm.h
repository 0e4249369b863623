/// Keywords from a language model: the provider "llm".
#ifndef THRONG_LLM_KEYWORDS_LLM_H
#define THRONG_LLM_KEYWORDS_LLM_H

#include "llm/llm.h"
#include "llm/llm_counts.h"
#include "text/keywords.h"

/// Ask what the store lacks, then fold the keywords of all answers into lists. `out` and `counts`
/// are zeroed before; `out` is freed by the caller on failure. Errors: CONFIG (llm_check), of the
/// store, of the prompts' files, those of extract_run.
throng_status keywords_llm(const keywords_def *def, const llm_def *llm, const dataset *data,
                           const throng_progress *progress, keyword_sets *out, llm_counts *counts);

#endif
