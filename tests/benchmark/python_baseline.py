#!/usr/bin/env python3
"""What a Python stack does with the same texts: transformers 4.57 in process, no network.

  python_baseline.py CONFIG_FOLDER TEXTS {classifier|encoder} --threads N

classifier: MBartForSequenceClassification, dynamic padding, batches of 32 in the order given, tokenized as it goes.
encoder:    the encoder alone with mean pooling, texts sorted by length and tokenized beforehand (its best case).
Prints one JSON object.
"""
import argparse
import json
import pathlib
import time

import torch
from transformers import BarthezTokenizer, MBartConfig, MBartForSequenceClassification

parser = argparse.ArgumentParser()
parser.add_argument("config")
parser.add_argument("texts")
parser.add_argument("mode", choices=["classifier", "encoder"])
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--seconds", type=float, default=30)
args = parser.parse_args()

torch.set_num_threads(args.threads)
torch.manual_seed(0)
config = MBartConfig(vocab_size=50002, d_model=768, encoder_layers=6, decoder_layers=6, encoder_attention_heads=12,
                     decoder_attention_heads=12, encoder_ffn_dim=3072, decoder_ffn_dim=3072, num_labels=12)
model = MBartForSequenceClassification(config).eval()
tokenizer = BarthezTokenizer(str(pathlib.Path(args.config) / "sentencepiece.bpe.model"))
texts = pathlib.Path(args.texts).read_text(encoding="utf-8").splitlines()


def batches(rows):
    for begin in range(0, len(rows), 32):
        yield rows[begin:begin + 32]


def pad(ids):
    longest = max(map(len, ids))
    input_ids = torch.tensor([row + [1] * (longest - len(row)) for row in ids])
    return input_ids, (input_ids != 1).long()


def classify(rows):
    encoded = tokenizer(rows, padding=True, truncation=True, max_length=1024, return_tensors="pt")
    return model(**encoded).logits


def encode(rows):
    input_ids, mask = pad(rows)
    states = model.model.encoder(input_ids=input_ids, attention_mask=mask).last_hidden_state
    pooled = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
    return model.classification_head(pooled)


with torch.inference_mode():
    if args.mode == "classifier":
        run, rows = classify, texts
    else:
        run, rows = encode, sorted((tokenizer(text, truncation=True, max_length=1024)["input_ids"] for text in texts), key=len)
    run(rows[:32])
    start, done = time.perf_counter(), 0
    parts = list(batches(rows))
    # A spread of the sorted batches when time does not allow all of them.
    stride = 1 if args.mode == "classifier" else max(1, len(parts) // 40)
    for part in parts[::stride]:
        run(part)
        done += len(part)
        if args.mode == "classifier" and time.perf_counter() - start > args.seconds:
            break
    seconds = time.perf_counter() - start
print(json.dumps({"mode": args.mode, "texts": done, "seconds": seconds, "texts_per_second": done / seconds}))
