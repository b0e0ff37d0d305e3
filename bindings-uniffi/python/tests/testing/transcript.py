"""What came of the calls, as the text that every driver writes: see tests/vectors/README.md."""

import base64
import json


def call_line(name, step, response, events):
    """What came of a call. One that was dropped has no response."""
    return _json(
        {
            "case": name,
            "step": step,
            "status": response and response.status,
            "headers": [[*header] for header in response.headers.items()] if response else [],
            "body": response and _shown(response.body),
            "events": events,
        }
    )


def taken_line(name, step, granted, retry_after):
    """What came of attempts on a bucket."""
    return _json({"case": name, "step": step, "granted": granted, "retry_after_s": retry_after})


def refused_line(name):
    """That there can be no such limiter."""
    return _json({"case": name, "step": 0, "refused": True})


def _json(line):
    return json.dumps(line, ensure_ascii=False, separators=(",", ":"))


def _shown(body):
    """A text where they are one, as the vectors write bytes."""
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}


def lines_without(data, left_out):
    """The lines of a transcript without those of some cases."""
    text = data.decode()
    assert text.endswith("\n"), "a transcript ends with its last line"
    return [line for line in text[:-1].split("\n") if json.loads(line)["case"] not in left_out]


def compare_lines(ours, theirs):
    """Raises at the first line of ours that is not the other's, or is not there."""
    for index in range(max(len(ours), len(theirs))):
        one, other = (lines[index] if index < len(lines) else None for lines in (ours, theirs))
        assert one == other, f"line {index + 1} of what both performed:\n{one}\n{other}"
    return len(ours)
