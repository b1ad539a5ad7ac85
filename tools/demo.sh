#!/usr/bin/env bash
# The whole story in one run: make French tickets, fine-tune guichet-mini on them, serve it, classify with the real client,
# teach it a category that it did not know, take that back, read the metrics, stop. With --keep-running the lesson is left out
# and the server stays up until Ctrl-C; what it is taught then stays in demo/state. The first classifier is kept in demo/.
#
# Environment: GUICHET_DEMO_DIR (default demo), GUICHET_DEMO_ADDRESS and GUICHET_DEMO_HTTP (default 127.0.0.1 with free ports
# for the demo; 127.0.0.1:50051 and 127.0.0.1:9464 with --keep-running).
set -euo pipefail
cd "$(dirname "$0")/.."
bin=build/release/bin
demo=${GUICHET_DEMO_DIR:-demo}
keep_running=0
[ "${1:-}" = --keep-running ] && keep_running=1
if [ $keep_running = 1 ]; then
  address=${GUICHET_DEMO_ADDRESS:-127.0.0.1:50051} http=${GUICHET_DEMO_HTTP:-127.0.0.1:9464}
else
  address=${GUICHET_DEMO_ADDRESS:-127.0.0.1:0} http=${GUICHET_DEMO_HTTP:-127.0.0.1:0}
fi
export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost

say() { printf '\n\033[1m==>\033[0m %s\n' "$*"; }
server_pid=
stop_server() {
  [ -n "$server_pid" ] || return 0
  kill -TERM "$server_pid" 2>/dev/null || true
  wait "$server_pid"
  server_pid=
}
trap 'stop_server || true' EXIT

# Telephones are what the first classifier is never shown.
new_category=Téléphonie
without_new() { grep -v "\"label\":\"$new_category\""; }

mkdir -p "$demo"
if ! $bin/guichet bundle verify "$demo/model" > /dev/null 2>&1; then
  say "1/7  make 3,500 synthetic French tickets and fine-tune guichet-mini, a small BARThez, on them (one to two minutes; kept in $demo/)"
  rm -rf "$demo/model"
  $bin/guichet data make --rows 2500 --seed 1 | without_new > "$demo/train.jsonl"
  $bin/guichet data make --rows 1000 --seed 2 | without_new > "$demo/valid.jsonl"
  printf 'epochs: 3\nlearning_rate: 0.001\nbatch_size: 16\nmax_tokens: 128\n' > "$demo/plan.yaml"
  $bin/guichet train --data "$demo/train.jsonl" --valid "$demo/valid.jsonl" --base guichet-mini --head encoder \
    --plan "$demo/plan.yaml" --out "$demo/model" |
    python3 -c 'import json, sys
summary = json.loads(sys.stdin.read().splitlines()[-1])
print("     on about 1,000 tickets it never saw: accuracy {accuracy:.1%}, macro-F1 {macro_f1:.3f}, after {seconds:.0f} s".format(**summary))'
else
  say "1/7  the classifier trained before is in $demo/model (remove it to train again)"
fi

say "2/7  start the server and wait until its model is warm"
state=$demo/state
[ $keep_running = 1 ] || { state=$demo/lesson-state; rm -rf "$state"; }  # a lesson begins from nothing
rm -f "$demo/server.ready"
$bin/guichet-server --model.path "$demo/model" --training.folder "$state" --server.address "$address" --server.http_address "$http" \
  > "$demo/server.ready" 2> "$demo/server.log" &
server_pid=$!
for _ in $(seq 300); do
  grep -q 'listening on' "$demo/server.ready" 2>/dev/null && break
  kill -0 "$server_pid" 2>/dev/null || { cat "$demo/server.log" >&2; server_pid=; exit 1; }
  sleep 0.1
done
read -r address http < <(sed -nE 's/^.*listening on ([^ ,]+), metrics on ([^ ,]+).*/\1 \2/p' "$demo/server.ready") || true
[ -n "${http:-}" ] || { echo "the server did not become ready within 30 s; see $demo/server.log" >&2; exit 1; }
echo "     gRPC on $address, metrics on http://$http/metrics"
export GUICHET_SERVER=$address
$bin/guichet health > /dev/null

say "3/7  classify a handful of tickets (guichet classify --top-k 2 examples/demo-tickets.txt)"
$bin/guichet classify --top-k 2 examples/demo-tickets.txt | python3 tools/show_answers.py examples/demo-tickets.txt

say "4/7  classify a batch of some 600 new tickets in bounded parallel calls"
$bin/guichet data make --rows 640 --seed 3 | without_new > "$demo/batch.jsonl"
start=$(date +%s.%N)
$bin/guichet classify --top-k 1 "$demo/batch.jsonl" > "$demo/batch.answers.jsonl"
python3 tools/show_batch.py "$demo/batch.jsonl" "$demo/batch.answers.jsonl" "$start" "$(date +%s.%N)"

phone="Mon téléphone fixe n'a plus de tonalité et le renvoi vers mon portable ne marche pas"
classify_phone() {
  echo "$phone" | $bin/guichet classify --top-k 1 - | python3 -c 'import json, sys
answer = json.loads(sys.stdin.read())
print("     « {} »\n        \033[1m{}\033[0m {:.0%}, says version {}".format(sys.argv[1], answer["label"], answer["score"], answer["version"]))' \
    "$phone"
}
if [ $keep_running = 0 ]; then
  say "5/7  teach it a category it does not know, $new_category: 2,000 tickets, trained beside the service (guichet jobs submit --watch)"
  classify_phone
  $bin/guichet data make --rows 2000 --seed 4 > "$demo/lesson.jsonl"
  printf 'epochs: 2\nlearning_rate: 0.0005\nbatch_size: 16\nmax_tokens: 128\n' > "$demo/plan.yaml"
  $bin/guichet jobs submit --data "$demo/lesson.jsonl" --plan "$demo/plan.yaml" --watch 2>&1 > "$demo/job.json" | sed 's/^/     /'
  classify_phone

  say "6/7  take it back (guichet models rollback)"
  $bin/guichet models rollback > "$demo/rollback.json"
  classify_phone
fi

say "7/7  what the metrics say (http://$http/metrics)"
curl -sS "http://$http/metrics" |
  grep -E '^guichet_(requests_total.*"(OK|ok)".*|tokens_total|batch_texts_(sum|count)|queue_texts|model_info|request_duration_seconds_(sum|count)).*' |
  grep -v ' 0$' | sort | head -12 | sed 's/^/     /'

if [ $keep_running = 1 ]; then
  say "The server is running on $address. Try, in another terminal (Ctrl-C here stops it):"
else
  say "Stop the server: it finishes what it has, then goes"
  stop_server
  echo "     stopped cleanly. To go on: 'make run' leaves it running on 127.0.0.1:50051; then, in another terminal:"
fi
cat <<'TEXT'
     echo "Mon écran reste noir" | build/release/bin/guichet classify -
     build/release/bin/guichet jobs submit --data examples/tickets/sample.jsonl --watch
     build/release/bin/guichet models list
     build/release/bin/guichet bench --concurrency 64 --seconds 5
     build/release/bin/guichet health
     curl -s http://127.0.0.1:9464/metrics | grep guichet_
     build/release/bin/guichet bundle show demo/model
TEXT
if [ $keep_running = 1 ]; then
  trap 'say "stopping"; stop_server; exit 0' INT TERM
  wait "$server_pid"
  server_pid=
fi
