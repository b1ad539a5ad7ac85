#!/usr/bin/env python3
"""The loop of transformers' Trainer over given batches: the encoder with mean pooling, padded batches, fused AdamW, clipping at 1.

  python_finetuning.py BATCHES.json --threads N

Reads what finetuning_speed reads and prints one JSON object: tokens a second, padding not counted.
"""
import argparse
import json
import time

import torch
from transformers import MBartConfig, MBartModel, get_linear_schedule_with_warmup

parser = argparse.ArgumentParser()
parser.add_argument("batches")
parser.add_argument("--threads", type=int, default=2)
args = parser.parse_args()
torch.set_num_threads(args.threads)
torch.manual_seed(0)
config = MBartConfig(vocab_size=50002, d_model=768, encoder_layers=6, decoder_layers=1, encoder_attention_heads=12,
                     decoder_attention_heads=12, encoder_ffn_dim=3072, decoder_ffn_dim=3072, dropout=0.1)


class Classifier(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = MBartModel(config).encoder
        self.dense = torch.nn.Linear(768, 768)
        self.out_proj = torch.nn.Linear(768, 12)

    def forward(self, input_ids, attention_mask, labels):
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        pooled = (states * attention_mask[..., None]).sum(1) / attention_mask.sum(1, keepdim=True)
        logits = self.out_proj(torch.tanh(self.dense(pooled)))
        return torch.nn.functional.cross_entropy(logits, labels)


def pad(rows):
    longest = max(map(len, rows))
    ids = torch.tensor([row + [1] * (longest - len(row)) for row in rows])
    return ids, (ids != 1).long()


with open(args.batches, encoding="utf-8") as source:
    batches = [(*pad(batch["ids"]), torch.tensor(batch["labels"])) for batch in json.load(source)]
tokens = sum(int(mask.sum()) for _, mask, _ in batches)
padded = sum(mask.numel() for _, mask, _ in batches)
model = Classifier().train()
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-5, weight_decay=0.01, fused=True)
schedule = get_linear_schedule_with_warmup(optimizer, 1, len(batches))
start = time.perf_counter()
for ids, mask, labels in batches:
    loss = model(ids, mask, labels)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    schedule.step()
    optimizer.zero_grad()
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "tokens_per_second": tokens / seconds, "share_of_padding": 1 - tokens / padded}))
