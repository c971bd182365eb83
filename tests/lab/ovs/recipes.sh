#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What people do by hand, with ovs-vsctl, to have the networks of the documents of tests/data/examples
# and of doc/document.md: a function each. A test runs one of them, or applies the document, and then
# the same functions of checks.sh.

# ---- the words ----

device_up() { # HOST DEVICE...
  local device lines=()
  for device in "${@:2}"; do lines+=("link set $device up"); done
  links "$1" "${lines[@]}"
}

by_hand_bridge() { # HOST BRIDGE [COMMAND OF OVS-VSCTL...]
  vsctl "$1" add-br "$2" -- set Bridge "$2" "datapath_type=$DATAPATH" fail_mode=standalone "${@:3}"
  device_up "$1" "$2"
}

# As a XenServer host makes it for `xe bond-create`; more settings of the port override.
by_hand_bond() { # HOST BRIDGE BOND MODE NIC,NIC... [SETTING...]
  local nics
  IFS=, read -ra nics <<< "$5"
  vsctl "$1" add-bond "$2" "$3" "${nics[@]}" -- set Port "$3" lacp=off "bond_mode=$4" \
    bond_updelay=31000 bond_downdelay=200 other_config:bond-miimon-interval=100 \
    other_config:bond-detect-mode=carrier other_config:bond-rebalance-interval=1800000 "${@:6}"
}

# As the hypervisor's script attaches a guest's device to its network's bridge, real or fake.
by_hand_vif() { # HOST BRIDGE VIF
  vsctl "$1" -- --if-exists del-port "$3" -- add-port "$2" "$3" -- set Interface "$3" \
    "external_ids:xs-vif-uuid=00000000-0000-4000-8000-$(printf %012d "${3//[!0-9]/}")"
}

by_hand_tunnel() { # HOST BRIDGE PORT TYPE REMOTE-HOST [COMMAND OF OVS-VSCTL...]
  vsctl "$1" add-port "$2" "$3" -- set Interface "$3" "type=$4" "options:remote_ip=$(address_of "$5")" "${@:6}"
}

# ---- the documents ----

# bonding.yaml: the NICs eth0..eth5 in three bonds: management, guests, storage.
recipe_bonding() { # HOST [MANAGEMENT-ADDRESS STORAGE-ADDRESS]
  by_hand_bridge "$1" management
  by_hand_bond "$1" management bond0 active-backup eth0,eth3
  by_hand_bridge "$1" guest
  by_hand_bond "$1" guest bond1 balance-slb eth1,eth4 -- set Interface eth1 mtu_request=9000 \
    -- set Interface eth4 mtu_request=9000 -- set Interface guest mtu_request=9000
  by_hand_bridge "$1" storage
  by_hand_bond "$1" storage bond2 active-backup eth2,eth5 -- set Interface eth2 mtu_request=9000 \
    -- set Interface eth5 mtu_request=9000 -- set Interface storage mtu_request=9000
  [ $# -lt 3 ] || links "$1" "address add $2 dev management" "address add $3 dev storage"
}

# A bond that both sides negotiate, on the network `lan`: balance-tcp where ports tell its packets apart,
# balance-slb where MACs do. A XenServer's delays would keep one NIC unused for half a minute, or half an hour.
recipe_lacp() { # HOST MODE NIC,NIC...
  by_hand_bridge "$1" lan
  by_hand_bond "$1" lan bond0 "$2" "$3" lacp=active other_config:lacp-time=fast bond_updelay=200 \
    other_config:bond-rebalance-interval=1000
}

# vlan-manager.yaml: tenants on the networks of VLANs, the gateway on the network of their parent.
recipe_vlan_manager() { # HOST
  by_hand_bridge "$1" trunk -- add-port trunk eth1
  vsctl "$1" add-br tenant-100 trunk 100 -- add-br tenant-101 trunk 101
  device_up "$1" tenant-100 tenant-101
  by_hand_vif "$1" tenant-100 vif7.0
  by_hand_vif "$1" trunk vif8.1
}

# The network of two hosts whose pools are not one: no key, as it is told in public.
recipe_cross_pool_gre() { # HOST REMOTE-HOST
  by_hand_bridge "$1" private
  by_hand_tunnel "$1" private gre0 gre "$2"
}

# Two networks between two hosts, told apart by their keys.
recipe_keyed_tunnels() { # HOST REMOTE-HOST TYPE
  by_hand_bridge "$1" red
  by_hand_bridge "$1" blue
  by_hand_tunnel "$1" red "${3}0" "$3" "$2" options:key=77
  by_hand_tunnel "$1" blue "${3}1" "$3" "$2" options:key=78
}

# private-network.yaml: one host's end of a network over more than two. Without `protected` a broadcast
# would go round for ever.
recipe_private_network() { # HOST REMOTE-HOST...
  mesh_end "$1" gre true "${@:2}"
}

mesh_end() { # HOST TYPE PROTECTED REMOTE-HOST...
  local i=0 remote
  by_hand_bridge "$1" private
  for remote in "${@:4}"; do
    by_hand_tunnel "$1" private "$2$i" "$2" "$remote" options:key=77 "options:local_ip=$(address_of "$1")" \
      -- set Port "$2$i" "protected=$3"
    i=$((i + 1))
  done
}

# The network of one host alone.
recipe_single_server_private() { # HOST VIF...
  local device
  by_hand_bridge "$1" private
  for device in "${@:2}"; do by_hand_vif "$1" private "$device"; done
}

# dom0.yaml: the NIC becomes peth0, the bridge takes its name, its MAC and its address.
recipe_dom0() { # HOST ADDRESS
  links "$1" "address del $2 dev eth0" 'link set eth0 down' 'link set eth0 name peth0' 'link set peth0 up'
  recipe_dom0_bridge "$@"
}

recipe_dom0_bridge() { # HOST ADDRESS
  by_hand_bridge "$1" eth0 "other_config:hwaddr=\"$(mac_of "$1" peth0)\"" -- add-port eth0 peth0
  links "$1" "address add $2 dev eth0"
  by_hand_vif "$1" eth0 vif4.0
  by_hand_vif "$1" eth0 vif6.0
}
