#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What the scenarios of this folder are written with: hosts and guests as network
# namespaces, xsnetctl on a host, and checks by packets. `run` sources it, and gives
# each scenario namespaces of its own, whose names need not be unique.
#
# From the environment: XSNETCTL, PACKETS, INTERRUPT: programs; PROGRAMS: the folder of the
# example programs; SOURCE_TREE.

SCRATCH=/run/scratch # of this run alone, gone with it

fail() {
  echo "  $*" >&2
  exit 1
}

skip() {
  echo "$*" > "$SCRATCH/skipped"
  exit 77
}

same() { # WHAT EXPECTED FOUND
  [ "$2" != "$3" ] || return 0
  printf '  %s: expected, and found:\n' "$1" >&2
  diff <(echo "$2") <(echo "$3") | sed 's/^/    /' >&2 || :
  exit 1
}

has() { # WHAT PATTERN TEXT
  [[ $3 == *$2* ]] || fail "$1: expected '$2' in: $3"
}

# Skips the scenario where the kernel lacks a kind of link.
needs_links() { # KIND...
  local kind arguments
  netns asked
  links asked 'link add wire type veth peer name other'
  for kind in "$@"; do
    arguments=''
    case $kind in
      bond) ip -n asked link add probe type bond 2> /dev/null || skip "this kernel has no bonding" ;;
      vlan) arguments='link wire id 7' ;;
      gretap) arguments='local 192.0.2.1 remote 192.0.2.2 key 7' ;;
      vxlan) arguments='id 7 dstport 4789' ;;
      geneve) arguments='id 7 remote 192.0.2.2' ;;
    esac
    if [ "$kind" != bond ]; then
      if [ "$kind" = vlan ]; then
        ip -n asked link add link wire name probe type vlan id 7 2> /dev/null || skip "this kernel has no vlan devices"
      else
        # shellcheck disable=SC2086
        ip -n asked link add probe type "$kind" $arguments 2> /dev/null || skip "this kernel has no $kind devices"
      fi
    fi
    ip -n asked link del probe
  done
  ip netns del asked
}

# ---- hosts, guests, wires ----

netns() { # NAME...
  local name
  for name in "$@"; do
    ip netns add "$name"
    # Addresses are there at once: nobody tries them first.
    on "$name" sh -c '{ echo 0 > /proc/sys/net/ipv6/conf/default/accept_dad; } 2> /dev/null; ip link set lo up'
  done
}

on() { # NETNS COMMAND...
  nsenter --net="/run/netns/$1" -- "${@:2}"
}

# Lines for `ip -batch`, given as arguments.
links() { # NETNS LINE...
  printf '%s\n' "${@:2}" | ip -n "$1" -batch -
}

# A cable: NIC of HOST on one side, PORT of WIRE on the other, both up.
wire() { # HOST NIC WIRE PORT
  links "$1" "link add $2 type veth peer name $4 netns $3" "link set $2 up"
  links "$3" "link set $4 up"
}

# A guest: its eth0 is behind the device VIF of HOST.
guest() { # NAME HOST VIF [ADDRESS]
  [ -e "/run/netns/$1" ] || netns "$1"
  links "$2" "link add $3 type veth peer name eth0 netns $1"
  links "$1" 'link set eth0 up' ${4:+"address add $4 dev eth0"}
}

# The switch that joins the NICs of hosts; it has a bridge `switch`.
switch() { # NAME
  netns "$1"
  links "$1" 'link add switch type bridge' 'link set switch up'
}

plug() { # HOST NIC SWITCH
  wire "$1" "$2" "$3" "$1-$2"
  links "$3" "link set $1-$2 master switch"
}

# ---- xsnetctl ----

xs() { # HOST ARGUMENT...
  "$XSNETCTL" --target "linux:?netns=$1&host=$1" --journal-dir "$SCRATCH/journal" "${@:2}"
}

# Runs a command that shall end with a status; its output is in $OUTPUT.
OUTPUT=''
ends() { # STATUS COMMAND...
  local code=0
  OUTPUT=$("${@:2}" 2>&1) || code=$?
  [ "$code" -eq "$1" ] || fail "'${*:2}' ended with $code, expected $1: $OUTPUT"
}

# The document from standard input changes the host; applied again it writes nothing.
apply() { # HOST [OPTION...]
  cat > "$SCRATCH/$1.yaml"
  apply_file "$1" "$SCRATCH/$1.yaml" "${@:2}"
}

apply_file() { # HOST FILE [OPTION...]
  ends 2 xs "$1" "${@:3}" --yes --detailed-exit-code apply "$2"
  nothing_to_do "$1" "$2"
}

nothing_to_do() { # HOST FILE
  ends 0 xs "$1" --yes --detailed-exit-code apply "$2"
}

# Everything of a host's network that a user can see, without the numbers that the kernel
# counts up, carriers, and the multicast groups that it joins by itself. A line an item.
picture() { # HOST
  # shellcheck disable=SC2016
  on "$1" bash -c '
    printf "%s\n" "address show" "route show table all" "rule show" | ip -d -batch -
    ip -6 rule show
    printf "%s\n" "fdb show" "vlan show" | bridge -batch - 2> /dev/null
    queues=$(tc qdisc show)
    echo "$queues"
    while read -r _ kind _ _ device _; do
      [ "$kind" != ingress ] || tc filter show dev "$device" parent ffff:
    done <<< "$queues"
    for device in /proc/sys/net/ipv6/conf/*; do
      for key in disable_ipv6 addr_gen_mode accept_ra forwarding; do
        read -r value < "$device/$key"
        echo "$device $key $value"
      done
    done' | sed -zE 's/\n[ \t]+/ /g; s/\n[0-9]+: /\n/g; s/^[0-9]+: //; s/@if[0-9]+//g; s/ link-netns(id)? [^ ]+//g
      s/(hello|tcn|topology_change|gc|forward_delay|message_age|hold)_timer +[0-9.]+//g
      s/ state (UP|DOWN|LOWERLAYERDOWN|UNKNOWN) / /g; s/ qdisc [a-z]+ / /g; s/NO-CARRIER,|,LOWER_UP| linkdown//g
      s/(promiscuity|allmulti) [0-9]+ //g; s/(min|max)mtu [0-9]+ //g; s/ valid_lft forever preferred_lft forever//g' |
    sed -E '/ noqueue 0: |^multicast ff00::\/8|^(33:33|01:00:5e).* self permanent$/d
      /^([0-9a-f]{2}:){5}[0-9a-f]{2} dev [^ ]+ (vlan [0-9]+ )?master [^ ]+ *$/d' | LC_ALL=C sort
}

# Waits until no IPv6 address is being tried any more: then the host is at rest.
rest() { # HOST
  local i
  for ((i = 0; i < 30; i++)); do
    [ -n "$(on "$1" ip -6 address show tentative)" ] || return 0
    sleep 0.2
  done
  fail "$1 does not come to rest"
}

# Changes of links take a moment until all is seen of them.
unchanged() { # WHAT BEFORE HOST
  local i now
  for ((i = TRIES; i > 0; i--)); do
    now=$(picture "$3")
    [ "$now" != "$2" ] || return 0
    [ "$i" -eq 1 ] || sleep 0.4
  done
  same "$1: the state of the network" "$2" "$now"
}

# ---- traffic ----

# How often a check of what shall work is tried, a moment apart: links take their time to come up.
TRIES=15

# Waits, for some seconds at most, until a guest gets an answer.
reaches() { # NETNS ADDRESS [OPTION-OF-PING...]
  local i
  for ((i = TRIES; i > 0; i--)); do
    if on "$1" ping -q -n -c 1 -W 0.5 "${@:3}" "$2" > "$SCRATCH/ping" 2>&1; then return; fi
    sleep 0.1
  done
  fail "$1 does not reach $2: $(tail -n 3 "$SCRATCH/ping" | xargs -0)"
}

silent() { # NETNS ADDRESS [OPTION-OF-PING...]
  ! on "$1" ping -q -n -c 3 -i 0.2 -W 1 "${@:3}" "$2" > "$SCRATCH/ping" 2>&1 || fail "$1 reaches $2, and should not"
}

# Sends frames and compares what arrived, "TO COUNT[, TO COUNT]...".
count_frames() { # ARGUMENT-OF-PACKETS-FRAMES...
  "$PACKETS" frames wait=200 "$@" | sed -z 's/\n$//; s/\n/, /g'
}

frames() { # EXPECTED ARGUMENT...
  local i found=''
  for ((i = TRIES; i > 0; i--)); do
    found=$(count_frames "${@:2}")
    [ "$found" != "$1" ] || return 0
    sleep 0.1
  done
  same "frames ${*:2}" "$1" "$found"
}

# The same without a second chance, where links are known to be up.
frames_at_once() { # EXPECTED ARGUMENT...
  same "frames ${*:2}" "$1" "$(count_frames "${@:2}")"
}

# A guest sends faster than it may: what arrives is FROM..TO kbit/s.
rate_within() { # FROM TO ARGUMENT-OF-PACKETS-RATE...
  local words
  read -ra words < <("$PACKETS" rate "${@:3}")
  echo "  ${*: -2}: ${words[*]} kbit/s"
  [ "${words[1]}" -gt "$2" ] || fail "sent ${words[1]} kbit/s only, which says nothing about a limit of $2"
  if [ "${words[3]}" -lt "$1" ] || [ "${words[3]}" -gt "$2" ]; then
    fail "received ${words[3]} kbit/s, expected $1..$2"
  fi
}

median() { # NUMBER...
  printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"
}
