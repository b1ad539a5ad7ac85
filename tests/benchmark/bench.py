#!/usr/bin/env python3
"""Speed and memory of the service, as ratios measured in one run on one machine; JSON in build/bench/bench.json.

Yardsticks: the machine's own fp32 matrix-multiplication rate, and (with --python) transformers 4.57 in Python.
"""
import argparse
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
sys.path.insert(0, str(ROOT / "tests/support"))
from running_server import running_server  # noqa: E402


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


def serve(bundle, work, *options):
    return running_server(BIN, bundle, work, *options)


def load(address, seconds, concurrency, texts):
    return run_json(BIN / "guichet", "bench", "--server", address, "--seconds", seconds, "--concurrency", concurrency,
                    "--texts", texts)


def flood(address, seconds, rate, texts, connections=4):
    """Calls at random times whether or not answers come, as many users send them."""
    return run_json(BIN / "guichet", "bench", "--server", address, "--seconds", seconds, "--rate", rate, "--texts", texts,
                    "--warm-up", "0", "--connections", connections)


def children_seconds():
    """Processor time of the finished processes that this one has waited for."""
    times = os.times()
    return times.children_user + times.children_system


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
    many = work / "many.txt"
    log_normal_texts(many, 10_000, median_words=22)
    lengths = token_lengths(texts, bundle)
    result["texts"] = {"count": len(lengths), "median_tokens": statistics.median(lengths), "mean_tokens": statistics.mean(lengths)}
    cores = os.cpu_count()
    gemm = {}
    for threads in (1, cores):
        gemm[threads] = run_json(BIN / "gemm_rate", "--threads", threads)
    result["gemm"] = gemm
    for name, options in (("one_worker", ["--pipeline.workers", "1"]), ("grpc", [])):
        say(f"serve it through gRPC: {' '.join(options) or 'as configured by default'}")
        with serve(bundle, work, *options) as server:
            load(server.address, 5, 64, texts)
            figures = load(server.address, args.seconds, 64, texts)
            if name == "grpc":
                say("10,000 texts, for the memory after them")
                run_json(BIN / "guichet", "classify", "--server", server.address, "--timeout", 600, many)
            figures["resident_bytes"] = server.resident_bytes()
        result[name] = figures
    best = result["grpc"]["texts_per_second"]
    result["default_over_one_worker"] = best / result["one_worker"]["texts_per_second"]
    # The machine's rate is the better of: all cores on one product, or one product a core.
    again = [run_json(BIN / "gemm_rate", "--threads", cores) for _ in range(2)]
    rate = max([gemm[cores]["gflops"]] + [figures["gflops"] for figures in again])
    attention = statistics.mean(4 * 768 * 6 * length * length for length in lengths)
    flops_per_text = gemm[cores]["flops_per_token"] * statistics.mean(lengths) + attention
    result["ratio_to_gemm_rate"] = best * flops_per_text / (rate * 1e9)
    weights = json.loads((bundle / "manifest.json").read_text())["files"]["model.safetensors"]["size"]
    result["resident_minus_200MB_over_weights"] = (result["grpc"]["resident_bytes"] - 200e6) / weights
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
    for name, options in (("tiny_one_worker", ["--pipeline.workers", "1"]), ("tiny", [])):
        say(f"a tiny model, 64 callers: {' '.join(options) or 'as configured by default'}")
        with serve(bundle, work, *options) as server:
            load(server.address, 2, 64, texts)
            busy = load(server.address, args.seconds, 64, texts)
            before = infer_seconds(server.http)
            idle = load(server.address, 5, 1, texts)
            after = infer_seconds(server.http)
        own = (after[0] - before[0]) / max(1.0, after[1] - before[1])
        result[name] = {"busy": busy, "idle": idle, "own_infer_ms": own * 1e3,
                        "idle_overhead_ms": idle["latency_ms"]["p50"] - own * 1e3}
    result["tiny_calls_per_second"] = result["tiny"]["busy"]["texts_per_second"]
    result["idle_overhead_ms"] = result["tiny"]["idle_overhead_ms"]


def overload(args, work, result):
    """Ten times the capacity for half a minute: what is answered meanwhile, how fast refusals come, and the time after.

    With the full-size model, and with a middle one that takes so many calls that making them needs a good part of the
    machine that both sides share: there the load generator's own share of it is to be read beside the goodput."""
    result["overload"] = overload_of("barthez", args, work)
    result["overload_middle"] = overload_of("middle", args, work)


def overload_of(shape, args, work):
    bundle = work / f"overload-{shape}"
    subprocess.run([BIN / "random_bundle", bundle, shape, "encoder"], check=True)
    texts = work / "overload.txt"
    log_normal_texts(texts, 4000, median_words=22)
    with serve(bundle, work) as server:
        load(server.address, 3, 64, texts)
        peak = load(server.address, 10, 64, texts)
        calm = flood(server.address, 5, peak["calls_per_second"] / 2, texts)
        say(f"{shape}: ten times capacity for {args.overload_seconds:.0f} s: {10 * peak['calls_per_second']:.0f} calls a second")
        before = server.resident_bytes()
        spent = children_seconds()
        flooded = flood(server.address, args.overload_seconds, 10 * peak["calls_per_second"], texts, connections=32)
        grown = server.resident_bytes() - before
        spent = children_seconds() - spent
        time.sleep(5)
        after = flood(server.address, 5, peak["calls_per_second"] / 2, texts)
    return {"peak": peak, "half_load_before": calm, "flooded": flooded, "half_load_5s_after": after, "resident_growth_bytes": grown,
            "generator_share_of_machine": spent / args.overload_seconds / os.cpu_count(),
            "refusal_ms": flooded.get("refusal_ms"), "goodput_over_peak": flooded["texts_per_second"] / peak["texts_per_second"],
            "p99_after_over_before": after["latency_ms"]["p99"] / calm["latency_ms"]["p99"]}


def training(args, work, result):
    """Classify's latencies at half load, without and with a job that trains beside it."""
    bundle = work / "beside"
    subprocess.run([BIN / "random_bundle", bundle, "middle", "encoder"], check=True)
    texts = work / "beside.txt"
    log_normal_texts(texts, 4000, median_words=22)
    tickets = work / "tickets.jsonl"
    tickets.write_bytes(subprocess.run([BIN / "guichet", "data", "make", "--rows", "2000", "--seed", "4"], check=True,
                                       stdout=subprocess.PIPE).stdout)
    plan = work / "endless.yaml"
    plan.write_text("epochs: 1000\npatience: 0\nbatch_size: 16\n")
    with serve(bundle, work, "--training.folder", str(work / "state")) as server:
        load(server.address, 3, 64, texts)
        half = load(server.address, 5, 64, texts)["calls_per_second"] / 2
        say(f"half load, {half:.0f} calls a second, without and with a job")
        alone = flood(server.address, args.seconds, half, texts)
        job = run_json(BIN / "guichet", "jobs", "submit", "--server", server.address, "--data", tickets, "--plan", plan)
        job_of = lambda: run_json(BIN / "guichet", "jobs", "show", "--server", server.address, job["id"])  # noqa: E731
        while job_of().get("progress", {}).get("stage") != "train" or "loss" not in job_of()["progress"]:
            time.sleep(0.2)
        first = job_of()["progress"]["step"]
        beside = flood(server.address, args.seconds, half, texts)
        steps = job_of()["progress"]["step"] - first
        run_json(BIN / "guichet", "jobs", "cancel", "--server", server.address, job["id"])
    result["training"] = {"alone": alone, "beside": beside, "updates_a_second": steps / args.seconds,
                          "p99_beside_over_alone": beside["latency_ms"]["p99"] / alone["latency_ms"]["p99"]}


def finetuning(args, work, result):
    """Learning from the same batches of 16 texts of log-normal length: this library, and the loop of Python's Trainer."""
    rng = random.Random(11)
    batches = work / "batches.json"
    lengths = [max(4, min(256, round(rng.lognormvariate(math.log(30), 0.6)))) for _ in range(16 * 12)]
    rows = [[0] + [rng.randrange(10, 50000) for _ in range(length - 2)] + [2] for length in lengths]
    batches.write_text(json.dumps([{"ids": rows[i:i + 16], "labels": [rng.randrange(12) for _ in range(16)]}
                                   for i in range(0, len(rows), 16)]))
    cores = os.cpu_count()
    speed = lambda mode, epochs: run_json(BIN / "finetuning_speed", batches, mode, cores, epochs)  # noqa: E731
    say("fine-tune a full-size encoder: every parameter, then the head alone")
    full, head, lora = speed("full", 1), speed("head", 3), speed("lora", 1)
    rate = full["passes"][0]["tokens_per_second"]
    result["finetuning"] = {"full_tokens_per_second": rate, "lora_tokens_per_second": lora["passes"][0]["tokens_per_second"],
                            "head_epoch_over_full_epoch": full["passes"][0]["seconds"] / head["passes"][-1]["seconds"]}
    if shutil.which(str(args.python)):
        say("the same batches in Python")
        python = [run_json(args.python, ROOT / "tests/benchmark/python_finetuning.py", batches, "--threads", cores)]
        again = speed("full", 1)["passes"][0]["tokens_per_second"]
        python.append(run_json(args.python, ROOT / "tests/benchmark/python_finetuning.py", batches, "--threads", cores))
        ours, theirs = statistics.mean([rate, again]), statistics.mean(run["tokens_per_second"] for run in python)
        result["finetuning"].update({"python": python, "full_again_tokens_per_second": again, "training_over_python": ours / theirs})


def generation(args, work, result):
    """Writing by four beams from the same rows of log-normal length: this library, and transformers' generate().

    One text at a time, where reading the weights is the time, and eight, where multiplying is."""
    rng = random.Random(13)
    rows = work / "rows.json"
    lengths = [max(6, min(200, round(rng.lognormvariate(math.log(30), 0.6)))) for _ in range(8)]
    rows.write_text(json.dumps([[0] + [rng.randrange(10, 50000) for _ in range(length - 2)] + [2] for length in lengths]))
    model = work / "generator"
    say("write a full-size generation model with random weights")
    subprocess.run([BIN / "generation_speed", "--make", model], check=True, stdout=subprocess.DEVNULL)
    cores, max_length, beams = os.cpu_count(), 24, 4
    result["generation"] = {}
    for batch in (1, 8):
        say(f"generate with {beams} beams, {batch} texts at a time")
        ours = lambda: run_json(BIN / "generation_speed", model, rows, cores, batch, max_length, beams)  # noqa: E731
        theirs = lambda: run_json(args.python, ROOT / "tests/benchmark/python_generation.py", model, rows, "--threads", cores,  # noqa: E731
                                  "--batch", batch, "--max-length", max_length, "--beams", beams)
        runs = [ours()]
        figures = {}
        if shutil.which(str(args.python)):
            python = [theirs()]
            runs.append(ours())
            python.append(theirs())
            alike = sum(a == b for a, b in zip(runs[0]["sequences"], python[0]["sequences"]))
            figures = {"python_tokens_per_second": [run["tokens_per_second"] for run in python],
                       "equal_sequences": f"{alike} of {len(lengths)}",
                       "generation_over_python": statistics.mean(run["tokens_per_second"] for run in runs)
                       / statistics.mean(run["tokens_per_second"] for run in python)}
        result["generation"][f"batch_{batch}"] = {"tokens_per_second": [run["tokens_per_second"] for run in runs], **figures}


def generating(args, work, result):
    """Classify's latencies at half load, without and with a full-size model that writes beside it, one text after the other."""
    bundle, model, texts = work / "beside-generation", work / "writer", work / "beside-generation.txt"
    subprocess.run([BIN / "random_bundle", bundle, "middle", "encoder"], check=True)
    log_normal_texts(texts, 4000, median_words=22)
    subprocess.run([BIN / "generation_speed", "--make", model], check=True, stdout=subprocess.DEVNULL)
    shutil.copy(ROOT / "examples/barthez/sentencepiece.bpe.model", model)
    with serve(bundle, work, "--generation.model", str(model)) as server:
        load(server.address, 3, 64, texts)
        half = load(server.address, 5, 64, texts)["calls_per_second"] / 2
        say(f"half load, {half:.0f} calls a second, without and with a text being generated")
        alone = flood(server.address, args.seconds, half, texts)
        writer = subprocess.Popen([BIN / "generation_load", server.address, str(args.seconds + 6), "4", "60"], stdout=subprocess.PIPE)
        time.sleep(3)  # the first text is under way
        beside = flood(server.address, args.seconds, half, texts)
        written = json.loads(writer.communicate()[0])
        again = flood(server.address, args.seconds, half, texts)
    quiet = statistics.mean([alone["latency_ms"]["p99"], again["latency_ms"]["p99"]])
    result["generating"] = {"alone": alone, "beside": beside, "alone_again": again, "written": written,
                            "p99_beside_generation_over_alone": beside["latency_ms"]["p99"] / quiet}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--python", default="")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--only", choices=["full", "tiny", "overload", "training", "finetuning", "generation", "generating"])
    parser.add_argument("--overload-seconds", type=float, default=30)
    args = parser.parse_args()
    result = {"date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "cores": os.cpu_count(),
              "processor": next(line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name"))}
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        for name, measure in (("tiny", tiny), ("full", full_size), ("overload", overload), ("training", training),
                              ("finetuning", finetuning), ("generation", generation), ("generating", generating)):
            if args.only in (None, name):
                measure(args, work, result)
    out = ROOT / "build/bench"
    out.mkdir(parents=True, exist_ok=True)
    (out / "bench.json").write_text(json.dumps(result, indent=1))
    print(json.dumps(result, indent=1))
    say("bars: ratio_to_gemm_rate >= 0.8, ratio_to_python_classifier >= 4, ratio_to_python_encoder_sorted >= 1, "
        "goodput_over_peak >= 0.8, tiny_calls_per_second >= 5000, p99_beside_over_alone <= 2, training_over_python >= 1.3, generation_over_python >= 2, p99_beside_generation_over_alone <= 1.5, head_epoch_over_full_epoch >= 20, idle_overhead_ms <= 0.5, resident_minus_200MB_over_weights <= 1.3")


main()
