"""Section 2, 429 and 502 from behind: throttles, faults, and their Retry-After."""

from words import *

SUBJECT = "upstream"
WHAT = "throttles and faults of what issues the tokens"

FAULTS = ["unreachable", "timeout", "tls", "redirect", "too_large", "contract", "config", "waf_blocked", "server_error",
          "breaker_open", "store", "signer", "random", "other"]
# Milliseconds that were asked for, seconds that are answered.
WAITS = [(0, 1), (1, 1), (400, 1), (999, 1), (1000, 1), (1001, 2), (1200, 2), (7000, 7), (7500, 8), (60_000, 60), (3_599_001, 3600),
         (3_600_000, 3600), (3_600_001, 3600), (7_200_000, 3600), (86_400_000, 3600), (315_360_000_000, 3600)]


def cases():
    clamp = "section 2: Retry-After rounded up, from upstream clamped to 1..3600"
    for reason in ["throttled", "lockout", "busy"]:
        yield case(f"429: {reason}", "section 2: upstream throttle or lockout", step(
            limited("upstream", 30, reason=reason), says=throttled(reason, 30_000)))
    yield case("429: throttled, no wait given", "section 2: Retry-After on every 429, at least 1",
               step(limited("upstream", 1, reason="throttled"), says=throttled()))
    yield case("429: busy, no wait given", "section 2: Retry-After on every 429, at least 1",
               step(limited("upstream", 1, reason="busy"), says=throttled("busy")))
    yield case("429: lockout, no wait given", "SECURITY section 6, F7: a lockout without a wait is 60 s",
               step(limited("upstream", 60, reason="lockout"), says=throttled("lockout")))
    for millis, seconds in WAITS:
        yield case(f"429: wait of {millis} ms", clamp, step(
            limited("upstream", seconds, reason="throttled"), says=throttled(retry_after_ms=millis)))
    for reason in FAULTS:
        yield case(f"502: {reason}", "section 2: downstream; Retry-After only where upstream gave one",
                   step(broken(reason), says=failed(reason)))
    for reason in ["server_error", "breaker_open"]:
        yield case(f"502: {reason} with a wait", "section 2: Retry-After when upstream gave one or the breaker is open",
                   step(broken(reason, 17), says=failed(reason, 17_000)))
    for millis, seconds in WAITS:
        yield case(f"502: wait of {millis} ms", clamp, step(broken("server_error", seconds), says=failed("server_error", millis)))
    yield case("502: something panics", "section 2: panic", [
        step(broken("panic"), says=PANIC), step(gives(), at=1)])
    yield case("502: a fault leaves no trace", "section 3: the next call works", [
        step(broken("other"), says=failed()), step(gives(), at=1)])
