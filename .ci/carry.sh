# Programs that carry what they need, for machines that are not ours: sourced by .ci/gpu-bundle and .ci/tarball.

# carry STAGE PROGRAMS...: copies of PROGRAMS in STAGE/bin, the shared libraries that they need in STAGE/lib, and the C
# library with its loader apart, in STAGE/libc: it is used only where the machine's own is too old. $libraries: how many.
carry() {
  local stage=$1 found libc loader beside name path
  shift
  mkdir -p "$stage"/{bin,lib,libc}
  cp "$@" "$stage/bin"
  libc='^(ld-linux.*|lib(c|m|mvec|pthread|dl|rt|resolv|util|anl|nsl|BrokenLocale|thread_db|nss_[a-z]+)\.so\.[0-9]+)$'
  found=$(ldd "$@") || die "ldd failed: $found"
  ! grep -q 'not found' <<<"$found" || die "libraries are missing here: $(grep 'not found' <<<"$found" | sort -u)"
  libraries=0
  while read -r name path; do
    if [[ $name =~ $libc ]]; then cp -L "$path" "$stage/libc/$name"; else cp -L "$path" "$stage/lib/$name"; fi
    libraries=$((libraries + 1))
    [ "$name" != libc.so.6 ] || beside=${path%/*}
  done < <(awk '$2 == "=>" && $3 ~ /^\// { print $1, $3 }' <<<"$found" | sort -u)
  loader=$(awk '$1 ~ /^\/.*ld-linux/ { print $1; exit }' <<<"$found")
  cp -L "$loader" "$stage/libc/ld-linux-x86-64.so.2"
  # Empty since they joined libc, but older libraries (the GPU driver's) ask for them.
  for name in libpthread.so.0 libdl.so.2 librt.so.1 libutil.so.1 libresolv.so.2; do
    [ -f "$stage/libc/$name" ] || cp -L "$beside/$name" "$stage/libc/$name"
  done

  strip "$stage"/bin/*
  strip --strip-unneeded "$stage"/lib/*
  # An RPATH and no RUNPATH: it holds for libraries that libraries need too, and before LD_LIBRARY_PATH.
  for path in "$stage"/bin/*; do
    patchelf --remove-rpath "$path"
    patchelf --force-rpath --set-rpath '$ORIGIN/../lib' "$path"
  done
  for path in "$stage"/lib/*; do
    [ -z "$(patchelf --print-rpath "$path")" ] || patchelf --remove-rpath "$path"
  done
  ! grep -rlF -e "$PWD/" "$stage/bin" "$stage/lib" || die "the files above hold the path of this folder, $PWD"
}

# pack FOLDER NAME...: a tar, alike from alike: sorted, without owners, with the time of the commit.
pack() {
  tar -C "$1" --sort=name --owner=0 --group=0 --numeric-owner --mode=go-w \
    --mtime="@$(git log -1 --format=%ct 2>/dev/null || echo 0)" -cf - "${@:2}"
}
