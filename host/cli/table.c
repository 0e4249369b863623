/// The command table: dispatch, --help, the manual page and shell completion all come from here.
#include "cli/table.h"

const cli_option cli_common_options[] = {
    {"set", 's', "KEY=VALUE", "override a configuration key; may be repeated", NULL},
    {"backend", 0, "KEY", "where kernels run (auto)", "backend.name"},
    {"threads", 0, "N", "CPU threads; 0: one a core (0)", "backend.threads"},
    {"seed", 0, "N", "seed of everything random (1)", NULL},
    {"json", 0, NULL, "print one JSON document on standard output", NULL},
    {"quiet", 'q', NULL, "no progress and no notes on standard error", NULL},
    {"help", 'h', NULL, "show this help", NULL},
    {0}};

static const cli_option synth_options[] = {
    {"output", 'o', "FILE", "world file to write (required)", NULL}, {0}};
static const char *const synth_examples[] = {
    "throng synth -o world.safetensors", "the demo's world: 15,000 users, 10,000 items",
    "throng synth -o small.safetensors --set synth.users=500 --set synth.items=300",
    "a small one, made in a moment", NULL};

static const cli_option prepare_options[] = {
    {"output", 'o', "FILE", "world file to write (required)", NULL}, {0}};
static const char *const prepare_examples[] = {
    "throng prepare configs/anime.json -o anime.safetensors", "Anime's two files to a world",
    "throng prepare configs/csv.json --set dataset.file=my.csv.gz -o my.safetensors",
    "your own data", NULL};

static const cli_option extract_options[] = {
    {"status", 0, NULL,
     "how far the store is: progress, tokens, rate, time left, cost; asks nobody", NULL},
    {"dry-run", 0, NULL, "count the requests and estimate their tokens and cost; asks nobody",
     NULL},
    {"reread", 0, NULL,
     "read the store's answers again, as this version reads them, and ask nobody", NULL},
    {"output", 'o', "FILE",
     "write the keywords as JSON lines, as keywords.file takes them; - writes them to standard "
     "output in place of the report",
     NULL},
    {0}};
static const char *const extract_examples[] = {
    "throng extract music.json --dry-run",
    "what it would take, before anything is spent",
    "throng extract music.json --set llm.max_items=20 -o keywords.jsonl",
    "reasons for the first twenty items, to read and to judge the prompts by",
    "throng extract music.json --status",
    "beside a run or after it",
    "throng extract music.json --reread -o keywords.jsonl",
    "answers that an older version could not read",
    NULL};

static const cli_option fit_options[] = {
    {"output", 'o', "FILE", "weights to write (required)", NULL}, {0}};
static const char *const fit_examples[] = {
    "throng fit world.safetensors -o sta.safetensors", "fit with the usual settings",
    "throng fit world.safetensors -o sta.safetensors --set sta.window=100 --set sta.dropout=0.2",
    "a longer window, some dropout", NULL};

static const cli_option fit_users_options[] = {{0}};
static const char *const fit_users_examples[] = {
    "throng fit-users world.safetensors",
    "sessions, repeats, satiation and returns, and a section users to paste into a config", NULL};

static const cli_option votes_options[] = {
    {"pairs", 'p', "FILE",
     "CSV with the header user,item[,time] and raw ids; - reads standard input "
     "(required)",
     NULL},
    {"output", 'o', "FILE", "CSV to write; - writes standard output (-)", NULL},
    {"sta", 0, "FILE", "weights of f_sta; without them p_like is 0.5", "sta.file"},
    {"semantics", 0, "KEY",
     "how votes are made: as the paper writes, or as its authors' released "
     "infer_user_interaction does, whose statistical vote is always 1",
     "votes.semantics"},
    {0}};
static const char *const votes_examples[] = {
    "throng votes world.safetensors --pairs pairs.csv --sta sta.safetensors -o votes.csv",
    "every vote with its reasons, a line a pair", NULL};

static const cli_option explain_options[] = {
    {"user", 'u', "ID", "raw id of the user (required)", NULL},
    {"item", 'i', "ID", "raw id of the item (required)", NULL},
    {"time", 't', "TIME",
     "only what the user did before this time counts: seconds since 1970 or "
     "YYYY-MM-DD",
     NULL},
    {"after", 0, "ITEMS",
     "items of a session that the user is shown first, \"i1,i2,..\": what it makes of the user, "
     "and "
     "why the user leaves (users.preset=dynamic or other keys of users)",
     NULL},
    {"sta", 0, "FILE", "weights of f_sta; without them p_like is 0.5", "sta.file"},
    {"semantics", 0, "KEY",
     "how votes are made: as the paper writes, or as its authors' released "
     "infer_user_interaction does, whose statistical vote is always 1",
     "votes.semantics"},
    {0}};
static const char *const explain_examples[] = {
    "throng explain world.safetensors --user u00012 --item i00007 --sta sta.safetensors",
    "which keywords met, which past item was nearest, each vote and the reward",
    ("throng explain world.safetensors --user u00012 --item i00007 --after i00001,i00002 "
     "--set users.preset=dynamic"),
    "the same after two items of a session: boredom, mood and why the user would leave", NULL};

static const cli_option recommend_options[] = {
    {"user", 'u', "ID", "whom to recommend to", NULL},
    {"top", 'k', "N", "how many items (10)", NULL},
    {"history", 0, "FILE",
     "the user's past in place of the world's: item,like (1 or 0) or item,rating, oldest first; "
     "without --user of somebody whom the world does not know",
     NULL},
    {"exclude-seen", 0, NULL,
     "leave out what the history holds (always where the run's sim.mask is all)", NULL},
    {"users", 0, "FILE", "many users, one id a line (- reads standard input), as CSV", NULL},
    {"output", 'o', "FILE", "write the rows of --users there (standard output)", NULL},
    {"agent", 0, "N", "which of the run's agents (0)", NULL},
    {"no-reasons", 0, NULL, "items and scores alone; needs no weights of f_sta", NULL},
    {"world", 0, "FILE", "another world than the run's, with the same items", "world.file"},
    {"sta", 0, "FILE", "other weights of f_sta, for the reasons", "sta.file"},
    {0}};
static const char *const recommend_examples[] = {
    "throng train configs/demo.json -o runs/demo",
    "an agent",
    "throng recommend runs/demo --user u00007 --top 5 --exclude-seen",
    "the five items that it would show first, with what speaks for each",
    "throng recommend runs/demo --users users.txt --json -o top.jsonl",
    "many users at once, a JSON line each",
    NULL};

static const cli_option export_options[] = {
    {"output", 'o', "FILE",
     "file to write (required); of recbole the name that .inter, .item and .user follow, of "
     "vectors "
     "the one that .items.npy, .queries.npy, .items.csv and .users.csv follow",
     NULL},
    {"format", 0, "csv|recbole|numpy|safetensors|onnx|vectors",
     "episodes of a world: csv, recbole, or numpy, one array of records (csv); the agent of a run: "
     "safetensors, onnx, or vectors for a search by inner product (safetensors)",
     NULL},
    {"policy", 0, "random|popular|most_similar|myopic|planner|agent",
     "who chooses (random; agent where a checkpoint is given)", NULL},
    {"epsilon", 0, "X",
     "share of steps at which any item that may be shown is, evenly (0.1; random: 1)", NULL},
    {"checkpoint", 0, "FILE", "an agent's; CONFIG is then its run's config.json", NULL},
    {"agent", 0, "N", "which of the run's or the checkpoint's agents (0)", NULL},
    {"sessions", 0, "N", "sessions to play (1000)", NULL},
    {"history", 0, NULL, "begin each session with its user's real history, as steps before 0",
     NULL},
    {"sta", 0, "FILE", "weights of f_sta; without them the rule is logical", "sta.file"},
    {0}};
static const char *const export_examples[] = {
    "throng export world.safetensors --sta sta.safetensors --sessions 100 -o episodes.csv",
    "a hundred sessions of random items, a row a step, with propensities",
    ("throng export world.safetensors --sta sta.safetensors --policy popular --epsilon 0.2 "
     "--format "
     "numpy -o popular.npy"),
    "popular items with a fifth of random ones, as an array for numpy.load",
    "throng train configs/demo.json -o runs/demo",
    "an agent, for the next three",
    "throng export runs/demo --format safetensors -o agent.safetensors",
    "its query network, item vectors and ids, and a sample of scores to check a loader by",
    "throng export runs/demo --format onnx -o agent.onnx",
    "the same as a model: user and state to the score of every item",
    "throng export runs/demo --format vectors -o agent",
    "matrices for FAISS and the like: inner products of rows are the scores",
    NULL};

static const cli_option train_options[] = {
    {"output", 'o', "FOLDER", "run folder (train.out)", "train.out"},
    {"resume", 0, NULL, "go on from the run folder's last good checkpoint", NULL},
    {"progress", 0, "auto|live|lines|none",
     "how it is told on standard error: a picture that is redrawn, a line an evaluation, or "
     "neither (auto: live on a terminal)",
     NULL},
    {0}};
static const char *const train_examples[] = {
    "throng train configs/demo.json",
    "the demonstration",
    "throng train configs/anime.json --set train.steps=500000 -o runs/anime",
    "raw files to a trained agent in one call",
    "throng train configs/demo.json --resume",
    "after a kill: on to the same weights",
    NULL};

static const cli_option experiment_options[] = {
    {"output", 'o', "FOLDER", "folder of the results (train.out)", "train.out"}, {0}};
static const char *const experiment_examples[] = {
    "throng experiment ablation configs/experiments/ablation.json",
    "what each vote is worth, alone, in pairs and joined",
    ("throng experiment sparsity configs/experiments/sparsity.json --set "
     "world.file=world.safetensors -o runs/sparsity"),
    "how a world of your own bears what is missing",
    "throng experiment table2 configs/paper-table2/*.json -o runs/table2",
    "four algorithms on the paper's five sets, as far as their files are here",
    NULL};

static const cli_option sweep_options[] = {
    {"output", 'o', "FOLDER", "folder of the sweep (train.out)", "train.out"},
    {"resume", 0, NULL, "go on with the folder's sweep, to the same rows", NULL},
    {"dry-run", 0, NULL,
     "print kinds of agents, memory, user-steps and predicted time, and train nothing", NULL},
    {"replay", 0, "N",
     "train this trial of the folder's sweep again alone, with all that it began as a copy of, "
     "and keep its agent",
     NULL},
    {"max-trials", 0, "N", "trials at most (256); 0: no bound", "sweep.max_trials"},
    {"max-steps", 0, "N", "user-steps of all trials at most (0: no bound)", "sweep.max_steps"},
    {"max-seconds", 0, "X", "seconds at most (0: no bound)", "sweep.max_seconds"},
    {"slots", 0, "N", "agents that train at once (64); 0: as many as fit", "sweep.slots"},
    {"sampler", 0, "KEY", "who suggests (tpe)", "sweep.sampler"},
    {"scheduler", 0, "KEY", "who gives trials up (asha)", "sweep.scheduler"},
    {"listen", 0, "ADDRESS:PORT", "let workers join at this address (throng worker)", NULL},
    {"token-file", 0, "FILE", "what workers must have too; made where it is missing", NULL},
    {"workers", 0, "N", "begin when so many workers are there (0)", NULL},
    {"own-slots", 0, "N",
     "agents that this process trains at once (all; with --workers none; as a rank of MPI a share)",
     NULL},
    {"mixed", 0, NULL,
     "take workers whose processors round otherwise: results then depend on who trained what",
     NULL},
    {0}};
static const char *const sweep_examples[] = {
    "throng sweep configs/sweep-demo.json --dry-run",
    "what it would take",
    "throng sweep configs/sweep-demo.json -o runs/sweep",
    "learning rate, discount and more, the best confirmed on fresh seeds",
    "throng sweep configs/sweep-demo.json -o runs/sweep --resume --max-trials 120",
    "after a kill, or with more trials",
    "throng sweep configs/sweep-demo.json -o runs/large --listen 0.0.0.0:7777 --token-file token",
    "the same with the help of others, who may come and go: throng worker",
    NULL};

static const cli_option trials_options[] = {
    {"sort", 0, "value|number", "the best first, or as they began (value)", NULL},
    {"most", 0, "N", "lines of the list; 0: all (20; with --json all)", NULL},
    {"show", 0, NULL, "all of trial K: options, curve, attributes", NULL},
    {"compare", 0, NULL, "trials K beside each other, what differs first", NULL},
    {"config", 0, NULL, "trial K as a configuration that throng train takes, to the same metrics",
     NULL},
    {"csv", 0, "FILE", "write all trials as CSV; - writes standard output", NULL},
    {"importance", 0, NULL, "which options matter: PED-ANOVA and fANOVA, as Optuna has them", NULL},
    {0}};
static const char *const trials_examples[] = {
    "throng trials runs/sweep",
    "the twenty best so far, also while the sweep goes on",
    "throng trials runs/sweep --show 7",
    "all of trial 7",
    "throng trials runs/sweep --compare 0 7 12",
    "the config's own options beside two others",
    "throng trials runs/sweep --importance",
    "which options matter",
    "throng trials runs/sweep --config 7 > seven.json",
    "what trial 7 was trained with, ready to run",
    "throng trials runs/sweep --csv trials.csv",
    "a line a trial, for spreadsheets and data frames",
    NULL};

static const cli_option compare_options[] = {
    {"metric", 0, "NAME", "what is compared, of a run's last evaluation (average_reward)", NULL},
    {"minimize", 0, NULL, "lower is better", NULL},
    {"level", 0, "X", "what the intervals hold (0.95)", NULL},
    {"svg", 0, "FILE", "draw it too: runs, intervals and performance profiles", NULL},
    {0}};
static const char *const compare_examples[] = {
    "throng train configs/demo.json --set agent.count=4 -o runs/four",
    "four agents that differ in their seeds",
    "throng compare runs/four",
    "what can be said of their setting: interquartile mean and interval",
    "throng compare runs/four --metric liking --json",
    "the same of another metric, for programs",
    "throng compare runs/sweep --svg sweep.svg",
    "what a sweep confirmed on fresh seeds, drawn",
    NULL};

static const cli_option report_options[] = {
    {"out", 'o', "FILE", "where the page goes; RUN/report.html for one run", NULL},
    {"files-only", 0, NULL, "open no agent: curves, table and config alone, at once", NULL},
    {0}};
static const char *const report_examples[] = {
    "throng report runs/demo",
    "runs/demo/report.html, as throng train wrote it at its end",
    "throng report runs/demo runs/gamma -o both.html",
    "two runs on one page: curves together, differences, where their configs differ",
    "throng report runs/demo --files-only -o quick.html",
    "what the run's files say, also of one that goes on",
    NULL};

static const cli_option worker_options[] = {
    {"token-file", 0, "FILE", "the sweep's token (required)", NULL},
    {"slots", 0, "N", "agents that are trained here at once, at most; 0: any number (0)", NULL},
    {"wait", 0, "X", "seconds to look for the sweep, and again for one that is lost (60)", NULL},
    {"world", 0, "FILE", "the sweep's world, where it is not at the path that the sweep has", NULL},
    {"sta", 0, "FILE", "the same of f_sta's weights", NULL},
    {"output", 'o', "FOLDER", "where world and weights are made if they are not here", NULL},
    {0}};
static const char *const worker_examples[] = {
    "throng worker 10.0.0.1:7777 --token-file token --slots 16",
    "sixteen agents of the sweep that listens there",
    "throng worker 7777 --token-file token --backend cuda", "one on this machine, on its GPU",
    NULL};

static const cli_option bench_options[] = {
    {"lanes", 0, "N", "lanes that step together (4096)", "sim.lanes"},
    {"seconds", 0, "X", "time for each figure, above 0 (1)", NULL},
    {"sta", 0, "FILE", "weights of f_sta for WORLD; without them its vote is not measured",
     "sta.file"},
    {0}};
static const char *const bench_examples[] = {
    "throng bench", "the reference size: 10,000 items, d = 384, 64 entries, window 50", NULL};

static const cli_option info_options[] = {
    {"lanes", 0, "N", "lanes to count memory for (sim.lanes)", "sim.lanes"}, {0}};
static const char *const info_examples[] = {"throng info", "version, build and machine",
                                            "throng info world.safetensors --lanes 65536",
                                            "a world's sizes and what 65,536 lanes take", NULL};

static const cli_option config_options[] = {
    {"keys", 0, NULL, "list every key instead: default, what it takes, what it means", NULL}, {0}};
static const char *const config_examples[] = {
    "throng config configs/demo.json --set sim.lanes=64",
    "what that run would be told, as a config that throng takes again", "throng config --keys",
    "every key with type, range, default and help", NULL};

const cli_command cli_commands[] = {
    {"synth", "make a synthetic world with planted tastes", "[CONFIG]", 0, 1,
     "Writes a world of users and items whose tastes are known by construction: the default demo. "
     "Sizes come from the configuration's section synth.",
     synth_options, synth_examples, "synth.seed", cmd_synth},
    {"prepare", "raw reviews or ratings to a world file", "CONFIG", 1, 1,
     "Reads the raw files that the configuration's section dataset names, extracts keywords, makes "
     "embeddings, and writes the world. What was read, kept and dropped is reported.",
     prepare_options, prepare_examples, "embedding.seed", cmd_prepare},
    {"extract", "reasons to like and dislike items, from a language model", "CONFIG", 1, 1,
     "Asks the model that the configuration's section llm names about every item's facts and "
     "reviews, keeps every answer in the store, and reports how many keywords came through and why "
     "the rest did not. What the store holds is not asked again: a run that was stopped or killed "
     "goes on where it was. prepare does the same on its way where keywords.provider is llm.",
     extract_options, extract_examples, "llm.seed", cmd_extract},
    {"fit", "fit f_sta, the statistical model", "WORLD [CONFIG]", 1, 2,
     "Fits SASRec with a read-out for the user on all but each user's last two interactions, stops "
     "early on the one before the last, and writes the best epoch's weights.",
     fit_options, fit_examples, "train.seed", cmd_fit},
    {"fit-users", "how users change within sessions, from real times", "WORLD", 1, 1,
     "Cuts real histories into sessions at long gaps, and says how long they are, what ends them, "
     "how often topics repeat, whether likes of a topic wear off and whether users come back; then "
     "prints the sections users and sim.leave_probability that follow. Where the data cannot tell, "
     "the literature's values stand, and that is said. A world without times is refused.",
     fit_users_options, fit_users_examples, "train.seed", cmd_fit_users},
    {"votes", "the votes for pairs of user and item", "WORLD [CONFIG]", 1, 2,
     "For every pair: the history is the user's interactions strictly before time (all, where "
     "absent), without the candidate itself. Output columns: user, item, alpha_pos, alpha_neg, "
     "beta_pos, beta_neg, p_like, f_mat, f_sim, f_sta, reward; before the reward each "
     "further vote that the rule asks, as f_pop_score and f_pop.",
     votes_options, votes_examples, "train.seed", cmd_votes},
    {"explain", "why this user likes this item or not", "WORLD [CONFIG]", 1, 2,
     "Says which keywords met and with which past items, which liked and which disliked item was "
     "nearest, how each vote fell and by what margin, and what the rule made of them.",
     explain_options, explain_examples, "train.seed", cmd_explain},
    {"play", "one session step by step, with its reasons", "RUN|WORLD [CONFIG]", 1, 2,
     "Plays sessions of one user at a time: what is shown, what the user answers and why, the "
     "reward, mood and boredom where users change, and why the session ended. Who shows is the "
     "agent of a run or a yardstick; who answers the simulated user, or you. Session K meets the "
     "user and the draws of session K of the run's evaluations.",
     play_options, play_examples, "train.evaluation.seed", cmd_play},
    {"evaluate", "fidelity on held-out interactions; agents judged again", "[WORLD [CONFIG]]", 0, 2,
     "Asks the votes about interactions that really happened, each after all that stands before "
     "it, "
     "and compares their answers with the real ones: each user's last interaction, or a later part "
     "that was kept apart. Yardsticks that know little stand beside them. With --agent RUN it "
     "judges "
     "trained agents in whole sessions instead.",
     evaluate_options, evaluate_examples, "train.seed", cmd_evaluate},
    {"export", "a trained agent, or logged episodes, for other programs", "RUN|WORLD [CONFIG]", 1,
     2,
     "Of a run's folder, or a checkpoint in one: writes the agent's query network and item "
     "vectors. "
     "Of a world: plays sessions in the simulator and writes a row for each item shown: user, "
     "item, answer, "
     "time, session, step, how the session ended, and the propensity with which the policy showed "
     "it, as off-policy evaluation needs it. Ids are those of the raw files.",
     export_options, export_examples, "train.seed", cmd_export},
    {"recommend", "what a trained agent would show a user, and why", "RUN", 1, 1,
     "RUN is the folder of a run, or a checkpoint in one. Ranks the whole catalogue after the "
     "user's "
     "history as the agent does when it acts greedily, and says of each item its score (Q, or a "
     "policy's log-probability), which keywords met in liked and in disliked items of the past, "
     "which of those is nearest, and how the votes of the simulated user fall. With --json one "
     "document; of --users a JSON line each.",
     recommend_options, recommend_examples, "train.seed", cmd_recommend},
    {"train", "train agents, with yardsticks beside them", "CONFIG", 1, 1,
     "Opens the world and the weights that the configuration names, or makes them in the run "
     "folder (again only when their configuration or raw files changed); then trains, evaluates "
     "and writes "
     "metrics, TensorBoard events and checkpoints. Prints the learning curve and the table of "
     "agents and yardsticks.",
     train_options, train_examples, "train.seed", cmd_train},
    {"experiment", "a question about the simulator, answered by a table", "NAME CONFIG...", 2, 65,
     "ablation: each vote alone, in pairs and joined, by AUC and by what agents come to. sparsity: "
     "parts of the world removed. drift: users along the later part of real histories. cost: "
     "user-steps a second beside AUC. fairness: what popular and rare items, active and less "
     "active "
     "users get. transfer: agents judged by other simulators and by logs. table2: the paper's "
     "table "
     "2, of many configs. Writes results.csv, "
     "results.json, results.svg and report.txt; what was stopped goes on where it was when the "
     "same "
     "command is given again.",
     experiment_options, experiment_examples, "train.seed", cmd_experiment},
    {"sweep", "many trials with other options, the best confirmed", "CONFIG", 1, 1,
     "Trains trials of the configuration with other values of what its section sweep.space lists, "
     "many at once, gives bad ones up, and trains the best and the configuration's own again on "
     "fresh seeds. The folder holds a database that Optuna opens, metrics, and a report for a "
     "browser. What was stopped or killed goes on with --resume.",
     sweep_options, sweep_examples, "train.seed", cmd_sweep},
    {"trials", "what a sweep has tried and found", "SWEEP [K...]", 1, 64,
     "Lists the trials in a sweep's folder: number, state, objective, user-steps that it took, and "
     "the options that vary. With a number behind SWEEP all of that trial, with several what they "
     "have in common and what not. Reads only: a sweep that goes on is not held up.",
     trials_options, trials_examples, "train.seed", cmd_trials},
    {"compare", "runs beside each other, over their seeds", "RUN...", 1, 1024,
     "Runs that differ in nothing but seeds count as one contender; every agent of a population "
     "is a run of its own, and of a sweep each trial that it confirmed on fresh seeds. For each "
     "contender: interquartile mean with its bootstrap interval, mean "
     "and standard error; beside the first: the probability that a run of it is better, and where "
     "seeds agree the paired difference with a signed-rank test.",
     compare_options, compare_examples, "train.seed", cmd_compare},
    {"report", "a page of a run for a browser, or of several", "RUN...", 1, 64,
     "Writes one file with its drawings in it, which needs no network: learning curves, agents and "
     "yardsticks, fidelity with its calibration, exposure, the keywords that decide, users with "
     "the reasons of their answers, the config and how to repeat the run. Of several runs: curves "
     "together, differences in pairs of sessions and by seeds, and where their configs differ. "
     "throng train writes a run's own at its end (train.report).",
     report_options, report_examples, "train.seed", cmd_report},
    {"worker", "train agents of a sweep elsewhere", "HOST:PORT", 1, 1,
     "Joins the sweep that listens at HOST:PORT (`throng sweep --listen`) and trains what it is "
     "given until the sweep is over. Program, world, weights and config must be the sweep's; one "
     "that would compute otherwise is refused with what differs. Workers may come and go at any "
     "time: what one had is trained again by others.",
     worker_options, worker_examples, "train.seed", cmd_worker},
    {"bench", "user-steps a second on this machine", "[WORLD]", 0, 1,
     "Measures the simulator under random actions: each vote alone, all three, with the item-item "
     "table and without; on WORLD, or on a synthetic world of the reference size.",
     bench_options, bench_examples, "train.seed", cmd_bench},
    {"info", "version, machine, and what a world holds", "[WORLD [CONFIG]]", 0, 2,
     "Without arguments: version, build, backends, cores and memory. With a world: its sizes, what "
     "it was made from, and the memory that a number of lanes takes, with the arithmetic.",
     info_options, info_examples, "train.seed", cmd_info},
    {"config", "a configuration with everything put in, or the list of keys", "[CONFIG]", 0, 1,
     "Prints defaults, the file and --set as one configuration, which throng takes again; of the "
     "sections dataset and synth it holds those that were given. Variables in paths are put in "
     "where they are set. With --keys: every key, its default and what it takes, and beside it "
     "what CONFIG says.",
     config_options, config_examples, "train.seed", cmd_config},
};
const int cli_command_count = sizeof cli_commands / sizeof *cli_commands;
