#!/usr/bin/env python3
"""Sums up a batch: show_batch.py TICKETS ANSWERS START END (JSON Lines files, seconds)."""
import collections
import json
import sys

tickets = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
answers = [json.loads(line) for line in open(sys.argv[2], encoding="utf-8")]
seconds = float(sys.argv[4]) - float(sys.argv[3])
right = sum(ticket["label"] == answer.get("label") for ticket, answer in zip(tickets, answers))
tokens = sum(answer.get("tokens", 0) for answer in answers)
print(f"     {len(answers)} tickets in {seconds:.2f} s with the client's start: {len(answers) / seconds:,.0f} tickets/s, "
      f"{tokens / seconds:,.0f} tokens/s; {right / len(answers):.1%} filed as labelled")
for label, count in collections.Counter(answer.get("label", "error") for answer in answers).most_common(4):
    print(f"     {count:4d}  {label}")
