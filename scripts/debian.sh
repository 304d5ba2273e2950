#!/bin/sh
# debian.sh: Debian's packages of another architecture or suite, without touching the system's own sources. Sourced by
# setup-guest.sh and setup-sysroot.sh, not run.
#
# A private apt folder asks the machine's own mirror for another suite and architecture. Signatures are checked as for any
# apt download. Where the machine's keyring is too old for the suite, a newer debian-archive-keyring is taken through the
# system's (signed) sources, so the chain of trust has no gap.
#
# Environment of the scripts that source it:
#   WEIR_CACHE            where downloads live, default $HOME/.cache/weir
#   WEIR_DEBIAN_MIRROR    mirror to ask instead of the ones in the machine's apt configuration
#   WEIR_DEBIAN_SUITES    suites to try in order, default "trixie sid"
#
# shellcheck shell=sh

cache=${WEIR_CACHE:-$HOME/.cache/weir}
suites=${WEIR_DEBIAN_SUITES:-trixie sid}
me=${0##*/}
me=${me%.sh}

say() { printf '%s: %s\n' "$me" "$*"; }
die() { printf '%s: error: %s\n' "$me" "$*" >&2; exit 1; }
have_cmd() { command -v "$1" >/dev/null 2>&1; }

# use ARCH makes the functions below fetch packages of a Debian architecture.
use() {
	aptarch=$1
	aptdir=$cache/apt-$1
	source_ready=no
}

# lock waits until no other script works in the cache; two runs at once would step on each other's downloads. It holds until
# the script ends.
lock() {
	mkdir -p "$cache"
	exec 9>"$cache/lock"
	if have_cmd flock; then flock 9; fi
}

# mirrors prints the addresses of the machine's own package repositories, most likely first.
mirrors() {
	if [ -n "${WEIR_DEBIAN_MIRROR:-}" ]; then
		printf '%s\n' "$WEIR_DEBIAN_MIRROR"
		return
	fi
	apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep -v security | awk '!seen[$0]++'
}

# keyrings prints the keyring files to try.
keyrings() {
	for k in /usr/share/keyrings/debian-archive-keyring.gpg /usr/share/keyrings/debian-archive-keyring.pgp \
		"$aptdir"/keyring/usr/share/keyrings/debian-archive-keyring.*; do
		if [ -s "$k" ]; then printf '%s\n' "$k"; fi
	done
}

# papt runs an apt tool on the private folder. APT::Sandbox::User: the folder may lie in a home that apt's own
# download user cannot enter. The system's apt.conf stays in force, so that its proxy settings apply.
papt() {
	tool=$1
	shift
	"$tool" -q \
		-o Dir::Etc::SourceList="$aptdir/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
		-o Dir::State="$aptdir/state" -o Dir::State::status="$aptdir/status" -o Dir::Cache="$aptdir/cache" \
		-o APT::Architecture="$aptarch" -o APT::Architectures::="$aptarch" -o Acquire::Languages=none \
		-o APT::Sandbox::User="$(id -un)" -o APT::Update::Error-Mode=any \
		-o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false -o Acquire::Retries=4 "$@"
}

# try_source asks one mirror for one suite with one keyring; true if a signed index arrived.
try_source() {
	printf 'deb [arch=%s signed-by=%s] %s %s main\n' "$aptarch" "$3" "$1" "$2" >"$aptdir/sources.list"
	papt apt-get update >"$aptdir/update.log" 2>&1 && papt apt-cache show coreutils >/dev/null 2>&1
}

find_source() {
	for mirror in $(mirrors); do
		for suite in $suites; do
			for keyring in $(keyrings); do
				if try_source "$mirror" "$suite" "$keyring"; then
					say "using suite $suite, signatures checked with $keyring"
					return 0
				fi
				say "suite $suite is not to be had: $(grep -m 1 -e '^E:' -e '^W:' "$aptdir/update.log" || echo 'no index')"
			done
		done
	done
	return 1
}

# new_keyring fetches the newest archive keyring that the system's own signed sources offer.
new_keyring() {
	say "the machine's keyring does not know ${suites%% *}; fetching a newer debian-archive-keyring"
	rm -rf "$aptdir/keyring"
	mkdir -p "$aptdir/keyring"
	# A fresh machine has no package lists yet.
	if [ "$(id -u)" = 0 ]; then apt-get -qq update || return 1; fi
	(cd "$aptdir/keyring" && apt-get -qq -o APT::Sandbox::User="$(id -un)" download debian-archive-keyring) || return 1
	dpkg-deb -x "$aptdir"/keyring/debian-archive-keyring_*.deb "$aptdir/keyring"
}

# need_source finds a source of packages, once.
need_source() {
	[ $source_ready = no ] || return 0
	have_cmd apt-get && have_cmd dpkg-deb ||
		die "apt-get and dpkg-deb are needed to fetch Debian's $aptarch packages; see the top of this script for what goes where"
	mkdir -p "$aptdir/state/lists/partial" "$aptdir/cache/archives/partial"
	: >"$aptdir/status"
	find_source || { new_keyring && find_source; } ||
		die "no mirror offers signed $aptarch packages ($(tail -n 1 "$aptdir/update.log" 2>/dev/null)); set WEIR_DEBIAN_MIRROR to a Debian mirror"
	source_ready=yes
}

# fetch DIR PACKAGE... unpacks packages below DIR, which appears only when it is complete.
fetch() {
	dir=$1
	shift
	need_source
	rm -rf "$dir.tmp"
	mkdir -p "$dir.tmp/debs"
	(cd "$dir.tmp/debs" && papt apt-get download "$@" >"$aptdir/download.log" 2>&1) ||
		die "downloading $* failed: $(tail -n 1 "$aptdir/download.log")"
	for deb in "$dir.tmp"/debs/*.deb; do
		say "unpacking ${deb##*/}"
		dpkg-deb -x "$deb" "$dir.tmp"
	done
	rm -rf "$dir.tmp/debs" "$dir"
	mv "$dir.tmp" "$dir"
}

# closure PACKAGE... prints the packages with everything they depend on.
closure() {
	papt apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
		--no-enhances "$@" | grep '^[a-z0-9]' | sed 's/:.*//' | sort -u |
		grep -v -e '^debconf' -e '^cdebconf' -e '^perl' -e '^dpkg' -e '^tar$' -e '^install-info'
}
