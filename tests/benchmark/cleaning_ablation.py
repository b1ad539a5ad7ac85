#!/usr/bin/env python3
"""What each rule of text cleaning is worth: trains small classifiers with no rule, with all, and with all but one.

Tasks (training_benchmark.cc): the generator's tickets, the same as mails ("noisy"), and the press topics where they are.
Every configuration sees the same texts and seeds, so that differences are paired. Prints a table and writes
build/bench/cleaning_ablation.json after every run; runs that are in it already are not done again.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = ["html", "mojibake", "invisible", "quotes", "signatures", "underscores", "capitals", "abbreviations"]
CONFIGURATIONS = {"none": "none", "all": "all"} | {
    f"all but {rule}": ",".join(other for other in RULES if other != rule) for rule in RULES}


def train(args, task, rules, seed, work):
    plan = pathlib.Path(work, "plan.yaml")
    plan.write_text(f"clean: {rules}\nseed: {seed}\nepochs: {args.epochs}\npatience: 0\nlearning_rate: {args.learning_rate}\n")
    environment = {**os.environ, "ROWS": str(args.rows), "DATA_SEED": str(seed), "DIM": str(args.dim), "LAYERS": "1",
                   "FFN": str(4 * args.dim), "NO_BASELINE": "1"}
    command = [*args.prefix.split(), ROOT / "build/release/bin/training_benchmark", task, plan]
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    return json.loads(done.stdout.decode().splitlines()[-1])


def difference(figures, name, seeds):
    """Mean and standard error of the macro-F1 over all rules' one, pair by pair."""
    pairs = [figures[name][seed]["macro_f1"] - figures["all"][seed]["macro_f1"] for seed in seeds]
    error = statistics.stdev(pairs) / len(pairs) ** 0.5 if len(pairs) > 1 else float("nan")
    return statistics.mean(pairs), error


def show(task, figures):
    print(f"\n| {task} | accuracy | macro-F1 | macro-F1 less that of all rules | seeds |\n|---|---|---|---|---|")
    for name in CONFIGURATIONS:
        seeds = sorted(set(figures.get(name, {})) & set(figures.get("all", {})))
        if not seeds:
            continue
        mean = {key: statistics.mean(figures[name][seed][key] for seed in seeds) for key in ("accuracy", "macro_f1")}
        delta, error = difference(figures, name, seeds)
        shown = "" if name == "all" else f"{delta:+.3f} ± {error:.3f}"
        print(f"| {name} | {mean['accuracy']:.3f} | {mean['macro_f1']:.3f} | {shown} | {len(seeds)} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", default="tickets,noisy,press")
    parser.add_argument("--configurations", default=",".join(CONFIGURATIONS), help="names with commas between them")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=2000, help="training texts")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--dim", type=int, default=48, help="units of the one layer")
    parser.add_argument("--learning-rate", type=float, default=3e-3)
    parser.add_argument("--prefix", default="", help="a command to run each training under")
    args = parser.parse_args()
    out = ROOT / "build/bench/cleaning_ablation.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    result = json.loads(out.read_text()) if out.exists() else {}
    with tempfile.TemporaryDirectory() as work:
        for seed in range(1, args.seeds + 1):
            for task in args.tasks.split(","):
                for name in args.configurations.split(","):
                    runs = result.setdefault(task, {}).setdefault(name, {})
                    if str(seed) in runs:
                        continue
                    figures = train(args, task, CONFIGURATIONS[name], seed, work)
                    runs[str(seed)] = {key: figures[key] for key in ("accuracy", "macro_f1", "seconds")}
                    print(task, name, seed, runs[str(seed)], file=sys.stderr, flush=True)
                    out.write_text(json.dumps(result, indent=1))
    for task, figures in result.items():
        show(task, figures)


main()
