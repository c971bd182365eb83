#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: embed.sh BUILD PREFIX PROGRAM.c CC...
#
# Installs the build to a place of its own and builds and runs a program against it
# with what pkg-config tells, as a user does. Only the prefix in the .pc is not the
# configured one, as that may be this machine's own. EMBED_RUN: words in front of the
# program, as of a test that runs it.
set -euo pipefail

build=$1 prefix=$2 program=$3
shift 3
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

fail() {
  echo "embed: $*" >&2
  exit 1
}

meson install -C "$build" --no-rebuild --destdir "$root/dest" > "$root/log" || fail "$(cat "$root/log")"
pc=$(find "$root/dest" -name libxsnet.pc)
[ -n "$pc" ] || fail 'no libxsnet.pc is installed'
export PKG_CONFIG_PATH=${pc%/*}
config=(pkg-config "--define-variable=prefix=$root/dest$prefix")

# Without --static a program must not have to know what the library is made with.
"${config[@]}" --cflags --libs libxsnet > "$root/flags"
if grep -qE -- '-l(jansson|yaml|nl)' "$root/flags"; then fail "too much to link: $(cat "$root/flags")"; fi
read -ra flags < "$root/flags"
"$@" -Wall -Wextra -Werror "$program" "${flags[@]}" -o "$root/program"

libdir=$("${config[@]}" --variable=libdir libxsnet)
read -ra run <<< "${EMBED_RUN:-}"
LD_LIBRARY_PATH=$libdir "${run[@]}" "$root/program"

uses_library() {
  readelf -d "$1" | grep -qF 'Shared library: [libxsnet.so.0]' || fail "$1 does not need libxsnet.so.0"
}
uses_library "$root/program"
version=$("${config[@]}" --modversion libxsnet)
grep -rhoE 'doc/[a-z]+\.md' "$root/dest$prefix/include/xsnet" | sort -u > "$root/pages"
while read -r page; do
  [ -f "$root/dest$prefix/share/doc/libxsnet/${page#doc/}" ] || fail "the headers name $page, which is not installed"
done < "$root/pages"
[ -f "$libdir/libxsnet.so.$version" ] || fail "libxsnet.so.$version is not installed"
[ ! -e "$root/dest$prefix/bin/xsnetctl" ] || uses_library "$root/dest$prefix/bin/xsnetctl"
