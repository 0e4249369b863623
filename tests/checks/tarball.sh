#!/bin/bash
# usage: tarball.sh SOURCE_ROOT BUILD
# The archive of `make tarball` in a root of a shell, tar, gzip and libc: unpacked there and moved, it makes a world,
# fits, trains and explains, on the system's libc and on its own, and takes nothing of the system. Then in a root that
# has no C library at all, where busybox is. Exits 77 where no root can be entered.
set -euo pipefail
root=$1 build=$2
work=$(mktemp -d "${TMPDIR:-/tmp}/throng-tarball-XXXXXX")
trap 'rm -rf "$work"' EXIT
bare=$work/root said=$work/said
fail() {
  echo "tarball: $*" >&2
  [ ! -s "$said" ] || tail -n 40 "$said" >&2
  exit 1
}
skip() {
  echo "tarball: skipped: $*"
  exit 77
}
for tool in patchelf strip; do command -v $tool >/dev/null || skip "$tool is not installed (.ci/deps bundle)"; done
tools=(sh bash env tar gzip cat dirname readlink)
# shellcheck source=tests/checks/bare_root.sh
. "$(dirname "$0")/bare_root.sh"

(cd "$root" && .ci/tarball "$build" "$bare/archive") >"$said" 2>&1 || fail "the archive could not be made"
tells "MiB of at most"
cat "$said"
archive=$(basename "$bare"/archive/*.tar.gz)
name=${archive%.tar.gz}
settings=()
inside tar -xzf "/archive/$archive" -C /tmp || fail "it cannot be unpacked"
mv "$bare/tmp/$name" "$bare/elsewhere"
cat >"$bare/use" <<'END'
set -e
cd /tmp
throng=/elsewhere/bin/throng
$throng --version
$throng info
$throng synth --set synth.users=200 --set synth.items=300 -o world.safetensors
$throng fit world.safetensors --set sta.epochs=1 -o sta.safetensors
$throng train configs/demo.json --set world.file=world.safetensors --set sta.file=sta.safetensors --set sim.lanes=64 \
  --set train.steps=2048 --set train.evaluate_every=2048 --set train.evaluation.episodes=16 -o run
$throng explain world.safetensors --set votes.rule=logical --user u00007 --item i00042
END
inside sh /use || fail "it does not work on the system's libc"
tells "OpenBLAS"
tells "taken from /elsewhere/share/throng/configs/demo.json"
cp "$bare/tmp/world.safetensors" "$work/first"
settings=(THRONG_LIBC=carried)
inside sh -c 'rm -rf /tmp/*; sh /use' || fail "it does not work on its own libc"
cmp "$work/first" "$bare/tmp/world.safetensors" || fail "another libc made another world"
settings=()
inside sh -c 'LD_TRACE_LOADED_OBJECTS=1 /elsewhere/program/throng' || fail "its libraries cannot be listed"
other=$(awk '$2 == "=>" && index($3, "/elsewhere/") != 1 { print $1, $3 }' "$said" | grep -vE '^(lib(c|m|mvec|pthread|dl|rt|resolv)\.so\.[0-9]+) /' || true)
[ -z "$other" ] || fail "it takes from the system: $other"
for page in share/man/man1/throng.1 share/doc/throng/LICENSE share/doc/libraries/libc6 share/bash-completion/completions/throng; do
  [ -s "$bare/elsewhere/$page" ] || fail "there is no $page"
done

if busybox=$(type -P busybox) && ! ldd "$busybox" >/dev/null 2>&1; then
  rm -rf "$bare"/{lib*,usr} "$bare"/bin/* "$bare"/tmp/*
  cp "$busybox" "$bare/bin/busybox"
  for tool in sh env cat dirname readlink; do ln -s busybox "$bare/bin/$tool"; done
  inside sh /use || fail "it does not work where there is no C library"
  cmp "$work/first" "$bare/tmp/world.safetensors" || fail "another world where there is no C library"
  echo "tarball: works in a bare root, moved, on the system's libc, on its own, and where there is none"
else
  echo "tarball: works in a bare root, moved, on the system's libc and on its own (no static busybox: not without one)"
fi
