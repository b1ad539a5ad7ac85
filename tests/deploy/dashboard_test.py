#!/usr/bin/env python3
"""Lints the Grafana boards: dashboard-linter's rules and ours. Standard library only; promtool parses the expressions where it is
installed. Every rule is also shown to fail on a board broken in that point."""

import copy
import itertools
import json
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import metric_names  # noqa: E402
import support  # noqa: E402

FOLDER = support.DEPLOY / "grafana"
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
RANGED = ("rate", "irate", "increase", "delta", "changes", "avg_over_time", "max_over_time")
# Exported and on no board, each for its reason.
OFF_BOARD = {
    "guichet_limit": "the configured bounds, for expressions of one's own; `deploy/grafana/README.md` lists them",
    "guichet_padding_ratio": "always 0: rows are packed; exported for boards that watch other servers too",
    "process_virtual_memory_bytes": "address space says nothing of a process that maps its model",
}


def boards():
    return {path.name: json.loads(path.read_text()) for path in sorted((FOLDER / "dashboards").glob("*.json"))}


def panels(board):
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def targets(board):
    return [(panel["title"], target) for panel in panels(board) for target in panel.get("targets", [])]


def selectors(expression):
    """[(metric, its label matchers)] of an expression."""
    return re.findall(r"\b((?:guichet|process)_[a-z0-9_]+|up)\s*\{([^}]*)\}", expression)


def uneditable(board):
    """A provisioned file must not look editable, needs a fixed uid and no id."""
    if board.get("editable") is not False or board.get("id") is not None or not re.fullmatch(r"guichet-[a-z-]+", board.get("uid", "")):
        yield "editable, or without a fixed uid, or with an id"
    if board.get("schemaVersion", 0) < 36 or "__inputs" in board or not board.get("title") or not board.get("description"):
        yield "old schema, unresolved inputs, or no title and description"


def variables(board):
    """datasource, job and instance can be chosen; the last two follow the time range and take several values or all."""
    have = {v["name"]: v for v in board["templating"]["list"]}
    if have.get("datasource", {}).get("type") != "datasource" or have["datasource"].get("query") != "prometheus":
        yield "no variable 'datasource' of Prometheus"
    for name in ("job", "instance"):
        v = have.get(name, {})
        if v.get("type") != "query" or v.get("datasource") != DATASOURCE or not v.get("label"):
            yield f"no variable '{name}' from the data source"
        elif v.get("refresh") != 2 or not v.get("includeAll") or not v.get("multi"):
            yield f"variable '{name}' does not follow the time range, or cannot be all"
        elif not v.get("query", {}).get("query", "").startswith("label_values("):
            yield f"variable '{name}' has no label_values query"
    if 'job=~"$job"' not in have.get("instance", {}).get("query", {}).get("query", ""):
        yield "instances are not those of the chosen job"


def panels_explained(board):
    """Every panel has a title of its own, a description, a unit, a data source and something to show."""
    titles = [panel.get("title") for panel in panels(board)]
    for title in {t for t in titles if titles.count(t) > 1}:
        yield f"two panels are called {title}"
    for panel in panels(board):
        for what, there in (("title", panel.get("title")), ("description", panel.get("description")),
                            ("unit", panel.get("fieldConfig", {}).get("defaults", {}).get("unit")), ("targets", panel.get("targets"))):
            if not there:
                yield f"panel {panel.get('title')} has no {what}"
        if panel.get("datasource") != DATASOURCE or any(t.get("datasource") != DATASOURCE for t in panel.get("targets", [])):
            yield f"panel {panel.get('title')} does not use $datasource"
        if len(panel.get("targets", [])) > 1 and not all(t.get("legendFormat") for t in panel["targets"]):
            yield f"panel {panel.get('title')} has several series and no legend"


def layout(board):
    """Panels lie within 24 columns and do not overlap; ids are unique."""
    ids = [panel["id"] for panel in board["panels"]]
    if len(set(ids)) != len(ids):
        yield "two panels have one id"
    for a, b in itertools.combinations([panel | {"at": panel["gridPos"]} for panel in board["panels"]], 2):
        p, q = a["at"], b["at"]
        if p["x"] < q["x"] + q["w"] and q["x"] < p["x"] + p["w"] and p["y"] < q["y"] + q["h"] and q["y"] < p["y"] + p["h"]:
            yield f"{a['title']} and {b['title']} overlap"
    for panel in board["panels"]:
        if panel["gridPos"]["x"] + panel["gridPos"]["w"] > 24:
            yield f"{panel['title']} is wider than the board"


def chosen_instances_only(board):
    """Every series is of the chosen job and instances; recording rules, which have no instance, of the chosen job."""
    for title, target in targets(board):
        expression = target["expr"]
        for metric, matchers in selectors(expression):
            if 'job=~"$job"' not in matchers or 'instance=~"$instance"' not in matchers:
                yield f"{title}: {metric} ignores $job or $instance"
        bare = metric_names.used(expression) - {metric for metric, _ in selectors(expression)}
        if bare:
            yield f"{title}: {', '.join(sorted(bare))} without selector"
        for rule in re.findall(r"\b[a-z_]+:[a-z0-9_:]+(\{[^}]*\})?", expression):
            if 'job=~"$job"' not in rule:
                yield f"{title}: a recording rule ignores $job"


def rate_intervals(board):
    """Ranges follow the panel's resolution or the chosen time: a fixed one lies when zoomed."""
    for title, target in targets(board):
        for window in re.findall(r"\[([^\]]+)\]", target["expr"]):
            if window not in ("$__rate_interval", "$__range"):
                yield f"{title} looks at [{window}]"


def counters_are_rated(board):
    """Counters and the parts of histograms are shown through rate() or increase(), never as they stand."""
    for title, target in targets(board):
        for found in re.finditer(r"\b((?:guichet|process)_[a-z0-9_]+(?:_total|_bucket|_sum|_count))\b", target["expr"]):
            before = target["expr"][:found.start()]
            if not re.search(r"\b(?:" + "|".join(RANGED) + r")\($", before):
                yield f"{title} shows the counter {found[1]} raw"
        if re.search(r"\bavg(?:\s+by\s*\([^)]*\))?\s*\(", target["expr"]):
            yield f"{title} averages: ratios of sums do not lie, averages of ratios do"


def rates_before_sums(board):
    """rate(sum(…)) sees a restart as a fall: sum(rate(…)) does not. Quantiles keep le."""
    for title, target in targets(board):
        if re.search(r"\b(?:rate|increase)\(\s*(?:sum|max|min)\b", target["expr"]):
            yield f"{title} takes the rate of a sum"
        for by in re.findall(r"histogram_quantile\(\s*[0-9.]+\s*,\s*sum by \(([^)]*)\)", target["expr"]):
            if "le" not in [label.strip() for label in by.split(",")]:
                yield f"{title} takes a quantile without le"
        if target["expr"].count("histogram_quantile(") != len(re.findall(r"histogram_quantile\(\s*[0-9.]+\s*,\s*sum by", target["expr"])):
            yield f"{title} takes a quantile of something else than a sum by le"


RULES = (uneditable, variables, panels_explained, layout, chosen_instances_only, rate_intervals, counters_are_rated,
         rates_before_sums)


def first(board):
    return panels(board)[0]


def expression(text):
    return lambda board: first(board)["targets"][0].update(expr=text)


SEL = '{job=~"$job", instance=~"$instance"}'
BROKEN = {
    uneditable: [lambda b: b.update(editable=True), lambda b: b.update(uid=""), lambda b: b.update(id=3),
                 lambda b: b.update(__inputs=[]), lambda b: b.update(description="")],
    variables: [lambda b: b["templating"]["list"].pop(0), lambda b: b["templating"]["list"].pop(1),
                lambda b: b["templating"]["list"][1].update(refresh=1), lambda b: b["templating"]["list"][2].update(multi=False),
                lambda b: b["templating"]["list"][2]["query"].update(query="label_values(up, instance)")],
    panels_explained: [lambda b: first(b).pop("description"), lambda b: first(b)["fieldConfig"]["defaults"].pop("unit"),
                       lambda b: first(b).update(targets=[]), lambda b: first(b).update(datasource=None),
                       lambda b: first(b).update(title=panels(b)[1]["title"])],
    layout: [lambda b: first(b)["gridPos"].update(x=20, w=6), lambda b: first(b).update(gridPos=panels(b)[1]["gridPos"]),
             lambda b: first(b).update(id=panels(b)[1]["id"])],
    chosen_instances_only: [expression("guichet_queue_texts"), expression('guichet_queue_texts{job=~"$job"}'),
                            expression("job:guichet_request_errors:ratio_rate1h"), expression('up{instance=~"$instance"}')],
    rate_intervals: [expression(f"rate(guichet_tokens_total{SEL}[5m])")],
    counters_are_rated: [expression(f"sum(guichet_tokens_total{SEL})"), expression(f"avg(guichet_queue_texts{SEL})"),
                         expression(f"guichet_batch_texts_count{SEL}")],
    rates_before_sums: [expression(f"rate(sum(guichet_tokens_total{SEL})[$__rate_interval:])"),
                        expression(f"histogram_quantile(0.9, sum by (stage) (rate(guichet_stage_duration_seconds_bucket{SEL}[$__range])))"),
                        expression(f"histogram_quantile(0.9, rate(guichet_stage_duration_seconds_bucket{SEL}[$__range]))")],
}


class BoardTest(unittest.TestCase):
    def test_every_board_keeps_every_rule(self):
        self.assertTrue(boards())
        for name, board in boards().items():
            for rule in RULES:
                with self.subTest(name, rule=rule.__name__):
                    self.assertEqual(list(rule(board)), [])

    def test_every_rule_finds_what_it_is_for(self):
        board = next(iter(boards().values()))
        for rule in RULES:
            for number, change in enumerate(BROKEN[rule]):
                with self.subTest(rule.__name__, change=number):
                    broken = copy.deepcopy(board)
                    change(broken)
                    self.assertTrue(list(rule(broken)))

    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed")
    def test_promtool_parses_every_expression(self):
        rules = []
        for board in boards().values():
            written = [target["expr"] for _, target in targets(board)] + [a["expr"] for a in board["annotations"]["list"]]
            for each in written:
                each = each.replace("$__rate_interval", "1m").replace("$__range", "1h")
                rules.append({"record": f"board:expression:{len(rules)}", "expr": re.sub(r"\$\w+", ".*", each)})
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"groups": [{"name": "board", "rules": rules}]}, file)  # JSON is YAML
            file.flush()
            checked = subprocess.run(["promtool", "check", "rules", "--lint=none", file.name], capture_output=True, text=True,
                                     check=False)
        self.assertEqual(checked.returncode, 0, checked.stderr)

    def test_provisioning_finds_the_boards(self):
        provider = (FOLDER / "provisioning/dashboards/guichet.yml").read_text()
        compose = (support.ROOT / "docker/compose.yaml").read_text()
        folder = re.search(r"path: (\S+)", provider)[1]
        self.assertIn(f"../deploy/grafana/dashboards:{folder}:ro", compose)
        for alert_board in re.findall(r"dashboard: /d/(\S+)", (support.DEPLOY / "prometheus/rules/guichet.yml").read_text()):
            self.assertIn(alert_board, [board["uid"] for board in boards().values()])


class MetricsTest(unittest.TestCase):
    def setUp(self):
        if not metric_names.exported(support.ROOT):
            self.skipTest("the server defines no metric yet")
        self.series = metric_names.series(support.ROOT)

    def test_every_metric_on_a_board_is_exported(self):
        for board in boards().values():
            for title, target in targets(board):
                with self.subTest(title):
                    self.assertEqual(metric_names.used(target["expr"]) - set(self.series), set())

    def test_every_exported_metric_is_on_a_board_or_left_off_for_a_reason(self):
        shown = set()
        for board in boards().values():
            for _, target in targets(board):
                shown |= {self.series.get(name) for name in metric_names.used(target["expr"])}
        self.assertEqual(set(self.series.values()) - shown - set(OFF_BOARD), set())
        self.assertEqual(set(OFF_BOARD) - set(self.series.values()), set(), "OFF_BOARD names what is not exported")

    def test_objectives_are_edges_of_the_histograms(self):
        for board in boards().values():
            for title, target in targets(board):
                for edge in metric_names.edges(target["expr"]):
                    self.assertIn(edge, metric_names.latency_edges(support.ROOT), title)


if __name__ == "__main__":
    sys.exit(support.run(BoardTest, MetricsTest))
