#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# test_xsnetctl_output.sh XSNETCTL
#
# Where what a command prints cannot be printed, it says so and fails: standard output closed, on a full disk,
# or a pipe whose reader is gone.
set -uo pipefail

xsnetctl=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
printf 'format: 1\nnetworks: [{name: a}]\n' > "$work/a.yaml"
# A pipe that nobody reads: this shell lets go of the reading end.
mkfifo "$work/pipe"
exec 3<> "$work/pipe"
exec 4> "$work/pipe"
exec 3>&-

check() { # WHERE CODE ARGUMENTS
  local where=$1 code=$2
  shift 2
  if [ "$code" -ne 1 ] || ! grep -q '^xsnetctl: standard output: ' "$work/err"; then
    printf 'xsnetctl %s, standard output %s: exit code %s, and says: %s\n' "$*" "$where" "$code" "$(cat "$work/err")"
    failed=1
  fi
}

for command in --help --version show "validate $work/a.yaml" "plan $work/a.yaml" "diff $work/a.yaml" \
  "apply --yes $work/a.yaml" "apply --dry-run $work/a.yaml" schema; do
  read -ra words <<< "--target fake: --journal-dir $work $command"
  "$xsnetctl" "${words[@]}" >&- 2> "$work/err"
  check closed $? "$command"
  "$xsnetctl" "${words[@]}" > /dev/full 2> "$work/err"
  check 'on a full disk' $? "$command"
  "$xsnetctl" "${words[@]}" >&4 2> "$work/err"
  check 'without a reader' $? "$command"
done

# Then it is told what became of it.
"$xsnetctl" --target fake: --journal-dir "$work" apply --yes "$work/a.yaml" > /dev/full 2> "$work/err"
if ! grep -q '^xsnetctl: what was to do is done, and verified$' "$work/err"; then
  printf 'apply on a full disk does not tell that it is done: %s\n' "$(cat "$work/err")"
  failed=1
fi

# Several targets are one: all are applied to, and one that cannot be leaves none changed.
"$xsnetctl" -t fake:a -t fake:b --journal-dir "$work" apply --yes "$work/a.yaml" > "$work/out" 2> "$work/err"
code=$?
if [ $code -ne 0 ] || [ "$(grep -c "create network 'a' on host '[ab]': done" "$work/out")" -ne 2 ]; then
  printf 'apply on two targets: exit code %s, and says: %s %s\n' $code "$(cat "$work/out")" "$(cat "$work/err")"
  failed=1
fi
"$xsnetctl" -t fake:a -t 'fake:b?fail=2' --journal-dir "$work" apply --yes "$work/a.yaml" > "$work/out" 2> "$work/err"
code=$?
if [ $code -ne 1 ] || ! grep -q 'everything was put back as it was' "$work/err"; then
  printf 'apply where one of two fails: exit code %s, and says: %s %s\n' $code "$(cat "$work/out")" "$(cat "$work/err")"
  failed=1
fi
exit $failed
