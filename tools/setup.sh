#!/usr/bin/env bash
# Installs everything guichet builds with: Debian packages, libtorch (from the torch wheel), sentencepiece (from its source
# archive). Idempotent: a second run checks and returns within a second. Nothing outside .deps/ and Debian's package
# database is touched.
#
#   tools/setup.sh [--torch SPEC] [--dev]
#
# --torch SPEC   the wheel to take (also read from GUICHET_TORCH; default: the one taken before, at first torch==2.13.0+cpu).
#                A CUDA build: torch==2.13.0
# --dev          also the tools of the tidy and fuzz presets and of the deployment tests (clang 19, promtool, buildah)
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
deps=${GUICHET_DEPS:-$root/.deps}
stamp=$deps/torch.stamp
torch_spec=${GUICHET_TORCH:-$(cat "$stamp" 2>/dev/null || echo torch==2.13.0+cpu)}
sentencepiece_version=0.2.0
sentencepiece_sha256=a52c19171daaf2e697dc6cbe67684e0fa341b1248966f6aebb541de654d15843
dev=0
while [ $# -gt 0 ]; do
  case $1 in
    --torch) torch_spec=$2; shift 2 ;;
    --dev) dev=1; shift ;;
    *) echo "setup: unknown option '$1'; see the head of tools/setup.sh" >&2; exit 2 ;;
  esac
done

packages=(build-essential cmake ninja-build ccache lld pkg-config git ca-certificates curl unzip python3 python3-pip
  python3-venv python3-yaml libgloo-dev
  libgrpc++-dev protobuf-compiler-grpc libprotobuf-dev protobuf-compiler libabsl-dev prometheus-cpp-dev libfmt-dev
  libspdlog-dev libyaml-cpp-dev libcli11-dev nlohmann-json3-dev libicu-dev libcurl4-openssl-dev libssl-dev
  libsqlite3-dev libgtest-dev libgmock-dev libbenchmark-dev zlib1g-dev)
[ "$dev" = 1 ] && packages+=(clang-19 clang-tidy-19 clang-format-19 libclang-rt-19-dev prometheus buildah debootstrap)

say() { printf '\033[1m==>\033[0m %s\n' "$*" >&2; }
quietly() {  # runs a command; prints its output only when it fails
  local log; log=$(mktemp)
  if ! "$@" > "$log" 2>&1; then tail -30 "$log" >&2; rm -f "$log"; return 1; fi
  rm -f "$log"
}
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

install_packages() {
  local missing=()
  mapfile -t missing < <(dpkg-query -W -f='${Status} ${Package}\n' "${packages[@]}" 2>/dev/null |
    awk '$3 == "installed" { print $4 }' | sort | comm -13 - <(printf '%s\n' "${packages[@]}" | sort))
  [ ${#missing[@]} = 0 ] && return
  say "Debian packages (${#missing[@]} to install: ${missing[*]})"
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# What NCCL's header includes and no wheel of the CUDA build brings. Without them several processes train on CPUs only.
install_cuda_headers() {
  local toolkit
  toolkit=$(basename "$(find "$deps/torch" -maxdepth 1 -name 'cuda_toolkit-*.dist-info')" .dist-info)
  [ -n "$toolkit" ] || return 0
  local headers=$deps/cuda-headers
  rm -rf "$headers"
  quietly python3 -m pip install --quiet --no-compile --disable-pip-version-check --root-user-action=ignore \
    --target "$headers" "cuda-toolkit[cccl,crt]==${toolkit#cuda_toolkit-}"
  cp -r "$headers/nvidia/." "$deps/torch/nvidia/"  # pip does not add to folders that are there
  rm -rf "$headers"
}

install_torch() {
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$torch_spec" ] && return
  say "libtorch from the wheel $torch_spec (about 450 MB on disk)"
  rm -rf "$deps/torch" "$stamp"
  if ! quietly python3 -m pip install --quiet --no-deps --no-compile --disable-pip-version-check \
    --root-user-action=ignore --target "$deps/torch" "$torch_spec"; then
    echo "setup: pip found no $torch_spec in its configured sources. For a CPU build set PIP_EXTRA_INDEX_URL to PyTorch's" \
      "CPU wheel index (pytorch.org, Start Locally, shows its address) and run this again; README.md says more." >&2
    exit 1
  fi
  # A CUDA build's libraries live in separate wheels; the CPU build needs nothing more.
  case $torch_spec in
    *+cpu*) ;;
    *) quietly python3 -m pip install --quiet --no-compile --disable-pip-version-check --root-user-action=ignore \
         --upgrade --target "$deps/torch" "$torch_spec"
       [ -e "$deps/torch/torch/lib/libtorch_cuda.so" ] ||
         echo "setup: $torch_spec is a build without CUDA; is a CPU index among pip's sources?" >&2
       install_cuda_headers ;;
  esac
  printf '%s' "$torch_spec" > "$stamp"
}

install_sentencepiece() {
  local stamp=$deps/sentencepiece.stamp
  [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$sentencepiece_version" ] && return
  say "sentencepiece $sentencepiece_version from its source archive"
  local work=$deps/sentencepiece-build
  rm -rf "$work" "$deps/sentencepiece" "$stamp"
  mkdir -p "$work"
  quietly python3 -m pip download --quiet --no-deps --no-binary sentencepiece \
    --disable-pip-version-check -d "$work" "sentencepiece==$sentencepiece_version"
  echo "$sentencepiece_sha256  $work/sentencepiece-$sentencepiece_version.tar.gz" | sha256sum --quiet -c -
  tar -xzf "$work/sentencepiece-$sentencepiece_version.tar.gz" -C "$work"
  quietly cmake -S "$work/sentencepiece-$sentencepiece_version/sentencepiece" -B "$work/build" -G Ninja \
    -DCMAKE_BUILD_TYPE=Release -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_CXX_STANDARD=17 \
    -DCMAKE_CXX_COMPILER_LAUNCHER=ccache -DSPM_PROTOBUF_PROVIDER=package -DSPM_ENABLE_SHARED=OFF \
    -DSPM_ENABLE_TCMALLOC=OFF
  quietly cmake --build "$work/build" --target sentencepiece-static sentencepiece_train-static
  mkdir -p "$deps/sentencepiece/lib" "$deps/sentencepiece/include"
  cp "$work/build/src/"libsentencepiece*.a "$deps/sentencepiece/lib/"
  cp "$work/sentencepiece-$sentencepiece_version/sentencepiece/src/"sentencepiece_{processor,trainer}.h \
    "$deps/sentencepiece/include/"
  rm -rf "$work"
  printf '%s' "$sentencepiece_version" > "$stamp"
}

mkdir -p "$deps"
install_packages
install_torch
install_sentencepiece
