#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes what the READMEs show of a result: their tables and the picture.

usage: publish.py [JSON]     of the last make bench, or of JSON, which becomes the committed result
       publish.py --check    is what they show that of the committed result?
"""

import json
import pathlib
import re
import sys

import bench
import plot
import report
from rows import ROWS
from scale import SERIES
from servers import BUILD, ROOT

HERE = ROOT / "tests/bench"
COMMITTED = HERE / "result.json"


def with_blocks(file, blocks):
    """FILE's text; each of BLOCKS, {name: text}, stands between the two marks of its name."""
    all_of_it = file.read_text()
    for name, text in blocks.items():
        all_of_it, n = re.subn(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", lambda m, text=text: m[1] + text + "\n" + m[2],
                               all_of_it, flags=re.DOTALL)
        if n != 1:
            sys.exit(f"publish: {file} has {n} blocks <!-- {name} -->")
    return all_of_it


def made_of(result):
    """{file: its text} of all that shows RESULT."""
    return {
        ROOT / "README.md": with_blocks(ROOT / "README.md", {"bench": report.markdown(result)}),
        HERE / "README.md": with_blocks(HERE / "README.md", {"growth": report.markdown_of_growth(result),
                                                             "rates": report.markdown_of_rates(result)}),
        HERE / "result.svg": plot.draw(result, report.conditions(result)),
    }


def complain(result):
    """Ends the program when RESULT is not fit to be shown."""
    failed = sum("error" in run for runs in bench.all_runs(result) for run in runs)
    keys = {part["key"] for name in ("rows", "scale") for part in result[name]}
    missing = {part.key for part in [*ROWS, *SERIES]} - keys
    if failed or missing or not result["syscalls"]:
        sys.exit(f"publish: {failed} runs failed; not measured: {' '.join(sorted(missing)) or '-'}; "
                 f"system calls: {'counted' if result['syscalls'] else 'not counted (strace?)'}")


def check():
    for file, text in made_of(json.loads(COMMITTED.read_text())).items():
        if file.read_text() != text:
            sys.exit(f"publish: {file.relative_to(ROOT)} is not made of {COMMITTED.relative_to(ROOT)}; "
                     f"{pathlib.Path(__file__).name} {COMMITTED.relative_to(ROOT)} makes it")


def main():
    if sys.argv[1:] == ["--check"]:
        check()
        return
    source = pathlib.Path(sys.argv[1]) if sys.argv[1:] else BUILD / "bench/result.json"
    result = json.loads(source.read_text())
    complain(result)
    bench.write_json(result, COMMITTED)
    for file, text in made_of(result).items():
        file.write_text(text)


if __name__ == "__main__":
    main()
