#!/usr/bin/env bash
# Builds the image's runtime from a build tree, without a daemon and without a registry, and runs it as its own user.
#
#   tests/deploy/image_test.sh BUILD_DIR      (make test-image, or ctest -C image -L image)
#
# Debian's base comes from debootstrap and the mirror this machine's apt uses; it is kept in BUILD_DIR/image for the next
# run. The image serves a tiny bundle of random weights.
set -euo pipefail
skip() { echo "SKIPPED: $*"; exit 77; }
fail() { echo "FAIL: $*" >&2; exit 1; }
say() { printf '%4ss %s\n' "$SECONDS" "$*"; }

[ "$(id -u)" = 0 ] || skip "debootstrap and buildah's chroot isolation need root"
for tool in buildah debootstrap python3; do
  command -v "$tool" > /dev/null || skip "$tool is not installed"
done
[ $# = 1 ] || fail "usage: image_test.sh BUILD_DIR"
build=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$build/image
mkdir -p "$work"
scratch=$(mktemp -d "$work/run.XXXXXX")
store=(--root "$scratch/store" --runroot "$scratch/run" --storage-driver vfs)
container=
server_pid=
cleanup() {
  if [ -n "$server_pid" ]; then kill "$server_pid" 2> /dev/null || true; wait "$server_pid" 2> /dev/null || true; fi
  if [ -n "$container" ]; then buildah "${store[@]}" rm "$container" > /dev/null 2>&1 || true; fi
  rm -rf "$scratch"
}
trap cleanup EXIT

base=$work/base.tar
if [ ! -s "$base" ]; then
  say "base system by debootstrap"
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' | awk '$2 == "bookworm" { print $1; exit }')
  [ -n "$mirror" ] || skip "apt knows no mirror of Debian 12"
  if ! debootstrap --variant=minbase bookworm "$scratch/base" "$mirror" > "$work/debootstrap.log" 2>&1; then
    tail -5 "$work/debootstrap.log"
    skip "debootstrap could not fetch Debian from this machine's mirror"
  fi
  rm -rf "$scratch/base/var/cache/apt/archives" "$scratch/base/var/lib/apt/lists"
  tar -C "$scratch/base" -cf "$base.part" . && mv "$base.part" "$base"
  rm -rf "$scratch/base"
fi

say "staging the build"
"$root/docker/stage.sh" "$build" "$scratch/stage"

say "base image"
container=$(buildah "${store[@]}" from scratch)
buildah "${store[@]}" add --quiet "$container" "$base" / > /dev/null
buildah "${store[@]}" commit --quiet --rm "$container" localhost/guichet-base > /dev/null
container=

say "runtime image"
buildah "${store[@]}" bud --quiet --isolation chroot --pull-never --format docker --file "$root/docker/Dockerfile" \
  --build-arg BASE=localhost/guichet-base --target runtime-from-build --tag localhost/guichet "$scratch/stage" \
  > "$work/bud.log" 2>&1 || { tail -30 "$work/bud.log" >&2; fail "the image does not build"; }

say "what the image declares"
buildah "${store[@]}" inspect --type image localhost/guichet > "$scratch/inspect.json"
python3 - "$scratch/inspect.json" <<'PYTHON'
import json, sys
config = json.load(open(sys.argv[1]))["Docker"]["config"]
def expect(what, want):
    if config.get(what) != want:
        sys.exit(f"FAIL: {what} is {config.get(what)!r}, not {want!r}")
expect("User", "10001:10001")
expect("Entrypoint", ["guichet-server"])
expect("StopSignal", "SIGTERM")
expect("ExposedPorts", {"50051/tcp": {}, "9464/tcp": {}})
if config.get("Healthcheck", {}).get("Test", [])[:3] != ["CMD", "guichet", "health"]:
    sys.exit(f"FAIL: no health check by our own program: {config.get('Healthcheck')}")
PYTHON

container=$(buildah "${store[@]}" from --pull-never localhost/guichet)
inside() { buildah "${store[@]}" run --isolation chroot "$@"; }
say "size $(du -sm "$(buildah "${store[@]}" mount "$container")" | cut -f1) MiB"
inside "$container" -- sh -c '[ "$(id -u):$(id -g)" = 10001:10001 ]' || fail "it does not run as uid 10001"
inside "$container" -- sh -c '! touch /opt/guichet/x /etc/guichet/x /usr/x 2> /dev/null' || fail "it can write to its own system"
inside "$container" -- guichet --help > /dev/null || fail "guichet does not start in the image"
echo "Mon écran reste noir" | inside "$container" -- guichet tokenize --model barthez - | grep -q pieces \
  || fail "the built-in tokenizer is not in the image"
inside "$container" -- guichet-server --check-config --config /etc/guichet/guichet.yaml \
  || fail "the image's own configuration is refused"

bundle=$scratch/bundle
"$build/bin/random_bundle" "$bundle" tiny encoder || fail "no bundle to serve: build the target random_bundle"
chmod -R a+rX "$bundle"

echo "Mon écran reste noir" | inside --volume "$(realpath "$bundle"):/models/current:ro" "$container" -- \
  guichet predict --bundle /models/current - | grep -q '"label"' || fail "guichet predict does not work in the image"

say "serving a tiny bundle"
# Chroot isolation shares this machine's network: free ports, so that nothing else is disturbed.
read -r grpc_port http_port < <(python3 -c '
import socket
sockets = [socket.socket() for _ in range(2)]
for s in sockets: s.bind(("127.0.0.1", 0))
print(*[s.getsockname()[1] for s in sockets])')
inside --volume "$(realpath "$bundle"):/models/current:ro" "$container" -- guichet-server --config /etc/guichet/guichet.yaml \
  --server.address "127.0.0.1:$grpc_port" --server.http_address "127.0.0.1:$http_port" > "$work/server.log" 2>&1 &
server_pid=$!
healthy=1
for _ in $(seq 60); do
  if inside "$container" -- guichet health --server "127.0.0.1:$grpc_port" > /dev/null 2>&1; then healthy=0; break; fi
  kill -0 "$server_pid" 2> /dev/null || break
  sleep 1
done
[ "$healthy" = 0 ] || { tail -20 "$work/server.log" >&2; fail "the server in the image never became healthy"; }
answer=$(echo "Impossible de me connecter au VPN depuis ce matin" |
  inside "$container" -- guichet classify --server "127.0.0.1:$grpc_port" -)
say "answer: $answer"
grep -q '"label"' <<< "$answer" || fail "no label in the answer"

say "SIGTERM"
# buildah stands between us and the server: the signal goes to the server itself, found by its port.
target=$(python3 - "$server_pid" <<'PYTHON'
import os, sys
parents, names = {}, {}
for entry in filter(str.isdigit, os.listdir("/proc")):
    try:
        stat = open(f"/proc/{entry}/stat").read()
    except OSError:
        continue
    parents[int(entry)] = int(stat.rsplit(")", 1)[1].split()[1])
    names[int(entry)] = stat[stat.index("(") + 1:stat.rindex(")")]
def descends(pid):
    while pid > 1:
        if pid == int(sys.argv[1]):
            return True
        pid = parents.get(pid, 0)
    return False
print(next(p for p, n in names.items() if n == "guichet-server" and descends(p)))
PYTHON
)
kill -TERM "$target"
status=0
inside "$container" -- guichet health --server "127.0.0.1:$grpc_port" > /dev/null 2>&1 || status=$?
case $status in 3|4) ;; *) fail "health answered $status after SIGTERM, not 3 or 4" ;; esac
exit_status=0
wait "$server_pid" || exit_status=$?
server_pid=
[ "$exit_status" = 0 ] || { tail -20 "$work/server.log" >&2; fail "the server ended with $exit_status after SIGTERM"; }
say "the image builds, runs as its own user, serves and stops cleanly"
