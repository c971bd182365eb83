#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The systemd unit of examples/: systemd finds nothing wrong with it, and what it starts makes the
# network of /etc/xsnet after a boot and after the next, for which two kernels are run.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
KEEP=$(mktemp -d)
export KEEP
trap 'rm -rf "$KEEP"' EXIT

if command -v systemd-analyze > /dev/null; then
  systemd-analyze verify --man=no "$here/../../examples/xsnetctl.service"
  echo 'systemd-analyze verify: nothing is wrong'
fi
for boot in first second; do
  echo "the $boot boot"
  "$here/kernel-lab" --rw "$KEEP" -- "$here/traffic/run" "$here/traffic/boot"
done
