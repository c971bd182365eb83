#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Hosts that run Open vSwitch, on this machine: each a network namespace with an ovsdb-server and an
# ovs-vswitchd of its own. Every script in a shell of `ovs-hosts`, and every scenario of traffic/run
# that calls `hosts`, has this on top of traffic/lib.bash.
#
# `on HOST ovs-vsctl ...` talks to that host's; `$(database HOST)` is its socket. The daemons are
# children of the shell that started them and die with it, however it ends.
# From the environment: DATAPATH: netdev, Open vSwitch's own, which needs no module (the default),
# or system: the kernel's.

ovs_lab=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
# shellcheck source=/dev/null
. "$ovs_lab/../traffic/lib.bash"
: "${DATAPATH:=netdev}"
SCHEMA=/usr/share/openvswitch/vswitch.ovsschema

# Daemons are not in everybody's path.
[[ :$PATH: == *:/usr/sbin:* ]] || PATH=$PATH:/usr/sbin:/sbin

# Why Open vSwitch cannot run here; nothing where it can.
no_open_vswitch() {
  local program
  for program in ovsdb-server ovsdb-tool ovs-vswitchd ovs-vsctl; do
    command -v "$program" > /dev/null || { echo "no $program: install openvswitch-switch" && return; }
  done
  [ -r "$SCHEMA" ] || { echo "no $SCHEMA" && return; }
  if [ "$DATAPATH" = netdev ]; then
    [ -w /dev/net/tun ] || echo 'no /dev/net/tun, which the ports of hosts need'
  else
    modprobe openvswitch 2> /dev/null || echo 'this kernel has no openvswitch'
  fi
}

state_of() { # HOST
  echo "$SCRATCH/ovs/$1"
}

database() { # HOST
  echo "$SCRATCH/ovs/$1/db.sock"
}

# As in traffic/lib.bash, where the tools of Open vSwitch find the host's own.
on() { # NETNS COMMAND...
  OVS_RUNDIR=$SCRATCH/ovs/$1 OVS_LOGDIR=$SCRATCH/ovs/$1 OVS_DBDIR=$SCRATCH/ovs/$1 \
    nsenter --net="/run/netns/$1" -- "${@:2}"
}

# ---- daemons ----

start_daemon() { # HOST NAME ARGUMENT...
  local state=$SCRATCH/ovs/$1
  OVS_RUNDIR=$state OVS_LOGDIR=$state OVS_DBDIR=$state setpriv --pdeathsig KILL nsenter --net="/run/netns/$1" -- \
    "$2" -vconsole:off -vsyslog:off --log-file="$state/$2.log" --pidfile="$state/$2.pid" \
    "${@:3}" < /dev/null > "$state/$2.out" 2>&1 &
  echo $! > "$state/$2.child"
}

# Waits until a daemon that was started is up: the socket for ovs-appctl is the last that it makes.
started() { # HOST NAME
  local i pid state=$SCRATCH/ovs/$1
  pid=$(cat "$state/$2.child")
  for ((i = 0; i < 1500; i++)); do
    [ ! -S "$state/$2.$pid.ctl" ] || return 0
    kill -0 "$pid" 2> /dev/null || break
    sleep 0.02
  done
  fail "$2 of $1 does not start: $(tail -n 5 "$state/$2.log" "$state/$2.out")"
}

# The status of a daemon that is ended is nobody's concern.
stop_daemon() { # HOST NAME [SIGNAL]
  local i pid state=$SCRATCH/ovs/$1
  pid=$(cat "$state/$2.child")
  kill "-${3:-TERM}" "$pid" 2> /dev/null || :
  wait "$pid" 2> /dev/null || :
  # It may be another shell's child.
  for ((i = 0; i < 1500; i++)); do
    kill -0 "$pid" 2> /dev/null || break
    sleep 0.02
  done
  rm -f "$state/$2.$pid.ctl" "$state/$2.pid"
  [ "$2" != ovsdb-server ] || rm -f "$(database "$1")"
}

# More of its --remote=... may be given.
start_ovsdb_server() { # HOST [OPTION...]
  start_daemon "$1" ovsdb-server --remote="punix:$(database "$1")" "${@:2}" "$SCRATCH/ovs/$1/conf.db"
}

start_vswitchd() { # HOST
  start_daemon "$1" ovs-vswitchd "unix:$(database "$1")"
}

# An ovs-vswitchd that drives the kernel's datapath, started before 10 s of uptime, counts no processors
# and loses all traffic.
await_uptime() {
  local uptime
  [ "$DATAPATH" = system ] || return 0
  read -r uptime _ < /proc/uptime
  [ "${uptime%.*}" -ge 11 ] || sleep $((11 - ${uptime%.*}))
}

# Both daemons, all hosts at once: all that is waited for is their sockets.
open_vswitch() { # HOST...
  local host reason template=$SCRATCH/ovs/template
  reason=$(no_open_vswitch)
  [ -z "$reason" ] || skip "$reason"
  await_uptime
  mkdir -p "$SCRATCH/ovs"
  [ -e "$template" ] || ovsdb-tool create "$template" "$SCHEMA"
  for host in "$@"; do
    mkdir "$SCRATCH/ovs/$host"
    cp "$template" "$SCRATCH/ovs/$host/conf.db"
    start_ovsdb_server "$host"
  done
  for host in "$@"; do
    started "$host" ovsdb-server
    on "$host" ovs-vsctl --no-wait init -- set Open_vSwitch . "external_ids:system-id=$host"
    start_vswitchd "$host"
  done
  for host in "$@"; do started "$host" ovs-vswitchd; done
}

# ---- hosts ----

# ovs-vsctl as it is used by hand, which waits for ovs-vswitchd; a loaded machine takes its time.
vsctl() { # HOST ARGUMENT...
  on "$1" ovs-vsctl --timeout=60 "${@:2}"
}

# What the database of a host is told to do, to be compared: see rows.py.
rows() { # HOST [OPTION]
  "$ovs_lab/rows.py" "${@:2}" "$(database "$1")"
}

# Hosts h1..hN without a NIC.
bare_hosts() { # COUNT
  local i names=()
  for ((i = 1; i <= $1; i++)); do names+=("h$i"); done
  netns "${names[@]}"
  open_vswitch "${names[@]}"
}

# Hosts h1..hN: the NIC eth0 of each leads to the switch `fabric`, and is on its bridge xenbr0, which has
# the address 198.51.100.N/24.
hosts() { # COUNT
  local i pids=()
  bare_hosts "$1"
  switch fabric
  for ((i = 1; i <= $1; i++)); do
    plug "h$i" eth0 fabric
    vsctl "h$i" add-br xenbr0 -- set Bridge xenbr0 "datapath_type=$DATAPATH" -- add-port xenbr0 eth0 &
    pids+=($!)
  done
  for i in "${pids[@]}"; do wait "$i" || fail 'a host has no bridge'; done
  for ((i = 1; i <= $1; i++)); do
    links "h$i" "address add $(address_of "h$i")/24 dev xenbr0" 'link set xenbr0 up'
  done
}

address_of() { # HOST
  echo "198.51.100.${1#h}"
}

# A guest whose device is up on the host, as the hypervisor's scripts leave it.
vif() { # NAME HOST VIF [ADDRESS]
  guest "$@"
  links "$2" "link set $3 up"
}

mac_of() { # NETNS DEVICE
  on "$1" ip -o link show "$2" | sed 's/.*ether \([^ ]*\).*/\1/'
}

# On a network that is wrong a check fails: else one that passes says nothing.
refuses() { # COMMAND...
  if (export TRIES=1 && "$@") > "$SCRATCH/refused" 2>&1; then fail "'$*' passes on a network that is wrong"; fi
}
