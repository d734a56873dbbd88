# For the tests of the Debian package: a clean Debian 12 in a folder, the package, and a second version of it.
# To be sourced; needs root. Sets: work, root, first, second.

build=$(realpath "$1")
source_folder=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")
# The system is made once and kept; a file elsewhere outlives the build folder.
root_tar=${EVENT_SIDECAR_DEBIAN_ROOT-$build/debian-12-root.tar}

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# Where the system does not let it run at all; CTest then counts it as skipped.
skip() {
    echo "SKIPPED: $*" >&2
    exit 77
}

[[ $EUID -eq 0 ]] || skip "debootstrap and chroot need root"
unshare --mount --pid --fork true 2>/dev/null || skip "no namespaces here (unshare)"
PATH=/usr/sbin:/sbin:$PATH

work=$(mktemp -d "${TMPDIR-/tmp}/event-sidecar-package-XXXXXX")
root=$work/root
trap 'rm -rf --one-file-system "$work"' EXIT

make_root() {
    exec 9>"$root_tar.lock"
    flock 9
    if [[ ! -f $root_tar ]]; then
        local started=$SECONDS
        debootstrap --variant=minbase bookworm "$work/made" >"$work/debootstrap.log" 2>&1 ||
            { tail -n 20 "$work/debootstrap.log" "$work/made/debootstrap/debootstrap.log"; skip "debootstrap makes no system here"; }
        tar -C "$work/made" -cf "$root_tar.part" . && mv "$root_tar.part" "$root_tar"
        rm -rf --one-file-system "$work/made"
        echo "debootstrap took $((SECONDS - started)) s"
    fi
    exec 9>&-
    mkdir "$root"
    tar -C "$root" -xf "$root_tar"
    cp /etc/resolv.conf "$root/etc/resolv.conf"
}

# in_root COMMAND...: in the clean system, where no systemd runs
in_root() {
    unshare --mount --pid --fork --mount-proc="$root/proc" \
        chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive "$@"
}

# apt ARGUMENT...: apt-get in the clean system; what it says only when it fails
apt() {
    in_root apt-get -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 "$@" >"$work/apt.log" 2>&1 </dev/null ||
        { cat "$work/apt.log"; fail "apt-get $*"; }
}

make_packages() {
    cpack --config "$build/CPackConfig.cmake" -G DEB -B "$work/packages" >"$work/cpack.log" 2>&1 ||
        { cat "$work/cpack.log"; fail cpack; }
    first=$(echo "$work"/packages/event-sidecar_*.deb)
    [[ -f $first ]] || fail "cpack made no package: $first"
    second=$(next_version "$first" 99.1 '# of version 99.1')
}

# next_version PACKAGE VERSION LINE: the package again, newer and with a line more in its configuration
next_version() {
    local folder=$work/version-$2 package=$work/packages/event-sidecar_$2_amd64.deb
    dpkg-deb -R "$1" "$folder"
    sed -i "s/^Version: .*/Version: $2/" "$folder/DEBIAN/control"
    echo "$3" >>"$folder/etc/event-sidecar/config.toml"
    (cd "$folder" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | xargs -0 md5sum >DEBIAN/md5sums)
    dpkg-deb --root-owner-group -b "$folder" "$package" >/dev/null
    echo "$package"
}
