/// Every configuration key: its place, type, range and meaning. To add a key, add a row.
#include "config/keys.h"

#include <math.h>
#include <string.h>

#include "base/nearest.h"
#include "base/status.h"
#include "sim/rule.h"

/// offsetof that refuses to compile where the field is not of the row's type.
#define TYPED(type, field, element)                                                          \
  (offsetof(throng_config, field) +                                                          \
   0 * sizeof(struct {                                                                       \
     int unused;                                                                             \
     _Static_assert(_Generic(((throng_config *)0)->element, type : 1, default : 0), #field); \
   }))
#define CHECKED(type, field) TYPED(type, field, field)

#define STRING(path, field, formats, help) \
  { path, KEY_STRING, 1, CHECKED(const char *, field), 0, 0, NULL, formats, help, 0 }
#define PATH(path, field, formats, help) \
  { path, KEY_PATH, 1, CHECKED(const char *, field), 0, 0, NULL, formats, help, 0 }
#define TEXTS(path, field, formats, help) \
  { path, KEY_TEXTS, 1, CHECKED(const char *const *, field), 0, 0, NULL, formats, help, 0 }
#define I32(path, field, low, high, help) \
  { path, KEY_I32, 1, CHECKED(int32_t, field), low, high, NULL, 0, help, 0 }
#define U32(path, field, low, high, help) \
  { path, KEY_U32, 1, CHECKED(uint32_t, field), low, high, NULL, 0, help, 0 }
#define I64(path, field, low, high, help) \
  { path, KEY_I64, 1, CHECKED(int64_t, field), low, high, NULL, 0, help, 0 }
#define F32(path, field, low, high, help) \
  { path, KEY_F32, 1, CHECKED(float, field), low, high, NULL, 0, help, 0 }
#define F64(path, field, low, high, help) \
  { path, KEY_F64, 1, CHECKED(double, field), low, high, NULL, 0, help, 0 }
#define BOOL(path, field, help) \
  { path, KEY_BOOL, 1, CHECKED(bool, field), 0, 0, NULL, 0, help, 0 }
#define ENUM(path, type, field, names, help) \
  { path, KEY_ENUM, 1, CHECKED(type, field), 0, 0, names, 0, help, 0 }
#define I32S(path, field, n, low, high, help) \
  { path, KEY_I32, n, TYPED(int32_t, field, field[0]), low, high, NULL, 0, help, 0 }
#define SEED(path, field, help) U32(path, field, 0, 4294967295.0, help)

#define FORMAT(name) (1u << DATASET_##name)
#define COLUMNS (FORMAT(CSV) | FORMAT(RECBOLE))
#define TABLES (COLUMNS | FORMAT(ANIME) | FORMAT(MOVIELENS))
#define LARGE 1099511627776.0  // 2^40: steps, transitions, bytes; exact in a double

static const char *const format_names[] = {"amazon",  "yelp", "anime", "movielens",
                                           "recbole", "csv",  NULL};
static const char *const repeated_names[] = {"first", "last", "mean", NULL};
static const char *const rating_names[] = {"auto", "explicit", "implicit", NULL};
static const char *const time_unit_names[] = {"auto", "s", "ms", "us", "ns", "date", NULL};
static const char *const keywords_names[] = {"lexical", "file", "llm", NULL};
static const char *const embedding_names[] = {"lsa", "file", "server", NULL};
static const char *const token_key_names[] = {"max_tokens", "max_completion_tokens", NULL};
static const char *const objective_names[] = {"label", "next_item", NULL};
static const char *const similarity_names[] = {"max", "mean", NULL};
static const char *const semantics_names[] = {"paper", "published-code", NULL};
static const char *const algorithm_names[] = {"dqn", NULL};
static const char *const head_names[] = {"flat", "two_tower", NULL};
static const char *const loss_names[] = {"huber", "mse", NULL};
static const char *const epsilon_names[] = {"linear", "exponential", NULL};

const config_section config_sections[] = {
    {"dataset", "raw reviews or ratings, and how they become likes and dislikes"},
    {"keywords", "where liking and disliking keywords come from"},
    {"embedding", "where keyword embeddings come from"},
    {"llm", "the language model that finds reasons, and the store of its answers"},
    {"synth", "a synthetic world with planted tastes, in place of a data set"},
    {"world", "a world file made earlier, in place of a data set"},
    {"sta", "the statistical model f_sta and its fit"},
    {"votes", "how the votes are made and joined"},
    {"sim", "simulated user sessions"},
    {"agent", "the learner"},
    {"train", "a training run"},
    {"backend", "where arrays live and kernels run"},
};
const int config_section_count = sizeof config_sections / sizeof *config_sections;

const config_key config_keys[] = {
    ENUM("dataset.format", dataset_format, dataset.format, format_names,
         "layout of the raw files; Amazon's three editions and MovieLens' are told apart by "
         "themselves"),
    PATH("dataset.reviews", dataset.reviews, FORMAT(AMAZON) | FORMAT(YELP),
         "review lines, gzip or plain"),
    PATH("dataset.metadata", dataset.metadata, FORMAT(AMAZON),
         "item metadata lines; may be left out"),
    PATH("dataset.businesses", dataset.businesses, FORMAT(YELP), "business lines"),
    PATH("dataset.ratings", dataset.ratings, FORMAT(ANIME) | FORMAT(MOVIELENS), "rating rows"),
    PATH("dataset.items", dataset.items, 0,
         "item rows: the format's own file, or any table with a header or JSON lines"),
    STRING("dataset.item_columns.item", dataset.items_item, 0,
           "dataset.items: column of ids; where one of item_columns is given the file is read by "
           "columns whatever the format"),
    STRING("dataset.item_columns.title", dataset.items_title, 0, "dataset.items: column of titles"),
    STRING("dataset.item_columns.categories", dataset.items_categories, 0,
           "dataset.items: columns of categories, a list or words between | ; or , in a field"),
    STRING("dataset.item_columns.text", dataset.items_text, 0,
           "dataset.items: columns of descriptions"),
    STRING("dataset.item_columns.attributes", dataset.items_attributes, 0,
           "dataset.items: columns whose words are attributes, which keywords are made of where "
           "there are no review texts"),
    PATH("dataset.tags", dataset.tags, FORMAT(MOVIELENS),
         "tags.csv or tags.dat: every user's tags as attributes of the items"),
    BOOL("dataset.cold_items", dataset.cold_items,
         "keep the items of the files of items that nobody rated; f_sta knows nothing of them"),
    ENUM("dataset.repeated", dataset_repeated, dataset.repeated, repeated_names,
         "which of a user's ratings of the same item counts, by time"),
    PATH("dataset.interactions", dataset.interactions, FORMAT(RECBOLE), "the .inter file"),
    PATH("dataset.file", dataset.file, FORMAT(CSV), "the CSV file, with a header"),
    STRING("dataset.columns.user", dataset.column_user, COLUMNS, "column of user ids"),
    STRING("dataset.columns.item", dataset.column_item, COLUMNS, "column of item ids"),
    STRING("dataset.columns.rating", dataset.column_rating, COLUMNS, "column of ratings"),
    STRING("dataset.columns.time", dataset.column_time, COLUMNS,
           "column of times (see dataset.time_unit); without one, file order counts"),
    STRING("dataset.columns.text", dataset.column_text, COLUMNS, "column of review texts"),
    STRING("dataset.csv.separator", dataset.csv.separator, TABLES,
           "between columns: one character or a few, or tab, comma, semicolon, pipe, space; null: "
           "told from the first line"),
    STRING("dataset.csv.quote", dataset.csv.quote, TABLES,
           "around fields: one character, or none; null: told from the first records"),
    STRING(
        "dataset.csv.escape", dataset.csv.escape, TABLES,
        "before a quote, separator or line end that is text: one character (backslash), or none; "
        "null: told from the first records"),
    TEXTS("dataset.csv.names", dataset.csv.names, TABLES,
          "names of the columns of a file that has no header"),
    TEXTS("dataset.missing", dataset.missing, 0,
          "ratings that stand for none: such rows are dropped and counted, as those with an empty "
          "rating are; [\"0\"] where 0 means not rated"),
    I64("dataset.max_bad_rows", dataset.max_bad_rows, 0, LARGE,
        "rows that cannot be read are dropped and counted up to so many; 0: the first is an error"),
    ENUM("dataset.rating", dataset_rating, dataset.rating_kind, rating_names,
         "explicit: a rating that reaches like_threshold is a like; implicit: every row is; auto: "
         "implicit where there is no column of ratings"),
    I32("dataset.negatives", dataset.negatives, 0, 1000,
        "unseen items a like, drawn evenly, that stand in the histories as dislikes; 0: none"),
    SEED("dataset.negatives_seed", dataset.negatives_seed, "seed of dataset.negatives"),
    ENUM("dataset.time_unit", time_unit, dataset.time_unit, time_unit_names,
         "s, ms, us, ns since 1970, or date: whole numbers YYYYMMDD, YYYYMMDDhhmm, YYYYMMDDhhmmss; "
         "auto: told from all times of the file. ISO 8601 is always understood"),
    STRING("dataset.state", dataset.state, FORMAT(YELP),
           "keep the businesses of this state (the paper: MO)"),
    F64("dataset.like_threshold", dataset.like_threshold, -1e9, 1e9,
        "a rating that reaches it is a like, in rating units (the paper: 3 of 5)"),
    F64("dataset.rating_min", dataset.rating_min, -1e9, 1e9,
        "least rating accepted; null: the format's own"),
    F64("dataset.rating_max", dataset.rating_max, -1e9, 1e9,
        "largest rating accepted; null: the format's own"),
    I32("dataset.k_core", dataset.k_core, 0, 1000000,
        "users and items with fewer interactions go; 0: none"),
    I64("dataset.max_interactions", dataset.max_interactions, 0, LARGE,
        "stop after so many kept interactions; 0: no limit"),

    ENUM("keywords.provider", keywords_provider, keywords.provider, keywords_names,
         "lexical: from review texts and attributes; file: keywords.file as it is; llm: a language "
         "model's reasons, see section llm"),
    PATH("keywords.file", keywords.file, 0,
         "JSON lines {\"item\",\"categories\",\"pros\",\"cons\"}, for provider file"),
    I32("keywords.min_items", keywords.min_items, 1, 1000000000,
        "extracted keywords of fewer items go"),
    F64("keywords.max_share", keywords.max_share, 0, 1,
        "extracted keywords of a larger share of the items go"),
    I32("keywords.per_item", keywords.per_item, 0, 10000,
        "at most so many keywords a side from an item's own reviews"),
    I32("keywords.per_category", keywords.per_category, 0, 10000,
        "at most so many keywords a side from each category"),
    F64("keywords.prior", keywords.prior, 1e-9, 1e9,
        "strength of the Dirichlet prior, per corpus word"),
    F64("keywords.min_z", keywords.min_z, 0, 1e6, "least z-score of a log-odds ratio"),

    ENUM("embedding.provider", embedding_provider, embedding.provider, embedding_names,
         "lsa: keyword-item PPMI, truncated SVD; file: embedding.file as it is; server: a model "
         "behind /embeddings"),
    PATH("embedding.file", embedding.file, 0,
         "safetensors with the tensor embedding (n_keywords, d), for provider file"),
    PATH("embedding.vocabulary", embedding.vocabulary, 0,
         "the keywords of embedding.file, one a line"),
    I32("embedding.dim", embedding.dim, 1, 65536, "length of a keyword's embedding (lsa)"),
    SEED("embedding.seed", embedding.seed, "seed of the SVD's range finder"),
    STRING("embedding.url", embedding.url, 0,
           "address before /embeddings (server); null: llm.url, and its key"),
    STRING("embedding.model", embedding.model, 0, "the model's name at the server (server)"),
    STRING("embedding.api_key_env", embedding.api_key_env, 0,
           "environment variable that holds the key for embedding.url"),
    STRING("embedding.api_key_header", embedding.api_key_header, 0,
           "header of that key, as llm.api_key_header"),
    STRING("embedding.headers", embedding.headers, 0,
           "more headers for embedding.url, as llm.headers"),
    I32("embedding.batch", embedding.batch, 1, 2048, "keywords a request (server)"),

    STRING("llm.url", llm.url, 0,
           "address before /chat/completions (or with it) of an OpenAI-compatible server; http or "
           "https; a query stays behind"),
    STRING("llm.model", llm.model, 0, "the model's name at the server"),
    STRING("llm.api_key_env", llm.api_key_env, 0,
           "environment variable that holds the key; null: none is sent"),
    STRING("llm.api_key_header", llm.api_key_header, 0,
           "header of the key; null: Authorization: Bearer, or api-key where the address has "
           "api-version (Azure)"),
    STRING("llm.headers", llm.headers, 0,
           "more headers, \"Name: value\", one a line; ${NAME} is taken from the environment when "
           "they are sent"),
    PATH("llm.store", llm.store, 0,
         "SQLite file of every request and answer; what is in it is not asked again"),
    PATH("llm.objective_prompt", llm.objective_prompt, 0,
         "prompt on an item's facts; null: the built-in one (configs/prompts/objective.txt)"),
    PATH("llm.subjective_prompt", llm.subjective_prompt, 0,
         "prompt on an item's reviews; null: the built-in one (configs/prompts/subjective.txt)"),
    ENUM("llm.form", llm_form, llm.form, llm_form_names,
         "form of answers; bounded: JSON schema with bounds on lengths; schema: without; object: "
         "any "
         "JSON object; lines: lines of text; auto: the first of these that the server takes"),
    ENUM("llm.token_key", llm_token_key, llm.token_key, token_key_names,
         "what the server calls the limit of an answer"),
    I32("llm.max_tokens", llm.max_tokens, 16, 1000000, "tokens of an answer at most"),
    F64("llm.temperature", llm.temperature, -1, 2, "sampling temperature; -1: the server's own"),
    I64("llm.seed", llm.seed, -1, 4294967295.0,
        "sent with every request, and orders the sample of reviews; -1: not sent"),
    I32("llm.reasons", llm.reasons, 1, 20, "reasons asked for, a side"),
    I32("llm.reviews_per_side", llm.reviews_per_side, 0, 100000,
        "reviews sampled of an item's likes, and of its dislikes"),
    I32("llm.reviews_per_request", llm.reviews_per_request, 1, 1000,
        "reviews that go into one request: more where the budget is tight"),
    I32("llm.review_bytes", llm.review_bytes, 100, 1000000, "a longer review is cut, in bytes"),
    I32("llm.facts_bytes", llm.facts_bytes, 100, 1000000, "longer facts are cut, in bytes"),
    I32("llm.max_items", llm.max_items, 0, 1000000000, "ask about the first so many items; 0: all"),
    I32("llm.in_flight", llm.in_flight, 1, 256,
        "requests at once; a slot more than the server has"),
    I32("llm.retries", llm.retries, 0, 100, "tries after the first, of one request"),
    F64("llm.timeout", llm.timeout, 0.1, 86400, "seconds for one try"),
    F64("llm.connect_timeout", llm.connect_timeout, 0.1, 3600, "seconds for connecting"),
    F64("llm.max_wait", llm.max_wait, 0, 1e6,
        "seconds that a server may ask to wait (Retry-After); for more the run stops and says "
        "until when"),
    I64("llm.max_answer_bytes", llm.max_answer_bytes, 1024, 1073741824.0,
        "a longer answer is an error"),
    F64("llm.requests_per_minute", llm.requests_per_minute, 0, 1e9, "limit; 0: none"),
    F64("llm.tokens_per_minute", llm.tokens_per_minute, 0, 1e12, "limit; 0: none"),
    I64("llm.budget_requests", llm.budget_requests, 0, LARGE,
        "a run stops after so many requests; 0: no limit"),
    I64("llm.budget_tokens", llm.budget_tokens, 0, LARGE,
        "a run stops before it takes more tokens, prompts and answers together; 0: no limit"),
    F64("llm.price_prompt", llm.price_prompt, 0, 1e9, "price of a million prompt tokens"),
    F64("llm.price_answer", llm.price_answer, 0, 1e9, "price of a million tokens of answers"),

    I32("synth.users", synth.n_user, 1, 100000000, "users"),
    I32("synth.items", synth.n_item, 10, 10000000, "items"),
    I32("synth.categories", synth.n_category, 1, 100000, "categories"),
    I32("synth.keywords", synth.n_keyword, 32, 10000000, "distinct keywords"),
    I32("synth.dim", synth.dim, 2, 4096, "length of the embeddings"),
    I32("synth.tastes", synth.n_taste, 4, 1000,
        "latent tastes that users and items are drawn from"),
    I32("synth.history_mean", synth.history_mean, 5, 10000, "mean interactions a user"),
    F32("synth.noise", synth.noise, 0, 1, "share of answers that ignore the taste"),
    SEED("synth.seed", synth.seed, "seed of the synthetic world; follows train.seed unless given"),

    PATH("world.file", world_file, 0,
         "a world made earlier; neither dataset nor synth is read then"),

    PATH("sta.file", sta_file, 0, "f_sta weights fitted earlier on this world"),
    I32("sta.width", sta.width, 1, 4096, "length of every embedding"),
    I32("sta.layers", sta.layers, 1, 64, "attention layers"),
    I32("sta.heads", sta.heads, 1, 64, "attention heads; divides sta.width"),
    I32("sta.window", sta.window, 2, 4096, "history entries that the model reads; even"),
    BOOL("sta.labels", sta.labels, "the model sees whether a past item was liked"),
    ENUM("sta.objective", throng_sta_objective, sta.objective, objective_names,
         "label: the real 0/1 answers; next_item: the next item against sampled negatives"),
    F32("sta.dropout", sta.dropout, 0, 0.99, "share of activations dropped in the fit"),
    F32("sta.learning_rate", sta.learning_rate, 1e-9, 10, "Adam's step size"),
    F32("sta.weight_decay", sta.weight_decay, 0, 10, "L2 added to the gradient"),
    F32("sta.beta1", sta.beta1, 0, 0.999999, "Adam's first decay"),
    F32("sta.beta2", sta.beta2, 0, 0.9999999, "Adam's second decay"),
    I32("sta.batch", sta.batch, 1, 1048576, "windows a step"),
    I32("sta.epochs", sta.epochs, 1, 100000, "epochs at most"),
    I32("sta.patience", sta.patience, 1, 100000,
        "epochs without a better validation AUC before stopping"),
    I32("sta.negatives", sta.negatives, -1, 1000,
        "unseen items that stand as dislikes beside each like in the fit (label); -1: 1 where the "
        "world has no dislikes, else 0"),
    F32("sta.threshold", sta.threshold, 0, 1, "f_sta votes 1 where p reaches it"),
    SEED("sta.seed", sta.seed, "seed of the fit; follows train.seed unless given"),

    ENUM("votes.semantics", throng_semantics, sim.votes.semantics, semantics_names,
         "paper: the equations; published-code: the authors' released code bit for bit, whose "
         "predict applies the sigmoid twice, so that its statistical vote is always 1"),
    ENUM("votes.rule", throng_rule, sim.votes.rule, rule_names, RULES_HELP),
    ENUM("votes.similarity", throng_similarity, sim.votes.similarity, similarity_names,
         "max: the nearest past item that counts (the paper); mean: the mean of all past items"),
    {"votes.weights", KEY_F32, THRONG_VOTE_COUNT,
     TYPED(float, sim.votes.weights, sim.votes.weights[0]), 0, 1e6, NULL, 0, WEIGHTS_HELP,
     THRONG_VOTE_IN_RECORD},
    F32("votes.weight_threshold", sim.votes.weight_threshold, -1e9, 1e9,
        "what the weighted votes must reach (rule weighted)"),
    I64("votes.table_bytes", sim.votes.table_bytes, 0, LARGE,
        "budget of the item-item table in bytes; 0: never build one"),

    I32("sim.lanes", sim.lanes, 1, 16777216, "user sessions that advance together"),
    I32("sim.history", sim.history, 1, 65536, "entries that a lane remembers, newest kept"),
    F32("sim.leave_probability", sim.leave_probability, 0, 1,
        "probability that a user leaves after a step"),
    I32("sim.max_steps", sim.max_steps, 1, 1000000000, "steps after which an episode is truncated"),
    I32("sim.slate_size", sim.slate_size, 1, 1024, "items shown a step"),
    BOOL("sim.mask_seen", sim.mask_seen, "agents may not repeat an item within a session"),
    BOOL("sim.preferences", sim.preferences,
         "keep users' preference vectors; always so with votes.similarity mean"),
    BOOL("sim.autoreset", sim.autoreset, "an ended lane starts again on the same step"),
    SEED("sim.seed", sim.seed, "seed of the lanes; follows train.seed unless given"),
    U32("sim.first_lane", sim.first_lane, 0, 4294967295.0, "number of lane 0 in the random stream"),

    ENUM("agent.algorithm", config_algorithm, algorithm, algorithm_names, "the learner"),
    ENUM("agent.head", throng_head, agent.head, head_names,
         "flat: one slot and one Q an item (the paper); two_tower: query of the state . vector of "
         "the item"),
    I32("agent.count", agent.count, 1, 65535, "agents in the population; divides sim.lanes"),
    I32S("agent.hidden", agent.hidden, 2, 1, 16384, "units of the two hidden layers"),
    I32("agent.width", agent.width, 1, 16384, "query and item vectors (two_tower)"),
    I32("agent.user_width", agent.user_width, 0, 16384, "learned user embedding; 0: none"),
    F32("agent.gamma", agent.gamma, 0, 1, "discount a step"),
    F32("agent.learning_rate", agent.learning_rate, 1e-9, 10, "Adam's step size (the paper: 1e-4)"),
    F32("agent.beta1", agent.beta1, 0, 0.999999, "Adam's first decay"),
    F32("agent.beta2", agent.beta2, 0, 0.9999999, "Adam's second decay"),
    F32("agent.adam_epsilon", agent.adam_epsilon, 1e-20, 1, "Adam's denominator term"),
    I32("agent.batch", agent.batch, 1, 16777216, "transitions an update and agent"),
    I32("agent.update_every", agent.update_every, 1, 1000000000, "simulator steps between updates"),
    I32("agent.updates", agent.updates, 1, 1000000, "updates each time"),
    I64("agent.buffer", agent.buffer, 1, LARGE, "replay transitions an agent"),
    I64("agent.learning_starts", agent.learning_starts, 0, LARGE,
        "user-steps before the first update"),
    I32("agent.n_step", agent.n_step, 1, 1000, "steps of reward before the bootstrap"),
    BOOL("agent.double_dqn", agent.double_dqn, "the online net chooses, the target net values"),
    ENUM("agent.loss", throng_loss, agent.loss, loss_names, "loss of the TD error"),
    F32("agent.max_grad_norm", agent.max_grad_norm, 0, 1e9, "gradient clipping; 0: none"),
    F32("agent.tau", agent.tau, 1e-9, 1, "1: hard target copy; below: soft update at every update"),
    I64("agent.target_every", agent.target_every, 1, LARGE, "user-steps between hard copies"),
    ENUM("agent.epsilon", throng_epsilon, agent.epsilon, epsilon_names, "how epsilon falls"),
    F32("agent.epsilon_start", agent.epsilon_start, 0, 1, "share of random actions at first"),
    F32("agent.epsilon_end", agent.epsilon_end, 0, 1, "share of random actions at last"),
    F32("agent.epsilon_share", agent.epsilon_share, 0, 1, "share of all steps over which it falls"),
    SEED("agent.seed", agent.seed,
         "seed of weights, actions and replay; follows train.seed unless "
         "given"),

    I64("train.steps", train.steps, 1, LARGE, "user-steps"),
    I64("train.evaluate_every", train.evaluate_every, 1, LARGE, "user-steps between evaluations"),
    I64("train.checkpoint_every", train.checkpoint_every, 1, LARGE,
        "user-steps between checkpoints"),
    I32("train.evaluation.episodes", train.evaluation.episodes, 1, 16777216,
        "sessions of an evaluation"),
    SEED("train.evaluation.seed", train.evaluation.seed,
         "seed of evaluations, apart from training's"),
    I32("train.evaluation.top", train.evaluation.top, 1, 1000, "items that Liking% asks about"),
    BOOL("train.yardsticks", train.yardsticks,
         "evaluate random, popular, most-similar and oracle too"),
    BOOL("train.resume", train.resume, "go on from the run folder's last good checkpoint"),
    SEED("train.seed", seed,
         "seed that sim, agent, sta and synth follow unless they have their own"),
    PATH("train.out", train.out, 0, "run folder, made where missing"),

    STRING("backend.name", backend.name, 0, "auto, cpu or cuda"),
    I32("backend.threads", backend.threads, 0, 1024, "CPU threads; 0: one a core"),
    I32("backend.device", backend.device, 0, 1024, "CUDA device"),
};
const int config_key_count = sizeof config_keys / sizeof *config_keys;
_Static_assert(sizeof config_keys / sizeof *config_keys <= CONFIG_MAX_KEYS, "CONFIG_MAX_KEYS");

void config_defaults(throng_config *out) {
  memset(out, 0, sizeof *out);
  out->dataset = dataset_default_def();
  out->keywords = keywords_default_def();
  out->embedding = embedding_default_def();
  out->llm = llm_default_def();
  out->synth = throng_default_synth_def();
  out->sta = throng_default_sta_def();
  out->sim = throng_default_sim_def();
  out->agent = throng_default_agent_def();
  out->train = throng_default_train_def();
  out->seed = 1;
  out->backend = throng_default_backend_def();
}

const config_key *config_find_key(const char *path) {
  for (int i = 0; i < config_key_count; ++i)
    if (!strcmp(config_keys[i].path, path)) return &config_keys[i];
  return NULL;
}

bool config_is_group(const char *path) {
  size_t length = strlen(path);
  for (int i = 0; i < config_key_count; ++i)
    if (!strncmp(config_keys[i].path, path, length) && config_keys[i].path[length] == '.')
      return true;
  return false;
}

static const char *leaf_of(const char *path) {
  const char *dot = strrchr(path, '.');
  return dot ? dot + 1 : path;
}

/// A key that was put into the wrong section is nearer than any misspelling within the section.
const config_key *config_nearest_key(const char *path) {
  const config_key *nearest = NULL;
  size_t best = edit_limit(path) + 1;
  for (int i = 0; i < config_key_count; ++i) {
    const char *known = config_keys[i].path;
    size_t distance = edit_distance(path, known, best);
    if (distance > 2 && !strcmp(leaf_of(path), leaf_of(known))) distance = 2;
    if (distance < best) best = distance, nearest = &config_keys[i];
  }
  return nearest;
}
