#!/bin/sh
# setup-guest.sh: install what the tests need to build and run riscv64 guest programs.
#
#   scripts/setup-guest.sh            cross compiler, qemu-user (benchmarks only), riscv64 busybox and bash
#   scripts/setup-guest.sh --qemu     also the newest qemu-user of Debian, beside the system's, to measure against
#   scripts/setup-guest.sh --sysroot  also a small dynamic riscv64 root (libc, coreutils, bash, grep, sed, gawk)
#
# Two steps, each skipped when its result is already there, so that a second run needs neither root nor network:
#
#  1. Host packages through the system's own apt-get (root, or sudo).
#  2. Debian's riscv64 packages, unpacked below ${WEIR_CACHE:-$HOME/.cache/weir}. The system's sources are not
#     touched: a private apt folder in the cache asks the same mirror for another suite and architecture.
#     Signatures are checked as for any apt download. Where the machine's keyring is too old for the suite, a newer
#     debian-archive-keyring is taken through the system's (signed) sources, so the chain of trust has no gap.
#
# Environment:
#   WEIR_CACHE            where downloads live, default $HOME/.cache/weir
#   WEIR_DEBIAN_MIRROR    mirror to ask instead of the ones in the machine's apt configuration
#   WEIR_DEBIAN_SUITES    suites to try in order, default "trixie sid"
set -eu

cache=${WEIR_CACHE:-$HOME/.cache/weir}
suites=${WEIR_DEBIAN_SUITES:-trixie sid}
arch=riscv64
cross=riscv64-linux-gnu
host=$(dpkg --print-architecture 2>/dev/null || uname -m)
aptarch=$arch
aptdir=$cache/apt-$arch
progs=$cache/debian-$arch
sysroot=$cache/sysroot-$arch
newqemu=$cache/qemu-$host

say() { printf 'setup-guest: %s\n' "$*"; }
die() { printf 'setup-guest: error: %s\n' "$*" >&2; exit 1; }

want_sysroot=no
want_qemu=no
for arg; do
	case $arg in
	--sysroot) want_sysroot=yes ;;
	--qemu) want_qemu=yes ;;
	-h | --help) sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0"; exit 0 ;;
	*) die "unknown option '$arg'; try --help" ;;
	esac
done

# have_lib reports whether the cross libc is complete enough to link statically.
have_lib() { [ -f /usr/$cross/lib/libc.a ] && [ -f /usr/$cross/include/stdio.h ]; }
have_cmd() { command -v "$1" >/dev/null 2>&1; }

# 1. Host packages.
missing=
have_cmd gcc && [ -n "$(find /usr/lib /usr/lib64 -maxdepth 2 -name libc.a 2>/dev/null | head -n 1)" ] || missing="$missing gcc libc6-dev"
have_cmd $cross-gcc || missing="$missing gcc-$cross"
have_cmd $cross-objdump || missing="$missing binutils-$cross"
have_lib || missing="$missing libc6-dev-$arch-cross"
have_cmd qemu-$arch-static || missing="$missing qemu-user-static"
if [ -n "$missing" ]; then
	have_cmd apt-get || die "missing:$missing; this machine has no apt-get, install their equivalents by hand"
	sudo=
	if [ "$(id -u)" != 0 ]; then
		have_cmd sudo || die "missing:$missing; run this script as root (no sudo here)"
		sudo=sudo
	fi
	say "installing$missing"
	$sudo apt-get -qq update || die "apt-get update failed; check the network and the apt sources"
	# shellcheck disable=SC2086 # a list of words
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install $missing >/dev/null ||
		die "apt-get install$missing failed; run it by hand to see why"
else
	say "host packages are there"
fi

# 2. Foreign packages.

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
		-o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false "$@"
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

source_ready=no
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

mkdir -p "$cache"
exec 9>"$cache/lock" # released when the script ends; two runs at once would step on each other's downloads
if have_cmd flock; then flock 9; fi
if [ -x "$progs/usr/bin/busybox" ] && [ -x "$progs/usr/bin/bash-static" ]; then
	say "riscv64 busybox and bash are there: $progs"
else
	fetch "$progs" busybox-static bash-static
	[ -e "$progs/usr/bin/busybox" ] || ln -s ../../bin/busybox "$progs/usr/bin/busybox"
	[ -e "$progs/usr/bin/bash-static" ] || ln -s ../../bin/bash-static "$progs/usr/bin/bash-static"
	[ -x "$progs/usr/bin/busybox" ] || die "the package holds no bin/busybox; look into $progs"
	say "riscv64 busybox: $progs/usr/bin/busybox"
fi

if [ $want_sysroot = yes ]; then
	if [ -e "$sysroot/lib/ld-linux-riscv64-lp64d.so.1" ]; then
		say "riscv64 root is there: $sysroot"
	else
		need_source
		# shellcheck disable=SC2046 # a list of words
		fetch "$sysroot" $(closure libc6 libgcc-s1 libstdc++6 coreutils bash grep sed gawk)
		# Debian's packages rely on /lib and /bin being links into /usr, which its base-files package makes.
		for d in lib bin sbin; do
			[ -e "$sysroot/$d" ] || ln -s usr/$d "$sysroot/$d"
		done
		[ -e "$sysroot/lib/ld-linux-riscv64-lp64d.so.1" ] || die "no dynamic loader in $sysroot"
		say "riscv64 root: $sysroot"
	fi
fi
if [ $want_qemu = yes ]; then
	if [ -x "$newqemu/usr/bin/qemu-$arch" ]; then
		say "newest qemu-user is there: $newqemu/usr/bin/qemu-$arch"
	else
		aptarch=$host aptdir=$cache/apt-$host suites="sid $suites" source_ready=no
		fetch "$newqemu" qemu-user
		[ -x "$newqemu/usr/bin/qemu-$arch" ] || die "the package holds no qemu-$arch; look into $newqemu"
		say "newest qemu-user: $newqemu/usr/bin/qemu-$arch"
	fi
fi
say "done"
