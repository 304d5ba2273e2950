#!/bin/sh
# setup-sysroot.sh: unpack a Debian userland for another architecture, for `weir -L`.
#
#   scripts/setup-sysroot.sh                    riscv64, the packages that `make test` runs
#   scripts/setup-sysroot.sh --all              also those of `make test-all`: Python's tests, gcc, git, apt ...
#   scripts/setup-sysroot.sh --native --all     the same for this machine: what they do without an emulator
#   scripts/setup-sysroot.sh --arch=ARCH --dir=DIR PACKAGE...   other packages, elsewhere
#   scripts/setup-sysroot.sh --print            only print the folder
#
# The packages and what they depend on come from Debian's archive through the machine's own apt configuration (debian.sh),
# are unpacked with dpkg-deb, and left unconfigured: no maintainer script is run, so neither root nor an emulator is
# needed. What those scripts would do and programs rely on is done here: links of merged /usr, a few alternatives,
# /etc/passwd. Absolute links are made relative, as a kernel that follows one inside a sysroot would leave it; empty
# folders such as /dev and /tmp are left out, so that programs see the machine's.
#
# The result is ${WEIR_CACHE:-$HOME/.cache/weir}/sysroot-debian-ARCH, which appears only when it is complete; a second run
# with the same packages needs no network. About 180 MB, 900 MB with --all.
set -eu

# shellcheck source=scripts/debian.sh
. "$(dirname "$0")/debian.sh"

some="base-files base-passwd bash dash coreutils findutils grep sed gawk diffutils tar debianutils
	python3 perl sqlite3 xz-utils gzip bzip2 zstd jq lua5.4"
all="$some hostname util-linux procps ncurses-base netbase ca-certificates libpython3-testsuite openssl git
	gcc g++ libc6-dev make binutils strace gdb apt apt-utils dpkg dpkg-dev locales"

packages=$some
arch=riscv64
dir=
print=no
chosen=
for arg; do
	case $arg in
	--all) packages=$all ;;
	--native) arch=$(dpkg --print-architecture) ;;
	--arch=*) arch=${arg#*=} ;;
	--dir=*) dir=${arg#*=} ;;
	--print) print=yes ;;
	-h | --help) sed -n '2,/^set -eu/s/^# \{0,1\}//p' "$0"; exit 0 ;;
	-*) die "unknown option '$arg'; try --help" ;;
	*) chosen="$chosen $arg" ;;
	esac
done
root=${dir:-$cache/sysroot-debian-$arch}
if [ $print = yes ]; then
	printf '%s\n' "$root"
	exit 0
fi
[ -n "$chosen" ] && packages=$chosen
# stamp LIST says what is unpacked; its number is raised when this script changes what it makes of the same packages.
# shellcheck disable=SC2086 # a list of words
stamp() { printf '3 '; printf '%s ' $1; }
have=$(cat "$root/.packages" 2>/dev/null || :)

use "$arch"
lock
if [ "$have" = "$(stamp "$packages")" ] || [ "$packages" = "$some" ] && [ "$have" = "$(stamp "$all")" ]; then
	say "the $arch root is there: $root"
	exit 0
fi
need_source
# The package of Python's tests has the version in its name.
python=$(papt apt-cache depends python3 | sed -n 's/^ *Depends: \(python3\.[0-9]*\)$/\1/p' | head -n 1)
names=$(printf '%s' "$packages" | sed "s/libpython3-testsuite/lib$python-testsuite/")

tmp=$root.tmp
debs=$tmp.debs
rm -rf "$tmp" "$debs"
mkdir -p "$tmp/usr" "$debs/partial"
say "downloading"
# shellcheck disable=SC2086 # a list of words
papt apt-get -y -o Debug::NoLocking=1 -o Dir::Cache::archives="$debs" --no-install-recommends --download-only install $names \
	>"$aptdir/download.log" 2>&1 || die "downloading failed: $(grep -m 1 '^E:' "$aptdir/download.log")"

# Debian's packages rely on /lib, /bin and /sbin being links into /usr.
for d in bin sbin lib lib64; do
	mkdir -p "$tmp/usr/$d"
	ln -s usr/$d "$tmp/$d"
done
n=0
for deb in "$debs"/*.deb; do
	dpkg-deb -x "$deb" "$tmp"
	n=$((n + 1))
done
rm -rf "$debs"
say "unpacked $n packages"
# A package that ships one of the folders itself may have put it in the place of the link.
for d in bin sbin lib lib64; do
	[ -d "$tmp/$d" ] && [ ! -L "$tmp/$d" ] || continue
	cp -a "$tmp/$d/." "$tmp/usr/$d/"
	rm -rf "${tmp:?}/$d"
	ln -s usr/$d "$tmp/$d"
done

# alternative NAME PROGRAM makes the link that update-alternatives would make.
alternative() {
	if [ ! -e "$tmp/usr/bin/$1" ] && [ ! -L "$tmp/usr/bin/$1" ] && [ -e "$tmp/usr/bin/$2" ]; then ln -s "$2" "$tmp/usr/bin/$1"; fi
}
alternative awk gawk
alternative lua lua5.4
alternative which which.debianutils
alternative c++ g++
alternative cc gcc
for f in passwd group; do
	if [ ! -e "$tmp/etc/$f" ] && [ -e "$tmp/usr/share/base-passwd/$f.master" ]; then
		cp "$tmp/usr/share/base-passwd/$f.master" "$tmp/etc/$f"
	fi
done
mkdir -p "$tmp/var/lib/dpkg/info" "$tmp/var/lib/dpkg/updates" "$tmp/var/lib/dpkg/triggers" "$tmp/var/cache/apt/archives/partial" \
	"$tmp/var/lib/apt/lists/partial" "$tmp/var/log/apt" "$tmp/etc/apt/apt.conf.d"
: >>"$tmp/var/lib/dpkg/status"
# Found here, these empty folders would hide the machine's own.
for d in boot dev home media mnt opt proc root run srv sys tmp var/tmp; do
	rmdir "$tmp/$d" 2>/dev/null || :
done

find "$tmp" -type l -lname '/*' | while read -r link; do
	target=$(readlink "$link")
	case $target in
	/dev/* | /proc/*) continue ;; # the machine's
	esac
	up=$(dirname "${link#"$tmp"/}" | sed -e 's,^\.$,,' -e 's,[^/][^/]*,..,g')
	ln -sfn "${up:+$up/}${target#/}" "$link"
done

stamp "$packages" >"$tmp/.packages"
if [ -e "$root" ]; then mv "$root" "$root.old"; fi
mv "$tmp" "$root"
rm -rf "$root.old"
say "the $arch root: $root"
