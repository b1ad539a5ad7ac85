#!/usr/bin/env bash
# Lays out what the image needs from a build, and nothing else: our programs (stripped), the libraries of libtorch that
# they really load, and the names of the Debian packages that carry the rest.
#
#   docker/stage.sh BUILD_DIR OUT_DIR
#
# OUT_DIR then holds rootfs/{opt,etc}/guichet and packages.txt. Headers and static libraries (what `make install` adds
# for other people's builds) have no place in an image.
set -euo pipefail
[ $# = 2 ] || { echo "usage: docker/stage.sh BUILD_DIR OUT_DIR" >&2; exit 2; }
build=$1
out=$2
programs=(bin/guichet bin/guichet-server bin/guichet-trainer libexec/guichet/guichet-model)
root=$out/rootfs/opt/guichet

here=$(cd "$(dirname "$0")" && pwd)

rm -rf "$out"
mkdir -p "$root/bin" "$root/lib" "$root/libexec/guichet" "$root/share/guichet" "$out/rootfs/etc/guichet"
install -m 0644 "$here/../LICENSE" "$here/../NOTICE" "$root/share/"
cp -r "$here/../examples/barthez" "$root/share/guichet/"  # the built-in tokenizer
install -m 0644 "$here/guichet.yaml" "$out/rootfs/etc/guichet/guichet.yaml"
loaded=$(mktemp)
trap 'rm -f "$loaded"' EXIT
for place in "${programs[@]}"; do
  program=${place##*/}
  [ -x "$build/bin/$program" ] || { echo "stage: $build/bin/$program is not built; run 'make build'" >&2; exit 1; }
  install -m 0755 "$build/bin/$program" "$root/$place"
  strip --strip-unneeded "$root/$place"
  # "libfoo.so.1 => /path/libfoo.so.1 (0x…)"; a library that is not found must stop us here, not in production.
  libraries=$(ldd "$build/bin/$program")
  if grep -q 'not found' <<< "$libraries"; then
    echo "stage: $program misses libraries:" >&2
    grep 'not found' <<< "$libraries" >&2
    exit 1
  fi
  awk '$2 == "=>" { print $3 }' <<< "$libraries" >> "$loaded"
done

# The wheel's own layout is kept (torch/lib, nvidia/*/lib): its libraries find each other relative to themselves. CUDA's
# libraries load further parts of themselves by name at run time, so their whole folders go along.
while read -r library; do
  case $library in
    */nvidia/*/lib/*)
      part=$(sed -E 's#.*/(nvidia/.*/lib)/.*#\1#' <<< "$library")
      [ -d "$root/lib/$part" ] || { mkdir -p "$root/lib/$part" && cp -L "$(dirname "$library")"/*.so* "$root/lib/$part/"; } ;;
    */torch/lib/*) mkdir -p "$root/lib/torch/lib" && cp -L "$library" "$root/lib/torch/lib/" ;;
  esac
done < <(sort -u "$loaded")

# Which packages own the rest, and what an MLflow server behind https is trusted by. Debian's merged /usr makes ldd say /lib/… for what dpkg knows as /usr/lib/… or /lib/….
while read -r library; do
  case $library in */torch/lib/*|*/nvidia/*) continue ;; esac
  real=$(realpath "$library")
  owner=$(dpkg-query -S "$library" "$real" "${real#/usr}" 2>/dev/null | head -1 | cut -d: -f1 || true)
  [ -n "$owner" ] || { echo "stage: no Debian package owns $library" >&2; exit 1; }
  echo "$owner"
done < <(sort -u "$loaded") | cat - <(echo ca-certificates) | sort -u > "$out/packages.txt"
du -sh "$out/rootfs" | awk '{ print "staged " $1 }' >&2
