#!/usr/bin/env python3
"""What transformers' generate() does with the same rows: the model loaded in process, rows sorted by length, padded batches.

  python_generation.py MODEL_FOLDER ROWS.json --threads N --batch N --max-length N --beams N

ROWS.json: [[ids], …]. Prints one JSON object: generated tokens a second (start tokens and padding not counted) and the sequences.
"""
import argparse
import json
import time

import torch
from transformers import MBartForConditionalGeneration

parser = argparse.ArgumentParser()
parser.add_argument("model")
parser.add_argument("rows")
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--batch", type=int, default=1)
parser.add_argument("--max-length", type=int, default=40)
parser.add_argument("--beams", type=int, default=4)
args = parser.parse_args()
torch.set_num_threads(args.threads)
model = MBartForConditionalGeneration.from_pretrained(args.model).eval()
with open(args.rows, encoding="utf-8") as source:
    rows = json.load(source)
order = sorted(range(len(rows)), key=lambda i: len(rows[i]))


def generate(batch):
    longest = max(map(len, batch))
    ids = torch.tensor([row + [1] * (longest - len(row)) for row in batch])
    return model.generate(ids, attention_mask=(ids != 1).long(), num_beams=args.beams, max_length=args.max_length, early_stopping=True,
                          no_repeat_ngram_size=3).tolist()


with torch.inference_mode():
    generate([rows[order[0]]])
    sequences = [None] * len(rows)
    start = time.perf_counter()
    for begin in range(0, len(order), args.batch):
        part = order[begin:begin + args.batch]
        for index, sequence in zip(part, generate([rows[i] for i in part])):
            while sequence[-1] == 1:
                sequence.pop()
            sequences[index] = sequence
    seconds = time.perf_counter() - start
tokens = sum(len(sequence) - 1 for sequence in sequences)
print(json.dumps({"seconds": seconds, "tokens": tokens, "tokens_per_second": tokens / seconds, "sequences": sequences}))
