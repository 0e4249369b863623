#!/bin/bash
# usage: gpu_bundle.sh SOURCE_ROOT BUILD
# The archive of `make gpu-bundle` where nothing is installed: a root of bash, coreutils, awk, tar, gzip and libc. Every
# part's command lines run there without a GPU; then, with a stand-in for NVIDIA's tools, what a machine with one reads
# from them; and what is told of what fails, lacks or is killed. Exits 77 where no root can be entered.
set -euo pipefail
root=$1 build=$2
work=$(mktemp -d "${TMPDIR:-/tmp}/throng-bundle-XXXXXX")
trap 'rm -rf "$work"' EXIT
bare=$work/root said=$work/said
fail() {
  echo "gpu_bundle: $*" >&2
  [ ! -s "$said" ] || { echo "what was said last:" >&2; tail -n 60 "$said" >&2; }
  exit 1
}
skip() {
  echo "gpu_bundle: skipped: $*"
  exit 77
}
for tool in patchelf xz strip; do command -v $tool >/dev/null || skip "$tool is not installed (.ci/deps bundle)"; done

# --- a root with nothing in it ------------------------------------------------------------------
tools=(bash env tar gzip awk cat chmod comm cp cut date head ls mkdir mktemp mv nproc readlink rm sha256sum sleep sort stat tail
  tee timeout touch tr uname wc)
# shellcheck source=tests/checks/bare_root.sh
. "$(dirname "$0")/bare_root.sh"
settings=(PYTHON=python3)

# --- the archive ----------------------------------------------------------------------------------
cd "$root"
GPU_BUNDLE_XZ=${GPU_BUNDLE_XZ:-preset=0,dict=32MiB} .ci/gpu-bundle "$build" "$bare/gpu-bundle" >"$said" 2>&1 ||
  fail "the archive could not be made"
tells "MiB of at most 40"
grep -F "MiB of" "$said"
[ "$(ls "$bare/gpu-bundle")" = "gpu-bundle.tar.gz"$'\n'"run.sh" ] || fail "the folder holds more than the archive and its script"
n_gpu_test=0 with_cuda=0
for program in "$build"/tests/gpu_test_cuda_*; do
  [ ! -f "$program" ] || [ ! -x "$program" ] || n_gpu_test=$((n_gpu_test + 1)) with_cuda=1
done

# --- every command line, without a GPU -------------------------------------------------------------
inside bash /gpu-bundle/run.sh --backend cpu all /out || fail "a run of all parts without a GPU failed"
cp "$said" "$work/all"
out=$bare/out
[ "$(ls "$out" | wc -l)" -le 8 ] || fail "more than 8 files: $(ls "$out")"
for part in info tests bench sanitizer profile peers; do
  [ -s "$out/$part.csv" ] || fail "$part left no rows"
  tells "#### $part, backend cpu"
  ! grep -q FAILED "$out/$part.csv" || fail "$part: $(grep FAILED "$out/$part.csv")"
done
# passed PART N: so many of its items must have passed.
passed() {
  local n
  n=$(awk -F, -v part="$1" '$1 == part && $3 == "passed"' "$out/$1.csv" | wc -l)
  [ "$n" = "$2" ] || fail "$1: $n rows passed, expected $2: $(cat "$out/$1.csv")"
}
passed tests 3
passed sanitizer 4
passed profile 9
[ "$(wc -l <"$out/bench.csv")" -ge 17 ] ||
  fail "bench: expected a head, 8 rows of the simulator and 4 of each head: $(cat "$out/bench.csv")"
grep -q "there is no python3\|PYTHON=python3" "$out/peers.csv" "$out/info.csv" || fail "the missing Python is not told"
tells "three votes, table"
if [ $with_cuda = 1 ]; then
  [ "$(grep -c '^tests,gpu_test_cuda_.*without a GPU' "$out/tests.csv")" = $n_gpu_test ] || fail "the GPU tests did not start: $(cat "$out/tests.csv")"
  # The names that ncu is asked for are names of kernels.
  for kernel in $(awk -F, '$3 == "passed" { print $2 }' "$out/profile.csv"); do
    grep -qE "${kernel}(_warp|_kernel|_block|I|E|v)" "$build/bench/bench_agent" || fail "no kernel is called $kernel"
  done
fi
tells "nothing failed"
tells "libc: the system's"
# The libraries are the archive's own: this root's are there for its tools.
bundle=$(cd "$bare/tmp" && ls -d throng-gpu-*)
for program in "$bare/tmp/$bundle"/bin/*; do
  env -i "${enter[@]}" true /bin/env LD_TRACE_LOADED_OBJECTS=1 "/tmp/$bundle/bin/${program##*/}" >"$said" 2>&1 || fail "${program##*/} does not start"
  other=$(awk -v own="/tmp/$bundle/" '$2 == "=>" && index($3, own) != 1 { print $1, $3 }' "$said" |
    grep -vE '^(lib(c|m|mvec|pthread|dl|rt|resolv)\.so\.[0-9]+) /' || true)
  [ -z "$other" ] || fail "${program##*/} takes from the system: $other"
done

# --- an older libc: the archive's own ------------------------------------------------------------------
settings=(PYTHON=python3 GPU_CHECK_LIBC=carried)
inside bash /gpu-bundle/run.sh --backend cpu info tests /carried || fail "it does not run on its own libc"
tells "libc: carried"

# --- unpacked by hand where nothing can be written ----------------------------------------------------
if [ "$(id -u)" = 0 ]; then
  mkdir "$bare/by-hand" "$bare/elsewhere"
  tar -xzf "$bare/gpu-bundle/gpu-bundle.tar.gz" -C "$bare/by-hand"
  settings=(PYTHON=python3 TMPDIR=/elsewhere)
  as_it_is='mount --bind "$0/by-hand" "$0/by-hand" && mount -o remount,bind,ro "$0/by-hand"'
  inside ls /by-hand/gpu-bundle || fail "no read-only folder can be made"
  ! inside touch /by-hand/gpu-bundle/run.sh || fail "the folder is no read-only one"
  for _ in 1 2; do inside bash /by-hand/gpu-bundle/run.sh --backend cpu info /by-hand-out || fail "it does not run from a read-only folder"; done
  [ "$(ls "$bare/elsewhere" | wc -l)" = 1 ] || fail "it was unpacked twice: $(ls "$bare/elsewhere")"
  as_it_is=true
fi

# --- a killed part loses only itself ---------------------------------------------------------------
settings=(PYTHON=python3)
(cd "$out" && sha256sum info.csv bench.csv profile.csv) >"$work/before"
inside bash -c 'bash /gpu-bundle/run.sh --backend cpu tests /out & sleep 2; kill -9 $!; wait $!; exit 0'
(cd "$out" && sha256sum -c --quiet "$work/before") || fail "a killed part changed what others had left"
[ -s "$out/tests.log" ] && [ -s "$out/tests.csv" ] || fail "a killed part left nothing of what it had done"
inside bash /gpu-bundle/run.sh --backend cpu table /out || fail "no table of what a killed part left"
tells "three votes, table"

# --- what fails says so, and the rest goes on -----------------------------------------------------------
settings=(PYTHON=python3 GPU_CHECK_LANES=0)
! inside bash /gpu-bundle/run.sh --backend cpu bench sanitizer /failing || fail "a benchmark of no lanes passed"
tells "bench_sim: FAILED"
tells "sanitizer: 4 passed"
settings=(PYTHON=python3)
! inside bash /gpu-bundle/run.sh --backend cpu bnech /out || fail "a part that is none was taken"
tells "neither a part"
! inside bash /gpu-bundle/run.sh --backend cpu bench peer || fail "a misspelt part was taken for a folder"
! inside bash /gpu-bundle/run.sh --backend gpu info /out || fail "a backend that is none was taken"
inside bash /gpu-bundle/run.sh --backend cpu --limit 2 tests /short || fail "a limit is no failure"
tells "no time was left for it"

# --- the backend that is not here ---------------------------------------------------------------------
settings=(PYTHON=python3)
! inside bash /gpu-bundle/run.sh tests /gpu || fail "GPU tests passed without a GPU"
[ $with_cuda = 0 ] || tells "tests were skipped"
tells "same-seed-turn-1: FAILED"
inside bash /gpu-bundle/run.sh sanitizer /gpu || fail "a tool that is absent is no failure"
tells "racecheck: not measured"
tells "compute-sanitizer is not installed"

# Stand-ins that answer as NVIDIA's tools do: what is made of their answers, and what they are asked.
cat >"$bare/bin/ncu" <<'NCU'
#!/bin/bash
echo "asked: $*" >>/tmp/asked
echo '==PROF== Connected to process 7 (/bin/bench_agent)'
case "$*" in *regex:add_bias*) echo '==PROF== Disconnected from process 7'; echo '==WARNING== No kernels were profiled.'; exit 0 ;; esac
case "$*" in *regex:column_sum*)
  echo '==ERROR== ERR_NVGPUCTRPERM - The user does not have permission to access NVIDIA GPU Performance Counters on the target device 0.'
  echo '==WARNING== No kernels were profiled.'
  exit 1 ;;
esac
echo '==PROF== Profiling "sim_vote_warp" - 0: 0%....50%....100% - 9 passes'
echo '"ID","Process ID","Process Name","Host Name","Kernel Name","Context","Stream","Block Size","Grid Size","Device","CC","Section Name","Metric Name","Metric Unit","Metric Value","Rule Name"'
lead='"0","7","bench_agent","127.0.0.1","sim_vote_warp(sim_args, long)","1","13","(256, 1, 1)","(64, 1, 1)","0","9.0"'
echo "$lead"',"GPU Speed Of Light Throughput","DRAM Throughput","%","4.20",""'
echo "$lead"',"GPU Speed Of Light Throughput","Duration","ns","9,512",""'
lead='"1","7","bench_agent","127.0.0.1","sim_vote_warp(sim_args, long)","1","13","(256, 1, 1)","(8192, 1, 1)","0","9.0"'
echo "$lead"',"GPU Speed Of Light Throughput","DRAM Throughput","%","61.20",""'
echo "$lead"',"GPU Speed Of Light Throughput","Duration","ns","84,512",""'
echo "$lead"',"Launch Statistics","Registers Per Thread","register/thread","40",""'
exit 9
NCU
cat >"$bare/bin/compute-sanitizer" <<'SANITIZER'
#!/bin/bash
echo "asked: $*" >>/tmp/asked
echo '========= COMPUTE-SANITIZER'
case "$*" in
  *synccheck*) [ ! -e /tmp/mute ] || exit 0 ;;
  *memcheck*) [ ! -e /tmp/mute ] || { echo '========= Error: Device not supported. Please refer to the "Supported Devices" section'; exit 1; } ;;
esac
case "$*" in
  *racecheck*) echo '========= RACECHECK SUMMARY: 0 hazards displayed (0 errors, 0 warnings)' ;;
  *initcheck*) echo '========= Uninitialized __global__ memory read of size 4 bytes'; echo '========= ERROR SUMMARY: 1 error'; exit 1 ;;
  *) echo '========= ERROR SUMMARY: 0 errors' ;;
esac
SANITIZER
chmod +x "$bare/bin/ncu" "$bare/bin/compute-sanitizer"
! inside bash /gpu-bundle/run.sh sanitizer /gpu || fail "an error that compute-sanitizer found was no failure"
tells "racecheck: passed"
tells "RACECHECK SUMMARY: 0 hazards"
tells "initcheck: FAILED"
for word in memcheck racecheck initcheck synccheck kernel-name-exclude.regex= report-api-errors.explicit train.yardsticks=false synth.items=300; do
  grep -q -- "$word" "$bare/tmp/asked" || fail "compute-sanitizer was not asked for $word"
done
touch "$bare/tmp/mute"
! inside bash /gpu-bundle/run.sh sanitizer /gpu || fail "a tool that checks nothing was no failure"
tells "memcheck: not measured"
tells "synccheck: FAILED"
tells "it has checked nothing"
mkdir -p "$bare/tmp/$bundle/work/cuda"
cp "$bare/tmp/$bundle"/work/cpu/*.safetensors "$bare/tmp/$bundle/work/cuda"
! inside bash /gpu-bundle/run.sh profile /gpu || fail "a kernel without rows was no failure"
tells "sim_vote: passed"
tells "84.5 us, DRAM Throughput 61 %, 40 registers, grid (8192, 1, 1)"
! grep -q 9512 "$bare/gpu/profile.csv" || fail "the shorter of two launches has rows too: $(cat "$bare/gpu/profile.csv")"
tells "add_bias: FAILED"
tells "column_sum: not measured"
tells "ERR_NVGPUCTRPERM - The user does not have permission"
tells "segment_sum: not measured"
[ "$(grep -c regex:segment_sum "$bare/tmp/asked")" = 0 ] || fail "ncu was asked once more, though it may read nothing"
grep -qx 'profile,sim_vote,passed,,"Duration",84512,"ns",' "$bare/gpu/profile.csv" || fail "no row of sim_vote: $(cat "$bare/gpu/profile.csv")"
grep -q -- "--kernel-name regex:sim_vote --launch-skip" "$bare/tmp/asked" || fail "ncu was not asked for sim_vote"
[ "$(ls "$bare/gpu" | wc -l)" -le 8 ] || fail "more than 8 files"
# --- the peers' arguments ------------------------------------------------------------------------------
if command -v python3 >/dev/null; then
  printf '#!/bin/bash\nPYTHONDONTWRITEBYTECODE=1 PYTHONPATH=%s exec python3 "$@"\n' "$root/tests/checks/no_torch" >"$work/python"
  chmod +x "$work/python"
  PYTHON=$work/python GPU_CHECK_WORK=$work/here bash bench/gpu_check.sh --backend cpu --build "$build" peers "$work/peers" >"$said" 2>&1 ||
    fail "the peers do not take the arguments that they are given"
  [ "$(grep -c '^arguments understood: ' "$work/peers/peers.log")" = 2 ] || fail "the peers were not asked"
fi
echo "gpu_bundle: all parts in a bare root, on its libc and on the archive's; failures, kills and absent tools are told"
