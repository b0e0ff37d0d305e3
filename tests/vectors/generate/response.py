"""Section 2: what a 200 looks like, and which tokens cannot be answered."""

from words import *

SUBJECT = "response"
WHAT = "the body and the headers of a 200; tokens that cannot be answered are a 502"


def response(**keys):
    return config(response=keys)


def granted(name, why, answer, made=None, **how):
    return case(name, why, step(gives(answer, **how), says=answer), made=made)


def defective(name, why, answer, reason, made=None):
    return case(name, why, step(broken("tokens", reason=reason), says=answer), made=made)


HOSTILE = [
    ("line feed", "a\nb"), ("carriage return and line feed", "a\r\nSet-Cookie: x=1"), ("space", "a b"), ("space at the end", "a "),
    ("tab", "a\tb"), ("NUL", "a\0"), ("delete", "a\x7f"), ("beyond ASCII", "tökén"), ("emoji", "😀"), ("empty", ""),
]


def cases():
    table = "section 2: token"
    yield granted("four members in order", table, issued())
    yield granted("five members in order", "section 2: IdToken where the authenticator gives one", issued(id_token="eyJpZA"))
    yield granted("no id token, no key", "section 2: absent means the key is absent, never null", issued(id_token=None))
    yield granted("tokens in JWT shape", table, issued("aaa.bbb.ccc", "ddd.eee.fff", id_token="ggg.hhh.iii"))
    yield granted("quotes and backslashes", "section 2: tokens are visible ASCII; JSON escapes them", issued('a"b\\c', '"\\'))
    yield granted("all of visible ASCII", "section 2: tokens are visible ASCII", issued("".join(map(chr, range(0x21, 0x7f)))))
    yield granted("markup is only text", "section 2: X-Content-Type-Options: nosniff", issued("</script><b>&'"))
    yield granted("tokens of one byte", table, issued("a", "r", id_token="i"))
    yield granted("a token of 16 KiB", table, issued("a" * 16384))
    pascal = "section 2: the schema is normative: PascalCase by default"
    camel = "section 2: camelCase is an option; never both at once"
    yield granted("Pascal case, asked for", pascal, issued(id_token="eyJpZA"), response(key_case="pascal"))
    yield granted("camel case", camel, issued(), response(key_case="camel"), camel=True)
    yield granted("camel case with an id token", camel, issued(id_token="eyJpZA"), response(key_case="camel"), camel=True)
    omit = "section 2: Omit, a documented breach of the contract"
    without = issued(refresh=None)
    yield granted("refresh token omitted", omit, without, response(refresh_token="omit"), omit=True)
    yield granted("refresh token given and omitted", omit, issued(), response(refresh_token="omit"), omit=True)
    yield granted("refresh token omitted in camel case", omit, issued(id_token="eyJpZA"),
                  response(refresh_token="omit", key_case="camel"), omit=True, camel=True)
    yield granted("refresh token required, asked for", "section 2: required by default", issued(), response(refresh_token="require"))
    yield defective("no refresh token", "section 2: a host's own authenticator that gives none is a 502", without, NO_REFRESH_TOKEN)
    life = "section 2: ExpiresIn in whole seconds rounded down, below 1 s a 502"
    for name, millis in [("3,600 s", 3_600_000), ("3,599.999 s", 3_599_999), ("1 s", 1000), ("1.999 s", 1999), ("60 s", 60_000),
                         ("86,400 s", 86_400_000), ("ten years", 315_360_000_000)]:
        yield granted(f"life: {name}", life, issued(life_ms=millis))
    for name, millis in [("0 s", 0), ("1 ms", 1), ("999 ms", 999), ("ten years and a second", 315_360_001_000), ("ten years and a millisecond", 315_360_000_001)]:
        yield defective(f"life: {name}", f"{life}; more than 10 years is refused", issued(life_ms=millis), LIFE)
    kind = "section 2: TokenType is Bearer; any case is normalised"
    for word in ["Bearer", "bearer", "BEARER", "bEaReR"]:
        yield granted(f"token type: {word}", kind, issued(token_type=word))
    for word in ["mac", "", "Bearer ", "DPoP", "N_A", "bearer\u200b"]:
        yield case(f"token type: {word!r}", "section 2: an unknown type is a 502", step(broken("contract"), says=issued(token_type=word)))
    hygiene = "section 2: tokens are checked against visible ASCII before a 200; never an empty string"
    for name, text in HOSTILE:
        yield defective(f"access token: {name}", hygiene, issued(access=text), CHARACTERS)
        yield defective(f"refresh token: {name}", hygiene, issued(refresh=text), CHARACTERS)
        yield defective(f"id token: {name}", hygiene, issued(id_token=text), CHARACTERS)
    length = "a token is as long as one may be that comes back (section 2: 16 KiB), and no longer"
    longest, longer = "x" * 16_384, "x" * 16_385
    yield granted("tokens of 16 KiB", length, issued(longest, longest))
    yield defective("access token: over 16 KiB", length, issued(access=longer), LENGTH)
    yield defective("refresh token: over 16 KiB", length, issued(refresh=longer), LENGTH)
    yield defective("id token: over 16 KiB", length, issued(id_token=longer), LENGTH)
    yield granted("a defect of an omitted token is none", omit, issued(refresh="a\nb"), response(refresh_token="omit"), omit=True)
    challenge = "section 2: scheme and realm are configurable"
    quoted = unauthorized()
    quoted["headers"]["www-authenticate"] = 'AppSecret realm="a \\"b\\" \\\\c"'
    yield case("challenge: quotes and backslashes", f"{challenge}; RFC 9110 section 5.6.4",
               step(quoted, says=rejected()), made=response(realm='a "b" \\c'))
    for name, keys in [("scheme", {"scheme": "Token"}), ("realm", {"realm": "an API"}), ("both", {"scheme": "X-App", "realm": "a.b/c"}),
                       ("as by default", {"scheme": "AppSecret", "realm": "token"})]:
        yield case(f"challenge: {name}", challenge, step(unauthorized(**keys), says=rejected()), made=response(**keys))
