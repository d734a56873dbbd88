#!/usr/bin/env bash
# Installs, upgrades, removes and purges the Debian package in a clean Debian 12 in which no systemd runs.
#
#   package_test.sh BUILD_FOLDER    with event-sidecar and casper-node-sim built in it
set -euo pipefail
# shellcheck source=debian_root.sh
source "$(dirname "${BASH_SOURCE[0]}")/debian_root.sh"

config=/etc/event-sidecar/config.toml
wanted_by=/etc/systemd/system/multi-user.target.wants/event-sidecar.service

expect() {  # expect WHAT COMMAND...: the command succeeds
    local what=$1
    shift
    "$@" || fail "$what: $*"
}
is() {  # is WHAT EXPECTED COMMAND...: the command prints this
    local what=$1 expected=$2 found
    shift 2
    found=$("$@") || fail "$what: $*"
    [[ $found == "$expected" ]] || fail "$what: expected '$expected', found '$found'"
}
there() { [[ -e $root$1 || -L $root$1 ]]; }
not_there() { ! there "$1"; }
install_package() {
    cp "$1" "$root/package.deb"
    apt "${@:2}" install /package.deb
}

make_packages
fields=$(dpkg-deb -f "$first")
for needed in libc6 libssl3 libsqlite3-0 libzstd1 libsystemd0 adduser; do
    grep -q "^Depends: .*\b$needed\b" <<<"$fields" || fail "the package does not depend on $needed: $fields"
done
files=$(dpkg-deb -c "$first")
for file in /usr/bin/event-sidecar /lib/systemd/system/event-sidecar.service $config \
    /usr/share/doc/event-sidecar/docs/operating.md /usr/share/doc/event-sidecar/copyright \
    /usr/share/doc/event-sidecar/CHANGELOG.md /usr/share/event-sidecar/prometheus/alerts.yml \
    /usr/share/event-sidecar/grafana/event-sidecar.json /usr/share/event-sidecar/nginx/event-sidecar.conf \
    /usr/share/event-sidecar/haproxy/haproxy.cfg; do
    grep -q " root/root .* \.$file$" <<<"$files" || fail "the package does not hold $file of root"
done

make_root
apt update

echo "--- install"
install_package "$first"
expect "the program runs" in_root event-sidecar --version
is "the user" "/usr/sbin/nologin" in_root sh -c 'getent passwd event-sidecar | cut -d: -f7'
is "secrets are not for everyone" "640 root event-sidecar" in_root stat -c '%a %U %G' $config
is "the state folder" "750 event-sidecar event-sidecar" in_root stat -c '%a %U %G' /var/lib/event-sidecar
expect "it starts with the machine" there $wanted_by

echo "--- run, as the unit runs it"
cp "$build/casper-node-sim" "$root/usr/local/bin/"
cat >"$root/run-it" <<'SCRIPT'
set -eu
as_user="setpriv --reuid=event-sidecar --regid=event-sidecar --init-groups"
install -d -o event-sidecar /run/event-sidecar
ask() { exec 3<>/dev/tcp/127.0.0.1/18888; printf 'GET /status HTTP/1.0\r\n\r\n' >&3; cat <&3; }
$as_user event-sidecar --path-to-config /etc/event-sidecar/config.toml 2>/sidecar.log & sidecar=$!
await() { for _ in $(seq 600); do "$@" && return; sleep 0.1; done; echo "not: $*"; cat /sidecar.log; exit 1; }
answers() { ask 2>/dev/null | grep -q feed_id; }
has_events() { ask | grep -q '"newest_id":[1-9]'; }
ready() { event-sidecar status --path-to-config /etc/event-sidecar/config.toml >/status; }
await answers
if ready; then echo "ready without a node"; exit 1; fi
grep -q "no node is read" /status
casper-node-sim --nodes 1 --sse-port 9999 --rest-port 8888 --rate 100 --quiet >/dev/null 2>&1 &
await has_events
await ready
kill -TERM $sidecar
wait $sidecar
SCRIPT
unshare --net sh -c 'ip link set lo up && exec "$@"' sh \
    unshare --mount --pid --fork --mount-proc="$root/proc" chroot "$root" env -i PATH=/usr/local/bin:/usr/bin:/bin \
    bash /run-it || fail "the packaged configuration does not serve"
expect "events are kept" there /var/lib/event-sidecar/sqlite_database.db3

echo "--- upgrade"
install_package "$second"
is "the version" "99.1" in_root dpkg-query -W -f '${Version}' event-sidecar
expect "a configuration that nobody changed is the new one" grep -q '^# of version 99.1$' "$root$config"
is "it keeps its owner" "640 root event-sidecar" in_root stat -c '%a %U %G' $config
expect "events are kept" there /var/lib/event-sidecar/sqlite_database.db3

echo "--- upgrade of what an administrator changed"
echo '# mine' >>"$root$config"
rm "$root$wanted_by"  # systemctl disable
install_package "$(next_version "$second" 99.2 '# of version 99.2')" -o Dpkg::Options::=--force-confold
expect "the configuration is kept" grep -q '^# mine$' "$root$config"
expect "a disabled service stays so" not_there $wanted_by
ln -s /lib/systemd/system/event-sidecar.service "$root$wanted_by"

echo "--- remove"
apt remove event-sidecar
expect "the program is gone" not_there /usr/bin/event-sidecar
expect "the unit is gone" not_there /lib/systemd/system/event-sidecar.service
expect "the configuration stays" there $config
expect "events stay" there /var/lib/event-sidecar/sqlite_database.db3

echo "--- install again"
install_package "$first" --allow-downgrades -o Dpkg::Options::=--force-confold
expect "it starts with the machine" there $wanted_by
expect "the configuration is the old one" grep -q '^# mine$' "$root$config"

echo "--- purge"
apt purge event-sidecar
for path in $config /etc/event-sidecar /var/lib/event-sidecar $wanted_by \
    /etc/systemd/system/event-sidecar.service /usr/share/event-sidecar; do
    expect "nothing is left" not_there "$path"
done
left=$(in_root dpkg-query -W -f '${Status}' event-sidecar 2>/dev/null) || left=
[[ -z $left || $left == *not-installed ]] || fail "dpkg still knows the package: $left"
echo "the package installs, upgrades, is removed and purged"
