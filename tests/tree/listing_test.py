#!/usr/bin/env python3
"""Every .cc is built: each is listed in a CMakeLists.txt. And files stay small enough to read in one sitting."""

import re
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from tree import Tree, main  # noqa: E402

# Files that no CMakeLists.txt lists, each with its reason.
UNLISTED = {}

# Lines: what we aim for, and what fails.
LIMITS = {".cc": (300, 400), ".h": (150, 200)}
# Files over the limit, each with its reason; an entry that is no longer needed fails too.
LONG_FILES = {}

CMAKE_TOKEN = re.compile(r'[^\s()"]+')
CMAKE_FOLDER = re.compile(r"\$\{(?:CMAKE_CURRENT_SOURCE_DIR|CMAKE_CURRENT_LIST_DIR)\}/")
CMAKE_ROOT = re.compile(r"\$\{(?:CMAKE_SOURCE_DIR|PROJECT_SOURCE_DIR|guichet_SOURCE_DIR)\}/")


def join(folder, path):
    parts = folder.split("/") if folder else []
    for part in path.split("/"):
        if part == "..":
            if parts:
                parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def listed_by(tree, cmake):
    """The .cc files that one CMake file names, loops over a list of names (`foo_${name}.cc`) included."""
    text = re.sub(r"#[^\n]*", "", tree.read(cmake))
    folder = cmake.rsplit("/", 1)[0] if "/" in cmake else ""
    tokens = CMAKE_TOKEN.findall(text)
    for token in tokens:
        if not token.endswith(".cc"):
            continue
        base = "" if CMAKE_ROOT.match(token) else folder
        token = CMAKE_ROOT.sub("", CMAKE_FOLDER.sub("", token))
        if "${" in token:
            before, after = re.split(r"\$\{[^}]*\}", token, maxsplit=1)
            for word in tokens:
                yield join(base, before + word + after)
        else:
            yield join(base, token)


def every_source_is_listed(tree):
    """Every .cc, tests included, is listed in a CMakeLists.txt: nothing lies in the tree that nothing builds."""
    listed = set()
    for cmake in tree.files:
        if cmake.endswith(("CMakeLists.txt", ".cmake")):
            listed.update(listed_by(tree, cmake))
    for path in tree.with_suffix(".cc"):
        if path not in listed and path not in UNLISTED:
            yield f"{path} is in no CMakeLists.txt"
    for path in UNLISTED:
        if path not in tree or path in listed:
            yield f"UNLISTED names {path}, which needs no exception: remove the entry"


def files_are_short(tree):
    """.cc ≤ 400 lines, .h ≤ 200; beyond 300 and 150 a warning."""
    for path in tree.cpp_files():
        aim, limit = LIMITS[Path(path).suffix]
        lines = tree.lines(path)
        if path in LONG_FILES:
            if lines <= limit:
                yield f"LONG_FILES names {path}, which has {lines} lines: remove the entry"
        elif lines > limit:
            yield f"{path} has {lines} lines, more than {limit}: split it by what it does"
        elif lines > aim and not path.startswith("tests/"):
            print(f"warn {path} has {lines} lines, more than {aim}")
    for path in LONG_FILES:
        if path not in tree:
            yield f"LONG_FILES names {path}, which does not exist: remove the entry"


def plant(root, files):
    for path, text in files.items():
        target = Path(root, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    return Tree(root)


class Listing(unittest.TestCase):
    def problems(self, check, files):
        with tempfile.TemporaryDirectory() as root:
            return list(check(plant(root, files)))

    def test_finds_a_source_that_nothing_builds(self):
        files = {"a/CMakeLists.txt": "guichet_library(x SOURCES one.cc # two.cc\n)", "a/one.cc": "", "a/two.cc": ""}
        self.assertEqual(self.problems(every_source_is_listed, files), ["a/two.cc is in no CMakeLists.txt"])

    def test_a_namesake_in_another_folder_does_not_count(self):
        files = {"a/CMakeLists.txt": "add_library(x one.cc)", "a/one.cc": "", "b/one.cc": ""}
        self.assertEqual(self.problems(every_source_is_listed, files), ["b/one.cc is in no CMakeLists.txt"])

    def test_follows_folders_variables_and_loops(self):
        cmake = ("add_library(x sub/one.cc ../b/two.cc ${CMAKE_SOURCE_DIR}/c/three.cc "
                 '"${CMAKE_CURRENT_SOURCE_DIR}/four.cc")\nforeach(name five six)\n  add_test(${name} ${name}_test.cc)\n')
        files = dict.fromkeys(["a/sub/one.cc", "b/two.cc", "c/three.cc", "a/four.cc", "a/five_test.cc", "a/six_test.cc"], "")
        self.assertEqual(self.problems(every_source_is_listed, files | {"a/CMakeLists.txt": cmake}), [])

    def test_finds_long_files_only(self):
        found = self.problems(files_are_short, {"a.cc": "\n" * 401, "b.cc": "\n" * 300, "a.h": "\n" * 201, "b.h": "\n" * 150})
        self.assertEqual(len(found), 2, found)


CHECKS = [(check.__doc__, check) for check in (every_source_is_listed, files_are_short)]

if __name__ == "__main__":
    sys.exit(main(CHECKS, Listing))
