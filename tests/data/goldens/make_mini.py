#!/usr/bin/env python3
"""What transformers does with guichet-mini: make_mini.py > mini.json

Ids of BarthezTokenizer; logits and loss of teacher forcing on the text itself behind one mask; what generate() makes of it by the
folder's own settings. The weights are stored in bf16 and computed with in fp32.
"""
import json
import pathlib
import sys

import torch
from transformers import BarthezTokenizer, MBartForConditionalGeneration

MINI = pathlib.Path(__file__).resolve().parents[3] / "examples/guichet-mini"
TEXTS = [
    ("Le président de la République a annoncé de nouvelles mesures.", "Le président de la République a <mask> mesures."),
    ("Mon imprimante ne répond plus depuis ce matin.", "Mon imprimante ne répond plus depuis <mask>."),
    ("Le mot de passe doit être changé avant l'installation du paquet.", "Le mot de passe doit être <mask> l'installation du paquet."),
    ("Bonjour, je n'arrive pas à me connecter au réseau de l'entreprise ; pouvez-vous m'aider ?",
     "Bonjour, je n'arrive pas à <mask> réseau de l'entreprise ; pouvez-vous m'aider ?"),
]
STRIDE = 97  # of the vocabulary, whose logits at the last position are kept

torch.set_num_threads(1)
tokenizer = BarthezTokenizer(str(MINI / "sentencepiece.bpe.model"))
model = MBartForConditionalGeneration.from_pretrained(MINI, dtype=torch.float32, attn_implementation="eager").eval()
cases = []
with torch.no_grad():
    for text, masked in TEXTS:
        source, target = tokenizer(masked, return_tensors="pt"), tokenizer(text, return_tensors="pt")["input_ids"]
        decoder = torch.cat([torch.tensor([[model.config.decoder_start_token_id]]), target[:, :-1]], dim=1)
        logits = model(**source, decoder_input_ids=decoder).logits
        loss = torch.nn.functional.cross_entropy(logits[0], target[0]).item()
        written = model.generate(source["input_ids"], attention_mask=source["attention_mask"], max_length=32, return_dict_in_generate=True,
                                 output_scores=True)
        cases.append({"text": text, "masked": masked, "ids": source["input_ids"][0].tolist(), "target": target[0].tolist(), "loss": loss,
                      "last_logits": logits[0, -1, ::STRIDE].tolist(), "sequence": written.sequences[0].tolist(),
                      "score": written.sequences_scores[0].item()})
json.dump({"stride": STRIDE, "max_length": 32, "cases": cases}, sys.stdout, indent=1)
print()
