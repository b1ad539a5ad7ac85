#!/usr/bin/env python3
"""Golden values of coverage, thresholds and bootstrap intervals, by scipy and scikit-learn: make_abstention.py > abstention.json

Everything is found by trying every threshold; scores are float32, as in service.
"""
import json

import numpy as np
from scipy import stats
from sklearn.metrics import f1_score

ALPHA = 0.05


def low(right, answered):
    """The one-sided Clopper-Pearson bound."""
    return 0.0 if right == 0 else float(stats.beta.ppf(ALPHA, right, answered - right + 1))


def points(score, right):
    """What each distinct score as a threshold gives, by rising coverage."""
    found = []
    for threshold in sorted(set(score.tolist()), reverse=True):
        kept = score >= threshold
        answered, correct = int(kept.sum()), int(right[kept].sum())
        found.append({"threshold": threshold, "answered": answered, "right": correct, "precision_low": low(correct, answered)})
    return found


def smallest(found, promised):
    good = [point for point in found if point["precision_low"] >= promised]
    return min(good, key=lambda point: point["threshold"]) if good else None


def rows(random, count, labels, sharpness, ties):
    """Answers that are right about as often as their score says, some labels worse than others."""
    answer = random.integers(0, labels, count)
    score = random.beta(sharpness, 1.2, count)
    if ties:
        score = np.round(score, 2)
    score = np.clip(score, 1 / labels, 1).astype(np.float32).astype(np.float64)
    right = random.random(count) < score ** (0.3 + 0.5 * answer)
    truth = np.where(right, answer, (answer + 1 + random.integers(0, labels - 1, count)) % labels)
    return truth, answer, score


def dataset(name, random, count, labels, sharpness, ties=False):
    truth, answer, score = rows(random, count, labels, sharpness, ties)
    right = truth == answer
    cases = []
    for promised in (0.8, 0.9, 0.95):
        own = [smallest(points(score[answer == label], right[answer == label]), promised) for label in range(labels)]
        cases.append({"promised": promised, "labels": own, "all": smallest(points(score, right), promised)})
    resampled = []
    for _ in range(10_000):
        pick = random.integers(0, count, count)
        resampled.append(f1_score(truth[pick], answer[pick], labels=range(labels), average="macro", zero_division=0))
    return {"name": name, "labels": labels, "truth": truth.tolist(), "answer": answer.tolist(), "score": score.tolist(),
            "points": points(score, right), "thresholds": cases,
            "macro_f1": {"low": float(np.quantile(resampled, 0.025)), "high": float(np.quantile(resampled, 0.975))}}


generator = np.random.default_rng(7)
print(json.dumps([dataset("three_labels", generator, 400, 3, 4.0), dataset("five_labels_ties", generator, 300, 5, 3.0, ties=True),
                  dataset("few_rows", generator, 25, 4, 3.0)]))
