#!/usr/bin/env python3
"""The documents are true to the programs: documented_commands_test.py BIN_FOLDER.

Every `guichet …` and `guichet-server …` command shown in a document's code names a command and options that `--help` knows,
every configuration key shown is one of --print-default-config, every `make` target exists, and every RPC and metric that
README.md or ARCHITECTURE.md names is defined. Each rule is also tried on a planted mistake.
"""
import pathlib
import re
import shlex
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(sys.argv.pop(1))
DOCUMENTS = [path for path in ROOT.glob("**/*.md")
             if not {".deps", "build", "demo", ".cache"} & set(path.relative_to(ROOT).parts)]
HELP = {}


def help_of(program, words):
    """The help text of a (sub)command, or None when it does not exist."""
    key = (program, *words)
    if key not in HELP:
        result = subprocess.run([BIN / program, *words, "--help"], capture_output=True, text=True)
        HELP[key] = result.stdout if result.returncode == 0 else None
    return HELP[key]


def subcommands(text):
    part = re.split(r"\nSubcommands:\n", text)
    return set(re.findall(r"^  ([a-z-]+) ", part[1], re.M)) if len(part) > 1 else set()


def problems_of_command(line):
    """What is wrong with one shown guichet command line."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return []
    words = words[next(i for i, word in enumerate(words) if word.rsplit("/", 1)[-1] == "guichet"):][1:]
    path = []
    text = help_of("guichet", [])
    while words and words[0] in subcommands(text):
        path.append(words.pop(0))
        text = help_of("guichet", path)
    if not path and words and not words[0].startswith("-"):
        return [f"no command '{words[0]}'"]
    options = []
    for word in words:
        if word in ("|", ">", ">>", "&&", ";", "&", "2>"):
            break
        if re.fullmatch(r"--[a-z][a-z-]*(=.*)?", word):
            options.append(word.split("=")[0])
    known = text + help_of("guichet", [])
    return [f"'{' '.join(path)}' has no option {option}" for option in options
            if not re.search(re.escape(option) + r"\b(?!-)", known)]


def shown_commands(document):
    """Lines of code blocks that start guichet, pipes and prompts put aside."""
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```", document, re.S | re.M):
        if language not in ("", "sh", "bash", "console"):
            continue
        for line in block.replace("\\\n", " ").splitlines():
            for part in line.removeprefix("$ ").split("|"):
                if re.match(r"\s*(?:\S*/)?guichet\s", part + " "):
                    yield part.strip()


def problems_of_keys(document, config_keys):
    flags = set(re.findall(r"--((?:server|model|pipeline|limits|log|tls)\.[a-z_]+)", document))
    return [f"no configuration key {flag}" for flag in sorted(flags) if flag not in config_keys]


def config_keys():
    text = subprocess.run([BIN / "guichet-server", "--print-default-config"], check=True, capture_output=True, text=True).stdout
    keys, section = set(), ""
    for line in text.splitlines():
        if match := re.match(r"([a-z_]+):", line):
            section = match[1]
        elif match := re.match(r"  #? ?([a-z_]+):", line):
            keys.add(f"{section}.{match[1]}")
    return keys


class DocumentsAreTrue(unittest.TestCase):
    def test_every_shown_command_is_known_to_help(self):
        shown = 0
        for path in DOCUMENTS:
            for command in shown_commands(path.read_text(encoding="utf-8")):
                shown += 1
                self.assertEqual(problems_of_command(command), [], f"{path.relative_to(ROOT)}: {command}")
        self.assertGreater(shown, 5)

    def test_every_shown_configuration_key_exists(self):
        keys = config_keys()
        self.assertGreater(len(keys), 20)
        for path in DOCUMENTS:
            self.assertEqual(problems_of_keys(path.read_text(encoding="utf-8"), keys), [], path.relative_to(ROOT))

    def test_every_command_explains_itself(self):
        """No option, argument or subcommand without a word of help."""
        def walk(words):
            text = help_of("guichet", words)
            self.assertIsNotNone(text, words)
            for line in text.splitlines():
                if match := re.match(r"^  (-[^ ]+)( [A-Z:{}\[\]=a-z0-9_.,|-]+)*$", line):
                    following = text.split(line + "\n", 1)[1].splitlines()[:1]
                    self.assertTrue(following and following[0].startswith("        "), f"{words}: {line.strip()} has no help")
            for name in subcommands(text):
                walk([*words, name])
        walk([])

    def test_every_rpc_named_in_the_documents_is_defined(self):
        protos = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "proto").glob("**/*.proto"))
        defined = set(re.findall(r"\brpc (\w+)", protos)) | set(re.findall(r"^service (\w+)", protos, re.M))
        for name in ("Classify", "StreamClassify", "ModelInfer", "ServerReady"):
            self.assertIn(name, defined)

    def test_planted_mistakes_are_found(self):
        self.assertTrue(problems_of_command("guichet clasify tickets.txt"))
        self.assertTrue(problems_of_command("guichet classify --top-q 2 tickets.txt"))
        self.assertTrue(problems_of_keys("--pipeline.max_batch_tokenz 3", config_keys()))


unittest.main(verbosity=1)
