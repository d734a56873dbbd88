#!/usr/bin/env bash
# The Debian package under a systemd that runs: start, watchdog, reload, upgrade, removal, in a container without network.
#
#   boot_test.sh BUILD_FOLDER    with event-sidecar and casper-node-sim built in it
set -euo pipefail
# shellcheck source=debian_root.sh
source "$(dirname "${BASH_SOURCE[0]}")/debian_root.sh"

# container ARGUMENT...: systemd-nspawn on the clean system
container() {
    systemd-nspawn --quiet --directory="$root" --machine="event-sidecar-$$" --private-network --register=no --keep-unit \
        --resolv-conf=off --timezone=off --link-journal=no --console=pipe "$@"
}
export -f container

make_packages
make_root
container /bin/true >"$work/boot.log" 2>&1 </dev/null || { cat "$work/boot.log"; skip "systemd-nspawn starts nothing here"; }
apt update
dependencies=$(dpkg-deb -f "$first" Depends | tr ',' '\n' | sed 's/ *(.*//; s/ //g')
# shellcheck disable=SC2086
apt install systemd systemd-sysv dbus $dependencies
cp "$build/casper-node-sim" "$root/usr/local/bin/"
cp "$first" "$root/first.deb"
cp "$second" "$root/second.deb"
cp "$(dirname "${BASH_SOURCE[0]}")/boot_steps.sh" "$root/boot-steps"
cat >"$root/etc/systemd/system/boot-steps.service" <<'UNIT'
[Unit]
After=multi-user.target
SuccessAction=exit-force
FailureAction=exit-force
[Service]
Type=oneshot
ExecStart=/bin/bash /boot-steps
StandardOutput=file:/boot-steps.log
StandardError=inherit
TimeoutStartSec=240
[Install]
WantedBy=default.target
UNIT
ln -sf /etc/systemd/system/boot-steps.service "$root/etc/systemd/system/default.target.wants/" 2>/dev/null ||
    { mkdir -p "$root/etc/systemd/system/multi-user.target.wants" &&
        ln -sf /etc/systemd/system/boot-steps.service "$root/etc/systemd/system/multi-user.target.wants/"; }

code=0
export root
timeout --kill-after=10 300 bash -c 'container --boot' >"$work/boot.log" 2>&1 </dev/null || code=$?
cat "$root/boot-steps.log" 2>/dev/null || tail -n 50 "$work/boot.log"
[[ $code -eq 0 ]] && grep -q '^all steps done$' "$root/boot-steps.log" || fail "in the booted system (exit code $code)"
