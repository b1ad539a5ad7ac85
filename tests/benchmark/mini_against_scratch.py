#!/usr/bin/env python3
"""What a pre-trained base buys: press topics learnt from few rows, by guichet-mini, by the same network from scratch, and by a bag of
words (scikit-learn's TF-IDF with logistic regression, where it is installed).

Every way of learning gets the same rows, the same 200 rows to choose its best epoch by, and is judged on the whole validation file,
no document of which was in the corpus (mini_corpus.py). Results are written after every run, and runs that are in the file are not
done again. Prints a table; with --plot, and matplotlib, draws it.
"""
import argparse
import gzip
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUICHET = pathlib.Path(os.environ.get("GUICHET", ROOT / "build/release/bin/guichet"))
WAYS = {"mini": "guichet-mini", "scratch": "from scratch", "bag": "bag of words"}
CHOOSING_ROWS = 200
# Few rows are seen more often: about a hundred updates at least.
EPOCHS = {50: 20, 200: 12, 1000: 6, 5000: 3}
PLAN = """batch_size: 16
max_tokens: 64
patience: 0
label_smoothing: 0.1
class_weights: sqrt-inverse
schedule: cosine
warmup_ratio: 0.1
"""


def read_topics(path):
    with gzip.open(path, "rt", encoding="utf-8") as rows:
        next(rows)
        return [dict(zip(("date", "label", "subject", "body"), row.rstrip("\n").split("\t"))) for row in rows]


def draw(topics, count, seed):
    """`count` rows at random, at least two of every topic among them, and CHOOSING_ROWS others."""
    rng = random.Random(seed)
    rows = rng.sample(topics, len(topics))
    chosen, choosing = [], rows[:CHOOSING_ROWS]
    rest, seen = rows[CHOOSING_ROWS:], {}
    for row in rest:
        seen.setdefault(row["label"], []).append(row)
    for of_label in seen.values():
        chosen += of_label[:2]
    taken = {id(row) for row in chosen}
    chosen += [row for row in rest if id(row) not in taken][:max(0, count - len(chosen))]
    return chosen[:count], choosing


def write(path, rows):
    with open(path, "w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps({key: row[key] for key in ("label", "subject", "body")}, ensure_ascii=False) + "\n")


def run(command):
    done = subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env={**os.environ, "OMP_WAIT_POLICY": "passive"})
    return done.stdout.decode()


def network(args, way, rows, choosing, judged, seed, work):
    write(work / "rows.jsonl", rows)
    write(work / "choosing.jsonl", choosing)
    (work / "plan.yaml").write_text(f"{PLAN}precision: {args.precision}\n")
    start = ["--base", args.mini] if way == "mini" else ["--scratch", args.mini / "config.json", "--tokenizer", args.mini]
    rate = args.mini_rate if way == "mini" else args.scratch_rate
    summary = run([GUICHET, "train", "--quiet", "--data", work / "rows.jsonl", "--valid", work / "choosing.jsonl", *start,
                   "--head", "encoder", "--plan", work / "plan.yaml", "--epochs", epochs_for(len(rows)), "--learning-rate", rate,
                   "--seed", seed, "--out", work / "model"])
    report = json.loads(run([GUICHET, "evaluate", "--bundle", work / "model", "--data", judged]))
    return {"accuracy": report["accuracy"], "macro_f1": report["macro"]["f1"],
            "seconds": json.loads(summary.splitlines()[-1])["seconds"]}


def epochs_for(rows):
    return EPOCHS.get(rows, max(4, 20000 // rows))


def bag_of_words(rows, topics):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import accuracy_score, f1_score
    from sklearn.pipeline import make_pipeline

    def text(row):
        return row["subject"] + "\n" + row["body"]

    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, strip_accents="unicode"),
                          LogisticRegression(C=30, class_weight="balanced", max_iter=1000))
    model.fit([text(row) for row in rows], [row["label"] for row in rows])
    truth, said = [row["label"] for row in topics], model.predict([text(row) for row in topics])
    return {"accuracy": accuracy_score(truth, said), "macro_f1": f1_score(truth, said, average="macro", zero_division=0)}


def table(figures, sizes):
    lines = ["| rows | " + " | ".join(f"{name}: accuracy / macro-F1" for name in WAYS.values()) + " |", "|---:|" + "---|" * len(WAYS)]
    for size in sizes:
        cells = []
        for way in WAYS:
            runs = list(figures.get(way, {}).get(str(size), {}).values())
            cells.append(" / ".join(spread([one[key] for one in runs]) for key in ("accuracy", "macro_f1")) if runs else "")
        lines.append(f"| {size:,} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def spread(values):
    error = f" ± {statistics.stdev(values):.3f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.3f}{error}"


def plot(figures, sizes, path):
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "guichet"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.4), sharex=True)
    for axis, key, title in zip(axes, ("accuracy", "macro_f1"), ("accuracy", "macro-F1")):
        for way, name in WAYS.items():
            points = [(size, [one[key] for one in figures.get(way, {}).get(str(size), {}).values()]) for size in sizes]
            points = [(size, values) for size, values in points if values]
            axis.errorbar([size for size, _ in points], [statistics.mean(values) for _, values in points],
                          yerr=[statistics.pstdev(values) for _, values in points], marker="o", capsize=3, label=name)
        axis.set_xscale("log")
        axis.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axis.minorticks_off()
        axis.set_xlabel("labelled rows")
        axis.set_title(title)
        axis.grid(alpha=0.3)
    axes[0].legend()
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", type=pathlib.Path, required=True, help="press-topics-train.tsv.gz")
    parser.add_argument("--judge", type=pathlib.Path, required=True, help="press-topics-valid.tsv.gz")
    parser.add_argument("--mini", type=pathlib.Path, default=ROOT / "examples/guichet-mini")
    parser.add_argument("--ways", default=",".join(WAYS))
    parser.add_argument("--rows", default="50,200,1000,5000")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--mini-rate", type=float, default=5e-4, help="learning rate of the pre-trained network")
    parser.add_argument("--scratch-rate", type=float, default=1e-3, help="learning rate of the one from scratch")
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16"], help="of learning, where the processor has bf16")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/bench/mini_against_scratch.json")
    parser.add_argument("--plot", type=pathlib.Path)
    args = parser.parse_args()

    topics, judged = read_topics(args.train), read_topics(args.judge)
    sizes = [int(size) for size in args.rows.split(",")]
    figures = json.loads(args.out.read_text()) if args.out.exists() else {}
    args.out.parent.mkdir(parents=True, exist_ok=True)
    for size in sizes:
        for seed in range(args.seeds):
            rows, choosing = draw(topics, size, seed)
            for way in args.ways.split(","):
                done = figures.setdefault(way, {}).setdefault(str(size), {})
                if str(seed) in done:
                    continue
                with tempfile.TemporaryDirectory() as folder:
                    work = pathlib.Path(folder)
                    write(work / "judged.jsonl", judged)
                    try:
                        done[str(seed)] = (bag_of_words(rows, judged) if way == "bag" else
                                           network(args, way, rows, choosing, work / "judged.jsonl", seed, work))
                    except ImportError:
                        print("scikit-learn is not installed: no bag of words", file=sys.stderr)
                        continue
                    except subprocess.CalledProcessError as error:
                        sys.exit(error.stderr.decode())
                print(way, size, seed, json.dumps(done[str(seed)]), file=sys.stderr, flush=True)
                args.out.write_text(json.dumps(figures, indent=1) + "\n")
    print(table(figures, sizes))
    if args.plot:
        plot(figures, sizes, args.plot)


if __name__ == "__main__":
    main()
