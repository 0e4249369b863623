# A root with nothing in it but bash and a few tools: sourced by checks of archives that must run anywhere.
#   needs: $bare (the folder), $said (a file for what is said), tools (an array), skip and fail (functions)
# Makes the root; then `inside COMMAND...` runs there, with nothing of this environment but ${settings[@]}.
mkdir -p "$bare"/{bin,dev,tmp,lib64}
place() {  # place FILE: at its own path
  mkdir -p "$bare${1%/*}"
  cp -L "$1" "$bare$1"
}
for tool in "${tools[@]}"; do
  path=$(readlink -f "$(type -P "$tool")")
  cp "$path" "$bare/bin/$tool"
  for library in $(ldd "$path" | awk '$2 == "=>" { print $3 } $1 ~ /^\// { print $1 }'); do
    [ -f "$bare$library" ] || place "$library"
  done
done
for library in "$(ldd "$(type -P bash)" | awk '$1 == "libc.so.6" { sub(/libc.so.6$/, "", $3); print $3 }')"lib{m,pthread,dl,rt,resolv,util}.so.*; do
  [ -f "$bare$library" ] || place "$library"  # the rest of libc
done
mknod -m 666 "$bare/dev/null" c 1 3 2>/dev/null || : >"$bare/dev/null"
# In namespaces of its own, for /proc: from there the loader knows where a program lies ($ORIGIN).
PATH=$PATH:/usr/sbin:/sbin
mkdir "$bare/proc"
enter=("$(type -P unshare || echo unshare)" --mount)
[ "$(id -u)" = 0 ] || enter+=(--map-root-user)
as_it_is=true  # what else is mounted first
enter+=("$(type -P bash)" -c 'PATH=$PATH:/usr/sbin:/sbin; mount --rbind /proc "$0/proc" && eval "$1" && shift && exec chroot "$0" "$@"' "$bare")
"${enter[@]}" true /bin/bash -c : 2>"$said" || skip "this user can enter no root (unshare, mount, chroot): $(tail -n 1 "$said")"
inside() { env -i "${enter[@]}" "$as_it_is" /bin/env PATH=/bin HOME=/tmp TMPDIR=/tmp "${settings[@]}" "$@" >"$said" 2>&1; }
tells() { grep -qF -- "$1" "$said" || fail "nothing tells '$1'"; }
