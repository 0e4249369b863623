/// Options and examples of what shows users and agents at work: evaluate and play.
#include "cli/table.h"

const cli_option evaluate_options[] = {
    {"sta", 0, "FILE", "weights of f_sta; without them its vote is not measured", "sta.file"},
    {"semantics", 0, "KEY",
     "how votes are made: as the paper writes, or as its authors' released "
     "infer_user_interaction does, whose statistical vote is always 1",
     "votes.semantics"},
    {"split", 0, "test|validation|later",
     "ask about each user's last interaction, about the one before it, or about the later part "
     "that dataset.later_share kept apart (test)",
     NULL},
    {"rollout", 0, NULL,
     "in place of that: let users answer along their later part, with the real answers remembered "
     "and with their own, and say how they drift",
     NULL},
    {"users", 0, "N", "ask at most so many users, spread evenly over the world's; 0: all (0)",
     NULL},
    {"resamples", 0, "N", "bootstrap resamples of the users; 0: no intervals (1000)", NULL},
    {"svg", 0, "FILE", "draw reliability: what was said to be likely against what was real", NULL},
    {"agent", 0, "FOLDER",
     "in place of that: judge a trained run's agents again, in WORLD where it is given, with "
     "yardsticks beside them",
     NULL},
    {"agent-number", 0, "N", "which of the run's agents (all)", NULL},
    {"checkpoint", 0, "FILE", "another one of the run's than the newest", NULL},
    {"episodes", 0, "N", "sessions that everybody plays (the run's)", "train.evaluation.episodes"},
    {0}};
const char *const evaluate_examples[] = {
    "throng evaluate world.safetensors --sta sta.safetensors",
    "AUC, log-loss, calibration and F1 of every vote, rule and the ensemble, beside yardsticks",
    "throng synth -o halved.safetensors --set synth.users=300 --set synth.later_share=0.5",
    "a world whose users' later halves are kept apart",
    "throng evaluate halved.safetensors --split later --svg reliability.svg",
    "the same of answers that nothing in the world knows, with AUC within users; and a drawing",
    "throng evaluate halved.safetensors --rollout",
    "like rates and more of simulated users along those halves, forced and free",
    "throng evaluate --agent runs/demo --set users.preset=dynamic",
    "the agents of a run before users who bore and leave, beside yardsticks",
    NULL};

const cli_option play_options[] = {
    {"user", 'u', "ID", "raw id of the user (whom an evaluation meets in its session K)", NULL},
    {"agent", 0, "NAME",
     "who shows: random, popular, most_similar, myopic, planner, or the folder of another run (the "
     "run's agent; of a world myopic)",
     NULL},
    {"agent-number", 0, "N", "which of a run's agents (0)", NULL},
    {"checkpoint", 0, "FILE", "another one of the run's than the newest", NULL},
    {"interactive", 'i', NULL,
     "answer yourself, y, n or q (leaves), in place of the simulated user; from standard input",
     NULL},
    {"steps", 0, "N", "steps of a session at most; 0: until it ends (0)", NULL},
    {"sessions", 0, "N", "sessions, one after the other (1)", NULL},
    {"session", 0, "N", "number of the first, as evaluations number theirs (0)", NULL},
    {"jsonl", 0, "FILE",
     "write a line a step too, with votes and reasons; - writes standard output, in place of the "
     "text",
     NULL},
    {"sta", 0, "FILE", "weights of f_sta (the run's; of a world none, and the rule is logical)",
     "sta.file"},
    {0}};
const char *const play_examples[] = {
    "throng play runs/demo",
    "a session of the run's agent, step by step: item, answer, reasons, return",
    "throng play runs/demo --user u00007 --agent popular --steps 3",
    "three steps of what popular items do to one user",
    "throng play runs/demo --user u00007 --interactive --steps 5",
    "you answer, and the agent shows what it makes of that",
    "throng play runs/demo --set users.preset=dynamic --sessions 3 --jsonl three.jsonl",
    "users who bore and lose patience; trajectories as JSON lines too",
    NULL};
