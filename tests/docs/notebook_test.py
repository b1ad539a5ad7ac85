#!/usr/bin/env python3
"""examples/notebook.md is true: notebook_test.py BIN_FOLDER.

Every command of its console blocks is run, in order and in one folder, and what it prints is held to the page; "…" stands for any
part of a line, and alone on a line for any lines. The hub is one of this machine. It serves the model in the folder that
GUICHET_BARTHEZ names, or, without it, a small model with random weights and BARThez's own tokenizer; BART's is the real one.
"""
import array
import gzip
import json
import os
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))
from fake_hub import FakeHub, File, Repo  # noqa: E402

BIN = pathlib.Path(sys.argv.pop(1)).resolve() if len(sys.argv) > 1 else ROOT / "build/release/bin"
PAGE = ROOT / "examples/notebook.md"
WIDTH, LAYERS = 16, ("encoder", "decoder")


def shapes():
    """Names and shapes of a one-layer MBartForConditionalGeneration, as transformers saves it."""
    tensors = {"model.shared.weight": [50002, WIDTH], "final_logits_bias": [1, 50002]}
    for stack in LAYERS:
        tensors[f"model.{stack}.embed_positions.weight"] = [1026, WIDTH]
        norms = [f"model.{stack}.layernorm_embedding", f"model.{stack}.layer_norm"]
        layer = f"model.{stack}.layers.0."
        norms += [layer + "self_attn_layer_norm", layer + "final_layer_norm"]
        attentions = ["self_attn"] + (["encoder_attn"] if stack == "decoder" else [])
        if stack == "decoder":
            norms.append(layer + "encoder_attn_layer_norm")
        linears = [f"{layer}{attention}.{name}_proj" for attention in attentions for name in "kvq"]
        linears += [f"{layer}{attention}.out_proj" for attention in attentions] + [layer + "fc1", layer + "fc2"]
        tensors.update({f"{name}.weight": [WIDTH, WIDTH] for name in linears})
        tensors.update({f"{name}.{part}": [WIDTH] for name in norms for part in ("weight", "bias")})
        tensors.update({f"{name}.bias": [WIDTH] for name in linears})
    return tensors


def random_safetensors():
    rng = random.Random(4)
    header, data, offset = {"__metadata__": {"format": "pt"}}, [], 0
    for name, shape in sorted(shapes().items()):
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        values = array.array("f", (rng.uniform(-0.5, 0.5) for _ in range(count)))
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + 4 * count]}
        offset += 4 * count
        data.append(values.tobytes())
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(data)


def small_barthez():
    """BARThez's files with its sizes lowered and its weights random."""
    config = json.loads((ROOT / "examples/barthez/config.json").read_text())
    config.update(d_model=WIDTH, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
                  encoder_ffn_dim=WIDTH, decoder_ffn_dim=WIDTH, num_hidden_layers=1)
    return {"config.json": json.dumps(config).encode(), "model.safetensors": random_safetensors(),
            "sentencepiece.bpe.model": (ROOT / "examples/barthez/sentencepiece.bpe.model").read_bytes()}


def real_barthez(folder):
    names = ("config.json", "generation_config.json", "model.safetensors", "pytorch_model.bin", "sentencepiece.bpe.model")
    return {name: (folder / name).read_bytes() for name in names if (folder / name).exists()}


def bart():
    """BART's tokenizer; its weights, which nothing here reads, are a stand-in of a few bytes."""
    data = ROOT / "tests/data/tokenizer"
    return {"config.json": b'{"model_type": "bart", "vocab_size": 50265}',
            "vocab.json": gzip.decompress((data / "bart_vocab.json.gz").read_bytes()),
            "merges.txt": gzip.decompress((data / "bart_merges.txt.gz").read_bytes()),
            "model.safetensors": struct.pack("<Q", 2) + b"{}"}


def repo(files):
    return Repo({name: File(data, lfs=name.endswith((".safetensors", ".bin", ".model"))) for name, data in files.items()})


def steps(page):
    """(command, the lines it shows) of every console block."""
    for block in re.findall(r"^```console\n(.*?)^```", page, re.S | re.M):
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            command, _, shown = part.partition("\n")
            yield command, shown.splitlines()


def pattern(shown):
    """What the whole output must match."""
    lines = []
    for line in shown:
        if line == "…":
            lines.append(r"(?:.*\n)*?")
        else:
            lines.append(".*?".join(map(re.escape, line.split("…"))) + r"[ \t]*\n")
    return re.compile("".join(lines))


class NotebookTest(unittest.TestCase):
    def test_every_command_prints_what_the_page_shows(self):
        folder = os.environ.get("GUICHET_BARTHEZ")
        print(f"weights: {folder or 'random and small; GUICHET_BARTHEZ names a folder with the real ones'}", flush=True)
        ran = 0
        with FakeHub() as hub, tempfile.TemporaryDirectory(prefix="guichet-notebook-") as home:
            hub.repos["moussaKam/barthez"] = repo(real_barthez(pathlib.Path(folder)) if folder else small_barthez())
            hub.repos["facebook/bart-base"] = repo(bart())
            environment = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": home, "HF_ENDPOINT": hub.url, "LANG": "C.UTF-8",
                           "OMP_WAIT_POLICY": "passive"}
            for command, shown in steps(PAGE.read_text(encoding="utf-8")):
                run = subprocess.run(["bash", "-c", f"set -o pipefail; {command}"], cwd=home, env=environment, text=True,
                                     stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=900, check=False)
                self.assertEqual(run.returncode, 0, f"$ {command}\n{run.stdout}")
                self.assertRegex(run.stdout, re.compile(r"\A" + pattern(shown).pattern + r"\Z"), f"$ {command}")
                ran += 1
        self.assertGreater(ran, 10)

    def test_a_page_that_is_wrong_is_found(self):
        self.assertTrue(pattern(["a … c", "…", "z"]).fullmatch("a b c\n1\n2\nz\n"))
        self.assertTrue(pattern(["…", "z"]).fullmatch("z\n"))
        for wrong in ("a b d\nz\n", "a b c\ny\n", "a b c\nz\nmore\n", ""):
            self.assertFalse(pattern(["a … c", "…", "z"]).fullmatch(wrong), wrong)


unittest.main(verbosity=1)
