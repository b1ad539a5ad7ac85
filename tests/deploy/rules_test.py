#!/usr/bin/env python3
"""The alerting rules: each alert says what it means and where to go on, uses metrics that exist and edges that histograms have, and
has a promtool case in which it fires and one in which it is silent. promtool runs in a test of its own."""

import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import metric_names  # noqa: E402
import support  # noqa: E402

FOLDER = support.DEPLOY / "prometheus"
RULES = support.load_yaml(FOLDER / "rules/guichet.yml")
CASES = support.load_yaml(FOLDER / "tests/guichet_test.yml")


def rules(kind):
    return [rule for group in RULES["groups"] for rule in group["rules"] if kind in rule]


def anchors(text):
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


class RulesTest(unittest.TestCase):
    def test_alerts_are_few_enough_to_be_heeded(self):
        self.assertIn(len({rule["alert"] for rule in rules("alert")}), range(5, 9))

    def test_every_alert_says_what_it_means_and_where_to_go_on(self):
        known = anchors((FOLDER / "RUNBOOK.md").read_text())
        for rule in rules("alert"):
            with self.subTest(rule["alert"]):
                self.assertIn(rule["labels"]["severity"], ("page", "ticket"))
                self.assertTrue(rule["annotations"]["summary"])
                self.assertTrue(rule["annotations"]["description"])
                path, _, anchor = rule["annotations"]["runbook_url"].partition("#")
                self.assertTrue((support.ROOT / path).is_file())
                self.assertIn(anchor, known)
                self.assertEqual(anchor, rule["alert"].lower())

    def test_every_alert_fires_and_is_silent_in_a_case(self):
        checks = [check for case in CASES["tests"] for check in case["alert_rule_test"]]
        for rule in rules("alert"):
            with self.subTest(rule["alert"], labels=rule["labels"]):
                own = [check["exp_alerts"] for check in checks if check["alertname"] == rule["alert"]]
                fired = [any(rule["labels"].items() <= alert["exp_labels"].items() for alert in alerts) for alerts in own]
                self.assertIn(True, fired)
                self.assertIn(False, fired)

    def test_recording_rules_are_named_and_used(self):
        everything = [rule["expr"] for rule in rules("expr")] + [p.read_text() for p in (support.DEPLOY / "grafana/dashboards").iterdir()]
        for rule in rules("record"):
            with self.subTest(rule["record"]):
                self.assertRegex(rule["record"], r"^job(_[a-z]+)*:[a-z_]+:[a-z]+_rate\d+[mh]$")
                self.assertTrue(any(rule["record"] in text for text in everything), "nothing uses it")

    def test_counters_are_compared_as_rates(self):
        for rule in rules("alert"):
            for by_counter in re.findall(r"(\w*)\(\s*guichet_\w+_(?:total|count|bucket)\b", rule["expr"]):
                self.assertIn(by_counter, ("rate", "increase"), rule["alert"])


class MetricsTest(unittest.TestCase):
    def setUp(self):
        if not metric_names.exported(support.ROOT):
            self.skipTest("the server defines no metric yet")

    def test_every_metric_of_a_rule_is_exported(self):
        known = set(metric_names.series(support.ROOT))
        for rule in rules("expr"):
            with self.subTest(rule.get("alert") or rule["record"]):
                self.assertEqual(metric_names.used(rule["expr"]) - known, set())

    def test_the_latency_objective_is_an_edge_of_the_histogram(self):
        named = [edge for rule in rules("expr") for edge in metric_names.edges(rule["expr"])]
        self.assertTrue(named)
        for edge in named:
            self.assertIn(edge, metric_names.latency_edges(support.ROOT))

    def test_reasons_and_codes_are_those_of_the_server(self):
        sources = [*(support.ROOT / "server/telemetry").glob("*.cc"), support.ROOT / "server/pipeline/pipeline_observer.h"]
        defined = set(re.findall(r'"([A-Za-z_]+)"', "\n".join(path.read_text() for path in sources)))
        for rule in rules("expr"):
            for values in re.findall(r'\b(?:reason|code|result)!?=~?"([^"]+)"', rule["expr"]):
                for value in values.split("|"):
                    with self.subTest(rule.get("alert") or rule["record"]):
                        self.assertTrue(value in defined, f"the server has no {value!r}")


class MetricNamesTest(unittest.TestCase):
    def test_reads_series_out_of_expressions(self):
        written = ('sum by (guichet_label) (rate(guichet_a_total{x="guichet_no", y="process_no"}[5m])) / on (job) guichet_b > 1'
                   " and job:guichet_c:rate5m > 0 or process_d")
        self.assertEqual(metric_names.used(written), {"guichet_a_total", "guichet_b", "process_d"})

    def test_reads_metrics_out_of_definitions(self):
        import tempfile
        with tempfile.TemporaryDirectory() as root:
            folder = Path(root, "server/telemetry")
            folder.mkdir(parents=True)
            (folder / "m.cc").write_text('a(CounterFamily(registry,\n "a_total", "help")); HistogramFamily(*r, "b_seconds",\n "x" "y");\n'
                                         'SingleGauge(registry, "c", "h"); Single("process_d", "x, y", MetricType::Gauge, 1);\n'
                                         "LatencyBuckets() {\n static const X k = {\n 0.1, 1};")
            self.assertEqual(metric_names.series(Path(root)), {
                "guichet_a_total": "guichet_a_total", "guichet_c": "guichet_c", "process_d": "process_d",
                **{f"guichet_b_seconds{part}": "guichet_b_seconds" for part in ("_bucket", "_sum", "_count")}})
            self.assertEqual(metric_names.latency_edges(Path(root)), [0.1, 1])


if __name__ == "__main__":
    sys.exit(support.run(RulesTest, MetricsTest, MetricNamesTest))
