#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# kernel-lab keeps what its head promises; every lab test relies on that.
set -euo pipefail

lab=$(dirname "$(realpath "$0")")/kernel-lab
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/kept" "$work/lost"
failed=0

is() { # WHAT EXPECTED FOUND
  [ "$2" != "$3" ] || return 0
  printf '%s: expected "%s", found "%s"\n' "$1" "$2" "$3"
  failed=1
}

# In the guest: makes one link of each kind; tells which it could not.
# shellcheck disable=SC2016
links='
  for kind in bond bridge dummy geneve gretap ifb macvlan vlan veth vrf vxlan; do
    arguments=
    case $kind in
      bridge) arguments="vlan_filtering 1" ;;
      geneve) arguments="id 7 remote 192.0.2.1" ;;
      gretap) arguments="local 192.0.2.2 remote 192.0.2.1 key 7" ;;
      vrf) arguments="table 10" ;;
      vxlan) arguments="id 7 dstport 4789" ;;
    esac
    parent=
    case $kind in macvlan | vlan) parent="link to-$kind" ; ip link add "to-$kind" type dummy ;; esac
    [ $kind != vlan ] || arguments="id 7"
    ip link add $parent name "a-$kind" type $kind $arguments || echo "no $kind"
  done
  echo kept > kept/file
  echo lost > lost/file
  cat
  echo to-stderr >&2
  exit 7'

cd "$work"
code=0
VARIABLE='a  b' "$lab" --rw kept -- sh -c "$links" > out 2> err < /dev/zero || code=$?
is 'exit status' 7 "$code"
is 'standard output' '' "$(cat out)"
is 'standard error' to-stderr "$(cat err)"
is 'a file under --rw' kept "$(cat kept/file)"
is 'a file elsewhere' '' "$(ls lost)"

code=0
# shellcheck disable=SC2016
VARIABLE='a  b' "$lab" --modules 'bonding dummy' -- \
  sh -c 'echo "$VARIABLE|$PWD|$1|$(id -u)"; cut -d" " -f1 /proc/modules; [ ! -t 1 ]' sh "it's" > out || code=$?
is 'exit status' 0 "$code"
is 'environment, folder, argument, user' "a  b|$work|it's|0" "$(head -n 1 out)"
is 'modules' 'bonding dummy' "$(grep -xE 'bonding|dummy' out | sort | xargs)"

code=0
"$lab" -- no-such-command 2> err || code=$?
is 'exit status without a command' 127 "$code"
code=0
"$lab" --modules no-such-module -- true 2> err || code=$?
is 'exit status without a module' 125 "$code"
code=0
"$lab" --timeout 4 -- sleep 100 2> err || code=$?
is 'exit status after the time' 124 "$code"
is 'message after the time' 'kernel-lab: not done after 4 s' "$(cat err)"

exit "$failed"
