#!/bin/sh
# throng as it was packed for any Linux: its libraries are in lib/ beside this folder, and libc/ has a C library for
# systems whose own is older than the one that it was built with, or another (musl). THRONG_LIBC=carried asks for it.
here=$(dirname "$(readlink -f "$0")")/..
# libcurl was built to find certificates where Debian keeps them.
if [ -z "${SSL_CERT_FILE:-}" ]; then
  for file in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem; do
    if [ -r "$file" ]; then
      export SSL_CERT_FILE="$file"
      break
    fi
  done
fi
if [ "${THRONG_LIBC:-}" != carried ] && "$here/program/throng" --version >/dev/null 2>&1; then
  exec "$here/program/throng" "$@"
fi
exec "$here/libc/ld-linux-x86-64.so.2" --library-path "$here/lib:$here/libc" "$here/program/throng" "$@"
