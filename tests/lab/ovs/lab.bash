#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Everything of this folder, for scripts that `ovs-hosts run` starts, and for scenarios: hosts, what
# people do by hand there, documents that ask for the same, and checks of what came of it.

ovs_folder=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
# shellcheck source=/dev/null
. "$ovs_folder/lib.bash"
# shellcheck source=/dev/null
. "$ovs_folder/scenes.sh"
# shellcheck source=/dev/null
. "$ovs_folder/recipes.sh"
# shellcheck source=/dev/null
. "$ovs_folder/documents.sh"
# shellcheck source=/dev/null
. "$ovs_folder/checks.sh"
