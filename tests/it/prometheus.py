# SPDX-License-Identifier: MIT
"""Reads Prometheus' text format 0.0.4, and takes nothing that it does not allow."""

import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)?\}})? (\S+)")
OF_HISTOGRAM = ("_bucket", "_sum", "_count")


class Family:
    """One metric: its type, its sentence, and its samples {(name, ((label, value), ...)): number}."""

    def __init__(self, name, kind, help_text):
        self.name, self.kind, self.help, self.samples = name, kind, help_text, {}

    def may_have(self, name):
        suffixes = OF_HISTOGRAM if self.kind == "histogram" else ("",)
        return name in [self.name + suffix for suffix in suffixes]


def unescape(value):
    return re.sub(r"\\(.)", lambda m: "\n" if m.group(1) == "n" else m.group(1), value)


def parse(text):
    """{name: Family} of the page TEXT."""
    assert text.endswith("\n") and "\n\n" not in text and "\r" not in text
    lines = text.split("\n")[:-1]
    families, current = {}, None
    for number, line in enumerate(lines, 1):
        where = f"line {number}: {line}"
        if line.startswith("# HELP "):
            name, help_text = re.fullmatch(rf"# HELP ({NAME}) (.+)", line).groups()
            assert name not in families, f"{where}: a second time"
            kind = re.fullmatch(rf"# TYPE {name} (counter|gauge|histogram)", lines[number])
            assert kind, f"{where}: its type does not follow"
            current = families[name] = Family(name, kind.group(1), help_text)
        elif not line.startswith("# TYPE "):
            read_sample(current, line, where)
        else:
            assert lines[number - 2].startswith("# HELP "), f"{where}: without its help"
    for family in families.values():
        check(family)
    return families


def read_sample(family, line, where):
    match = SAMPLE.fullmatch(line)
    assert match, f"{where}: no sample"
    name, labels, number = match.group(1), match.group(2) or "", match.group(match.lastindex)
    assert family and family.may_have(name), f"{where}: outside its metric"
    key = name, tuple(sorted((n, unescape(v)) for n, v in re.findall(LABEL, labels)))
    assert len(dict(key[1])) == len(key[1]), f"{where}: a label twice"
    assert key not in family.samples, f"{where}: twice"
    family.samples[key] = float(number)


def check(family):
    assert (family.kind == "counter") == family.name.endswith("_total"), family.name
    if family.kind != "gauge":
        assert all(value >= 0 for value in family.samples.values()), family.samples
    if family.kind == "histogram":
        check_histogram(family)


def check_histogram(family):
    buckets = [
        (float(dict(labels)["le"]), value)
        for (name, labels), value in family.samples.items()
        if name == family.name + "_bucket"
    ]
    assert buckets == sorted(buckets), "bounds and counts ascend"
    assert buckets[-1][0] == float("inf")
    assert buckets[-1][1] == family.samples[family.name + "_count", ()]
    assert (family.name + "_sum", ()) in family.samples
