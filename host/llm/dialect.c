/// What of a request servers take: asked for in another way, or left out, where one refuses.
#include "llm/chat.h"

llm_dialect llm_dialect_of(const llm_def *def) {
  return (llm_dialect){.form = def->form,
                       .token_key = def->token_key,
                       .no_temperature = def->temperature < 0,
                       .no_seed = def->seed < 0};
}

bool llm_same_dialect(const llm_dialect *a, const llm_dialect *b) {
  return a->form == b->form && a->token_key == b->token_key &&
         a->no_temperature == b->no_temperature && a->no_seed == b->no_seed &&
         a->no_system == b->no_system;
}

bool llm_give_way(const llm_def *def, long status, const char *said, llm_dialect *d) {
  switch (chat_refuses(status, said)) {
    case CHAT_REFUSES_FORM:
      if (def->form != LLM_FORM_AUTO || d->form == LLM_FORM_LINES) return false;
      d->form = d->form == LLM_FORM_AUTO ? LLM_FORM_SCHEMA : d->form + 1;
      return true;
    case CHAT_REFUSES_TOKEN_KEY:
      if (d->token_key != def->token_key) return false;
      d->token_key = d->token_key == LLM_MAX_TOKENS ? LLM_MAX_COMPLETION_TOKENS : LLM_MAX_TOKENS;
      return true;
    case CHAT_REFUSES_TEMPERATURE:
      if (d->no_temperature) return false;
      return d->no_temperature = true;
    case CHAT_REFUSES_SEED:
      if (d->no_seed) return false;
      return d->no_seed = true;
    case CHAT_REFUSES_SYSTEM:
      if (d->no_system) return false;
      return d->no_system = true;
    default: return false;
  }
}

const char *llm_dialect_change(const llm_dialect *before, const llm_dialect *now) {
  if (now->no_system != before->no_system) return "without a part for the system";
  if (now->no_seed != before->no_seed) return "without a seed";
  if (now->no_temperature != before->no_temperature) return "without a temperature";
  if (now->token_key != before->token_key)
    return now->token_key == LLM_MAX_TOKENS ? "with max_tokens" : "with max_completion_tokens";
  return now->form == LLM_FORM_SCHEMA   ? "a schema without bounds"
         : now->form == LLM_FORM_OBJECT ? "any JSON object"
                                        : "lines of text";
}
