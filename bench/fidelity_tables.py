"""The tables of docs/fidelity.md from what `throng evaluate --json` printed.
usage: python bench/fidelity_tables.py all|within|groups NAME=FILE...
`all` has a table a file, `within` one of AUC within users, `groups` one of AUC by groups; the last
line of `all` is the ECE that f_cal would have on average were every probability of it true."""
import json
import math
import sys

SHOWN = ("majority", "calibrated")
GROUPS = ("activity_low", "activity_middle", "activity_high", "popularity_low", "popularity_middle",
          "popularity_high", "item_unknown", "item_new", "user_new")


def contenders(document):
    for name, one in document["yardsticks"].items():
        yield name.replace("_", " "), one
    for name, one in document["votes"].items():
        yield f"`{name}`", one
    for name in SHOWN:
        if name in document["rules"]:
            yield f"rule `{name}`", document["rules"][name]
    yield "**ensemble**", document["ensemble"]


def value(one, name, sign="", interval=True, suffix=""):
    m = one["measures"].get(name)
    if not m or m.get("value") is None:
        return "-"
    key = suffix or "value"
    low, high = (m.get(f"{suffix}_low"), m.get(f"{suffix}_high")) if suffix else (m.get("low"), m.get("high"))
    text = f"{m[key]:{sign}.3f}"
    return f"{text} [{low:{sign}.3f}, {high:{sign}.3f}]" if interval and low is not None else text


def row(cells):
    print("| " + " | ".join(cells) + " |")


def floor(one):
    """Mean of |share of likes - mean p| over the bins, were p true: a normal's mean deviation."""
    bins = one["reliability"]
    n = sum(b["n"] for b in bins)
    return sum(math.sqrt(2 / math.pi * b["said"] * (1 - b["said"]) * b["n"]) for b in bins) / n


def everything(name, d):
    what = "later parts" if d["split"] == "later" else "last interactions"
    row([f"{name}, {what} ({d['questions']:,} answers, {100 * d['likes'] / d['questions']:.1f} % likes)", "AUC",
         "minus the ensemble's", "log-loss", "ECE", "says", "likes", "MAE", "HR@10"])
    row(["---"] * 3 + ["---:", "---"] + ["---:"] * 4)
    for who, one in contenders(d):
        row([who, value(one, "auc"), value(one, "auc", "+", suffix="minus_ensemble"),
             value(one, "log_loss", interval=False), value(one, "ece")]
            + [value(one, k, interval=False)
               for k in ("like_rate_said", "like_rate_answered", "mae", "hit_rate_10")])
    print(f"\n`f_cal`'s ECE were its probabilities true: {floor(d['votes']['f_cal']):.3f}\n")


def within(named):
    row(["AUC within users"] + [f"{name} ({d['users']:,} users, {d['questions']:,} answers)" for name, d in named])
    row(["---"] * (1 + len(named)))
    for measure, prefix in (("within_user_auc", ""), ("answer_within_user_auc", "answers of ")):
        for who in [w for w, _ in contenders(named[0][1])]:
            if prefix and who[0] not in "r*":
                continue
            row([prefix + who] + [value(dict(contenders(d))[who], measure, interval=not prefix) for _, d in named])


def groups(name, d):
    row([f"AUC, {name}"] + [g.replace("_", " ") for g in GROUPS])
    row(["---"] + ["---:"] * len(GROUPS))
    row(["answers"] + [f"{d['strata'][g]['questions']:,}" for g in GROUPS])
    for who, one in contenders(d):
        row([who] + [value({"measures": one["strata"][g] or {}}, "auc", interval=False) for g in GROUPS])


kind, named = sys.argv[1], [a.split("=", 1) for a in sys.argv[2:]]
named = [(name, json.load(open(path))) for name, path in named]
if kind == "within":
    within(named)
else:
    for item in named:
        (everything if kind == "all" else groups)(*item)
