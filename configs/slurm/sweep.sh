#!/bin/bash
# A sweep on a Slurm cluster: one task owns it, an array of others works for it. On a login node:
#   mkdir -p runs && sbatch configs/slurm/sweep.sh CONFIG FOLDER
# The owner submits the workers itself (WORKERS of them, 8), each as a job of its own: they begin when
# the cluster has room, may be preempted, and come back by --requeue; what they had trained is trained
# again by others, and the rows do not depend on it. The owner may be killed and submitted again, too: it
# goes on where it was. CONFIG, FOLDER and the program lie where all nodes see them.
#SBATCH --job-name=throng-sweep
#SBATCH --output=runs/%x-%j.log
#SBATCH --cpus-per-task=2
#SBATCH --mem=4G
#SBATCH --time=24:00:00
#SBATCH --requeue
set -euo pipefail
config=${1:?usage: sbatch configs/slurm/sweep.sh CONFIG FOLDER} folder=${2:?the folder of the sweep}
throng=${THRONG:-throng} workers=${WORKERS:-8} port=${PORT:-7777}
token=$folder.token

if [ "${3:-}" = work ]; then
  # One worker: its share of cores, and its GPU where the job asked for one. It looks for the owner for
  # an hour, which may be requeued meanwhile.
  exec "$throng" worker "$4:$port" --token-file "$token" --wait 3600 \
    --threads "${SLURM_CPUS_PER_TASK:-0}"
fi

resume=
[ ! -e "$folder/trials.db" ] || resume=--resume
array=$(sbatch --parsable --job-name=throng-worker --array="1-$workers" --requeue \
  --output='runs/%x-%A-%a.log' --cpus-per-task="${WORKER_CPUS:-8}" --mem="${WORKER_MEM:-16G}" \
  --time=24:00:00 ${WORKER_GPUS:+--gpus-per-task="$WORKER_GPUS"} \
  "$0" "$config" "$folder" work "$(hostname -f)")
trap 'scancel "${array%%;*}" 2>/dev/null || true' EXIT
# shellcheck disable=SC2086
"$throng" sweep "$config" -o "$folder" $resume --listen "0.0.0.0:$port" --token-file "$token" \
  --workers 1 --own-slots "${OWN_SLOTS:-0}" --threads "${SLURM_CPUS_PER_TASK:-0}"
