#!/usr/bin/env python3
"""The documents are true: folders explain themselves, links lead somewhere, make targets exist, scripts parse, and no path of
one person's machine is left in the tree."""

import ast
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from tree import Tree, main  # noqa: E402

FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"^(?:```|~~~)[^\n]*\n(.*?)^(?:```|~~~)|`([^`\n]+)`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(\s*<?([^)\s>]+)>?[^)]*\)")
MAKE_CALL = re.compile(r"(?:^|[\s;&|(])make((?:[ \t]+[A-Za-z_]+=\S+|[ \t]+-[A-Za-z]\S*|[ \t]+[a-z][a-z0-9-]*)+)", re.MULTILINE)
MAKE_RULE = re.compile(r"^([a-zA-Z0-9_./% -]+?)\s*:(?![=:])", re.MULTILINE)
# Written apart so that this file does not contain what it looks for.
PERSONAL_PATH = re.compile("(?<![\\w.~$}>-])/" + "(?:work|root|home/[a-z_][a-z0-9_-]*|Users/[A-Za-z]+|tmp/b)" + "/")
TEXT = (".md", ".cc", ".h", ".py", ".sh", ".txt", ".cmake", ".json", ".yaml", ".yml", ".proto", ".toml", ".service", "Makefile",
        "Dockerfile", ".clang-tidy", ".clang-format", "run", ".js")


def outside_code(text):
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", text))


def slug(heading):
    """GitHub's anchor of a heading."""
    kept = re.sub(r"[^\w\- ]", "", re.sub(r"[`*]|\[|\]\([^)]*\)", "", heading).strip().lower())
    return kept.replace(" ", "-")


def anchors(markdown):
    return {slug(h) for h in re.findall(r"^#+\s+(.*?)\s*#*$", FENCE.sub("", markdown), re.MULTILINE)}


def folders_explain_themselves(tree):
    """The root and every top-level folder have a README.md."""
    for folder in [""] + sorted({f.split("/")[0] + "/" for f in tree.files if "/" in f and not f.startswith(".")}):
        if folder + "README.md" not in tree:
            yield f"{folder}README.md is missing"


def links_lead_somewhere(tree):
    """Relative links in *.md name files that exist, and headings that exist."""
    for path in tree.with_suffix(".md"):
        for target in LINK.findall(outside_code(tree.read(path))):
            if re.match(r"[a-z]+:", target):
                continue
            name, _, anchor = target.partition("#")
            there = (tree.root / path).parent / name if name else tree.root / path
            if not there.exists():
                yield f"{path} links to {target}, which does not exist"
            elif anchor and there.suffix == ".md" and anchor not in anchors(there.read_text(encoding="utf-8")):
                yield f"{path} links to {target}: no such heading"


def make_targets(text):
    """The targets of every `make …` in a document's code."""
    for block, span in CODE.findall(text):
        for line in (block or span).splitlines():
            for call in MAKE_CALL.findall(line.split("#")[0]):
                for word in call.split():
                    if "=" not in word and not word.startswith("-"):
                        yield word


def make_targets_exist(tree):
    """Every `make` target that a document names is in the Makefile."""
    rules = set()
    if "Makefile" in tree:
        for names in MAKE_RULE.findall(tree.read("Makefile")):
            rules.update(names.split())
    for path in tree.with_suffix(".md"):
        for target in make_targets(tree.read(path)):
            if target not in rules:
                yield f"{path} tells to run 'make {target}', which the Makefile does not have"


def no_personal_paths(tree):
    """No absolute path of one person's machine."""
    for path in tree.files:
        if path.startswith(("tests/data/", "examples/")) or not path.endswith(TEXT):
            continue
        for number, line in enumerate(tree.read(path).splitlines(), 1):
            found = PERSONAL_PATH.search(line)
            if found:
                yield f"{path}:{number} holds the path {found.group()}…"


def scripts_parse(tree):
    """Shell scripts pass bash -n and say how they fail (set -e…); Python files parse."""
    for path in tree.files:
        if path.endswith(".py"):
            try:
                ast.parse(tree.read(path))
            except SyntaxError as error:
                yield f"{path}:{error.lineno} {error.msg}"
        elif path.endswith(".sh") or path in (".ci/run",):
            checked = subprocess.run(["bash", "-n", tree.root / path], capture_output=True, text=True, check=False)
            if checked.returncode:
                yield f"{path}: {checked.stderr.strip()}"
            elif not re.search(r"^\s*set -\w*e", tree.read(path), re.MULTILINE):
                yield f"{path} goes on after an error: begin with set -euo pipefail"


class Docs(unittest.TestCase):
    def problems(self, check, files):
        with tempfile.TemporaryDirectory() as root:
            for path, text in files.items():
                target = Path(root, path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text)
            return list(check(Tree(root)))

    def test_finds_a_folder_without_readme(self):
        self.assertEqual(self.problems(folders_explain_themselves, {"README.md": "", "a/x.cc": "", ".ci/run": ""}),
                         ["a/README.md is missing"])

    def test_finds_dead_links_and_anchors(self):
        text = "[a](b.md) [c](b.md#no) [d](gone.md) [e](https://x.org/y) `[f](code.md)` [g](#the-end)\n# The `end`\n"
        found = self.problems(links_lead_somewhere, {"a.md": text, "b.md": "# Title\n"})
        self.assertEqual(found, ["a.md links to b.md#no: no such heading", "a.md links to gone.md, which does not exist"])

    def test_finds_unknown_make_targets(self):
        text = "Run `make demo`, then:\n```sh\nmake test BUILD=x  # make nothing\nmake -j2 gone\n```\nmake sure of it.\n"
        found = self.problems(make_targets_exist, {"a.md": text, "Makefile": "demo: build\n\ttrue\ntest bench:\nX := y\n"})
        self.assertEqual(found, ["a.md tells to run 'make gone', which the Makefile does not have"])

    def test_finds_personal_paths(self):
        path = "/ho" + "me/someone/x"
        found = self.problems(no_personal_paths, {"a.md": f"see {path}\n", "b.sh": "cp ~/work/x $HOME/work/y /usr/root/z\n"})
        self.assertEqual(len(found), 1, found)

    def test_finds_broken_scripts(self):
        found = self.problems(scripts_parse, {"a.sh": "set -e\nif true\n", "b.sh": "echo\n", "c.py": "def\n",
                                              "d.sh": "set -euo pipefail\n"})
        self.assertEqual([f.split(":")[0].split(" ")[0] for f in found], ["a.sh", "b.sh", "c.py"])


CHECKS = [(check.__doc__, check) for check in (
    folders_explain_themselves, links_lead_somewhere, make_targets_exist, no_personal_paths, scripts_parse)]

if __name__ == "__main__":
    sys.exit(main(CHECKS, Docs))
