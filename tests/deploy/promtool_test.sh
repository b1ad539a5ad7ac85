#!/usr/bin/env bash
# Prometheus' own checks of the rules: syntax, then every alert's cases, firing and silent.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
command -v promtool > /dev/null || { echo "SKIPPED: promtool is not installed (tools/setup.sh --dev)"; exit 77; }
promtool check config "$root/deploy/prometheus/prometheus.yml"
promtool test rules "$root"/deploy/prometheus/tests/*_test.yml
