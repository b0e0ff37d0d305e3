"""Section 3: who is charged what, and how exactly the limits hold."""

from words import *

SUBJECT = "limits"
WHAT = "the buckets of the limiter: their keys, sizes, refill and exact waits"

S, C, P = "source", "client", "client_at_source"


def app(n):
    return credentials(f"app-{n}")


def burst(count, at=0, **how):
    return [step(gives(), at=at, **how) for _ in range(count)]


def cases():
    defaults = "section 3: ClientAtSource 10 a minute, burst 5"
    yield case("the sixth quick request", defaults, burst(5) + [step(limited(P, 6))])
    yield case("one millisecond early, and in time", f"{defaults}; LIMITER L2: a wait is exact", burst(5) + [
        step(limited(P, 6)), step(limited(P, 1), at=5999), step(gives(), at=6000), step(limited(P, 6), at=6000)])
    yield case("refill while the bucket is in use", defaults, burst(2) + burst(3, at=3000) + [
        step(limited(P, 3), at=3000), step(gives(), at=6000), step(limited(P, 6), at=6000), step(gives(), at=12_000)])
    yield case("an idle bucket holds no more than its burst", f"{defaults}; LIMITER section 8, throttlecrab",
               burst(5) + burst(5, at=3_600_000) + [step(limited(P, 6), at=3_600_000)])
    yield case("a bucket half refilled", defaults, burst(5) + burst(2, at=12_000) + [step(limited(P, 6), at=12_000)])
    yield case("another source has another bucket", defaults, burst(5) + [
        step(limited(P, 6)), step(gives(), source="192.0.2.2")])
    yield case("another app has another bucket", defaults, burst(5) + [
        step(limited(P, 6)), step(gives(app="app-2"), app(2))])
    thirty = [step(gives(app=f"app-{n}"), app(n)) for n in range(30)]
    yield case("thirty apps at one source", "section 3: Source 60 a minute, burst 30", thirty + [
        step(limited(S, 1, app="app-30"), app(30)), step(limited(S, 1, app="app-30"), app(30), at=999),
        step(gives(app="app-30"), app(30), at=1000)])
    yield case("sixty strangers at one app", "section 3: Client 120 a minute, burst 60",
               [step(unauthorized(), says=rejected(), source=f"198.51.100.{n}") for n in range(60)] + [
                   step(limited(C, 1), source="198.51.100.60"), step(limited(C, 1), at=499, source="198.51.100.60"),
                   step(gives(), at=500, source="198.51.100.60")])
    one = config(limits=only("global", 60, 2))
    yield case("one bucket for all", "section 3: Global, none by default", [
        step(gives(app="app-1"), app(1)), step(gives(app="app-2"), app(2), source="192.0.2.2"),
        step(limited("global", 1, app="app-3"), app(3), source="192.0.2.3"), step(gives(app="app-3"), app(3), at=1000)], made=one)
    yield case("a body that does not conform is not charged to all", "section 3: Global is charged once the body parsed", [
        step(invalid(SYNTAX), "{"), step(invalid(SYNTAX), "{"), *burst(2), step(limited("global", 1))], made=one)
    yield case("all limits off", "section 3: each quota is optional", burst(65), made=unlimited())
    yield from waits()
    yield from sources()
    yield from together()
    yield from charged_ids()
    yield from peers()


def waits():
    why = "LIMITER section 7: the wait rounded up, at least 1"
    for name, per_minute, wait_ms, seconds in [("1 ms", 60_000, 1, 1), ("10 ms", 6000, 10, 1), ("1 s", 60, 1000, 1), ("1.2 s", 50, 1200, 2),
                                               ("1.5 s", 40, 1500, 2), ("2 s", 30, 2000, 2), ("60 s", 1, 60_000, 60)]:
        yield case(f"wait of {name}", why, [step(gives()), step(limited(S, seconds)), step(gives(), at=wait_ms)],
                   made=config(limits=only(S, per_minute, 1)))
    yield case("wait of 999 ms", why, [step(gives()), step(limited(S, 1), at=1), step(gives(), at=1000)], made=config(limits=only(S, 60, 1)))
    yield case("wait of 1,001 ms", why, [step(gives()), step(limited(S, 2), at=199), step(gives(), at=1200)], made=config(limits=only(S, 50, 1)))
    yield case("refusals cost nothing", "LIMITER L4; section 8, Upstash", [step(gives()), *[step(limited(S, 1), at=n) for n in range(0, 1000, 50)],
               step(gives(), at=1000)], made=config(limits=only(S, 60, 1)))


def sources():
    tight = config(limits=only(S, 60, 1))
    why = "section 3: IPv6 sources are cut to /64, v4-mapped addresses unwrapped"

    def shared(name, first, second, reason=why, made=tight):
        later = step(limited(S, 1), source=second)
        return case(f"one source: {name}", reason, [step(gives(), source=first), later], made=made)

    def apart(name, first, second, reason=why, made=tight):
        later = step(gives(), source=second)
        return case(f"two sources: {name}", reason, [step(gives(), source=first), later], made=made)

    yield shared("one /64", "2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff")
    yield apart("two /64", "2001:db8:1:2::1", "2001:db8:1:3::1")
    yield shared("mapped and plain", "192.0.2.7", "::ffff:192.0.2.7")
    yield shared("mapped, in hexadecimal", "192.0.2.7", "::ffff:c000:207")
    yield shared("NAT64 and plain", "192.0.2.7", "64:ff9b::192.0.2.7")
    yield apart("two mapped addresses", "::ffff:192.0.2.7", "::ffff:192.0.2.8")
    yield apart("two IPv4 neighbours", "192.0.2.7", "192.0.2.8")
    yield shared("two zones of one address", "fe80::1%eth0", "fe80::1%2", "section 3: a text that parses as an address, zone dropped")
    yield apart("an address and a name", "192.0.2.7", "tenant-7", "section 3: an opaque text of 1-128 bytes")
    yield shared("one name", "tenant-7", "tenant-7", "section 3: an opaque text of 1-128 bytes")
    yield apart("two names", "tenant-7", "tenant-8", "section 3: an opaque text of 1-128 bytes")
    yield apart("names in two cases", "tenant-7", "Tenant-7", "section 3: an opaque text of 1-128 bytes")
    yield apart("a name of 128 bytes", "t" * 128, "t" * 127 + "u", "section 3: an opaque text of 1-128 bytes")
    yield shared("one /48, as configured", "2001:db8:1:2::1", "2001:db8:1:3::1", "section 3; LIMITER section 3: ipv6_prefix 48-64",
                 config(limits=only(S, 60, 1, ipv6_prefix=48)))
    yield apart("two /56, as configured", "2001:db8:1:1ff::1", "2001:db8:1:200::1", "section 3; LIMITER section 3: ipv6_prefix 48-64",
                config(limits=only(S, 60, 1, ipv6_prefix=56)))
    unknown = "section 3: without a source one key stands for all callers"
    yield case("one source: none given", unknown, [
        step(gives(app="app-1"), app(1), source=None, first=["source_unknown"]), step(limited(S, 1, app="app-2"), app(2), source=None),
        step(gives(), source="192.0.2.1")], made=tight)
    yield case("an app at no source", unknown, [step(gives(), source=None, first=["source_unknown"]), *burst(4, source=None),
               step(limited(P, 6), source=None), step(gives())])


def together():
    why = "section 3: all or nothing"
    two = config(limits=dict(OFF, source=quota(60, 2), client_at_source=quota(60, 1)))
    yield case("a refusal by the narrow bucket leaves the wide one", f"{why}; LIMITER section 8, two limiters in a row", [
        step(gives()), step(limited(P, 1)), step(limited(P, 1)), step(gives(app="app-2"), app(2)), step(limited(S, 1, app="app-3"), app(3))], made=two)
    wide = config(limits=dict(OFF, source=quota(60, 1), client_at_source=quota(60, 2)))
    yield case("a refusal by the wide bucket leaves the narrow one", why, [
        step(gives()), *[step(limited(S, 1)) for _ in range(3)], step(gives(), at=1000), step(limited(S, 1), at=1000)], made=wide)
    longest = config(limits=dict(OFF, source=quota(60, 1), client_at_source=quota(10, 1)))
    yield case("the longest wait is told", "LIMITER section 3: refused by several, the longest wait is answered", [
        step(gives()), step(limited(P, 6)), step(limited(P, 5), at=1000), step(limited(P, 1), at=5999), step(gives(), at=6000)], made=longest)
    other = config(limits=dict(OFF, source=quota(10, 1), client_at_source=quota(60, 1)))
    yield case("the longest wait is told, of the source", "LIMITER section 3", [step(gives()), step(limited(S, 6))], made=other)
    third = config(limits=dict(OFF, client_at_source=quota(60, 5), **{"global": quota(1, 2)}))
    yield case("a refusal by the last bucket leaves the first", why, [
        *burst(2), *[step(limited("global", 60)) for _ in range(9)], *burst(1, at=60_000), step(limited("global", 60), at=60_000)], made=third)
    yield case("a refusal for the app leaves the source", why, [
        step(unauthorized(), says=rejected(), source="198.51.100.1"), *[step(limited(C, 60)) for _ in range(5)],
        *[step(gives(app=f"app-{n}"), app(n)) for n in range(3)], step(limited(S, 1, app="app-9"), app(9))],
        made=config(limits=dict(OFF, source=quota(60, 3), client=quota(1, 1), failure_cost=1)))


def charged_ids():
    why = "C4: charged to the id as presented and counted as a failure"
    pair = config(limits=only(P, 60, 5))
    for name, app_id in [("empty", ""), ("over-long", "i" * 129), ("with a line feed", "a\\nb")]:
        body = credentials(app_id).replace("\\\\n", "\\n")
        yield case(f"an impossible id is charged: {name}", why, [
            step(unauthorized(app=None), body), step(limited(P, 1, app=None), body), step(gives(), at=1)], made=pair)
    yield case("an impossible secret is charged to its app", why, [
        step(unauthorized(), credentials(secret="")), step(limited(P, 1)), step(gives(), at=1000)], made=pair)
    yield case("two over-long ids are two keys", why, [
        step(unauthorized(app=None), credentials("i" * 129)), step(unauthorized(app=None), credentials("i" * 129 + "j"))], made=pair)
    yield case("id and source are kept apart", "LIMITER section 4: ('ab', 'c') and ('a', 'bc') differ", [
        step(gives(app="ab"), credentials("ab"), source="c"), step(gives(app="a"), credentials("a"), source="bc")], made=config(limits=only(P, 60, 1)))
    yield case("ids in two cases are two keys", "C4: no case folding", [
        step(gives(app="app"), credentials("app")), step(gives(app="APP"), credentials("APP"))], made=config(limits=only(P, 60, 1)))
    yield case("one id in two spellings is one key", "C1: an escape is another spelling of one id", [
        step(gives()), step(limited(P, 1), credentials().replace("appcl", "\\u0061ppcl"))], made=config(limits=only(P, 60, 1)))
    yield case("a body that does not conform costs its source one", "section 3: a 422 costs only its source", [
        *[step(invalid(SYNTAX), "{") for _ in range(2)], step(gives()), step(limited(S, 1)), step(limited(S, 1, app=None), "{")],
        made=config(limits=only(S, 60, 3)))
    yield case("a body that does not conform costs no app", "section 3: a 422 costs only its source", [
        *[step(invalid(NO_SECRET), '{"appClientId":"appcl-1234"}') for _ in range(9)], step(gives()), step(limited(P, 1))],
        made=config(limits=only(P, 60, 1)))


def peers():
    ten = config(limits=only(S, 60, 10))
    yield case("idle for 17 s", "LIMITER section 8, throttlecrab: B = 10, 1/s", burst(10) + burst(10, at=17_000)
               + [step(limited(S, 1), at=17_000) for _ in range(10)], made=ten)
    yield case("no double burst at the edge of a window", "LIMITER section 8, windows", burst(10, at=59_000) + [step(limited(S, 1), at=59_500),
               step(gives(), at=60_000), step(limited(S, 1), at=60_000), step(gives(), at=61_000)], made=ten)
    polled = [step(gives() if n % 60 == 0 else limited(S, 60 - n % 60), at=n * 1000) for n in range(0, 601, 20)]
    yield case("polling does not starve a key", "LIMITER section 8, ratelimit: 1 per 60 s", polled, made=config(limits=only(S, 1, 1)))
    many = [step(unauthorized(), says=rejected(), source=f"198.51.100.{n}") for n in range(40)]
    yield case("forty addresses at one app", "LIMITER section 8, goiabada: Client holds", many + [
        step(limited(C, 60), source="203.0.113.1")], made=config(limits=only(C, 1, 40)))
    yield case("a wait of 300 ms", "LIMITER section 8, rate-limiter-flexible", [step(gives()), step(limited(S, 1), at=299), step(gives(), at=300)],
               made=config(limits=only(S, 200, 1)))
