#!/usr/bin/env python3
"""The text that guichet-mini learnt French from: unpacks a corpus and leaves out every document that a validation text stands in.

The press topics (title and first paragraph) are articles of the same collection as the corpus. A model that is judged on them must
not have read them before, without their labels included, so a document is left out that has any 12 words in a row in common with
the validation file. Paragraphs are lines, documents are separated by blank lines.
"""
import argparse
import gzip
import hashlib
import json
import lzma
import pathlib
import re

SHINGLE = 12  # words in a row that make two texts the same


def shingles(text):
    words = re.sub(r"\W+", " ", text.lower()).split()
    return {tuple(words[i:i + SHINGLE]) for i in range(len(words) - SHINGLE + 1)}


def validation_shingles(path):
    found = set()
    with gzip.open(path, "rt", encoding="utf-8") as rows:
        next(rows)
        for row in rows:
            found |= shingles(row.rstrip("\n").split("\t")[3])
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=pathlib.Path, nargs="+", required=True, help="files, .xz or plain")
    parser.add_argument("--leave-out", type=pathlib.Path, required=True, help="a press-topics file, gzipped")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of the files that are left")
    args = parser.parse_args()

    judged = validation_shingles(args.leave_out)
    args.out.mkdir(parents=True, exist_ok=True)
    for path in args.corpus:
        opened = lzma.open if path.suffix == ".xz" else open
        with opened(path, "rt", encoding="utf-8") as file:
            documents = file.read().strip("\n").split("\n\n")
        kept = [document for document in documents if shingles(document).isdisjoint(judged)]
        data = ("\n\n".join(kept) + "\n").encode()
        out = args.out / path.name.removesuffix(".xz")
        out.write_bytes(data)
        print(json.dumps({"file": out.name, "documents": len(documents), "left_out": len(documents) - len(kept), "bytes": len(data),
                          "sha256": hashlib.sha256(data).hexdigest()}), flush=True)


if __name__ == "__main__":
    main()
