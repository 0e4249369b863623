#!/bin/bash
# What a machine with a GPU must show, in parts of under eight minutes. This one script runs from the
# sources (`make gpu-check` builds first) and from the unpacked archive of `make gpu-bundle`, where it is
# called run.sh; it needs bash, coreutils and awk, and no network.
# usage: run.sh [--backend cuda|cpu] [--limit SECONDS] PART... [FOLDER]
#   info       what the machine has: GPU, driver, libraries, tools
#   tests      the GPU tests, and the same seed twice: the same bits
#   bench      the simulator and the agents at the reference size, beside what is asked for and predicted
#   sanitizer  a small run of training under each tool of compute-sanitizer
#   profile    single kernels under ncu
#   peers      the PyTorch peers, on the GPU and on the CPU, and ours beside them
#   all        all of these; each in a process of its own, so that a killed one loses only itself
#   table      the tables of what FOLDER holds
# FOLDER (else $OUT, else ./gpu-check-results) gets PART.log and PART.csv of each part, written line by line; at
# most 8 files, for which logs of parts that have ended are joined in earlier.log.
#   --backend cpu   the same command lines, small, without a GPU: whether they work at all
#   --limit S       leave out what does not fit into S seconds in all
#   PYTHON             an interpreter with torch and safetensors (python3)
#   GPU_CHECK_SECONDS, GPU_CHECK_LANES, GPU_CHECK_BATCH   of the benchmarks (2, 65536, lanes / 16)
#   GPU_CHECK_WORK     where worlds and runs are kept between parts (work/ beside this script)
#   GPU_CHECK_LIBC     system or carried: do not choose between the machine's libc and the archive's
set -uo pipefail
export LC_ALL=C
self=$(readlink -f "${BASH_SOURCE[0]}")
here=${self%/*}
known=(info tests bench sanitizer profile peers)
part_seconds=${GPU_CHECK_PART_SECONDS:-460}

die() {
  echo "gpu-check: $*" >&2
  exit 2
}
usage() { awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "$self"; }

# Beside its archive alone this script unpacks it, outside the folder: what is carried stays small. tar and gzip do, for
# the programs inside are packed by an xz that lies beside them.
# So it does where the archive was unpacked into a folder that cannot be written.
archive=$here/gpu-bundle.tar.gz
[ ! -d "$here/libc" ] || archive=$here/programs.tar.xz
if [ -f "$archive" ] && [ ! -d "$here/bin" ] && { [ ! -d "$here/libc" ] || [ ! -w "$here" ]; }; then
  sum=$(sha256sum "$archive") && folder=${TMPDIR:-/tmp}/throng-gpu-$UID-${sum:0:16}
  if [ ! -f "$folder/run.sh" ] || [ ! -O "$folder" ]; then
    fresh=$(mktemp -d "$folder.XXXXXX") || die "cannot write into ${TMPDIR:-/tmp}; set TMPDIR to a folder with 300 MB free"
    if [ -d "$here/libc" ]; then
      cp -r "$here" "$fresh/gpu-bundle" && chmod -R u+w "$fresh/gpu-bundle"
    else
      tar -xzf "$archive" -C "$fresh"
    fi || die "$archive could not be unpacked into $fresh: is it whole, and is there room?"
    # Another run may have been faster; what is not ours is not taken.
    if mv -T "$fresh/gpu-bundle" "$folder" 2>/dev/null || { [ -f "$folder/run.sh" ] && [ -O "$folder" ]; }; then
      rm -rf "$fresh"
    else
      folder=$fresh/gpu-bundle
    fi
  fi
  exec bash "$folder/run.sh" "$@"
fi
if [ ! -d "$here/bin" ] && [ -f "$here/programs.tar.xz" ]; then
  fresh=$(mktemp -d "$here/unpacked.XXXXXX") || die "cannot write into $here: unpack the archive where there are 300 MB free"
  "$here/libc/ld-linux-x86-64.so.2" --library-path "$here/unpack:$here/libc" "$here/unpack/xz" -dc "$here/programs.tar.xz" |
    tar -xf - -C "$fresh" || die "$here/programs.tar.xz could not be unpacked: is it whole, and are there 300 MB free?"
  mv "$fresh/lib" "$fresh/share" "$here" 2>/dev/null && mv "$fresh/bin" "$here" || [ -d "$here/bin" ] || die "cannot unpack into $here"
  rm -rf "$fresh"
fi

# --- what was asked for ------------------------------------------------------------------------
backend=cuda limit=0 build='' out='' wanted=()
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage; exit 0 ;;
    --backend | --limit | --build)
      [ $# -ge 2 ] || die "$1 needs a value"
      case $1 in --backend) backend=$2 ;; --limit) limit=$2 ;; *) build=$2 ;; esac
      shift ;;
    -*) die "unknown option '$1'; --help lists them" ;;
    all) wanted+=("${known[@]}") ;;
    table) wanted+=(table) ;;
    *)
      if [[ " ${known[*]} " = *" $1 "* ]]; then
        wanted+=("$1")
      elif [ -n "$out" ]; then
        die "unknown part '$1': expected ${known[*]}, all or table (the folder is $out)"
      elif [ ${#wanted[@]} -eq 0 ] || { [[ $1 != */* ]] && [ ! -d "$1" ]; }; then
        die "'$1' is neither a part (${known[*]}, all, table) nor a folder; write ./$1 for a new folder, behind the parts"
      else
        out=$1
      fi ;;
  esac
  shift
done
[ ${#wanted[@]} -gt 0 ] || { usage >&2; exit 2; }
[[ $backend = cuda || $backend = cpu ]] || die "--backend $backend: expected cuda or cpu"
[[ $limit =~ ^[0-9]+$ ]] || die "--limit $limit: expected whole seconds"
out=${out:-${OUT:-gpu-check-results}}
mkdir -p "$out" && out=$(cd "$out" && pwd) && [ -w "$out" ] || die "cannot write into ${out:-the folder of results}"

# --- what there is -----------------------------------------------------------------------------
if [ -d "$here/bin" ]; then
  share=$here/share demo=$here/share/demo.json
  commit=$(<"$here/commit")
else
  share=$here demo=${here%/*}/configs/demo.json
  build=${build:-${here%/*}/build/release}
  commit=$(git -C "$here" rev-parse --short HEAD 2>/dev/null || echo unknown)
  git -C "$here" diff --quiet HEAD 2>/dev/null || commit=$commit-changed
fi
# program NAME: its path; of the archive, or of a build folder.
program() {
  local folder
  for folder in "$here/bin" "$build" "$build/bench" "$build/tests"; do
    [ ! -f "$folder/$1" ] || { echo "$folder/$1"; return; }
  done
  return 1
}
throng=$(program throng) || die "no program 'throng' in ${build:-$here/bin}: build it first"
bench_sim=$(program bench_sim) bench_agent=$(program bench_agent) || die "no bench_sim and bench_agent beside $throng"
work=${GPU_CHECK_WORK:-${build:-$here}/work}
mkdir -p "$work" 2>/dev/null && [ -w "$work" ] || work=$(mktemp -d) || die "no folder to work in: set GPU_CHECK_WORK"
data=$work/$backend
python=${PYTHON:-python3}

# Sizes. The keys are the same on both backends, so that a run without a GPU tries every one.
if [ "$backend" = cuda ]; then
  lanes=${GPU_CHECK_LANES:-65536} each=${GPU_CHECK_SECONDS:-2} ceilings=yes repeat_steps=60000
  world=(synth.users=15000 synth.items=10000 synth.dim=384 synth.history_mean=96) fit=(sta.width=32 sta.window=50 sta.epochs=1)
else
  lanes=${GPU_CHECK_LANES:-8} each=${GPU_CHECK_SECONDS:-0.001} ceilings=no repeat_steps=2000
  world=(synth.users=120 synth.items=240 synth.dim=16 synth.history_mean=20) fit=(sta.width=8 sta.window=8 sta.epochs=1)
fi
batch=${GPU_CHECK_BATCH:-$((lanes >= 256 ? lanes / 16 : 16))}
# sets KEY=VALUE...: into the array `set` as options.
sets() {
  local pair
  set=()
  for pair in "$@"; do set+=(--set "$pair"); done
}

# folder_of FILE FOLDER...: the first that holds it, behind a colon.
folder_of() {
  local folder
  for folder in "${@:2}"; do [ ! -e "$folder/$1" ] || { echo ":$folder"; return; }; done
}
# The driver's library and cuBLAS, where the loader would not look: CUDA's own folders, wheels of PyTorch.
find_cuda() {
  local site=() driver version
  if [ "$backend" = cuda ] && command -v "$python" >/dev/null; then
    mapfile -t site < <("$python" -c 'import sys; print("\n".join(p for p in sys.path if p))' 2>/dev/null) 2>/dev/null
  fi
  site+=(/usr/local/lib/python3*/*-packages /usr/lib/python3/dist-packages /opt/*/lib/python3*/site-packages
    /opt/*/.venv/lib/python3*/site-packages "${HOME:-/root}"/.local/lib/python3*/site-packages)
  for version in 13 12; do  # the one that the programs were built with, else the one before
    cublas=$(folder_of libcublas.so.$version ${CUDA_HOME:+"$CUDA_HOME/lib64"} /usr/local/cuda/lib64 /usr/local/cuda-$version*/lib64 \
      /usr/local/cuda*/targets/x86_64-linux/lib /opt/cuda/lib64 /usr/lib/x86_64-linux-gnu "${site[@]/%//nvidia/cu$version/lib}" \
      "${site[@]/%//nvidia/cublas/lib}")
    [ -z "$cublas" ] || break
  done
  driver=$(folder_of libcuda.so.1 /usr/local/nvidia/lib64 /usr/local/nvidia/lib /usr/lib/wsl/lib /usr/lib64-nvidia \
    /run/opengl-driver/lib /usr/lib/x86_64-linux-gnu /usr/lib64)
  library_path=${LD_LIBRARY_PATH:-}$cublas$driver
  library_path=${library_path#:} cublas=${cublas#:}
}
# The machine's libc where it is new enough, for the driver's libraries were made for it; else the archive's.
choose_libc() {
  loader=() libc="the system's"
  [ -d "$here/libc" ] || return 0
  local why='' carried=("$here/libc/ld-linux-x86-64.so.2" --library-path "$here/lib:$here/libc${library_path:+:$library_path}")
  if [ "${GPU_CHECK_LIBC:-}" != carried ]; then
    why=$(env LD_LIBRARY_PATH="$library_path" "$throng" --version 2>&1 >/dev/null) && return
    [ "${GPU_CHECK_LIBC:-}" != system ] || die "$throng does not start on this system's libc: $why"
  fi
  why=${why%%$'\n'*}
  loader=("${carried[@]}") libc="carried (${why:-asked for})"
  why=$("${loader[@]}" "$throng" --version 2>&1 >/dev/null) || die "$throng does not start: $why"
}
# tool NAME FOLDER...: where a tool of NVIDIA's lies.
tool() {
  local name=$1 found folder
  shift
  found=$(command -v "$name") && { echo "$found"; return; }
  for folder in ${CUDA_HOME:+"$CUDA_HOME/bin"} /usr/local/cuda/bin /usr/local/cuda-*/bin "$@"; do
    [ ! -x "$folder/$name" ] || { echo "$folder/$name"; return; }
  done
  return 1
}

# --- items of a part ---------------------------------------------------------------------------
say() { echo "$*" | tee -a "$log"; }
quoted() { local text=${*//$'\n'/ }; echo "\"${text//\"/\"\"}\""; }
# row ITEM RESULT SECONDS METRIC VALUE UNIT NOTE: a line of the part's CSV. The benchmarks write theirs themselves, with
# other columns; there only what gave none has a line here.
row() {
  if [ "$part" != bench ] && [ "$part" != peers ]; then
    echo "$part,$1,$2,$3,$(quoted "$4"),$(quoted "$5"),$(quoted "$6"),$(quoted "$7")" >>"$csv"
  elif [ "$2" != passed ]; then
    echo "$(date -u +%Y-%m-%dT%H:%M:%SZ),$commit,,$(quoted "$1"),$(quoted "$7"),$2,,,,,,,,,," >>"$csv"
  fi
}
# record ITEM RESULT NOTE: passed, FAILED, not measured.
record() {
  names+=("$1") results+=("$2") times+=("$seconds") notes+=("$3")
  row "$1" "$2" "$seconds" "" "" "" "$3"
  say "== $1: $2 ($seconds s)${3:+: $3}"
}
# leave ITEM REASON: what this machine cannot do, or has no time for.
leave() {
  seconds=0
  record "$1" "not measured" "$2"
}
# try ITEM SECONDS COMMAND...: its output goes to the log as it comes, and to $scratch/said; `code` is its exit status.
# False where it was left out.
try() {
  local left=$((deadline - SECONDS)) began=$SECONDS
  current=$1
  [ "$left" -ge 3 ] || { leave "$1" "no time was left for it"; return 1; }
  allowed=$(($2 < left ? $2 : left))
  echo "-- $1, at most $allowed s: ${*:3}" >>"$log"
  {
    timeout -k 10 "$allowed" "${@:3}" </dev/null 2>&1 &
    echo $! >"$scratch/pid"
    wait $!
    echo $? >"$scratch/code"
  } | { head -c 400000; tail -c 50000; } | tee -a "$log" >"$scratch/said" &
  wait $!
  code=$(<"$scratch/code") seconds=$((SECONDS - began)) current=
  rm -f "$scratch/pid"
}
# settle ITEM [NOTE]: passed or failed by `code`.
settle() {
  case $code in
    0) record "$1" passed "${2:-}" ;;
    124 | 137) record "$1" FAILED "not done in $allowed s" ;;
    *) record "$1" FAILED "exit status $code: $(tail -n 1 "$scratch/said")" ;;
  esac
  [ "$code" = 0 ]
}
item() { try "$@" && settle "$1"; }
says() { awk -v text="$1" 'index($0, text) { found = 1 } END { exit !found }' "$scratch/said"; }

# At most 8 files in the folder: this part's two, tables of all, and the joined logs of those before.
make_room() {
  local file n=0 other
  for file in "$out"/*; do
    [ -f "$file" ] && [ "$file" != "$log" ] && [ "$file" != "$csv" ] && n=$((n + 1))
  done
  [ $n -gt 6 ] || return 0
  for other in "${known[@]}"; do
    [ "$other" != "$part" ] && [ -f "$out/$other.log" ] || continue
    { echo "######## $other.log"; cat "$out/$other.log"; } >>"$out/earlier.log" && rm "$out/$other.log"
  done
  if [ "$(stat -c %s "$out/earlier.log" 2>/dev/null || echo 0)" -gt 15000000 ]; then
    tail -c 15000000 "$out/earlier.log" >"$scratch/earlier" && mv "$scratch/earlier" "$out/earlier.log"
  fi
}
columns=part,item,result,seconds,metric,value,unit,note
bench_columns=date,commit,threads,name,size,unit,units,seconds,low,high,rate,bytes,operations,ceiling_bytes
bench_columns+=,ceiling_operations,ceiling_loads
begin_part() {
  part=$1 log=$out/$1.log csv=$out/$1.csv
  names=() results=() times=() notes=() current='' seconds=0
  scratch=$(mktemp -d "$work/part.XXXXXX") || die "cannot write into $work"
  make_room
  : >"$log"
  if [ "$part" = bench ] || [ "$part" = peers ]; then echo $bench_columns; else echo $columns; fi >"$csv"
  deadline=$((SECONDS + part_seconds))
  [ "$limit" = 0 ] || [ $deadline -le "$limit" ] || deadline=$limit
  trap interrupted TERM INT HUP
  say "#### $part, backend $backend, commit $commit"
  find_cuda
  choose_libc
  ours=(env LD_LIBRARY_PATH="$library_path" THRONG_BENCH_COMMIT="$commit")
}
end_part() {
  local k failed=0 open=0
  trap - TERM INT HUP
  {
    echo
    printf '%-34s %-13s %6s  %s\n' "$part" result time note
    for k in "${!names[@]}"; do
      printf '%-34s %-13s %4s s  %s\n' "${names[$k]}" "${results[$k]}" "${times[$k]}" "${notes[$k]}"
      case ${results[$k]} in FAILED) failed=$((failed + 1)) ;; "not measured") open=$((open + 1)) ;; esac
    done
    echo "$part: $((${#names[@]} - failed - open)) passed, $failed FAILED, $open not measured"
  } >"$scratch/table"
  tee -a "$log" <"$scratch/table"
  rm -rf "$scratch"
  [ $failed = 0 ]
}
interrupted() {
  [ ! -s "$scratch/pid" ] || kill "$(<"$scratch/pid")" 2>/dev/null
  record "${current:-the rest}" FAILED "the part was told to stop"
  end_part
  exit 143
}

# --- the parts, and the tables of them -----------------------------------------------------------
. "$share/gpu_parts.sh"

tables() {
  local part
  for part in "${known[@]}"; do
    [ -s "$out/$part.csv" ] || continue
    awk -v part="$part" "$split_csv"'
      { n = split_csv($0, field) }
      FNR == 1 { for (k = 1; k <= n; ++k) column[field[k]] = k; next }
      "name" in column { text = field[column["rate"]] != "" ? sprintf("%.4g %s/s", field[column["rate"]], field[column["unit"]]) : field[column["unit"]] ": " field[column["size"]]
        printf "%-10s %-62s %s\n", part, field[column["name"]], text; next }
      { printf "%-10s %-24s %-13s %s\n", part, field[2], field[3], field[5] (field[5] == "" ? "" : " ") field[6] " " field[7] field[8] }
    ' "$out/$part.csv"
  done
  if [ -s "$out/bench.csv" ] || [ -s "$out/peers.csv" ]; then echo; comparison; fi
}

# --- one part here, several each in a process of its own ---------------------------------------------
if [ ${#wanted[@]} = 1 ]; then
  if [ "${wanted[0]}" = table ]; then
    tables
    exit
  fi
  begin_part "${wanted[0]}"
  "part_${wanted[0]}"
  end_part
  exit
fi
declare -A ended
child=
trap '[ -z "$child" ] || kill "$child" 2>/dev/null; exit 143' TERM INT HUP
bad=0
for part in "${wanted[@]}"; do
  options=(--backend "$backend")
  [ -z "$build" ] || options+=(--build "$build")
  if [ "$limit" != 0 ]; then options+=(--limit $((limit > SECONDS ? limit - SECONDS : 1))); fi
  GPU_CHECK_WORK=$work timeout -k 15 $((part_seconds + 15)) bash "$self" "${options[@]}" "$part" "$out" &
  child=$!
  wait "$child"
  code=$?
  case $code in
    0) ended[$part]=passed ;;
    1) ended[$part]=FAILED ;;
    *) ended[$part]="FAILED: killed or stopped (exit status $code)" ;;
  esac
  [ $code = 0 ] || bad=1
  echo
done
echo "== parts, in $SECONDS s; logs and rows in $out"
for part in "${wanted[@]}"; do printf '%-12s %s\n' "$part" "${ended[$part]}"; done
[ $bad = 0 ] && echo "gpu-check: nothing failed" || echo "gpu-check: FAILED" >&2
exit $bad
