#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Hosts, switches, and guests that have no network yet: what recipes.sh and documents.sh begin with.

# A host with six NICs at a switch, and two guests.
make_bonded() {
  local i
  bare_hosts 1
  switch outside
  for i in 0 1 2 3 4 5; do plug h1 "eth$i" outside; done
  vif a h1 vif1.0 192.0.2.1/24
  vif b h1 vif2.0 192.0.2.2/24
  links outside 'address add 192.0.2.254/24 dev switch' 'address add 172.16.0.1/27 dev switch' \
    'address add 172.16.0.33/28 dev switch'
}

# Two hosts, joined by two cables from NIC to NIC, with a guest each.
make_cabled() {
  local i
  bare_hosts 2
  for i in 2 3; do wire h1 "eth$i" h2 "eth$i"; done
  vif a h1 vif1.0 192.0.2.1/24
  vif b h2 vif1.0 192.0.2.2/24
}

# Two hosts that reach each other, each with a guest for the network red and one for blue.
make_pair() {
  local i
  hosts 2
  for i in 1 2; do
    vif "red$i" "h$i" vif1.0 "192.0.2.$i/24"
    vif "blue$i" "h$i" vif2.0 "192.0.2.$i/24"
  done
}

# Three hosts that reach each other, with a guest each.
make_three() {
  local i
  hosts 3
  for i in 1 2 3; do vif "g$i" "h$i" vif1.0 "192.0.2.$i/24"; done
}

# A host whose NIC eth1 has a cable to `outside`, two tenants, and the guest that is their gateway.
make_trunk() {
  hosts 1
  netns outside
  wire h1 eth1 outside port0
  vif tenant h1 vif7.0
  vif gateway h1 vif8.1
  vif rival h1 vif9.0
}

# A host with one NIC, which has its address, and two guests.
make_dom0() {
  bare_hosts 1
  switch outside
  plug h1 eth0 outside
  links outside 'address add 192.0.2.1/24 dev switch'
  links h1 'address add 192.0.2.10/24 dev eth0'
  vif a h1 vif4.0 192.0.2.4/24
  vif b h1 vif6.0 192.0.2.6/24
}

# What is sent to a host from the switch is held to so little that a storm leaves time for all else.
slow_down() { # SWITCH PORT...
  local port
  for port in "${@:2}"; do on "$1" tc qdisc add dev "$port" root tbf rate 2mbit burst 10k latency 50ms; done
}
