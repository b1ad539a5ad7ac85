#!/usr/bin/env python3
"""Shows answers of `guichet classify` (JSON Lines on stdin) beside the texts of a file, one a line."""
import json
import sys

with open(sys.argv[1], encoding="utf-8") as texts:
    for text, line in zip(texts, sys.stdin):
        answer = json.loads(line)
        shown = text.strip() if len(text) <= 100 else text.strip()[:97] + "…"
        print(f"     « {shown} »")
        if "error" in answer:
            print(f"        {answer['error']['code']}: {answer['error']['message']}")
            continue
        best, *others = answer["scores"]
        rest = "".join(f"   ({other['label']} {other['score']:.0%})" for other in others)
        print(f"        \033[1m{best['label']}\033[0m {best['score']:.0%}{rest}")
