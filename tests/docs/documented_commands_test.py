#!/usr/bin/env python3
"""The documents are true to the programs: documented_commands_test.py BIN_FOLDER.

Every `guichet …` and `guichet-server …` command shown in a document's code names a command and options that `--help` knows,
every configuration key shown is one of --print-default-config, and every service, method and metric that a document names is
defined. Each rule is also tried on a planted mistake.
"""
import pathlib
import re
import shlex
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "deploy"))
import metric_names  # noqa: E402

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
    flags = set(re.findall(r"--((?:server|model|pipeline|limits|training|feedback|log|tls)\.[a-z_]+)", document))
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


def defined_rpcs():
    """Every service, and every service/method, of proto/."""
    rpcs = set()
    for path in (ROOT / "proto").glob("**/*.proto"):
        text = path.read_text(encoding="utf-8")
        package = re.search(r"^package ([\w.]+);", text, re.M)[1]
        for service, body in re.findall(r"^service (\w+) \{(.*?)^\}", text, re.M | re.S):
            rpcs.add(f"{package}.{service}")
            rpcs.update(f"{package}.{service}/{method}" for method in re.findall(r"\brpc (\w+)", body))
    return rpcs


def problems_of_rpcs(document, rpcs):
    named = set(re.findall(r"\b(?:guichet\.v1|inference|grpc\.health\.v1)\.[A-Z]\w+(?:/\w+)?", document))
    return [f"no service or method {name}" for name in sorted(named) if name not in rpcs]


def problems_of_metrics(document, series):
    # A name is a metric's by its unit; targets of the build have none. A family may be named without its parts.
    named = set(re.findall(r"\bguichet_\w+(?:_total|_seconds|_bytes|_ratio|_info|_count|_sum|_bucket)\b", document))
    families = series | {re.sub(r"_(?:bucket|sum|count)$", "", name) for name in series}
    return [f"no metric {name}" for name in sorted(named) if name not in families]


def problems_of_server(document, help_text, keys):
    problems = []
    for line in re.findall(r"guichet-server((?: --?[\w.-]+(?:[ =][^\s`-][^\s`]*)?)+)", document):
        for option in re.findall(r"--([a-z_.-]+)", line):
            if option not in keys and f"--{option}" not in help_text:
                problems.append(f"guichet-server has no option --{option}")
    return problems


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
        rpcs = defined_rpcs()
        self.assertIn("guichet.v1.Classification/StreamClassify", rpcs)
        for path in DOCUMENTS:
            self.assertEqual(problems_of_rpcs(path.read_text(encoding="utf-8"), rpcs), [], path.relative_to(ROOT))

    def test_every_metric_named_in_the_documents_is_exported(self):
        series = set(metric_names.series(ROOT))
        self.assertGreater(len(series), 30)
        for path in DOCUMENTS:
            self.assertEqual(problems_of_metrics(path.read_text(encoding="utf-8"), series), [], path.relative_to(ROOT))

    def test_every_shown_server_option_exists(self):
        known = config_keys()
        text = subprocess.run([BIN / "guichet-server", "--help"], capture_output=True, text=True, check=True).stdout
        for path in DOCUMENTS:
            self.assertEqual(problems_of_server(path.read_text(encoding="utf-8"), text, known), [], path.relative_to(ROOT))

    def test_planted_mistakes_are_found(self):
        self.assertTrue(problems_of_command("guichet clasify tickets.txt"))
        self.assertTrue(problems_of_command("guichet classify --top-q 2 tickets.txt"))
        self.assertTrue(problems_of_keys("--pipeline.max_batch_tokenz 3", config_keys()))
        self.assertTrue(problems_of_rpcs("`guichet.v1.Classification/Clasify`", defined_rpcs()))
        self.assertTrue(problems_of_rpcs("`guichet.v1.Classifikation`", defined_rpcs()))
        self.assertTrue(problems_of_metrics("`guichet_requestz_total`", set(metric_names.series(ROOT))))
        self.assertTrue(problems_of_server("`guichet-server --chekc-config`", "--check-config", set()))


unittest.main(verbosity=1)
