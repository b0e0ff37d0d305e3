"""Section 3: what a failed authentication costs, and whose bucket a stranger can empty."""

from words import *

SUBJECT = "failures"
WHAT = "failure cost, debt, and known callers"

S, C, P = "source", "client", "client_at_source"
WRONG = dict(says=rejected())


def cases():
    cost = "section 3: a failed authentication costs failure_cost, default 5"
    yield case("one failure empties the pair's bucket", cost, [
        step(unauthorized(), **WRONG), step(limited(P, 6)), step(limited(P, 1), at=5999), step(gives(), at=6000)])
    yield case("two failures run into debt", f"{cost}; LIMITER section 3: debt is paid off before the next grant", [
        step(unauthorized(), **WRONG), step(unauthorized(), at=6000, **WRONG), step(limited(P, 30), at=6000),
        step(limited(P, 1), at=35_999), step(gives(), at=36_000)])
    yield case("a success between failures", cost, [
        step(unauthorized(), **WRONG), step(gives(), at=6000), step(limited(P, 6), at=6000), step(unauthorized(), at=12_000, **WRONG),
        step(limited(P, 30), at=12_000)])
    yield case("a failure costs its source as much", cost, [
        *[step(unauthorized(app=f"app-{n}"), credentials(f"app-{n}"), **WRONG) for n in range(6)],
        step(limited(S, 1, app="app-6"), credentials("app-6")), step(gives(app="app-6"), credentials("app-6"), at=1000)])
    yield case("a failure costs its app one", "section 3: a failure's extra cost goes to Source and ClientAtSource, none to Client", [
        step(unauthorized(), **WRONG), step(unauthorized(), source="192.0.2.2", **WRONG), step(limited(C, 1), source="192.0.2.3")],
        made=config(limits=only(C, 60, 2)))
    yield case("a failure costs everyone one", "section 3: none to Global", [
        step(unauthorized(), **WRONG), step(unauthorized(), **WRONG), step(limited("global", 1))], made=config(limits=only("global", 60, 2)))
    yield case("impossible credentials are a failure", "C4: counted as a failure", [
        step(unauthorized(), credentials(secret="\\n").replace("\\\\n", "\\n")), step(limited(P, 6))])
    yield case("a failure cost of 1", "section 3: failure_cost is configurable", [
        *[step(unauthorized(), **WRONG) for _ in range(5)], step(limited(P, 6))], made=config(limits={"failure_cost": 1}))
    yield case("a failure cost of 10", "section 3: failure_cost is configurable", [
        step(unauthorized(), **WRONG), step(limited(P, 36)), step(limited(P, 1), at=35_999), step(gives(), at=36_000)],
        made=config(limits={"failure_cost": 10}))
    yield case("debt is bounded", "LIMITER section 2: debt at most (failure_cost - 1) x max_in_flight", [
        step(unauthorized(), **WRONG), step(limited(S, 100)), step(unauthorized(), at=100_000, **WRONG), step(limited(S, 100), at=100_000)],
        made=config(limits=only(S, 60, 1, failure_cost=100), max_in_flight=1))
    for name, ends, answer in [("a fault downstream", broken("other"), failed()),
                               ("an upstream throttle", limited("upstream", 9, reason="throttled"), throttled(retry_after_ms=9000)),
                               ("tokens that cannot be answered", broken("tokens", reason=LIFE), issued(life_ms=0))]:
        yield case(f"{name} is no failure", "LIMITER section 3: a 502 and an upstream 429 leave the charges as they stand", [
            *[step(ends, says=answer) for _ in range(5)], step(limited(P, 6)), step(gives(), at=6000)])
    yield from known()


def known():
    why = "section 3: a pair (app, source) that has succeeded is not charged to Client"
    made = config(limits=only(C, 1, 3, failure_cost=1))
    strangers = [step(unauthorized(), source=f"198.51.100.{n}", **WRONG) for n in range(2)]
    yield case("strangers empty an app's bucket, not for its owner", why, [
        step(gives()), *strangers, step(limited(C, 60), source="198.51.100.9"), *[step(gives()) for _ in range(20)]], made=made)
    yield case("the owner at a new source is a stranger", why, [
        step(gives()), *strangers, step(limited(C, 60), source="192.0.2.2"), step(gives(), at=60_000, source="192.0.2.2"),
        step(gives(), at=60_000, source="192.0.2.2"), step(limited(C, 60), at=60_000, source="198.51.100.9")], made=made)
    yield case("a known pair does not pay for the app", why, [
        step(gives()), *[step(gives()) for _ in range(9)], *strangers, step(limited(C, 60), source="198.51.100.9")], made=made)
    yield case("a failure of a known pair keeps it known", why, [
        step(gives()), step(unauthorized(), **WRONG), *strangers, step(limited(C, 60), source="198.51.100.9"), step(gives())], made=made)
    yield case("one app known at a source makes no other app known there", why, [
        step(gives(app="app-1"), credentials("app-1")), *[step(unauthorized(), **WRONG) for _ in range(3)], step(limited(C, 60)),
        step(gives(app="app-1"), credentials("app-1"))], made=made)
    yield case("a failed call makes nobody known", why, [
        *[step(broken("other"), says=failed()) for _ in range(3)], step(limited(C, 60))], made=made)
    yield case("a known pair pays for its source and itself", f"{why}, only to ClientAtSource and the rest", [
        *[step(gives()) for _ in range(5)], step(limited(P, 6))], made=config(limits={"client": quota(1, 1)}))
