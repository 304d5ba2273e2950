#!/usr/bin/env bash
# fuzz.sh TIME: run every native Go fuzz target of the module for TIME each.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${1:-1m}
grep -rlE '^func Fuzz' --include='*_test.go' . | while read -r file; do
	for f in $(sed -nE 's/^func (Fuzz[A-Za-z0-9_]*)\(.*/\1/p' "$file"); do
		echo "== $(dirname "$file") $f"
		go test -run '^$' -fuzz "^$f\$" -fuzztime "$time" "./$(dirname "$file")"
	done
done
