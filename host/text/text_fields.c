/// The options of keywords and of their embeddings.
#include "text/embeddings_file.h"
#include "text/keywords.h"

static const char *const keywords_names[] = {
    [KEYWORDS_LEXICAL] = "lexical", [KEYWORDS_FILE] = "file", [KEYWORDS_LLM] = "llm", NULL};

#define FIELD_DEF keywords_def
static const field keywords_rows[] = {
    FIELD_ENUM(
        "provider", keywords_provider, provider, keywords_names, KEYWORDS_LEXICAL, 0,
        "lexical: from review texts and attributes; file: keywords.file as it is; llm: a language "
        "model's reasons, see section llm"),
    FIELD_PATH("file", file, NULL,
               "JSON lines {\"item\",\"categories\",\"pros\",\"cons\"}, for provider file"),
    FIELD_I32("min_items", min_items, 2, 1, 1000000000, 0, "extracted keywords of fewer items go"),
    FIELD_F64("max_share", max_share, 0.5, 1e-9, 1, 0,
              "extracted keywords of a larger share of the items go"),
    FIELD_I32("per_item", per_item, 12, 0, 10000, 0,
              "at most so many keywords a side from an item's own reviews"),
    FIELD_I32("per_category", per_category, 8, 0, 10000, 0,
              "at most so many keywords a side from each category"),
    FIELD_F64("prior", prior, 0.01, 1e-9, 1e9, 0,
              "strength of the Dirichlet prior, per corpus word"),
    FIELD_F64("min_z", min_z, 1, 0, 1e6, 0, "least z-score of a log-odds ratio"),
};
#undef FIELD_DEF
const field_table keywords_fields = FIELD_TABLE_INNER("keywords", keywords_def, keywords_rows);

keywords_def keywords_default_def(void) {
  keywords_def def;
  fields_default(&keywords_fields, &def);
  return def;
}

static const char *const embedding_names[] = {
    [EMBEDDING_LSA] = "lsa", [EMBEDDING_FILE] = "file", [EMBEDDING_SERVER] = "server", NULL};

#define FIELD_DEF embedding_def
static const field embedding_rows[] = {
    FIELD_ENUM(
        "provider", embedding_provider, provider, embedding_names, EMBEDDING_LSA, 0,
        "lsa: keyword-item PPMI, truncated SVD; file: embedding.file as it is; server: a model "
        "behind /embeddings"),
    FIELD_PATH("file", file, NULL,
               "safetensors with the tensor embedding (n_keywords, d), for provider file"),
    FIELD_PATH("vocabulary", vocabulary, NULL, "the keywords of embedding.file, one a line"),
    FIELD_I32("dim", dim, 128, 1, EMBEDDINGS_MAX_DIM, 0, "length of a keyword's embedding (lsa)"),
    FIELD_SEED("seed", seed, 1, 0, "seed of the SVD's range finder"),
    FIELD_STRING("url", url, NULL,
                 "address before /embeddings (server); null: llm.url, and its key"),
    FIELD_STRING("model", model, NULL, "the model's name at the server (server)"),
    FIELD_STRING("api_key_env", api_key_env, NULL,
                 "environment variable that holds the key for embedding.url"),
    FIELD_STRING("api_key_header", api_key_header, NULL,
                 "header of that key, as llm.api_key_header"),
    FIELD_STRING("headers", headers, NULL, "more headers for embedding.url, as llm.headers"),
    FIELD_I32("batch", batch, 64, 1, 2048, 0, "keywords a request (server)"),
};
#undef FIELD_DEF
const field_table embedding_fields = FIELD_TABLE_INNER("embedding", embedding_def, embedding_rows);

embedding_def embedding_default_def(void) {
  embedding_def def;
  fields_default(&embedding_fields, &def);
  return def;
}
