"""Section 4 and the options: what the host hears, and the RateLimit fields it may choose."""

from words import *

SUBJECT = "hosts"
WHAT = "events with what the host gave, and RateLimit fields"

S, P = "source", "client_at_source"


def cases():
    why = "section 4: an event carries the request id and the source that the host gave"
    for name, request_id in [("none", None), ("a UUID", "0190b7e2-7f5c-7cc0-9a51-3a1f3b6f6a10"), ("any text", "a b/ü\"😀"), ("empty", "")]:
        yield case(f"request id: {name}", why, step(gives(), request_id=request_id))
    for source in ["192.0.2.1", "2001:db8::1", "tenant-7", "a tenant with spaces"]:
        yield case(f"source: {source}", why, step(gives(), source=source))
    yield case("source: an address, mapped", why, step(gives(), source="::ffff:192.0.2.1"))
    yield case("source: an address, spelled at length", why, step(gives(), source="2001:0DB8:0:0:0:0:0:1"))
    yield case("source: none, said once", "section 3: without a source one key stands for all callers", [
        step(gives(), source=None, first=["source_unknown"]), step(gives(), source=None), step(gives())])
    for name, ends, how in [("rejected", unauthorized(), dict(says=rejected())), ("failed", broken("other"), dict(says=failed())),
                            ("invalid", invalid(SYNTAX), dict(body="{")), ("timed out", timed_out(), dict(says=HANG, ends=5000)),
                            ("dropped", dropped(), dict(says=HANG, drop=1)),
                            ("throttled", limited("upstream", 1, reason="throttled"), dict(says=throttled()))]:
        yield case(f"an event that has all: {name}", why, step(ends, source="2001:db8::1", request_id="req-1", **how))
    app_id = "section 4: the app id when it is well formed, and nothing else of the input"
    yield case("a well-formed id that nobody has", app_id, step(
        unauthorized(app="' OR 1=1 --"), credentials("' OR 1=1 --"), says=rejected()))
    yield case("an id that is not well formed", app_id, step(unauthorized(app=None), '{"appClientId":"a\\u001b[31m","appSecret":"b"}'))
    yield case("an id of a body that does not conform", app_id, step(invalid(NO_SECRET), '{"appClientId":"appcl-1234"}'))
    yield from fields()


def fields():
    why = "section 2: RateLimit and RateLimit-Policy, for the source bucket only; LIMITER section 7"
    on = {"rate_limit_fields": True}

    def told(expected, remaining, wait=None, q=30, w=30):
        item = f'"source";r={remaining}' + ("" if wait is None else f";t={wait}")
        return with_headers(expected, ratelimit_policy=f'"source";q={q};w={w}', ratelimit=item)

    default = config(response=on)
    yield case("fields: 200", why, [step(told(gives(), 29)), step(told(gives(), 28)), step(told(gives(), 28), at=1500), step(told(gives(), 29), at=3000)], made=default)
    yield case("fields: 401 tells of the take", f"{why}: r = whole tokens as of the take", [
        step(told(unauthorized(), 29), says=rejected()), step(told(gives(app="app-2"), 24), credentials("app-2"))], made=default)
    yield case("fields: 422", why, step(told(invalid(SYNTAX), 29), "{"), made=default)
    yield case("fields: 502", why, step(told(broken("other"), 29), says=failed()), made=default)
    tight = config(response=on, limits=only(S, 40, 2))
    yield case("fields: 429 by the source", f"{why}: t = Retry-After", [
        step(told(gives(), 1, q=2, w=3)), step(told(gives(), 0, q=2, w=3)), step(told(limited(S, 2), 0, 2, q=2, w=3)),
        step(told(limited(S, 1), 0, 1, q=2, w=3), at=1499), step(told(gives(), 0, q=2, w=3), at=1500)], made=tight)
    policy = {"ratelimit_policy": '"source";q=30;w=30'}
    yield case("fields: 429 by another scope", "LIMITER section 7: a 429 by another scope has no RateLimit", [
        step(told(gives(), 29)), step(with_headers(limited(P, 60), **policy))],
        made=config(response=on, limits={"client_at_source": quota(1, 1)}))
    yield case("fields: no limit for sources, no fields", why, step(gives()), made=config(response=on, limits={"source": False}))
    yield case("fields: off by default", why, step(gives()), made=config(response={"rate_limit_fields": False}))
    yield case("fields: w rounded up", f"{why}: w = ceil(B x T)", step(told(gives(), 6, q=7, w=9)), made=config(response=on, limits=only(S, 50, 7)))
    yield case("fields: never below zero", why, [
        step(told(unauthorized(), 1, q=2, w=2), says=rejected()), step(told(limited(S, 4), 0, 4, q=2, w=2))],
        made=config(response=on, limits=only(S, 60, 2)))
