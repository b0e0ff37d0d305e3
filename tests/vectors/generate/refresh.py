"""`POST /token/refresh`: the rules of `POST /token`, one member more, and 24 KiB for the body.

The issuer of these cases has a new store, so no app is known and no refresh token is good. A store is
made in a tenth of a second, so what needs only one is one case: its calls are named by their request ids.
"""

import random

import model
from words import *

SUBJECT = "refresh"
WHAT = "requests to redeem a refresh token: which bodies conform, and that limits, order and refusals are those of a request for tokens"

S, C, P = "source", "client", "client_at_source"
TOKEN = "tsrt_" + "AQAB" * 29
ID, KEY, SHOWN = '"appClientId":"appcl-1234"', '"appSecret":"34wegskgheaorht359ynklbnv"', f'"refreshToken":"{TOKEN}"'
UNKNOWN = unauthorized("unknown_client")
MOST = 24 * 1024


def redemption(token=TOKEN, app=APP, secret=SECRET):
    """A conforming body, as compact as can be."""
    members = {"appClientId": app, "appSecret": secret, "refreshToken": token}
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"))


def of(*members):
    return "{" + ",".join(members) + "}"


def extra(member):
    return of(ID, KEY, SHOWN, member)


def nested(levels, opening="[", closing="]", core="1"):
    return extra('"x":' + opening * (levels - 1) + core + closing * (levels - 1))


def sized(size):
    """A body of that many bytes: an ignored member fills it."""
    return extra('"x":"' + "a" * (size - len(extra('"x":""'))) + '"')


def redeem(expected, body=None, **how):
    return step(expected, redemption() if body is None else body, path=REFRESH, **how)


def at_the_issuer(name, why, steps, limits=OFF, **keys):
    return case(f"refresh: {name}", why, steps, made=dict(config(limits=limits, **keys), **ISSUER))


def calls(name, why, named):
    """One case of many calls, (name, body, what comes of it) each, that have nothing to do with each other."""
    return at_the_issuer(name, why, [redeem(expected, body, request_id=label) for label, body, expected in named])


CONFORMING = [
    ("compact", redemption()),
    ("members in another order", of(SHOWN, KEY, ID)),
    ("white space everywhere", " \t\r\n" + redemption().replace(":", " :\n").replace(",", "\t,\r") + " "),
    ("an ignored member", extra('"x":{"refreshToken":[1,null]}')),
    ("an ignored member first", of('"RefreshToken":1', ID, KEY, SHOWN)),
    ("the name spelled with an escape", redemption().replace('"refreshToken"', '"refresh\\u0054oken"')),
    ("the token spelled with escapes", redemption().replace("tsrt_", "\\u0074srt\\u005f")),
    ("eight levels", nested(8)),
    ("1e400", extra('"x":1e400')),
    ("8,193 bytes", sized(8193)),
    ("24,576 bytes", sized(MOST)),
    ("24,576 bytes of which most are white space", redemption() + " " * (MOST - len(redemption()))),
]

INVALID = [
    ("empty", "", SYNTAX), ("white space alone", " \r\n\t", SYNTAX), ("a form", "refreshToken=x&appClientId=a&appSecret=b", SYNTAX),
    ("no closing brace", redemption()[:-1], SYNTAX), ("trailing letter", redemption() + "x", SYNTAX), ("two objects", redemption() * 2, SYNTAX),
    ("trailing NUL", redemption() + "\0", SYNTAX), ("trailing comma", of(ID, KEY, SHOWN, ""), SYNTAX), ("comment", redemption() + "// x", SYNTAX),
    ("raw line feed in the token", redemption().replace("tsrt_", "ts\nrt_"), SYNTAX), ("leading zero", extra('"x":01'), SYNTAX),
    ("lone surrogate in the token", of(ID, KEY, '"refreshToken":"\\ud800"'), SYNTAX),
    ("lone surrogate in the secret", of(ID, '"appSecret":"\\udc00"', SHOWN), SYNTAX),
    ("lone surrogate in an ignored key", extra('"\\ud83d":1'), SYNTAX), ("lone surrogate in nine levels", nested(9, core='"\\ud800"'), SYNTAX),
    ("byte-order mark", b"\xef\xbb\xbf" + redemption().encode(), ENCODING), ("UTF-16", b"\xff\xfe" + redemption().encode("utf-16-le"), ENCODING),
    ("byte FF in the token", redemption().encode().replace(b"tsrt", b"ts\xffrt"), ENCODING),
    ("array of the three", f'["{APP}","{SECRET}","{TOKEN}"]', NOT_AN_OBJECT), ("array around it", f"[{redemption()}]", NOT_AN_OBJECT),
    ("string", f'"{TOKEN}"', NOT_AN_OBJECT), ("null", "null", NOT_AN_OBJECT),
    ("nine levels", nested(9), TOO_DEEP), ("nine levels of objects", nested(9, '{"y":', "}"), TOO_DEEP), ("10,000 levels", nested(10_000), TOO_DEEP),
    ("the token twice", of(ID, KEY, SHOWN, SHOWN), REPEATED), ("the token twice, other values", extra('"refreshToken":"other"'), REPEATED),
    ("the token again, spelled by an escape", extra('"refresh\\u0054oken":"other"'), REPEATED), ("the id twice", of(ID, ID, KEY, SHOWN), REPEATED),
    ("an ignored member twice", extra('"x":{"y":1,"y":2}'), REPEATED),
    ("no token", of(ID, KEY), NO_TOKEN), ("no secret", of(ID, SHOWN), NO_SECRET), ("no id", of(KEY, SHOWN), NO_ID), ("no member", "{}", NO_ID),
    ("the token alone", of(SHOWN), NO_ID), ("the token in snake case", of(ID, KEY, f'"refresh_token":"{TOKEN}"'), NO_TOKEN),
    ("the token in Pascal case", of(ID, KEY, f'"RefreshToken":"{TOKEN}"'), NO_TOKEN),
    ("the token one level down", of(ID, KEY, f'"x":{{{SHOWN}}}'), NO_TOKEN),
    *[(f"the token is {name}", of(ID, KEY, f'"refreshToken":{value}'), TOKEN_NOT_A_STRING)
      for name, value in [("null", "null"), ("a number", "12345678"), ("true", "true"), ("an array", f'["{TOKEN}"]'), ("an object", "{}")]],
    ("the secret is null", of(ID, '"appSecret":null', SHOWN), SECRET_NOT_A_STRING), ("the id is a number", of('"appClientId":1', KEY, SHOWN), ID_NOT_A_STRING),
    ("24,577 bytes", sized(MOST + 1), TOO_LARGE), ("24,577 bytes, the last of them white space", redemption() + " " * (MOST + 1 - len(redemption())), TOO_LARGE),
    ("a token of 24 KiB", redemption("x" * MOST), TOO_LARGE), ("70,000 bytes", sized(70_000), TOO_LARGE),
    ("too large and not UTF-8", b"\xff" * (MOST + 1), TOO_LARGE), ("not UTF-8 and not JSON", b"{\xff", ENCODING),
    ("not JSON and members missing", '{"x"}', SYNTAX), ("not an object and too deep", "[" * 9 + "]" * 9, NOT_AN_OBJECT),
    ("a repeat before too deep", '{"x":1,"x":2,"y":' + "[" * 9 + "]" * 9 + "}", TOO_DEEP), ("a repeat and no token", of(ID, KEY, KEY), REPEATED),
    ("no token and the id is null", of('"appClientId":null', KEY), NO_TOKEN), ("all three are numbers", '{"refreshToken":1,"appSecret":2,"appClientId":3}', ID_NOT_A_STRING),
]

GOOD_TYPES = ["application/json", "APPLICATION/JSON; charset=UTF-8", "application/vnd.api+json"]
BAD_TYPES = [None, "", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "application/json, text/plain"]

# Whatever the token is: of an app that is not there, none is looked at.
POSSIBLE = [
    ("one byte", "x"), ("a space", " "), ("beyond ASCII", "tökén-語-😀"), ("in JWT shape", "aaa.bbb.ccc"), ("quotes and backslashes", '"\\'),
    ("16,384 bytes", "x" * 16_384), ("16,384 bytes in 4,096 characters", "😀" * 4096), ("zero-width space", "\u200b"),
]
IMPOSSIBLE = [
    ("empty", ""), ("16,385 bytes", "x" * 16_385), ("5,462 characters of 16,386 bytes", "語" * 5462), ("23,000 bytes", "x" * 23_000), ("NUL", "\0"),
    ("NUL at the end", TOKEN + "\0"), ("line feed at the end", TOKEN + "\n"), ("carriage return and line feed", "a\r\nX-Injected: 1"),
    ("tab", "\t" + TOKEN), ("escape", "\x1b[31m"), ("delete", "a\x7f"), ("a C1 control", "a\u0085"),
]


def cases():
    yield calls("conforms", "section 2; C1-C3, body cap 24 KiB", [(name, body, UNKNOWN) for name, body in CONFORMING])
    for title, phrase in [("not JSON", SYNTAX), ("not UTF-8", ENCODING), ("not an object", NOT_AN_OBJECT), ("too deep", TOO_DEEP), ("a repeat", REPEATED),
                          ("no token", NO_TOKEN), ("no secret", NO_SECRET), ("no id", NO_ID), ("a token that is no string", TOKEN_NOT_A_STRING),
                          ("a secret that is no string", SECRET_NOT_A_STRING), ("an id that is no string", ID_NOT_A_STRING), ("too large", TOO_LARGE)]:
        found = [(name, body, invalid(phrase)) for name, body, told in INVALID if told == phrase]
        yield calls(f"does not conform: {title}", "section 2: 422 by C1-C3, body cap 24 KiB; of several faults the first is told", found)
    yield at_the_issuer("content types", "C1, C3", [
        *[redeem(invalid(CONTENT_TYPE), content_type=value) for value in BAD_TYPES], *[redeem(UNKNOWN, content_type=value) for value in GOOD_TYPES]])
    yield at_the_issuer("content type before an empty body", "C3: the first fault is told", redeem(invalid(CONTENT_TYPE), "", content_type="text/plain"))
    yield from credentials_and_tokens()
    yield from one_path()
    yield from hosts()
    yield traffic()


def credentials_and_tokens():
    yield calls("tokens that may be", "section 2: a refresh token that is not good is a 401, and of no app none is looked at",
                [(name, redemption(token), UNKNOWN) for name, token in POSSIBLE])
    yield calls("tokens that cannot be", "section 2: 401 for a refresh token over 16 KiB or with control characters",
                [(name, redemption(token) if "語" in token else ascii_body(token), unauthorized()) for name, token in IMPOSSIBLE])
    yield calls("impossible credentials", "C4: it conforms, so it is a 401", [
        ("empty id", redemption(app=""), unauthorized(app=None)), ("id of 129 bytes", redemption(app="i" * 129), unauthorized(app=None)),
        ("empty secret", redemption(secret=""), unauthorized()), ("secret of 1,025 bytes", redemption(secret="s" * 1025), unauthorized()),
        ("all three", redemption("", "", ""), unauthorized(app=None))])
    yield at_the_issuer("one answer on both paths", "section 2: the same table; one constant sentence whatever the reason", [
        step(UNKNOWN), redeem(UNKNOWN), redeem(unauthorized(), redemption("")), step(unauthorized(), credentials(secret=""))])
    yield at_the_issuer("each path has its cap", "C3: more than 8 KiB; section 2: body cap 24 KiB", [
        redeem(UNKNOWN, sized(8193)), step(invalid(TOO_LARGE), sized(8193)), step(UNKNOWN, sized(8192))])
    yield at_the_issuer("a token is ignored where one is asked for", "C2", [step(UNKNOWN, of(ID, KEY, '"refreshToken":null')), step(UNKNOWN, redemption())])
    options = "section 2: key case is of the 200 alone; scheme and realm are configurable"
    for name, keys in [("camel case, refresh tokens omitted", {"key_case": "camel", "refresh_token": "omit"}), ("scheme", {"scheme": "Token"}),
                       ("realm", {"realm": "an API"}), ("both", {"scheme": "X-App", "realm": "a.b/c"})]:
        said = {key: value for key, value in keys.items() if key in ("scheme", "realm")}
        yield at_the_issuer(f"options: {name}", options, [redeem(unauthorized("unknown_client", **said)), redeem(invalid(NO_TOKEN), of(ID, KEY))], response=keys)


def ascii_body(token):
    """With every control character spelled as an escape, as JSON demands."""
    return json.dumps({"appClientId": APP, "appSecret": SECRET, "refreshToken": token}, separators=(",", ":"))


def one_path():
    order = "section 3: precedence 429, 422, 401; section 2: the same limiter"
    tight = only(S, 60, 1)
    for name, body, app in [("malformed", "{", None), ("no token", of(ID, KEY), None), ("24,577 bytes", sized(MOST + 1), None),
                            ("an impossible token", redemption(""), APP), ("an impossible id", redemption(app=""), None), ("a token that may be", redemption(), APP)]:
        yield at_the_issuer(f"429 before all: {name}", order, [step(invalid(SYNTAX), "{"), redeem(limited(S, 1, app=app), body)], limits=tight)
    yield at_the_issuer("429 before a wrong content type", order, [redeem(invalid(SYNTAX), "{"), redeem(limited(S, 1, app=None), content_type="text/plain")], limits=tight)
    for name, body, phrase in [("an impossible id and no token", of('"appClientId":""', KEY), NO_TOKEN),
                               ("an impossible token and no secret", of(ID, '"refreshToken":""'), NO_SECRET)]:
        yield at_the_issuer(f"422 before 401: {name}", order, redeem(invalid(phrase), body))
    shared = "section 2: the same limiter: both paths take from one bucket"
    cost = "section 3: a failed authentication costs failure_cost, default 5"
    yield at_the_issuer("a failure there is paid for here", f"{shared}; {cost}", [
        step(UNKNOWN), redeem(limited(P, 6)), redeem(limited(P, 1), at=5999), redeem(UNKNOWN, at=6000), step(limited(P, 30), at=6000)], limits=None)
    yield at_the_issuer("a failure here is paid for there", f"{shared}; {cost}", [redeem(UNKNOWN), step(limited(P, 6)), step(UNKNOWN, at=6000)], limits=None)
    yield at_the_issuer("an impossible token is a failure", f"C4: counted as a failure; {cost}", [redeem(unauthorized(), redemption("")), redeem(limited(P, 6))], limits=None)
    yield at_the_issuer("a source is one on both paths", shared, [
        step(invalid(SYNTAX), "{"), redeem(invalid(SYNTAX), "{"), redeem(limited(S, 1, app=None), "{"), step(limited(S, 1)), redeem(invalid(NO_TOKEN), of(ID, KEY), at=1000)],
        limits=only(S, 60, 2))
    yield at_the_issuer("an app is one on both paths", shared, [
        step(UNKNOWN), redeem(UNKNOWN, source="192.0.2.2"), step(limited(C, 1), source="192.0.2.3"), redeem(limited(C, 1), source="192.0.2.4"),
        redeem(unauthorized("unknown_client", app="app-2"), redemption(app="app-2"))], limits=only(C, 60, 2))
    yield at_the_issuer("one bucket for all, on both paths", shared, [
        redeem(UNKNOWN), step(unauthorized("unknown_client", app="app-2"), credentials("app-2")), redeem(limited("global", 1, app="app-3"), redemption(app="app-3")),
        step(invalid(SYNTAX), "{"), redeem(invalid(NO_TOKEN), of(ID, KEY))], limits=only("global", 60, 2))
    yield at_the_issuer("a body that does not conform costs no app", "section 3: a 422 costs only its source", [
        *[redeem(invalid(NO_TOKEN), of(ID, KEY)) for _ in range(9)], redeem(UNKNOWN), redeem(limited(P, 1))], limits=only(P, 60, 1, failure_cost=1))
    yield at_the_issuer("one id in two spellings is one key", "C1: an escape is another spelling of one id", [
        step(UNKNOWN), redeem(limited(P, 1), redemption().replace("appcl", "\\u0061ppcl"))], limits=only(P, 60, 1, failure_cost=1))



def hosts():
    why = "section 4: an event carries the request id and the source that the host gave"
    yield at_the_issuer("request ids", why, [redeem(UNKNOWN, request_id=request_id) for request_id in [None, 'a b/ü"😀', ""]])
    yield at_the_issuer("sources", why, [redeem(UNKNOWN, source=source) for source in ["2001:0DB8:0:0:0:0:0:1", "::ffff:192.0.2.1", "tenant-7"]])
    yield at_the_issuer("source: none, said once", "section 3: without a source one key stands for all callers", [
        redeem(UNKNOWN, source=None, first=["source_unknown"]), step(UNKNOWN, source=None), redeem(UNKNOWN, source=None)])
    fields = "section 2: RateLimit and RateLimit-Policy, for the source bucket only; LIMITER section 7"

    def told(expected, remaining, wait=None):
        item = f'"source";r={remaining}' + ("" if wait is None else f";t={wait}")
        return with_headers(expected, ratelimit_policy='"source";q=6;w=6', ratelimit=item)

    yield at_the_issuer("fields", fields, [
        redeem(told(invalid(NO_TOKEN), 5), of(ID, KEY)), step(told(UNKNOWN, 4)), redeem(told(limited(S, 1), 0, 1)), redeem(told(UNKNOWN, 0), at=1000)],
        limits=only(S, 60, 6), response={"rate_limit_fields": True})


def traffic():
    """Seeded traffic on both paths, judged by the model."""
    limits = {"source": quota(120, 6), "client_at_source": quota(60, 4), "client": quota(77, 9), "failure_cost": 2}
    rng, at, steps = random.Random(7), 0, []
    limiter = model.Limiter(config(limits=limits))
    while len(steps) < 120:
        at += rng.choice([0, 0, 1, rng.randrange(1, 1500)])
        app, source, refreshes = f"app-{rng.randrange(3)}", f"192.0.2.{rng.randrange(3)}", rng.random() < 0.6
        kind = rng.choices(["unknown", "malformed", "impossible"], [5, 2, 1])[0]
        charged = None if kind == "malformed" else app
        try:
            refused = limiter.take(at, charged, source)
        except AssertionError:
            continue  # two scopes wait alike
        if refused:
            expected = limited(refused[0], model.seconds(refused[1]), app=charged)
        elif kind == "malformed":
            expected = invalid(NO_TOKEN if refreshes else NO_SECRET)
        else:
            limiter.failure(at, app, source)
            expected = unauthorized("unknown_client" if kind == "unknown" else "bad_credentials", app=app)
        steps.append(call(refreshes, kind, app, expected, at=at, source=source))
    return at_the_issuer("traffic on both paths", "section 3; LIMITER L1-L4: exact decisions, all or nothing", steps, limits=limits)


def call(refreshes, kind, app, expected, **how):
    only_id = f'"appClientId":"{app}"'
    if refreshes:
        body = {"malformed": of(only_id, KEY), "impossible": redemption("", app)}.get(kind, redemption(app=app))
        return redeem(expected, body, **how)
    body = {"malformed": of(only_id), "impossible": credentials(app, "")}.get(kind, credentials(app))
    return step(expected, body, **how)
