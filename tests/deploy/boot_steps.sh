# What boot_test.sh runs in the booted system.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

fail() {
    echo "FAILED: $*"
    systemctl status --no-pager event-sidecar || true
    journalctl --no-pager -n 50 -u event-sidecar || true
    exit 1
}
await() {
    local what=$1
    shift
    for _ in $(seq 300); do
        if "$@"; then return; fi
        sleep 0.1
    done
    fail "$what"
}
property() { systemctl show -P "$1" event-sidecar; }
newest_id() {
    exec 3<>/dev/tcp/127.0.0.1/18888
    printf 'GET /status HTTP/1.0\r\n\r\n' >&3
    sed -n 's/.*"newest_id":\([0-9]*\).*/\1/p' <&3
}
has_more_than() { [[ $(newest_id 2>/dev/null || echo 0) -gt $1 ]]; }
is_active() { [[ $(property ActiveState) == active ]]; }
was_restarted() { is_active && [[ $(property MainPID) != "$1" ]]; }

casper-node-sim --nodes 1 --sse-port 9999 --rest-port 8888 --rate 50 --quiet >/dev/null 2>&1 &

echo "--- install: the service is started and enabled"
dpkg -i /first.deb
is_active || fail "not active, although Type=notify was awaited"
[[ $(systemctl is-enabled event-sidecar) == enabled ]] || fail "not enabled"
await "no events" has_more_than 100
[[ $(property WatchdogUSec) == 30s ]] || fail "no watchdog: $(property WatchdogUSec)"
await "no status: $(property StatusText)" grep -q 'newest event' <(property StatusText)
event-sidecar status --path-to-config /etc/event-sidecar/config.toml || fail "not ready by the control socket"
[[ $(stat -c %U /run/event-sidecar/control.sock) == event-sidecar ]] || fail "the socket's owner"

echo "--- reload; a configuration with errors is refused"
systemctl reload event-sidecar || fail "reload"
echo 'nonsense = 1' >>/etc/event-sidecar/config.toml
if systemctl reload event-sidecar 2>/dev/null; then fail "a reload with errors succeeded"; fi
is_active || fail "a refused reload ended the service"
sed -i '/^nonsense/d' /etc/event-sidecar/config.toml
systemctl reload event-sidecar || fail "reload after the correction"

echo "--- killed: started again, ids go on"
pid=$(property MainPID)
before=$(newest_id)
kill -KILL "$pid"
await "not restarted" was_restarted "$pid"
await "no further events" has_more_than "$before"

echo "--- hanging: the watchdog ends it"
mkdir -p /run/systemd/system/event-sidecar.service.d
printf '[Service]\nWatchdogSec=6\n' >/run/systemd/system/event-sidecar.service.d/test.conf
systemctl daemon-reload
systemctl restart event-sidecar
pid=$(property MainPID)
sleep 14
[[ $(property MainPID) == "$pid" ]] || fail "the watchdog ended a service that works"
kill -STOP "$pid"
await "the watchdog did not end it" was_restarted "$pid"

echo "--- drop-ins of the manual: a port below 1024, events elsewhere"
install -d -o event-sidecar -g event-sidecar /data/events
cp /etc/event-sidecar/config.toml /config.before
sed -i 's|^port = 18887$|port = 81|; s|^storage_path = .*|storage_path = "/data/events"|' /etc/event-sidecar/config.toml
if systemctl restart event-sidecar 2>/dev/null; then fail "it does without the drop-in"; fi
cat >/run/systemd/system/event-sidecar.service.d/test.conf <<'DROP_IN'
[Service]
ReadWritePaths=/data/events
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
PrivateUsers=no
DROP_IN
systemctl daemon-reload
systemctl restart event-sidecar || fail "not with the drop-in"
(: <>/dev/tcp/127.0.0.1/81) || fail "nothing listens on port 81"
[[ -f /data/events/sqlite_database.db3 ]] || fail "no events there"
cat /config.before >/etc/event-sidecar/config.toml
rm /run/systemd/system/event-sidecar.service.d/test.conf
systemctl daemon-reload
systemctl restart event-sidecar

echo "--- upgrade: restarted, events kept"
pid=$(property MainPID)
await "no events" has_more_than 100
before=$(newest_id)
dpkg -i /second.deb
was_restarted "$pid" || fail "an upgrade does not restart"
await "no further events" has_more_than "$before"

echo "--- remove and purge: stopped, nothing left"
dpkg -r event-sidecar
[[ $(property ActiveState) == inactive ]] || fail "a removal does not stop"
[[ -f /var/lib/event-sidecar/sqlite_database.db3 ]] || fail "a removal deletes events"
dpkg -P event-sidecar
[[ ! -e /var/lib/event-sidecar && ! -e /etc/event-sidecar ]] || fail "a purge leaves something"
echo "all steps done"
