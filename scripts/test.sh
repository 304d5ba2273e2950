#!/usr/bin/env bash
# test.sh [PACKAGES]: go test, one package at a time, as the guests of one want both
# cores. A package that fails is run once more, alone, and both outputs are shown: some
# tests race hundreds of processes against each other on purpose, and what they may still find is
# in docs/STATUS.md. The second failure counts.
set -uo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
go test -p 1 -timeout 30m "${@:-./...}" 2>&1 | tee "$log"
[ "${PIPESTATUS[0]}" = 0 ] && exit 0
failed=$(sed -nE 's/^FAIL[[:space:]]+([^[:space:]]+\/[^[:space:]]+).*/\1/p' "$log" | sort -u)
[ -n "$failed" ] || exit 1
echo "== once more: $failed"
# shellcheck disable=SC2086
go test -p 1 -count 1 -timeout 30m $failed
