#!/usr/bin/env bash
# test-go.sh: the Go standard library's own tests, cross-compiled for riscv64 and run under weir.
#
#   scripts/test-go.sh            every package of the list
#   scripts/test-go.sh -ci        those that fit in a few minutes
#   scripts/test-go.sh -std       the whole standard library, with programs of setup-sysroot.sh for tests that run some
#   scripts/test-go.sh PKG...     these packages
set -euo pipefail
cd "$(dirname "$0")/.."

all="errors io bytes strings sort strconv unicode/utf8 math math/bits fmt log context reflect bufio
encoding/json encoding/binary compress/flate regexp hash/crc32 crypto/sha256 crypto/aes sync sync/atomic time"
ci="errors io bytes strings sort strconv unicode/utf8 math math/bits fmt log context bufio
encoding/binary hash/crc32 crypto/sha256 sync sync/atomic time"

options=
skip='^$'
case ${1:-} in
-ci) pkgs=$ci ;;
-std)
	pkgs=std
	scripts/setup-sysroot.sh
	options="-L $(scripts/setup-sysroot.sh --print)"
	# In another root directory a child of vfork cannot execute Weir again, which it has no path to there.
	skip='^TestUnshareMountNameSpaceChroot$'
	;;
'') pkgs=$all ;;
*) pkgs=$* ;;
esac
[ -x bin/weir ] || make build
# One package at a time: weir is to be tested, not the machine's patience.
# shellcheck disable=SC2086
GOOS=linux GOARCH=riscv64 CGO_ENABLED=0 go test -p 1 -short -vet=off -timeout 20m -skip "$skip" -exec "$PWD/bin/weir $options" $pkgs
