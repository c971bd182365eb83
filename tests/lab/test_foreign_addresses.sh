#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# usage: test_foreign_addresses.sh XSNETCTL, in a kernel-lab
#
# Addresses and routes that an administrator set by hand go with the NIC into networks, bonds and VLANs, and are
# on the NIC again, with the routes of every table, when all of these are gone. What was made by hand in any
# shape is shown in a form that asks for nothing. Somebody else's tunnel beside ours stays.
set -euo pipefail

xsnetctl=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

fail() {
  echo "$*"
  failed=1
}

apply() { # NAME; the document is standard input
  cat > "$work/in.yaml"
  "$xsnetctl" --journal-dir "$work/journal" apply --yes "$work/in.yaml" > "$work/out" 2>&1 ||
    fail "$1: $(cat "$work/out")"
  "$xsnetctl" --journal-dir "$work/journal" apply --yes "$work/in.yaml" > "$work/out" 2>&1 || :
  grep -q '^Nothing to do' "$work/out" || fail "$1, again: $(cat "$work/out")"
}

asks_for_nothing() { # NAME
  "$xsnetctl" show > "$work/show.yaml"
  "$xsnetctl" plan "$work/show.yaml" > "$work/out" 2>&1 || :
  grep -q 'nothing to do' "$work/out" || fail "$1 is shown so that it asks for: $(cat "$work/out")"
}

# Without labels: the kernel numbers them as a device gets another name.
tell() {
  ip -o -4 addr show | sed 's/^[0-9]*: //; s/ [^ ]*\\ .*//' | sort
  ip -4 route show table all | grep -v 'table local' | sed 's/ linkdown//' | sort
}

same() { # NAME
  tell > "$work/after"
  diff "$work/before" "$work/after" || fail "$1: addresses or routes are not as they were"
}

for i in 0 1 2 3; do
  ip link add "eth$i" type dummy
  ip link set "eth$i" up
done
ip addr add 192.0.2.10/24 dev eth0
ip addr add 192.0.2.11/24 dev eth0
ip addr add 192.0.2.12/32 dev eth0
ip route add default via 192.0.2.1 metric 50
ip route add default via 192.0.2.3 table 77
ip route add 10.11.0.0/16 via 192.0.2.5 src 192.0.2.11 mtu 1300
tell > "$work/before"

apply 'a network of the NIC' << 'Y'
format: 1
owner: lab
networks: [{name: mgmt}]
pifs: [{device: eth0, network: mgmt}]
Y
apply 'a bond in its place' << 'Y'
format: 1
owner: lab
bonds: [{name: bond0, members: [eth0, eth1], mode: active-backup}]
Y
apply 'a VLAN on the bond' << 'Y'
format: 1
owner: lab
bonds: [{name: bond0, network: null}]
vlans: [{pif: bond0, tag: 7, network: mgmt}]
Y
asks_for_nothing 'a VLAN on a bond'
apply 'all of it pruned' << 'Y'
format: 1
owner: lab
prune: true
Y
same 'all of it pruned'

apply 'all in one go' << 'Y'
format: 1
owner: lab
networks: [{name: mgmt}]
bonds: [{name: bond0, members: [eth1, eth0], primary: eth0, mode: active-backup, network: mgmt}]
Y
apply 'another name for the bridge' << 'Y'
format: 1
owner: lab
networks: [{name: mgmt, bridge: br-mgmt}]
Y
ip -o -4 addr show dev br-mgmt | grep -q 192.0.2.11 || fail 'the renamed bridge has not the addresses'
apply 'absent' << 'Y'
format: 1
owner: lab
networks: [{name: mgmt, absent: true}]
bonds: [{name: bond0, absent: true}]
Y
same 'absent'

apply 'a VLAN with an address of ours' << 'Y'
format: 1
owner: lab
networks: [{name: guest}]
vlans: [{pif: eth2, tag: 5, network: guest, ipv4: {address: 198.51.100.1/24}}]
Y
ip addr add 203.0.113.1/24 dev guest
apply 'the VLAN gone' << 'Y'
format: 1
owner: lab
vlans: [{pif: eth2, tag: 5, absent: true}]
Y
ip -o -4 addr show dev guest | grep -q 203.0.113.1 || fail "the bridge has lost somebody's address"
ip -o -4 addr show dev guest | grep -q 198.51.100.1 && fail 'the bridge has our address still'

# Two NICs in a bridge; a bond with less than two members, unmonitored, with a policy that documents do not know;
# tunnels of several sorts over one transport; names that no document can say.
ip link set eth2 master guest
ip link set eth3 master guest
ip link add lone type bond mode balance-xor xmit_hash_policy encap2+3
ip link add link eth0 name tagged type vlan proto 802.1ad id 5
ip link add link tagged name twice type vlan id 6
ip link add vxgroup type vxlan id 42 group 239.1.1.1 dev eth0 dstport 4789
ip link add vxone type vxlan id 43 local 192.0.2.10 remote 192.0.2.99 dstport 4789
ip link set vxgroup master guest
ip link set vxone master guest
ip link add $'bell\a' type dummy
ip link set guest alias 'xsnet:lab;net=%1b[31mred'
asks_for_nothing 'a host of odd shapes'
ip link set guest alias 'xsnet:lab;net=guest'

ip addr add 203.0.113.8/24 dev eth1
apply 'a tunnel' << 'Y'
format: 1
owner: lab
tunnels: [{network: guest, transport: eth1, protocol: geneve, key: 9, remotes: [203.0.113.9]}]
Y
ip link add vxbeside type vxlan id 44 local 203.0.113.8 remote 203.0.113.9 dstport 4789
ip link set vxbeside master guest
apply 'the tunnel gone' << 'Y'
format: 1
owner: lab
prune: true
networks: [{name: guest}]
Y
ip link show dev vxbeside > /dev/null 2>&1 || fail "somebody else's tunnel went with ours"

exit $failed
