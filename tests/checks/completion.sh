#!/bin/bash
# usage: completion.sh PROGRAM
# What the shells make of a Tab: bash, zsh and fish themselves are started on a terminal of their own
# and typed at; a shell that is not here is left out, and said so.
set -euo pipefail
program=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/site"
"$program" --generate bash-completion >"$work/throng.bash"
"$program" --generate zsh-completion >"$work/site/_throng"
"$program" --generate fish-completion >"$work/throng.fish"
touch "$work/my world.safetensors"
cd "$work"
failed=0

# Typed, and the words that throng must be called with; ^ is Tab.
lines=(
  'throng tra^' '<train>'
  'throng train --set dataset.form^ye^' '<train><--set><dataset.format=yelp>'
  'throng train -s sim.mask_^tr^' '<train><-s><sim.mask_seen=true>'
  'throng train --set votes.semantics=pub^' '<train><--set><votes.semantics=published-code>'
  'throng train --set=keywords.prov^lex^' '<train><--set=keywords.provider=lexical>'
  'throng prepare --set world.fi^my^' '<prepare><--set><world.file=my world.safetensors>'
  'throng fit my^' '<fit><my world.safetensors>'
  'throng votes --sem^ pap^' '<votes><--semantics><paper>'
  'throng evaluate --backend=cp^' '<evaluate><--backend=cpu>'
  'throng config --ke^' '<config><--keys>'
)

# type_once SHELL COMMAND SETUP PAUSE: one line after the other, PAUSE seconds for each to be completed.
type_once() {
  local shell=$1 command=$2 setup=$3 pause=$4 i
  {
    sleep 0.5
    printf '%s\n' "$setup"
    sleep 0.7
    for ((i = 0; i < ${#lines[@]}; i += 2)); do
      printf '%s' "${lines[i]//^/$'\t'}"
      sleep "$pause"
      printf '\n'
    done
    sleep 0.3
    printf 'exit\n'
  } | TERM=dumb timeout 60 script -qec "$command" /dev/null >"$work/$shell.log" 2>&1 || true
}

# type_at SHELL COMMAND SETUP: then each line's words. Who types on before a shell has completed confuses it,
# and a busy machine takes long: what fails is typed again, slower.
type_at() {
  local shell=$1 pause i wrong=()
  for pause in 0.15 0.6 2; do
    type_once "$@" "$pause"
    wrong=()
    for ((i = 0; i < ${#lines[@]}; i += 2)); do
      grep -qF -- "CALLED${lines[i + 1]}" "$work/$shell.log" || wrong+=("'${lines[i]}' did not become ${lines[i + 1]}")
    done
    [ ${#wrong[@]} -gt 0 ] || return 0
  done
  printf "completion: $shell: %s\n" "${wrong[@]}" >&2
  failed=1
}

call='throng() { printf "CALL""ED"; printf "<%s>" "$@"; echo; }'
type_at bash 'bash --norc --noprofile -i' "PS1='> '; source throng.bash; $call"
if command -v zsh >/dev/null; then
  type_at zsh 'zsh -f -i' "PS1='> '; fpath=($work/site \$fpath); autoload -U compinit; compinit -D -u; unsetopt beep; $call"
else
  echo "completion: zsh is not here: left out"
fi
if command -v fish >/dev/null; then
  # fish completes what it is asked about, without a terminal.
  said() { HOME=$work fish --no-config -c "source throng.fish; complete -C'$1'" 2>"$work/fish.err" | cut -f1; }
  expect() {
    [ "$(said "$1" | sort | tr '\n' ' ')" = "$2 " ] && return
    echo "completion: fish: '$1' gave $(said "$1" | tr '\n' ' '), expected $2 ($(cat "$work/fish.err"))" >&2
    failed=1
  }
  expect 'throng tra' train
  expect 'throng train --set dataset.form' dataset.format=
  expect 'throng train --set dataset.format=a' 'dataset.format=amazon dataset.format=anime'
  expect 'throng train -s sim.mask_seen=' 'sim.mask_seen=false sim.mask_seen=true'
  expect 'throng train --set=keywords.provider=lex' '--set=keywords.provider=lexical'
  expect 'throng votes --semantics pap' paper
  expect 'throng evaluate --backend=cp' --backend=cpu
  expect 'throng config --ke' --keys
  [ -n "$(said 'throng prepare --set world.file=my' | grep 'my')" ] ||
    { echo "completion: fish: a path behind --set is not completed" >&2; failed=1; }
else
  echo "completion: fish is not here: left out"
fi
[ $failed = 0 ] || { tail -n 40 "$work"/*.log >&2; exit 1; }
echo "completion: $((${#lines[@]} / 2)) lines typed"
