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

# shellcheck source=scripts/debian.sh
. "$(dirname "$0")/debian.sh"
arch=riscv64
cross=riscv64-linux-gnu
host=$(dpkg --print-architecture 2>/dev/null || uname -m)
progs=$cache/debian-$arch
sysroot=$cache/sysroot-$arch
newqemu=$cache/qemu-$host

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

use $arch
lock
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
		suites="sid $suites"
		use "$host"
		fetch "$newqemu" qemu-user
		[ -x "$newqemu/usr/bin/qemu-$arch" ] || die "the package holds no qemu-$arch; look into $newqemu"
		say "newest qemu-user: $newqemu/usr/bin/qemu-$arch"
	fi
fi
say "done"
