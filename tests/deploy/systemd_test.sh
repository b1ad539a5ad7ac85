#!/usr/bin/env bash
# systemd's own checks of the unit: no unknown key, no contradiction, and an exposure that stays low.
set -euo pipefail
max_exposure=20  # of 100, as `systemd-analyze security` rates it; an unhardened unit has 96
root=$(cd "$(dirname "$0")/../.." && pwd)
unit=$root/deploy/systemd/guichet-server.service
command -v systemd-analyze > /dev/null || { echo "SKIPPED: systemd-analyze is not installed"; exit 77; }
version=$(systemd-analyze --version | awk 'NR == 1 { print $2 }')
[ "$version" -ge 250 ] || { echo "SKIPPED: systemd $version cannot rate a unit file"; exit 77; }

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# The program need not be installed where the unit expects it for its keys to be checked.
verify() {
  sed 's#/usr/local/bin/guichet-server#/bin/true#' "$1" > "$scratch/guichet-server.service"
  # A machine may warn of units of its own: only what is said of ours counts.
  systemd-analyze verify --man=no "$scratch/guichet-server.service" 2>&1 | grep 'guichet-server' || true
}
exposed() { ! systemd-analyze security --offline=true --threshold="$max_exposure" --no-pager "$1" > "$scratch/report"; }

said=$(verify "$unit")
[ -z "$said" ] || { echo "FAIL: $said"; exit 1; }
if exposed "$unit"; then tail -1 "$scratch/report"; echo "FAIL: exposure above $max_exposure"; exit 1; fi
tail -1 "$scratch/report"

# What must hold for a stop to lose no call, and for the start to find the configuration.
grep -qx 'TimeoutStopSec=45' "$unit" || { echo "FAIL: a stop has not the time to drain"; exit 1; }
grep -q -- '--config /etc/guichet/guichet.yaml$' "$unit" || { echo "FAIL: it starts without its configuration"; exit 1; }

# The checks themselves: a misspelt key and a bare unit must not pass.
mkdir "$scratch/bad"
sed 's/^ProtectHome=/ProtectHomes=/' "$unit" > "$scratch/bad/guichet-server.service"
[ -n "$(verify "$scratch/bad/guichet-server.service")" ] || { echo "FAIL: a misspelt key went unnoticed"; exit 1; }
sed -E '/^(Protect|Private|Restrict|System|Capab|NoNew|Dynamic)/d' "$unit" > "$scratch/bad/guichet-server.service"
exposed "$scratch/bad/guichet-server.service" || { echo "FAIL: an unhardened unit passed"; exit 1; }
echo "ok"
