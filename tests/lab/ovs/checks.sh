#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What the networks of hosts with Open vSwitch shall do, proved by packets: whoever made them, recipes.sh
# or a document. Guests and switches are told by the names of their namespaces, and a NIC's cable ends at
# the port HOST-NIC of its switch (see `plug`).

# Waits until a command says so.
says() { # EXPECTED COMMAND...
  local i found=''
  for ((i = TRIES * 4; i > 0; i--)); do
    found=$("${@:2}" 2>&1) || :
    [ "$found" != "$1" ] || return 0
    sleep 0.1
  done
  same "${*:2}" "$1" "$found"
}

# ---- VLANs ----

# The tenant is in the network of VLAN TAG, the rival in that of RIVAL-TAG, the gateway in the network of
# their parent; WIRE is the end of the NIC's cable, NETNS/DEVICE.
check_vlan_networks() { # TENANT GATEWAY RIVAL WIRE TAG RIVAL-TAG
  local tenant=$1/eth0 gateway=$2/eth0 rival=$3/eth0 other=4000
  # From a tenant: untagged here, with the tag on the wire and on the trunk; not in the other VLAN.
  frames "$4 5 tag $5, $gateway 5 tag $5, $rival 0" count=5 "$tenant" "$4" "$gateway" "$rival"
  frames "$4 5 tag $6, $gateway 5 tag $6, $tenant 0" count=5 "$rival" "$4" "$gateway" "$tenant"
  # From the wire: tagged, untagged, and with a tag that no network has, which only the trunk carries.
  frames "$tenant 5, $gateway 5 tag $5, $rival 0" count=5 "tag=$5" "$4" "$tenant" "$gateway" "$rival"
  frames "$tenant 0, $gateway 5, $rival 0" count=5 "$4" "$tenant" "$gateway" "$rival"
  frames "$tenant 0, $gateway 5 tag $other, $rival 0" count=5 "tag=$other" "$4" "$tenant" "$gateway" "$rival"
  # From the gateway.
  frames "$tenant 5, $4 5 tag $5, $rival 0" count=5 "tag=$5" "$gateway" "$tenant" "$4" "$rival"
  frames "$tenant 0, $4 5, $rival 0" count=5 "$gateway" "$tenant" "$4" "$rival"
}

# The tools by which people know the network of a VLAN.
check_fake_bridge() { # HOST BRIDGE PARENT TAG PORT...
  has "bridges of $1" " $2 " " $(vsctl "$1" list-br | xargs) "
  same "$2: parent" "$3" "$(vsctl "$1" br-to-parent "$2")"
  same "$2: tag" "$4" "$(vsctl "$1" br-to-vlan "$2")"
  same "$2: ports" "$(printf '%s\n' "${@:5}" | sort)" "$(vsctl "$1" list-ports "$2")"
}

# ---- bonds ----

# The cable, by its end, that the frames of a sender take: each frame goes once, all by the same.
taken_by() { # NETNS/DEVICE MAC END...
  local i end other expected found
  for ((i = TRIES; i > 0; i--)); do
    found=$(count_frames wait=100 count=3 "src=$2" "$1" "${@:3}")
    for end in "${@:3}"; do
      expected=''
      for other in "${@:3}"; do
        expected+=${expected:+, }"$other $([ "$other" = "$end" ] && echo 3 || echo 0)"
      done
      if [ "$found" = "$expected" ]; then
        echo "$end"
        return
      fi
    done
    sleep 0.1
  done
  fail "no cable takes all frames of $2: $found"
}

# How many of eight senders take which cable: "END N, END N".
spread_over() { # NETNS/DEVICE END...
  local i end ends=()
  for ((i = 1; i <= 8; i++)); do
    end=$(taken_by "$1" "02:00:00:00:01:0$i" "${@:2}")
    ends+=("$end")
  done
  printf '%s\n' "${ends[@]}" | sort | uniq -c | awk '{ printf "%s%s %d", (NR > 1 ? ", " : ""), $2, $1 }'
}

# The cable of a NIC, HOST-NIC at its switch, is taken out and put in.
cable() { # END up|down
  links "${1%/*}" "link set ${1#*/} $2"
}

# What comes from the switch reaches each guest once, and what a guest sends comes back to nobody, though
# both NICs are in one segment.
once_each() { # GUEST NEIGHBOUR SWITCH
  frames "$1/eth0 3, $2/eth0 3" count=3 src=02:00:00:00:02:01 "$3/switch" "$1/eth0" "$2/eth0"
  frames "$1/eth0 0, $2/eth0 3, $3/switch 3" count=3 "$1/eth0" "$1/eth0" "$2/eth0" "$3/switch"
}

# One NIC carries all; without it the other does, and with it again none is lost. ADDRESS is behind the switch.
check_active_backup() { # HOST GUEST NEIGHBOUR SWITCH ADDRESS NIC NIC
  local first second found ends=("$4/$1-$6" "$4/$1-$7")
  reaches "$2" "$5"
  once_each "$2" "$3" "$4"
  first=$(taken_by "$2/eth0" 02:00:00:00:01:01 "${ends[@]}")
  second=${ends[1]}
  [ "$first" != "$second" ] || second=${ends[0]}
  same 'senders' "$first 8" "$(spread_over "$2/eth0" "${ends[@]}")"
  cable "$first" down
  TRIES=40 reaches "$2" "$5"
  found=$(taken_by "$2/eth0" 02:00:00:00:01:01 "${ends[@]}")
  same "the cable instead of $first" "$second" "$found"
  once_each "$2" "$3" "$4"
  cable "$first" up
  cable "$second" down
  TRIES=40 reaches "$2" "$5"
  found=$(taken_by "$2/eth0" 02:00:00:00:01:01 "${ends[@]}")
  same "the cable instead of $second" "$first" "$found"
  cable "$second" up
}

# Senders are spread over both NICs; without one all take the other.
check_balance_slb() { # HOST GUEST NEIGHBOUR SWITCH ADDRESS NIC NIC
  local ends=("$4/$1-$6" "$4/$1-$7")
  reaches "$2" "$5"
  once_each "$2" "$3" "$4"
  check_spread_by_mac "$2/eth0" "${ends[@]}"
  cable "${ends[0]}" down
  TRIES=40 reaches "$2" "$5"
  says "${ends[1]} 8" spread_over "$2/eth0" "${ends[@]}"
  once_each "$2" "$3" "$4"
  cable "${ends[0]}" up
}

# Of eight senders, some take each cable.
check_spread_by_mac() { # NETNS/DEVICE END END
  local found
  found=$(spread_over "$@")
  echo "  8 senders: $found"
  if [[ $found != *,* ]]; then fail 'all senders take one cable'; fi
}

# The tools by which people know a bond.
check_bond_shown() { # HOST BOND MODE NIC...
  local shown
  shown=$(on "$1" ovs-appctl bond/list)
  has "bond/list of $1" "$2"$'\t'"$3" "$shown"
  shown=$(on "$1" ovs-appctl bond/show "$2")
  has "bond/show $2" "bond_mode: $3" "$shown"
  same "members of $2" "$(printf '%s\n' "${@:4}" | sort)" \
    "$(sed -nE 's/^(member|slave) ([^:]*):.*/\2/p' <<< "$shown" | sort)"
}

enabled_members() { # HOST BOND
  on "$1" ovs-appctl bond/show "$2" | sed -nE 's/^(member|slave) ([^:]*): enabled$/\2/p' | sort | xargs
}

lacp_current() { # HOST NIC...
  local nic
  for nic in "${@:2}"; do vsctl "$1" get Interface "$nic" lacp_current; done | xargs
}

# HOST and REMOTE are joined by cables between NICs of one name, and the guests are behind them.
check_lacp() { # HOST REMOTE BOND GUEST REMOTE-GUEST ADDRESS-OF-REMOTE-GUEST NIC NIC
  local found own
  says 'true true' lacp_current "$1" "$7" "$8"
  says 'true true' lacp_current "$2" "$7" "$8"
  says "$7 $8" enabled_members "$1" "$3"
  says "$7 $8" enabled_members "$2" "$3"
  has "lacp/show of $1" 'status: active negotiated' "$(on "$1" ovs-appctl lacp/show "$3")"
  own=$(on "$2" ovs-appctl lacp/show "$3" | sed -n 's/^[[:space:]]*sys_id: //p')
  found=$(on "$1" ovs-appctl lacp/show "$3" | sed -n 's/.*partner sys_id: //p' | sort -u)
  same "the partner that $1 found" "$own" "$found"
  TRIES=40 reaches "$4" "$6"
  frames "$5/eth0 3" count=3 "$4/eth0" "$5/eth0"
}

# Without one cable all goes by the other; it may take the bond's updelay until both are used again.
check_lacp_failover() { # HOST REMOTE GUEST REMOTE-GUEST ADDRESS-OF-REMOTE-GUEST NIC NIC
  links "$2" "link set $6 down"
  TRIES=40 reaches "$3" "$5"
  frames "$2/$7 3, $4/eth0 3" count=3 "$3/eth0" "$2/$7" "$4/eth0"
  links "$2" "link set $6 up"
  says 'true true' lacp_current "$1" "$6" "$7"
}

received_by() { # NETNS DEVICE
  on "$1" ip -s link show "$2" | awk 'seen { print $2; exit } /RX:/ { seen = 1 }'
}

# Of 16 connections of one sender, some take each NIC: at once, or when the bond finds that one NIC has
# more to carry, for what is sent before both are up stays where it is until then.
check_spread_by_port() { # GUEST ADDRESS REMOTE NIC NIC
  local i first second
  for ((i = TRIES; i > 0; i--)); do
    first=$(received_by "$3" "$4")
    second=$(received_by "$3" "$5")
    # shellcheck disable=SC2016
    on "$1" bash -c 'printf -v data %01000d 0
    for port in {5001..5016}; do
      exec 3> "/dev/udp/$1/$port"
      for i in {1..40}; do echo "$data" >&3; done
    done 2> /dev/null' bash "$2"
    sleep 0.3
    first=$(($(received_by "$3" "$4") - first))
    second=$(($(received_by "$3" "$5") - second))
    # Fewer are of no connection of these.
    if [ "$first" -ge 30 ] && [ "$second" -ge 30 ]; then
      echo "  16 connections: $first packets by $4, $second by $5"
      return
    fi
  done
  fail "all connections take one NIC: $first packets by $4, $second by $5"
}

# ---- tunnels ----

# Two networks between two hosts: the first two guests are in one, the last two in the other.
check_isolated_pairs() { # A1 A2 B1 B2
  frames "$2/eth0 5, $3/eth0 0, $4/eth0 0" count=5 "$1/eth0" "$2/eth0" "$3/eth0" "$4/eth0"
  frames "$1/eth0 5, $3/eth0 0, $4/eth0 0" count=5 "$2/eth0" "$1/eth0" "$3/eth0" "$4/eth0"
  frames "$4/eth0 5, $1/eth0 0, $2/eth0 0" count=5 "$3/eth0" "$4/eth0" "$1/eth0" "$2/eth0"
  frames "$3/eth0 5, $1/eth0 0, $2/eth0 0" count=5 "$4/eth0" "$3/eth0" "$1/eth0" "$2/eth0"
}

# Each broadcast of a guest is seen exactly once by every other one; guests have addresses.
check_mesh() { # GUEST=ADDRESS...
  local from to expected ends
  for from in "$@"; do
    expected='' ends=()
    for to in "$@"; do
      [ "$to" != "$from" ] || continue
      expected+=${expected:+, }"${to%=*}/eth0 1"
      ends+=("${to%=*}/eth0")
    done
    frames "$expected" "${from%=*}/eth0" "${ends[@]}"
    frames "${expected// 1/ 20}" count=20 "${from%=*}/eth0" "${ends[@]}"
    for to in "$@"; do
      [ "$to" = "$from" ] || reaches "${from%=*}" "${to#*=}"
    done
  done
}

# Nothing of Open vSwitch complains: no interface has an error, and each has a port's number.
check_no_errors() { # HOST...
  local host
  for host in "$@"; do
    same "interfaces of $host with an error" '' \
      "$(vsctl "$host" --columns=name,error,ofport --format=csv --no-headings find Interface 'error!=[]')"
    same "interfaces of $host without a port" '' \
      "$(vsctl "$host" --columns=name --format=csv --no-headings find Interface 'ofport=[]')"
  done
}
