#!/bin/bash
# usage: workers.sh THRONG [THRONG_MPI]
# A sweep that other processes train ends with the rows of one process, times aside: over the ranks of
# mpirun; over sockets with two workers, each in a network namespace of its own (as root; else over the
# loopback device), one of which is killed (SIGKILL) in the middle; and where the owner itself is killed
# and resumed, to which the workers come back. SWEEPS (1) more sweeps lose workers at random moments (SEED)
# all the time. The long form: SWEEPS=40.
set -euo pipefail
throng=$(realpath "$1")
mpi=${2:+$(realpath "$2")}
work=$(mktemp -d "${TMPDIR:-/tmp}/throng-workers-XXXXXX")
pids=() spaces=()
finish() {
  for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
  for space in "${spaces[@]}"; do ip netns del "$space" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT
cd "$work"
export TMPDIR=$work OMPI_MCA_btl_vader_single_copy_mechanism=none

cat >sweep.json <<'END'
{"synth": {"users": 60, "items": 40, "categories": 4, "keywords": 40, "dim": 8, "tastes": 4,
  "history_mean": 8}, "sta": {"epochs": 1, "window": 8, "width": 8},
 "sim": {"lanes": 16, "history": 8, "max_steps": 10},
 "agent": {"batch": 8, "learning_starts": 64, "hidden": [8, 8], "width": 8, "buffer": 1024},
 "train": {"steps": 6400, "evaluate_every": 320, "evaluation": {"episodes": 16}},
 "sweep": {"slots": 6, "max_trials": 40, "test_seeds": 2, "top": 1, "checkpoint_seconds": 0.2,
  "space": {"agent.learning_rate": {"min": 1e-5, "max": 1e-1, "log": true},
   "agent.gamma": {"min": 0.5, "max": 0.99}, "agent.n_step": {"min": 1, "max": 4}}}}
END

fail() {
  echo "workers: $*" >&2
  tail -n 20 ./*.err >&2
  exit 1
}
# rows FOLDER: all that must not depend on who trained.
rows() {
  "$throng" trials "$1" --json | grep -vE '"(sweep|seconds|started|ended)"'
  sed -E 's/"(train\/)?seconds":[^,}]*,?//g' "$1/metrics.jsonl"
  grep -vE '"(seconds|folder)"' "$1/summary.json"
  if [ -e "$1/pbt.jsonl" ]; then cat "$1/pbt.jsonl"; fi
}
same() {  # REFERENCE FOLDER
  rows "$1" >"$1.rows"
  rows "$2" >"$2.rows"
  cmp -s "$1.rows" "$2.rows" && return
  diff "$1.rows" "$2.rows" | head -20 >&2
  fail "$2: its rows are not those of one process"
}
wait_for_rows() {  # FOLDER N
  for ((k = 0; k < 1200; ++k)); do
    [ -s "$1/metrics.jsonl" ] && [ "$(wc -l <"$1/metrics.jsonl")" -ge "$2" ] && return
    sleep 0.05
  done
  fail "$1: no $2 rows within a minute"
}

asha=(--sampler random --scheduler asha --threads 1)
pbt=(--sampler random --scheduler pbt --seed 2 --threads 1)
"$throng" sweep sweep.json -o asha "${asha[@]}" -q >/dev/null
"$throng" sweep sweep.json -o pbt "${pbt[@]}" -q >/dev/null

said=
if [ -z "$mpi" ]; then
  said="no MPI in this build"
elif ! command -v mpirun >/dev/null; then
  said="no mpirun here"
else
  # MPI itself keeps memory to its end.
  ASAN_OPTIONS=detect_leaks=0 mpirun --allow-run-as-root --oversubscribe -n 2 "$mpi" sweep sweep.json -o ranks "${pbt[@]}" \
    >ranks.out 2>ranks.err || fail "mpirun"
  same pbt ranks
  said="two ranks of mpirun"
fi

# Two places for workers: commands that run there, and the owner's address as it is seen there.
place=("" "") address=(127.0.0.1 127.0.0.1)
join() {  # K: namespace K, with a cable to this one
  local space=throng-$$-$1
  ip netns add "$space" 2>/dev/null || return 1
  spaces+=("$space")
  ip link add "throng$1$$" type veth peer name in netns "$space" 2>/dev/null &&
    ip addr add "10.231.$1.1/30" dev "throng$1$$" && ip link set "throng$1$$" up &&
    ip netns exec "$space" ip addr add "10.231.$1.2/30" dev in &&
    ip netns exec "$space" ip link set in up || return 1
  place[$1]="ip netns exec $space" address[$1]=10.231.$1.1
}
spaces_said="over the loopback device, since network namespaces are not allowed here"
if [ "$(id -u)" = 0 ] && join 0 && join 1; then spaces_said="in network namespaces"; fi

port=$((20000 + $$ % 20000))
worker() {  # K FOLDER: its process in $!
  ${place[$1]} "$throng" worker "${address[$1]}:$port" --token-file token --threads 1 --slots 4 \
    >"$2-$1.out" 2>"$2-$1.err" &
  pids+=($!)
}
owner() {  # FOLDER SEED-OPTIONS...
  local folder=$1
  shift
  "$throng" sweep sweep.json -o "$folder" "$@" --listen "0.0.0.0:$port" --token-file token \
    >"$folder.out" 2>>"$folder.err" &
  pids+=($!)
}

# One of two workers is killed, and another one comes.
owner sockets "${pbt[@]}" --workers 2
sweep=$!
worker 0 sockets; first=$!
worker 1 sockets; second=$!
wait_for_rows sockets 30
kill -KILL $second
wait $second 2>/dev/null || true
worker 1 later; later=$!
wait $sweep || fail "the sweep whose worker was killed"
wait $first || fail "the other worker"
wait $later || fail "the worker that came later"
grep -q "is lost" sockets.err || fail "the killed worker was not missed"
same pbt sockets

# The owner is killed and resumed.
owner owned "${asha[@]}" --workers 2
sweep=$!
worker 0 owned; first=$!
worker 1 owned; second=$!
wait_for_rows owned 20
kill -KILL $sweep
wait $sweep 2>/dev/null || true
owner owned "${asha[@]}" --workers 2 --resume
wait $! || fail "the resumed sweep"
wait $first || fail "a worker of the resumed sweep"
wait $second || fail "a worker of the resumed sweep"
same asha owned

# Workers are killed at random moments, and others come.
RANDOM=${SEED:-1}
schedulers=(mf_pbt hyperband pbt asha)
kills=0
for ((n = 0; n < ${SWEEPS:-1}; ++n)); do
  options=(--sampler random --scheduler "${schedulers[n % 4]}" --seed $((n + 3)) --threads 1)
  rm -rf undisturbed hunted
  "$throng" sweep sweep.json -o undisturbed "${options[@]}" -q >/dev/null
  owner hunted "${options[@]}" --workers 3
  sweep=$! hands=()
  for k in 0 1 2; do worker $((k % 2)) "hand$k"; hands[k]=$!; done
  while kill -0 $sweep 2>/dev/null; do
    sleep "0.$((RANDOM % 90 + 10))"
    kill -0 $sweep 2>/dev/null || break
    k=$((RANDOM % 3))
    if kill -KILL "${hands[k]}" 2>/dev/null; then kills=$((kills + 1)); fi
    wait "${hands[k]}" 2>/dev/null || true
    worker $((k % 2)) "hand$k"; hands[k]=$!
  done
  wait $sweep || fail "a sweep whose workers were killed all the time"
  for k in 0 1 2; do kill -KILL "${hands[k]}" 2>/dev/null || true; done
  wait "${hands[@]}" 2>/dev/null || true
  same undisturbed hunted
done

# Who has another token, another config or another program is told so.
if "$throng" worker "127.0.0.1:$port" --token-file token --wait 0 -q 2>gone.err; then fail "nobody listens"; fi
owner refusing "${asha[@]}" --workers 1
sweep=$!
echo "another token altogether" >other
status=0
"$throng" worker "127.0.0.1:$port" --token-file other -q 2>token.err || status=$?
[ $status = 1 ] || fail "another token was taken"
grep -q "has another token" token.err || fail "another token: not said"
status=0
"$throng" worker "127.0.0.1:$port" --token-file token --set sim.history=9 -q 2>config.err || status=$?
[ $status = 1 ] || fail "another config was taken"
grep -q "its config is" config.err || fail "another config: not said"
grep -rq "$(cat token)" ./*.err ./*.out && fail "the token was printed"
kill -TERM $sweep # while it waits for workers
status=0
wait $sweep || status=$?
[ $status = 143 ] || fail "a sweep that waits for workers: $status instead of 143 after SIGTERM"
status=0
"$throng" sweep sweep.json -o stray --workers 2 2>stray.err || status=$?
[ $status = 2 ] || fail "--workers without --listen was taken"
echo "workers: $said, and two socket workers $spaces_said, one killed, then their owner; ${SWEEPS:-1} sweeps with $kills random kills: the same rows"
