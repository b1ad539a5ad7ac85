#!/usr/bin/env bash
# make_environment.sh FOLDER [REQUIREMENTS [PIP_OPTION…]]: a virtual environment with these requirements (default: those beside
# this file), made once and again when they change. Where pip cannot fetch them, none is left and the tests that need it skip
# themselves.
set -euo pipefail
folder=$1
requirements=${2:-$(dirname "$0")/requirements.txt}
cmp -s "$requirements" "$folder/requirements.txt" && exit 0
rm -rf "$folder"
python3 -m venv "$folder"
if "$folder/bin/pip" install --quiet --disable-pip-version-check "${@:3}" -r "$requirements"; then
  cp "$requirements" "$folder/requirements.txt"
else
  echo "pip could not install $requirements: the tests that need it will be skipped"
  rm -rf "$folder"
fi
