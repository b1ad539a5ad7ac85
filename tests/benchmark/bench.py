#!/usr/bin/env python3
"""Speed and memory of the service, as ratios measured in one run on one machine; JSON in build/bench/bench.json.

Yardsticks: the machine's own fp32 matrix-multiplication rate, and (with --python) transformers 4.57 in Python.
"""
import argparse
import contextlib
import json
import math
import os
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = ROOT / "build/release/bin"
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


def say(text):
    print(f"\033[1m==>\033[0m {text}", file=sys.stderr, flush=True)


def run_json(*command, environment=None):
    output = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE,
                            env={**os.environ, **(environment or {})}).stdout.decode()
    return json.loads(output.strip().splitlines()[-1])


def log_normal_texts(path, count, median_words, sigma=0.6):
    """Texts of log-normal length made of the generator's own words."""
    output = subprocess.run([BIN / "guichet", "data", "make", "--rows", "3000", "--seed", "9"], check=True,
                            stdout=subprocess.PIPE).stdout.decode()
    words = [word for line in output.splitlines()
             for word in " ".join(str(json.loads(line).get(key, "")) for key in ("subject", "body")).split()]
    rng = random.Random(5)
    with open(path, "w", encoding="utf-8") as out:
        for _ in range(count):
            length = max(2, min(300, round(rng.lognormvariate(math.log(median_words), sigma))))
            begin = rng.randrange(len(words) - length)
            out.write(" ".join(words[begin:begin + length]) + "\n")


def token_lengths(path, bundle):
    output = subprocess.run([BIN / "guichet", "tokenize", "--model", bundle, path], check=True, stdout=subprocess.PIPE)
    return [len(json.loads(line)["ids"]) for line in output.stdout.decode().splitlines()]


@contextlib.contextmanager
def server(bundle, work, *options):
    """A running guichet-server; yields (address, http address, process)."""
    ready, log = work / "server.ready", work / "server.log"
    with open(ready, "wb") as out, open(log, "wb") as err:
        process = subprocess.Popen([BIN / "guichet-server", "--model.path", bundle, "--server.address", "127.0.0.1:0",
                                    "--server.http_address", "127.0.0.1:0", *options], stdout=out, stderr=err)
    try:
        for _ in range(600):
            match = re.search(r"listening on ([^ ,]+), metrics on ([^ ,\n]+)", ready.read_text(), re.M)
            if match:
                break
            if process.poll() is not None:
                raise RuntimeError(log.read_text())
            time.sleep(0.1)
        yield match[1], match[2], process
    finally:
        process.terminate()
        process.wait(60)


def resident_bytes(process):
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024


def load(address, seconds, concurrency, texts):
    return run_json(BIN / "guichet", "bench", "--server", address, "--seconds", seconds, "--concurrency", concurrency,
                    "--texts", texts)


def infer_seconds(http):
    """Mean of the model's own time per batch so far, from the metrics."""
    text = urllib.request.urlopen(f"http://{http}/metrics").read().decode()
    total = re.search(r'guichet_stage_duration_seconds_sum\{[^}]*stage="infer"[^}]*\} (\S+)', text)
    count = re.search(r'guichet_stage_duration_seconds_count\{[^}]*stage="infer"[^}]*\} (\S+)', text)
    return float(total[1]), float(count[1])


def full_size(args, work, result):
    bundle = work / "barthez"
    say("write a full-size bundle with random weights (encoder only)")
    subprocess.run([BIN / "random_bundle", bundle, "barthez", "encoder"], check=True)
    texts = work / "texts.txt"
    log_normal_texts(texts, 4000, median_words=22)
    lengths = token_lengths(texts, bundle)
    result["texts"] = {"count": len(lengths), "median_tokens": statistics.median(lengths), "mean_tokens": statistics.mean(lengths)}
    cores = os.cpu_count()
    gemm = {}
    for threads in (1, cores):
        gemm[threads] = run_json(BIN / "gemm_rate", "--threads", threads)
    result["gemm"] = gemm
    for workers, threads in ((1, cores), (cores, 1)):
        say(f"serve it through gRPC: {workers} worker(s) of {threads} thread(s)")
        with server(bundle, work, "--pipeline.workers", str(workers), "--pipeline.threads_per_worker", str(threads)) as (address, _, process):
            load(address, 5, 64, texts)
            figures = load(address, args.seconds, 64, texts)
            figures["resident_bytes"] = resident_bytes(process)
        result[f"grpc_{workers}x{threads}"] = figures
    best = max(result[f"grpc_1x{cores}"]["texts_per_second"], result[f"grpc_{cores}x1"]["texts_per_second"])
    # The machine's rate is the better of: all cores on one product, or one product a core.
    again = [run_json(BIN / "gemm_rate", "--threads", cores) for _ in range(2)]
    rate = max([gemm[cores]["gflops"]] + [figures["gflops"] for figures in again])
    attention = statistics.mean(4 * 768 * 6 * length * length for length in lengths)
    flops_per_text = gemm[cores]["flops_per_token"] * statistics.mean(lengths) + attention
    result["ratio_to_gemm_rate"] = best * flops_per_text / (rate * 1e9)
    weights = json.loads((bundle / "manifest.json").read_text())["files"]["model.safetensors"]["size"]
    result["resident_minus_200MB_over_weights"] = (result[f"grpc_1x{cores}"]["resident_bytes"] - 200e6) / weights
    if shutil.which(str(args.python)):
        for mode, ratio in (("classifier", "ratio_to_python_classifier"), ("encoder", "ratio_to_python_encoder_sorted")):
            say(f"the same texts in Python: {mode}")
            result[f"python_{mode}"] = run_json(args.python, ROOT / "tests/benchmark/python_baseline.py", ROOT / "examples/barthez",
                                                texts, mode, "--threads", cores, "--seconds", args.seconds)
            result[ratio] = best / result[f"python_{mode}"]["texts_per_second"]
    else:
        say("no Python with transformers: those ratios are left out")


def tiny(args, work, result):
    bundle = work / "tiny"
    subprocess.run([BIN / "random_bundle", bundle, "tiny", "encoder"], check=True)
    texts = work / "tiny.txt"
    log_normal_texts(texts, 4000, median_words=22)
    cores = os.cpu_count()
    for workers, threads in ((1, 1), (1, cores), (cores, 1)):
        say(f"a tiny model, 64 callers: {workers} worker(s) of {threads} thread(s)")
        with server(bundle, work, "--pipeline.workers", str(workers), "--pipeline.threads_per_worker", str(threads)) as (address, http, _):
            load(address, 2, 64, texts)
            busy = load(address, args.seconds, 64, texts)
            before = infer_seconds(http)
            idle = load(address, 5, 1, texts)
            after = infer_seconds(http)
        own = (after[0] - before[0]) / max(1.0, after[1] - before[1])
        result[f"tiny_{workers}x{threads}"] = {"busy": busy, "idle": idle, "own_infer_ms": own * 1e3,
                                              "idle_overhead_ms": idle["latency_ms"]["p50"] - own * 1e3}
    result["tiny_calls_per_second"] = max(value["busy"]["texts_per_second"] for key, value in result.items()
                                          if key.startswith("tiny_"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--python", default="")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--only", choices=["full", "tiny"])
    args = parser.parse_args()
    result = {"date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "cores": os.cpu_count(),
              "processor": next(line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name"))}
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        if args.only != "full":
            tiny(args, work, result)
        if args.only != "tiny":
            full_size(args, work, result)
    out = ROOT / "build/bench"
    out.mkdir(parents=True, exist_ok=True)
    (out / "bench.json").write_text(json.dumps(result, indent=1))
    print(json.dumps(result, indent=1))
    say("bars: ratio_to_gemm_rate >= 0.8, ratio_to_python_classifier >= 4, ratio_to_python_encoder_sorted >= 1, "
        "tiny_calls_per_second >= 5000, idle_overhead_ms <= 0.5, resident_minus_200MB_over_weights <= 1.3")


main()
