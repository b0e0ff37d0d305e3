"""C1, C3: which content types conform."""

from words import *

SUBJECT = "content_type"
WHAT = "content types that are JSON in UTF-8, and those that are not"

GOOD = [
    "application/json", "APPLICATION/JSON", "Application/Json", "application/json; charset=utf-8",
    "application/json;charset=utf-8", "application/json ; charset=utf-8", "application/json;\tcharset=utf-8",
    "application/json; charset=UTF-8", "application/json; CHARSET=Utf-8", 'application/json; charset="utf-8"',
    'application/json; charset="UTF-8"', "application/json; version=1", "application/json; version=1; charset=utf-8",
    "application/json; charset=utf-8; version=1", 'application/json; note="a; charset=latin1"',
    'application/json; note="a \\" b"; charset=utf-8', "application/vnd.api+json", "application/problem+json; charset=utf-8",
    "application/LD+JSON", "application/vnd.example.v1+json; profile=x",
]
BAD = [
    None, "", "application", "json", "text/json", "text/plain", "text/plain; charset=utf-8", "*/*", "application/*",
    "application/jsonp", "application/json5", "application/xjson", "application/json+xml", "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x", "text/vnd.api+json", "application/vnd.api-json", "application/json; charset=utf-16",
    "application/json; charset=latin1", "application/json; charset=iso-8859-1", "application/json; charset=utf8",
    "application/json; charset=us-ascii", "application/json; charset=", 'application/json; charset=""',
    "application/json; charset=utf-8; charset=latin1", "application/json; version=1; charset=utf-16",
    "application/json, text/plain", "application/json charset=utf-8", "application/json/x",
]


def cases():
    for value in GOOD:
        yield case(f"conforms: {value}", "C1: any case, any parameters with charset utf-8, also application/*+json",
                   step(gives(), content_type=value))
    for value in BAD:
        name = "absent" if value is None else value or "empty"
        yield case(f"does not conform: {name}", "C3: wrong or absent content type", step(invalid(CONTENT_TYPE), content_type=value))
    for name, body in [("an empty body", ""), ("malformed JSON", "{"), ("not UTF-8", b"\xff"), ("too large", "x" * 9000)]:
        yield case(f"told before {name}", "C3: the first fault in the phrases' order is told",
                   step(invalid(CONTENT_TYPE), body, content_type="text/plain"))
