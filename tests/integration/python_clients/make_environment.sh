#!/usr/bin/env bash
# make_environment.sh FOLDER: a virtual environment with requirements.txt, made once and again when those change. Where pip
# cannot fetch them, none is left and the tests that need it skip themselves.
set -euo pipefail
folder=$1
requirements=$(dirname "$0")/requirements.txt
cmp -s "$requirements" "$folder/requirements.txt" && exit 0
rm -rf "$folder"
python3 -m venv "$folder"
if "$folder/bin/pip" install --quiet --disable-pip-version-check -r "$requirements"; then
  cp "$requirements" "$folder/requirements.txt"
else
  echo "pip could not install $requirements: the tests with Python clients will be skipped"
  rm -rf "$folder"
fi
