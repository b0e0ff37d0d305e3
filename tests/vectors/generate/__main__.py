"""Writes the vectors, or with --check says which files are not what it would write.

    python3 tests/vectors/generate [--check]
"""

import json
import pathlib
import sys

import buckets
import content_type
import credentials
import failures
import hosts
import limits
import model
import order
import redemption
import refresh
import rejections
import request
import response
import traffic
import upstream

SUBJECTS = [request, content_type, credentials, response, rejections, upstream, limits, failures, order, hosts, traffic, refresh, redemption]
FOLDER = pathlib.Path(__file__).resolve().parent.parent
START_S = 1_700_000_000


def line(value):
    """One value a line keeps the files readable and their differences small."""
    return json.dumps(value, ensure_ascii=True, separators=(", ", ": "))


def text(subject):
    cases = list(subject.cases())
    for one in cases:
        model.check(one)
    head = f'{{\n"subject": {line(subject.SUBJECT)},\n"what": {line(subject.WHAT)},\n"clock_start_s": {START_S},\n"cases": [\n'
    return cases, head + ",\n".join(map(render, cases)) + "\n]\n}\n"


def render(case):
    head = ",\n".join(f'  "{key}": {line(value)}' for key, value in case.items() if key != "steps")
    steps = ",\n".join(f"    {line(step)}" for step in case["steps"])
    return f' {{\n{head},\n  "steps": [\n{steps}\n  ]\n }}'


def bucket_text():
    cases = list(buckets.cases())
    head = f'{{\n"subject": {line(buckets.SUBJECT)},\n"what": {line(buckets.WHAT)},\n"cases": [\n'
    rendered = [render(one) if "steps" in one else f" {line(one)}" for one in cases]
    return cases, head + ",\n".join(rendered) + "\n]\n}\n"


def files():
    for subject in SUBJECTS:
        yield FOLDER / f"{subject.SUBJECT}.json", *text(subject)
    yield FOLDER / "limiter" / "bucket.json", *bucket_text()


def main():
    check, stale, names, count = "--check" in sys.argv[1:], [], [], 0
    for path, cases, made in files():
        names += [one["name"] for one in cases]
        count += 1
        if not check:
            path.write_text(made, encoding="ascii")
        elif not path.exists() or path.read_text(encoding="ascii") != made:
            stale.append(path.name)
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        sys.exit(f"names must differ: {sorted(twice)}")
    if stale:
        sys.exit(f"not as generated: {', '.join(stale)}; run python3 tests/vectors/generate")
    print(f"{len(names)} cases in {count} files")


main()
