#!/usr/bin/env bash
# test.sh [PACKAGES]: go test, one package at a time, as the guests of one want both
# cores. A package that fails is run again, alone, at most twice, and all outputs are shown: some
# tests race hundreds of processes against each other on purpose, and what they may still find is
# in docs/STATUS.md. The last result counts.
set -uo pipefail
cd "$(dirname "$0")/.."
export CGO_ENABLED=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
pkgs=${*:-./...}
for try in 1 2 3; do
	# shellcheck disable=SC2086
	go test -p 1 $([ $try = 1 ] || echo -count=1) -timeout 10m $pkgs 2>&1 | tee "$log"
	[ "${PIPESTATUS[0]}" = 0 ] && exit 0
	pkgs=$(sed -nE 's/^FAIL[[:space:]]+([^[:space:]]+\/[^[:space:]]+).*/\1/p' "$log" | sort -u)
	[ -n "$pkgs" ] || exit 1
	echo "== failed: $pkgs"
done
exit 1
