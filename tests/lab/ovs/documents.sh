#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The documents that ask for what recipes.sh does by hand, with xsnetctl on the host's Open vSwitch; and
# what is to be equal then. From the environment: XSNETCTL; SOURCE_TREE, for the examples.

# As in traffic/lib.bash, where the target is Open vSwitch of the host. TARGET_OPTIONS: more of the URI.
xs() { # HOST ARGUMENT...
  "$XSNETCTL" --target "ovs:unix:$(database "$1")?host=$1&netns=$1&datapath=$DATAPATH${TARGET_OPTIONS:-}" \
    --journal-dir "$SCRATCH/journal" "${@:2}"
}

# ---- the same rows ----

# What rows made by a document have and those by hand have not, or the other way round, and that makes no
# difference to what is carried: documents always say the local end of a tunnel, and always protect
# its port, and a bridge has the MAC address of its PIF, as XenServer writes it, too; `off` is the default of
# lacp; the guest's uuid is written by the hypervisor's script.
DEFAULTS='^Interface [^ ]* options:local_ip |^Port [^ ]* protected true$|^Port [^ ]* lacp "off"$'
DEFAULTS+='|^Bridge [^ ]* other_config:hwaddr |^Interface (vif|tap)[^ ]* external_ids:xs-vif-uuid '

settled_rows() { # HOST
  rows "$1" --ends | sed -E "/$DEFAULTS/d"
}

# What devices a host has, whether they are up, with which MTU and addresses. Open vSwitch keeps ovs-netdev.
links_of() { # HOST
  on "$1" ip -o link show | sed -En '/ovs-netdev|ovs-system/d
    s/^[0-9]+: ([^:@]*).*<(.*)> mtu ([0-9]+).*/\1 \2 \3/p' | sed -E 's/,?(LOWER_UP|NO-CARRIER|M-DOWN|PROMISC)//g' | sort
  on "$1" ip -o address show scope global | sed -E 's/^[0-9]+: //' | sort
}

# All that is shown of a host but numbers of its devices, marks, and defaults as above.
shown() { # HOST
  xs "$1" show |
    sed -E '/^    (mac|carrier|owner|other-addresses): |^  status:$|^    xsnet-keys: |^  local: |^  device: gre0$/d'
}

# The document from standard input is applied, and applied again it is nothing to do. What the host is before and then
# is noted for the next ones.
made() { # HOST
  rows "$1" > "$SCRATCH/$1.before"
  links_of "$1" > "$SCRATCH/$1.links"
  apply "$1"
  cp "$SCRATCH/$1.yaml" "$SCRATCH/$1.document"
  settled_rows "$1" > "$SCRATCH/$1.rows"
  shown "$1" > "$SCRATCH/$1.shown"
}

# It goes, and the host is as before; by a document, or else by its owner's mark alone.
unmade() { # HOST [DOCUMENT]
  local document=$SCRATCH/$1.absent.yaml
  sed -n 's/^owner: .*/format: 1\n&\nprune: true/p' "$SCRATCH/$1.document" > "$document"
  apply_file "$1" "${2:-$document}"
  same "rows of $1 with nothing of the document" "$(cat "$SCRATCH/$1.before")" "$(rows "$1")"
  same "links of $1 with nothing of the document" "$(cat "$SCRATCH/$1.links")" "$(links_of "$1")"
}

# What the document made is the same as what a recipe makes: in the database, and as it is shown, so that the document
# is nothing to do where somebody has done it by hand.
same_by_hand() { # HOST RECIPE ARGUMENT...
  "${@:2}"
  same "rows of $1 by document, and by hand" "$(cat "$SCRATCH/$1.rows")" "$(settled_rows "$1")"
  same "what is shown of $1 by document, and by hand" "$(cat "$SCRATCH/$1.shown")" "$(shown "$1")"
  nothing_to_do "$1" "$SCRATCH/$1.document"
}

# ---- the documents ----

# Guests join a network, by the owner of what was applied.
attach() { # HOST NETWORK DOMAIN...
  local domain
  {
    sed -n 's/^owner: .*/format: 1\n&\nvifs:/p' "$SCRATCH/$1.yaml"
    for domain in "${@:3}"; do echo "  - {domain: $domain, device: 0, network: $2}"; done
  } > "$SCRATCH/attach.yaml"
  apply_file "$1" "$SCRATCH/attach.yaml"
}

# The bonds of the example as a XenServer makes them, with the mode that only Open vSwitch has.
document_bonding() {
  local as_xenserver='updelay: 31000, downdelay: 200, monitor-interval: 100,
     other-config: {bond-detect-mode: carrier, bond-rebalance-interval: "1800000"}'
  sed -E 's/balance-xor, hash: src-mac/balance-slb/
    s/mode: .*, network/'"${as_xenserver//$'\n'/\\n}"', &/' \
    "$SOURCE_TREE/tests/data/examples/bonding.yaml"
}

document_lacp() { # HASH NIC,NIC
  cat << END
format: 1
owner: lab
networks: [{name: lan}]
bonds:
  - {name: bond0, members: [$2], mode: lacp, hash: $1, lacp-rate: fast, network: lan, updelay: 200, downdelay: 200,
     monitor-interval: 100, other-config: {bond-detect-mode: carrier, bond-rebalance-interval: "1000"}}
END
}

document_vlan_manager() {
  cat "$SOURCE_TREE/tests/data/examples/vlan-manager.yaml"
}

document_cross_pool_gre() { # REMOTE-HOST
  cat << END
format: 1
owner: lab
networks: [{name: private}]
tunnels: [{network: private, transport: eth0, device: gre0, protocol: gre, remotes: [$(address_of "$1")]}]
END
}

document_keyed_tunnels() { # REMOTE-HOST TYPE
  cat << END
format: 1
owner: lab
networks: [{name: red}, {name: blue}]
tunnels:
  - {network: red, transport: eth0, device: ${2}0, protocol: $2, key: 77, remotes: [$(address_of "$1")]}
  - {network: blue, transport: eth0, device: ${2}1, protocol: $2, key: 78, remotes: [$(address_of "$1")]}
END
}

document_private_network() { # TYPE REMOTE-HOST REMOTE-HOST
  cat << END
format: 1
owner: lab
networks: [{name: private}]
tunnels: [{network: private, transport: eth0, protocol: $1, key: 77, remotes: [$(address_of "$2"), $(address_of "$3")]}]
END
}

# The NIC was renamed before, which is not the business of Open vSwitch.
document_dom0() {
  sed 's/device: eth0, rename: peth0/device: peth0/' "$SOURCE_TREE/tests/data/examples/dom0.yaml"
}

document_single_server_private() { # DOMAIN...
  printf 'format: 1\nowner: lab\nnetworks: [{name: private}]\nvifs:\n'
  printf '  - {domain: %s, device: 0, network: private}\n' "$@"
}
