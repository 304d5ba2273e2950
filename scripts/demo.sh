#!/usr/bin/env bash
# demo.sh: a riscv64 program under weir, first alone, then with a filter that
# answers, changes and refuses its syscalls (examples/filter), then with bundled
# plugins. Needs nothing but Go.
set -euo pipefail
cd "$(dirname "$0")/.."
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

GOOS=linux GOARCH=riscv64 CGO_ENABLED=0 go build -o "$tmp/guest" ./examples/guest
CGO_ENABLED=0 go build -ldflags="$(make -s ldflags)" -o "$tmp/filter" ./examples/filter

say "1. bin/weir guest: the program as it is"
bin/weir "$tmp/guest"

say "2. the same under examples/filter: getuid is answered, /etc/motto invented, /etc/passwd refused"
"$tmp/filter" "$tmp/guest"

say "3. bundled plugins: deny a path, count every syscall"
bin/weir -plugin 'deny,rule=openat:path=/etc/*:EACCES' -plugin syscount "$tmp/guest"

say "4. -strace, the first lines"
bin/weir -strace "$tmp/guest" 2>"$tmp/strace" >/dev/null
grep -E '^(\[pid +[0-9]+\] )?(openat|getuid|write|exit_group)' "$tmp/strace" | head -12
