"""C4: what conforms but no app can have, and that two spellings are two secrets."""

from words import *

SUBJECT = "credentials"
WHAT = "impossible credentials are a 401 without a call; possible ones reach the authenticator byte for byte"

C4 = "C4: it conforms, so it is a 401, without calling the authenticator"
IMPOSSIBLE_IDS = [
    ("empty", ""), ("129 bytes", "i" * 129), ("43 characters of 129 bytes", "語" * 43), ("8,000 bytes", "i" * 8000),
    ("NUL", "a\0"), ("line feed", "a\nb"), ("carriage return and line feed", "a\r\nX-Injected: 1"), ("tab", "\ta"),
    ("escape", "\x1b[31m"), ("delete", "a\x7f"), ("next line, a C1 control", "a\u0085"), ("only a NUL", "\0"),
]
IMPOSSIBLE_SECRETS = [
    ("empty", ""), ("1,025 bytes", "s" * 1025), ("342 characters of 1,026 bytes", "語" * 342), ("7,000 bytes", "s" * 7000),
    ("NUL", "\0"), ("NUL at the end", SECRET + "\0"), ("line feed at the end", SECRET + "\n"), ("delete", "a\x7fb"),
    ("a C1 control", "\u009f"),
]
POSSIBLE = [
    ("id of 1 byte", "i", SECRET), ("id of 128 bytes", "i" * 128, SECRET), ("id of 128 bytes in 42 characters and 2", "語" * 42 + "ab", SECRET),
    ("secret of 1 byte", APP, "s"), ("secret of 1,024 bytes", APP, "s" * 1024), ("secret of 1,024 bytes in 256 characters", APP, "😀" * 256),
    ("spaces around the id", " appcl-1234 ", SECRET), ("spaces around the secret", APP, f" {SECRET} "), ("a single space each", " ", " "),
    ("id in upper case", "APPCL-1234", SECRET), ("secret in upper case", APP, SECRET.upper()), ("id in full-width letters", "ａｐｐ", SECRET),
    ("composed", APP, "caf\u00e9"), ("decomposed", APP, "cafe\u0301"), ("ligature", APP, "\ufb01n"), ("dotless i", "app\u0131", SECRET),
    ("no-break space", APP, "\u00a0secret"), ("zero-width space", APP, "secret\u200b"), ("right-to-left override", "app\u202e", SECRET),
    ("byte-order mark in the secret", APP, "\ufeffsecret"), ("JSON in the secret", APP, '{"a":"b"}'), ("SQL in the id", "' OR 1=1 --", SECRET),
    ("percent signs are not decoded", "app%00", "a%20b+c"), ("backslashes", "a\\b", "\\n\\0"), ("72 bytes and more", APP, "a" * 72 + "b"),
]


def ascii_body(app, secret):
    """A body with every control character spelled as an escape, as JSON demands."""
    return json.dumps({"appClientId": app, "appSecret": secret}, separators=(",", ":"))


def cases():
    for name, app in IMPOSSIBLE_IDS:
        body = credentials(app) if len(app) > 1000 else ascii_body(app, SECRET)
        yield case(f"impossible id: {name}", C4, step(unauthorized(app=None), body))
    for name, secret in IMPOSSIBLE_SECRETS:
        body = credentials(secret=secret) if len(secret) > 1000 or "語" in secret else ascii_body(APP, secret)
        yield case(f"impossible secret: {name}", C4, step(unauthorized(), body))
    yield case("impossible id and secret", C4, step(unauthorized(app=None), credentials("", "")))
    for name, app, secret in POSSIBLE:
        yield case(f"byte for byte: {name}", "C4: no trimming, no normalisation, no case folding",
                   step(gives(app=app), credentials(app, secret), receives=(app, secret)))
    yield case("two spellings of one letter are two secrets", "C4: two spellings are never one secret", [
        step(gives(), credentials(secret="caf\u00e9")),
        step(unauthorized(), credentials(secret="cafe\u0301"), says=rejected()),
    ], made=unlimited())
