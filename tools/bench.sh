#!/usr/bin/env bash
# Measures speed and memory; prints ratios and writes JSON to build/bench. The comparison with Python runs in a virtual
# environment of its own (made here on the first run); without it, those ratios are left out and said to be.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=.deps/bench-venv
if [ ! -x "$venv/bin/python" ] || ! "$venv/bin/python" -c 'import transformers' 2> /dev/null; then
  printf '\033[1m==>\033[0m %s\n' "a virtual environment with transformers, for the comparison (once)"
  python3 -m venv "$venv" &&
    "$venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0+cpu transformers==4.57.6 sentencepiece ||
    echo "not available here: the Python ratios are left out" >&2
fi
exec python3 tests/benchmark/bench.py --python "$venv/bin/python" "$@"
