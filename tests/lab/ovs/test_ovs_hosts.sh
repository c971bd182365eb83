#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# ovs-hosts keeps what its head promises: hosts that reach each other, the command's exit status, and
# nothing left behind, neither after a failure, nor a signal, nor its own violent death.
set -euo pipefail

lab=$(dirname "$(dirname "$(realpath "$0")")")/ovs-hosts
work=$(mktemp -d)
run=''
trap '[ -z "$run" ] || kill "$run" 2> /dev/null; wait; rm -rf "$work"' EXIT
cd "$work"
failed=0

is() { # WHAT EXPECTED FOUND
  [ "$2" != "$3" ] || return 0
  printf '%s: expected "%s", found "%s"\n' "$1" "$2" "$3"
  failed=1
}

ends() { # WHAT STATUS COMMAND...
  local code=0
  "${@:3}" > out 2> err < /dev/null || code=$?
  if [ "$code" -eq 77 ] && [ "$2" -ne 77 ]; then
    cat out
    exit 77
  fi
  is "exit status of $1" "$2" "$code"
}

# What of a run is still there: every process of it has the mark in its environment.
left() {
  grep -lsz "^OVS_HOSTS_TEST=$$$" /proc/[0-9]*/environ | cut -d/ -f3 | grep -vx "$$" || :
}

gone() { # WHAT
  local i
  for ((i = 0; i < 100; i++)); do
    [ -n "$(left)" ] || break
    sleep 0.05
  done
  # shellcheck disable=SC2046
  is "processes after $1" '' "$(for pid in $(left); do tr '\0' ' ' < "/proc/$pid/cmdline"; done)"
  is "namespaces after $1" "$namespaces" "$(ls /run/netns 2> /dev/null)"
}

namespaces=$(ls /run/netns 2> /dev/null || :)
marked=(env "OVS_HOSTS_TEST=$$")

# shellcheck disable=SC2016
ends 'a command' 7 "${marked[@]}" "$lab" run 2 -- bash -c '
  set -eu
  . "$OVS_LAB"
  for host in "$HOST1" "$HOST2"; do echo "$host: $(on "$host" ovs-vsctl list-br) $(database "$host")"; done
  ovs-vsctl --db="unix:$HOST1_DB" get Open_vSwitch . external_ids:system-id
  reaches "$HOST2" "$HOST1_ADDRESS"
  vif a "$HOST1" vif1.0 192.0.2.1/24
  by_hand_vif "$HOST1" xenbr0 vif1.0
  on "$HOST1" ip address add 192.0.2.2/24 dev xenbr0
  reaches a 192.0.2.2
  ls "$HOST2_DIR"/ovs{db-server,-vswitchd}.pid > /dev/null
  cat
  exit 7'
is 'what it says' "h1: xenbr0 /run/scratch/ovs/h1/db.sock
h2: xenbr0 /run/scratch/ovs/h2/db.sock
h1" "$(cat out)"
is 'its complaints' '' "$(cat err)"
gone 'a command'

# A daemon that is killed, and comes back with what it had.
# shellcheck disable=SC2016
ends 'restarts' 0 "${marked[@]}" "$lab" run 1 -- bash -c '
  set -eu
  . "$OVS_LAB"
  kill -9 "$(cat "$HOST1_DIR/ovs-vswitchd.pid")"
  ! ovs-vsctl --timeout=1 --db="unix:$HOST1_DB" add-br late 2> err
  start_vswitchd h1
  started h1 ovs-vswitchd
  vsctl h1 set Bridge late "datapath_type=$DATAPATH"
  kill -9 "$(cat "$HOST1_DIR/ovsdb-server.pid")"
  start_ovsdb_server h1
  started h1 ovsdb-server
  [ "$(vsctl h1 list-br | xargs)" = "late xenbr0" ]
  stop_daemon h1 ovs-vswitchd
  stop_daemon h1 ovsdb-server KILL
  start_ovsdb_server h1
  started h1 ovsdb-server
  start_vswitchd h1
  started h1 ovs-vswitchd
  vsctl h1 add-br later'
gone 'restarts'

ends 'a command that is too slow' 124 "${marked[@]}" "$lab" --timeout 1 run 1 -- sleep 60
gone 'a command that is too slow'
ends 'no command' 127 "${marked[@]}" "$lab" run 1 -- no-such-command
ends 'wrong usage' 125 "${marked[@]}" "$lab" run none -- true
ends 'a datapath that is none' 125 "${marked[@]}" "$lab" --datapath other run 1 -- true

schema=/usr/share/openvswitch
hide=(unshare --mount)
[ "$(id -u)" -eq 0 ] || hide+=(--user --map-root-user)
# shellcheck disable=SC2016
ends 'a machine without Open vSwitch' 77 "${marked[@]}" "${hide[@]}" \
  sh -c 'mount -t tmpfs none "$0" && exec "$@"' "$schema" "$lab" run 1 -- true
is 'why' "no $schema/vswitch.ovsschema" "$(cat out)"

start_in_background() { # WORD COMMAND...
  local i
  "${marked[@]}" "$lab" run 1 -- "${@:2}" > out 2> err < /dev/null &
  run=$!
  for ((i = 0; i < 600; i++)); do
    ! grep -q "$1" out || break
    sleep 0.05
  done
  is 'background' "$1" "$(cat out)"
}

signal_it() { # SIGNAL STATUS
  local code=0
  kill "-$1" "$run"
  { wait "$run" || code=$?; } 2> /dev/null
  run=''
  is "exit status after $1" "$2" "$code"
  gone "$1"
}

# The command has its time to tidy up, and its own children are gone as well.
start_in_background ready bash -c 'trap "echo tidied up; exit 3" TERM; sleep 61 & echo ready; wait'
signal_it TERM 143
is 'what the command says' 'ready tidied up' "$(xargs < out)"
start_in_background ready bash -c 'echo ready; exec sleep 61'
signal_it KILL 137

exit "$failed"
