"""Section 3: 429 before 422 before 401 before 502; the deadline; the capacity."""

from words import *

SUBJECT = "order"
WHAT = "precedence, deadline, capacity, and calls that are dropped"

S, P = "source", "client_at_source"
HANGS = dict(says=HANG)


def cases():
    order = "section 3: precedence 429, 422, 401, 502"
    tight = config(limits=only(S, 60, 1))
    for name, body, app in [("malformed", "{", None), ("empty", "", None), ("impossible", credentials(""), None),
                            ("impossible secret", credentials(secret=""), APP), ("right", credentials(), APP)]:
        yield case(f"429 before all: {name}", order, [step(gives()), step(limited(S, 1, app=app), body)], made=tight)
    yield case("429 before a wrong content type", order, [
        step(gives()), step(limited(S, 1, app=None), content_type="text/plain")], made=tight)
    full = config(limits=OFF, max_in_flight=1)
    waiting = step(timed_out(), ends=5000, **HANGS)
    yield case("422 before a full house", order, [waiting, step(invalid(SYNTAX), "{", at=1)], made=full)
    yield case("401 of the impossible before a full house", "section 3; LIMITER section 3: judged before capacity", [
        step(timed_out(), ends=5000, **HANGS), step(unauthorized(app=None), credentials(""), at=1)], made=full)
    yield from capacity()
    yield from deadline()
    yield from drops()


def capacity():
    why = "section 2: too many in flight; LIMITER section 3: 429, Retry-After 1, at once"
    one = config(limits=OFF, max_in_flight=1)
    yield case("the second of one", why, [
        step(gives(), after=100, ends=100), step(limited("capacity", 1), at=50), step(gives(), at=100)], made=one)
    two = config(limits=OFF, max_in_flight=2)
    yield case("the third of two", why, [
        step(gives(), after=100, ends=100), step(gives(app="app-2"), credentials("app-2"), after=200, ends=200),
        step(limited("capacity", 1), at=50), step(gives(), at=100, after=10, ends=110), step(limited("capacity", 1), at=105),
        step(gives(), at=200)], made=two)
    yield case("sixty-four by default", why, [
        *[step(gives(app=f"app-{n}"), credentials(f"app-{n}"), after=100, ends=100) for n in range(64)],
        step(limited("capacity", 1), at=1), step(gives(), at=100)], made=unlimited())
    for name, ends, answer in [("a rejection", unauthorized(), rejected()), ("a fault", broken("other"), failed())]:
        yield case(f"{name} frees its place", why, [
            step(ends, says=answer, after=100, ends=100), step(limited("capacity", 1), at=50), step(gives(), at=100)], made=one)
    yield case("a panic frees its place", why, [step(broken("panic"), says=PANIC), step(gives())], made=one)
    paid = config(limits=only(P, 60, 2), max_in_flight=1)
    yield case("a full house gives nothing back", "LIMITER section 3: a 429 for capacity leaves the charges as they stand", [
        step(gives(), after=10, ends=10), step(limited("capacity", 1), at=5), step(limited(P, 1), at=10), step(gives(), at=1000)], made=paid)


def deadline():
    why = "section 3: one deadline over the whole path; past it 502 and an event"
    yield case("an authenticator that hangs", why, [step(timed_out(), ends=5000, **HANGS), step(gives(), at=5001)])
    yield case("just in time", why, step(gives(), after=4999, ends=4999))
    yield case("too late", why, [step(timed_out(), says=issued(), after=5001, ends=5000), step(gives(), at=6000)])
    yield case("a shorter deadline", "section 3: deadline_ms", step(timed_out(), ends=250, **HANGS), made=config(deadline_ms=250))
    yield case("a longer deadline", "section 3: deadline_ms", step(gives(), after=59_000, ends=59_000), made=config(deadline_ms=60_000))
    yield case("a rejection just in time", why, step(unauthorized(), says=rejected(), after=4999, ends=4999))
    yield case("the deadline frees the place", why, [
        step(timed_out(), ends=5000, **HANGS), step(limited("capacity", 1), at=4999), step(gives(), at=5000)],
        made=config(limits=OFF, max_in_flight=1))
    yield case("each call has its own deadline", why, [
        step(timed_out(), ends=5000, **HANGS), step(timed_out(), at=3000, ends=8000, **HANGS), step(gives(), at=6000, after=1, ends=6001)], made=unlimited())
    yield case("a call past its deadline is no failure", "LIMITER section 3: a 502 leaves the charges as they stand", [
        step(timed_out(), ends=100, **HANGS), step(gives(), at=100), step(limited(P, 1), at=100)],
        made=config(limits=only(P, 60, 2), deadline_ms=100))


def drops():
    why = "section 4: cancelled, the call was dropped"
    yield case("a caller that goes away", why, [step(dropped(), drop=100, **HANGS), step(gives(), at=101)])
    yield case("a dropped call frees its place", why, [
        step(dropped(), drop=100, **HANGS), step(limited("capacity", 1), at=50), step(gives(), at=100)],
        made=config(limits=OFF, max_in_flight=1))
    yield case("a dropped call keeps its charge", "section 4; BINDINGS section 5: the charge stays taken", [
        step(dropped(), drop=100, **HANGS), step(limited(P, 1), at=100)], made=config(limits=only(P, 60, 1)))
    yield case("one of two goes away", why, [
        step(dropped(), drop=100, **HANGS), step(gives(app="app-2"), credentials("app-2"), after=200, ends=200)], made=unlimited())
