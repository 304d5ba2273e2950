# Builds a package, installs it with dpkg into a folder, serves it from a folder with apt, installs and removes it.
set -eu
mkdir -p pkg/DEBIAN pkg/usr/share/hello
cat >pkg/DEBIAN/control <<X
Package: hello-weir
Version: 1.0
Architecture: all
Maintainer: nobody <nobody@example.org>
Description: greets
X
cat >pkg/DEBIAN/postinst <<'X'
#!/bin/sh
echo "postinst $1 $(uname -m)"
X
chmod 755 pkg/DEBIAN/postinst
echo hi >pkg/usr/share/hello/file
mkdir repo
dpkg-deb --root-owner-group -b pkg repo/hello-weir_1.0_all.deb
root() {
	mkdir -p "$1/var/lib/dpkg/info" "$1/var/lib/dpkg/updates" "$1/var/lib/dpkg/triggers" "$1/etc/apt/apt.conf.d" \
		"$1/etc/apt/preferences.d" "$1/etc/apt/sources.list.d" "$1/etc/apt/trusted.gpg.d" "$1/var/lib/apt/lists/partial" \
		"$1/var/cache/apt/archives/partial" "$1/var/log/apt"
	: >"$1/var/lib/dpkg/status"
}
root dpkg
dpkg --root="$PWD/dpkg" --force-script-chrootless --force-not-root -i repo/hello-weir_1.0_all.deb
cat dpkg/usr/share/hello/file
dpkg --root="$PWD/dpkg" -L hello-weir | tail -n 1
dpkg --root="$PWD/dpkg" --verify
dpkg --root="$PWD/dpkg" -P hello-weir
[ ! -e dpkg/usr/share/hello ] && echo purged

root apt
(cd repo && apt-ftparchive packages . >Packages && apt-ftparchive release . >Release)
echo "deb [trusted=yes] file:$PWD/repo ./" >apt/etc/apt/sources.list
cat >apt.conf <<X
Dir "$PWD/apt";
Dir::State::status "$PWD/apt/var/lib/dpkg/status";
Dir::Bin::methods "/usr/lib/apt/methods";
Dir::Bin::dpkg "/usr/bin/dpkg";
DPkg::Options { "--root=$PWD/apt"; "--force-script-chrootless"; "--force-not-root"; };
APT::Architecture "riscv64"; APT::Sandbox::User "$(id -un)"; APT::Get::Assume-Yes "true";
X
export APT_CONFIG=$PWD/apt.conf
apt-get update
apt-cache policy hello-weir | sed -n 's/ *Candidate: /candidate /p'
apt-get install hello-weir
dpkg --root="$PWD/apt" -s hello-weir | grep Status
apt-get remove hello-weir
[ ! -e apt/usr/share/hello ] && echo removed
