"""The metrics that the server exports, read from the places in server/ that define them, and the metrics that an expression uses."""

import re

# CounterFamily(registry, "requests_total", "…") and its kind, in server/telemetry/metric_builders.h; the prefix is added there.
FAMILY = re.compile(r'\b(?P<made>Counter|Gauge|Histogram)Family\(\s*[^,()]*,\s*"(?P<name>[a-z][a-z0-9_]*)"')
SINGLE = re.compile(r'\bSingle(?P<made>Counter|Gauge)\(\s*[^,()]*,\s*"(?P<name>[a-z][a-z0-9_]*)"')
PROCESS = re.compile(r'\bSingle\(\s*"(?P<name>process_[a-z0-9_]+)"\s*,\s*(?:"[^"]*"\s*)+,\s*MetricType::(?P<made>Counter|Gauge)')
BUCKETS = re.compile(r"LatencyBuckets\(\)\s*\{[^{]*\{([^}]*)\}")
PARTS = {"Histogram": ("_bucket", "_sum", "_count")}
STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
WORD = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


def sources(root):
    return sorted((root / "server").rglob("*.cc"))


def exported(root):
    """{metric: Counter, Gauge or Histogram}; empty while the server defines none."""
    metrics = {}
    for path in sources(root):
        text = path.read_text(encoding="utf-8")
        for pattern, prefix in ((FAMILY, "guichet_"), (SINGLE, "guichet_"), (PROCESS, "")):
            for found in pattern.finditer(text):
                metrics[prefix + found["name"]] = found["made"]
    return metrics


def series(root):
    """Every series name with its metric: a histogram has three."""
    return {name + part: name for name, made in exported(root).items() for part in PARTS.get(made, ("",))}


def latency_edges(root):
    """The upper bounds of the duration histograms, as numbers."""
    for path in sources(root):
        found = BUCKETS.search(path.read_text(encoding="utf-8"))
        if found:
            return [float(edge) for edge in found[1].split(",")]
    return []


def used(expression):
    """The series that a PromQL expression names: words that look like ours, outside strings and label lists."""
    text = re.sub(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", " ", STRING.sub('""', expression))
    text = re.sub(r"\{[^}]*\}", " ", text)
    return {w for w in WORD.findall(text) if w.startswith(("guichet_", "process_")) and ":" not in w}


def edges(expression):
    return [float(edge) for edge in re.findall(r'\ble="([0-9.]+)"', expression)]
