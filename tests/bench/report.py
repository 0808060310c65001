# SPDX-License-Identifier: MIT
"""What a result says: as a table on a terminal, and as the tables of the READMEs."""

import statistics

from rows import NAMES, UNITS, Aim

CALLS_SHOWN = 6
AIMS_WERE_SET = "The aims in µs are of a machine on which the floor took 0.32 µs/KiB, and 14 µs for an echo."
SIDE = ("floor", "websocketd")  # contenders with a column of their own in the README
SPLIT = ("wsbridged", "floor")  # those of which it says how much of the time is the kernel's


def median_of(runs, metric):
    values = [run[metric] for run in runs if metric in run]
    return statistics.median(values) if values else None


def ratio(ours, theirs, metric):
    """Median and quartiles of the pairwise ratios, or None."""
    ratios = [a[metric] / b[metric] for a, b in zip(ours, theirs)
              if metric in a and b.get(metric)]
    if not ratios:
        return None
    if len(ratios) == 1:
        low = middle = high = ratios[0]
    else:
        low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return {"low": low, "median": middle, "high": high, "pairs": len(ratios)}


def reached(aim, row, runs):
    """The figure that AIM is about, or None when it was not measured."""
    metric = aim.metric or row.metric
    if not aim.over:
        return median_of(runs.get("wsbridged", []), metric)
    r = ratio(runs.get("wsbridged", []), runs.get(aim.over, []), metric)
    return r and r["median"]


def is_met(aim, value, limit):
    return value >= limit if aim.at_least else value <= limit


def summary(row, runs):
    """What the tables say about one row."""
    metrics = [row.metric, "rate", "mib_per_s", "p50_us", "p99_us"]
    medians = metrics if row.metric == "anonymous_per_session" else [*metrics, "kernel_share"]
    ours = runs.get("wsbridged", [])
    return {
        "medians": {c: {m: median_of(r, m) for m in medians} for c, r in runs.items()},
        "ratios": {c: {m: ratio(ours, r, m) for m in metrics}
                   for c, r in runs.items() if c != "wsbridged"},
        "aims": [{**aim._asdict(), "reached": reached(aim, row, runs)} for aim in row.aims],
    }


def number(value):
    """Three significant digits, but no fewer than the integer part has."""
    if value is None:
        return "–"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def with_unit(value, unit):
    """VALUE of UNIT; bytes by the thousand as KiB."""
    if value is not None and unit == "B" and abs(value) >= 1024:
        return f"{number(value / 1024)} KiB"
    return "–" if value is None else f"{number(value)} {unit}"


def share(value):
    return "–" if value is None else f"{100 * value:.0f} %"


def of_kernel(value):
    """What stands behind a CPU time of which the kernel took VALUE."""
    return "" if value is None else f" (kernel {share(value)})"


def spread(r):
    if r is None:
        return "–"
    return f"{r['median']:.2f} ({r['low']:.2f}–{r['high']:.2f})"


def times_text(aim, value, metric):
    """VALUE of METRIC, in the words of AIM."""
    if not aim.over:
        return with_unit(value, UNITS[metric])
    if aim.limit < 0.5:
        return f"{NAMES[aim.over]} ÷ {1 / value:.3g}"
    return f"{value:.3g} × {NAMES[aim.over]}"


def aim_text(row, saved):
    """One aim of ROW and if it was met, as saved in a result."""
    value = saved["reached"]
    aim = Aim(**{k: saved[k] for k in Aim._fields})
    name = {"p50_us": "p50 ", "rate": "rate ", "anonymous_grown": "growth "}.get(aim.metric, "")
    metric = aim.metric or row["metric"]
    text = f"{name}{'≥' if aim.at_least else '≤'} {times_text(aim, aim.limit, metric)}"
    if value is None:
        return text + " ?"
    if not is_met(aim, value, aim.limit):
        return f"{text} ✗ ({times_text(aim, value, metric)})"
    if aim.stretch and is_met(aim, value, aim.stretch):
        return f"{text} ✓ (even {times_text(aim, aim.stretch, metric)})"
    return text + " ✓"


def aims_text(row):
    return ", ".join(aim_text(row, saved) for saved in row["summary"]["aims"])


# --- on a terminal ---

def lines_of_rows(result):
    """The head first."""
    yield ["work", "server", "rate/s", "MiB/s", "p50 µs", "p99 µs", "cost", "unit", "kernel",
           "wsbridged's cost ÷ this, or the aim"]
    for row in result["rows"]:
        for contender, m in row["summary"]["medians"].items():
            r = row["summary"]["ratios"].get(contender, {}).get(row["metric"])
            rate = None if row["metric"] == "anonymous_per_session" else m["rate"]
            yield [row["title"], NAMES[contender], number(rate), number(m["mib_per_s"] or None),
                   number(m["p50_us"]), number(m["p99_us"]), number(m[row["metric"]]),
                   row["unit"], share(m.get("kernel_share")), spread(r) if contender != "wsbridged" else aims_text(row)]


def print_lines(lines, left):
    """LINES of cells; the columns in LEFT begin, the others end at the same place."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        cells = [text.ljust(w) if i in left else text.rjust(w)
                 for i, (text, w) in enumerate(zip(line, widths))]
        print("  ".join(cells).rstrip())


def lines_of_scale(result):
    yield ["as work grows", "", "cost", "unit", "kernel", "this ÷ the first"]
    for series in result["scale"]:
        for case in series["cases"]:
            yield [series["title"], case["label"], number(case["median"]), series["unit"],
                   share(case.get("kernel_share")), spread(case["ratio"])]


def calls_text(calls):
    """The most frequent ones by name."""
    named = sorted(((n, name) for name, n in calls.items() if n >= 0.005), reverse=True)
    return ", ".join(f"{name} {n:.2f}" for n, name in named[:CALLS_SHOWN])


def lines_of_syscalls(result):
    yield ["system calls", "server", "each", "most of them"]
    for row in result["syscalls"]:
        for contender, calls in row["calls"].items():
            yield [row["title"], NAMES[contender], number(sum(calls.values())), calls_text(calls)]


def print_table(result):
    for lines, left in ((lines_of_rows, (0, 1, 7, 9)), (lines_of_scale, (0, 3, 5)),
                        (lines_of_syscalls, (0, 1, 3))):
        table = list(lines(result))
        if len(table) > 1:
            print_lines(table, left)
            print()


# --- in a README ---

def cell(row, contender):
    """What CONTENDER takes, and how much of that wsbridged does."""
    medians = row["summary"]["medians"].get(contender, {})
    value = medians.get(row["metric"])
    if value is None:
        return "–"
    r = row["summary"]["ratios"].get(contender, {}).get(row["metric"])
    kernel = of_kernel(medians.get("kernel_share")) if contender in SPLIT else ""
    return with_unit(value, row["unit"]) + kernel + (f"; {spread(r)}" if r else "")


def others(row):
    named = [f"{NAMES[c]} {cell(row, c)}" for c in row["summary"]["medians"]
             if c not in SIDE and c != "wsbridged"]
    return "<br>".join(named) or "–"


def conditions(result):
    m, s = result["machine"], result["settings"]
    return (f"{m['cpu']}, {m['cores']} cores, Linux {m['kernel']}, load {m['load_average_before'][0]:.1f}, "
            f"{m['date'][:10]}, wsbridged {m['commit']}, {s['pairs']} runs of {s['seconds']:g} s each")


def markdown(result):
    """The README's table: what each server's CPU or memory pays for the same work."""
    lines = ["| work | wsbridged | floor | websocketd | others | aim |",
             "|---|--:|--:|--:|--:|---|"]
    for row in result["rows"]:
        cells = [row["title"], cell(row, "wsbridged"), *(cell(row, c) for c in SIDE), others(row),
                 aims_text(row)]
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "CPU time of the server for each message, KiB or connection (memory for an idle session), "
              "in brackets how much of that the kernel took, medians; behind a semicolon wsbridged ÷ this, the median of the pairwise ratios with its "
              f"quartiles. {AIMS_WERE_SET} {conditions(result)}."]
    return "\n".join(lines)


def markdown_of_rates(result):
    lines = ["| work | server | messages/s | MiB/s | p50 | p99 |", "|---|---|--:|--:|--:|--:|"]
    for row in result["rows"]:
        if row["metric"] == "anonymous_per_session":
            continue
        for i, (contender, m) in enumerate(row["summary"]["medians"].items()):
            first = "" if i else row["title"]
            lines.append(f"| {first} | {NAMES[contender]} | {number(m['rate'])} | {number(m['mib_per_s'] or None)} | "
                         f"{with_unit(m['p50_us'], 'µs')} | {with_unit(m['p99_us'], 'µs')} |")
    return "\n".join(lines)


def markdown_of_growth(result):
    """The table of what stays flat, and that of system calls."""
    lines = ["| wsbridged's cost as its work grows | | CPU time | ÷ the first |", "|---|--:|--:|--:|"]
    for series in result["scale"]:
        for i, case in enumerate(series["cases"]):
            first = "" if i else series["title"]
            lines.append(f"| {first} | {case['label']} | {with_unit(case['median'], series['unit'])}"
                         f"{of_kernel(case.get('kernel_share'))} | "
                         f"{spread(case['ratio']) if i else ''} |")
    lines += ["", "| system calls | server | each | most of them |", "|---|---|--:|---|"]
    for row in result["syscalls"]:
        for i, (contender, calls) in enumerate(row["calls"].items()):
            first = "" if i else row["title"]
            lines.append(f"| {first} | {NAMES[contender]} | {sum(calls.values()):.2f} | {calls_text(calls)} |")
    lines += ["", f"{conditions(result)}; half as many runs for the first table."]
    return "\n".join(lines)
