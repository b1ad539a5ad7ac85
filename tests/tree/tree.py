"""What the tree tests share: the project's own files and the includes of C++ files."""

import os
import re
import sys
from pathlib import Path

SKIPPED_FOLDERS = {".git", ".deps", ".cache", "build", "demo", "__pycache__", "node_modules"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]', re.MULTILINE)


def source_root():
    """The tree under test: GUICHET_SOURCE_DIR, or the one this file lies in."""
    return Path(os.environ.get("GUICHET_SOURCE_DIR", Path(__file__).resolve().parents[2]))


class Tree:
    """A read-only view of a source tree; paths are POSIX strings relative to its root."""

    def __init__(self, root):
        self.root = Path(root)
        self.files = sorted(self._walk())
        self._known = set(self.files)
        self._includes = {}

    def _walk(self):
        for folder, names, files in os.walk(self.root):
            here = Path(folder)
            names[:] = [n for n in names if n not in SKIPPED_FOLDERS and not (here / n).is_symlink()]
            for name in files:
                yield (here / name).relative_to(self.root).as_posix()

    def __contains__(self, path):
        return path in self._known

    def read(self, path):
        return (self.root / path).read_text(encoding="utf-8", errors="replace")

    def lines(self, path):
        return self.read(path).count("\n")

    def with_suffix(self, *suffixes):
        return [f for f in self.files if f.endswith(suffixes)]

    def cpp_files(self):
        return self.with_suffix(".cc", ".h")

    def includes(self, path):
        """What `path` includes itself, in its own words."""
        if path not in self._includes:
            self._includes[path] = INCLUDE.findall(self.read(path))
        return self._includes[path]

    def reached(self, path):
        """What `path` includes, itself or through our headers: {header: chain of files that leads to it}."""
        found, waiting = {}, [(path, (path,))]
        while waiting:
            current, chain = waiting.pop()
            for header in self.includes(current):
                if header in found:
                    continue
                found[header] = chain
                if header in self:
                    waiting.append((header, chain + (header,)))
        return found


def main(checks, self_test):
    """Runs `self_test`, then every (name, check) on the tree; prints what is wrong and returns an exit status."""
    import unittest

    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(
        unittest.defaultTestLoader.loadTestsFromTestCase(self_test))
    if not result.wasSuccessful():
        return 1
    tree = Tree(source_root())
    wrong = 0
    for name, check in checks:
        problems = list(check(tree))
        print(f"{'ok  ' if not problems else 'FAIL'} {name}")
        for problem in problems:
            print(f"     {problem}")
        wrong += len(problems)
    print(f"{len(checks)} checks over {len(tree.files)} files, {wrong} problems")
    return 1 if wrong else 0
