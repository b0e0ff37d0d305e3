"""The limiter as LIMITER.md describes it, with exact fractions: the judge of every expected 429.

It shares no code and no representation with the library: a bucket is its level, a rational number.
"""

import base64
import ipaddress
import json
import math
from fractions import Fraction

DEFAULTS = {
    "source": {"per_minute": 60, "burst": 30}, "client_at_source": {"per_minute": 10, "burst": 5},
    "client": {"per_minute": 120, "burst": 60}, "global": False, "failure_cost": 5, "ipv6_prefix": 64,
}


class Bucket:
    def __init__(self, quota, debt):
        self.per_ms, self.burst, self.debt = Fraction(quota["per_minute"], 60_000), quota["burst"], debt
        self.level, self.at = Fraction(self.burst), 0

    def now(self, at):
        self.level = min(Fraction(self.burst), self.level + (at - self.at) * self.per_ms)
        self.at = at
        return self.level

    def wait(self, at):
        return max(Fraction(0), (1 - self.now(at)) / self.per_ms)

    def penalize(self, cost):
        self.level = max(self.level - cost, Fraction(-self.debt))


class Limiter:
    def __init__(self, config):
        self.limits = dict(DEFAULTS, **config.get("limits", {}))
        self.capacity = config.get("max_in_flight", 64)
        self.debt = (self.limits["failure_cost"] - 1) * self.capacity
        self.buckets, self.known, self.in_flight = {}, set(), 0

    def source(self, text):
        try:
            address = ipaddress.ip_address(text and text.split("%")[0])
        except ValueError:
            return text
        if address.version == 4:
            return str(address)
        if address.ipv4_mapped or address in ipaddress.ip_network("64:ff9b::/96"):
            return str(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        return str(ipaddress.ip_network((int(address), self.limits["ipv6_prefix"]), strict=False))

    def charged(self, app, source):
        """The scopes and keys that a request is charged to; `app` is None while the body is not one."""
        keys = [("source", source)]
        if app is not None:
            keys.append(("client_at_source", (app, source)))
            if (app, source) not in self.known:
                keys.append(("client", app))
            keys.append(("global", ""))
        return [(scope, key) for scope, key in keys if self.limits[scope]]

    def bucket(self, scope, key):
        debt = self.debt if scope in ("source", "client_at_source") else 0
        return self.buckets.setdefault((scope, key), Bucket(self.limits[scope], debt))

    def take(self, at, app, source):
        """None, or the scope that refuses and its wait in milliseconds; a tie is None of our business."""
        waits = [(self.bucket(*k).wait(at), k[0]) for k in self.charged(app, source)]
        longest = max(waits, default=(0, None))
        if longest[0] > 0:
            assert [w for w, _ in waits].count(longest[0]) == 1, "two scopes with one wait"
            return longest[1], longest[0]
        for key in self.charged(app, source):
            self.bucket(*key).level -= 1
        return None

    def failure(self, at, app, source):
        for scope, key in [("source", source), ("client_at_source", (app, source))]:
            if self.limits[scope]:
                self.bucket(scope, key).now(at)
                self.bucket(scope, key).penalize(self.limits["failure_cost"] - 1)


def seconds(wait_ms):
    return max(1, math.ceil(Fraction(wait_ms) / 1000))


def presented(request):
    """The pair that a body presents, or None. (The phrases of the others are not the model's.)"""
    body = request["body"]
    raw = base64.b64decode(body["base64"]) if "base64" in body else body["text"].encode()
    try:
        pair = json.loads(raw)
        if request.get("path") == "/token/refresh":
            pair["refreshToken"]  # without it the body presents nothing
        return pair["appClientId"], pair["appSecret"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def check(case):
    """Goes through a case step by step; what it expects of limits and capacity must be what they are."""
    limiter, pending, now = Limiter(case["config"]), [], 0
    for number, step in enumerate(case["steps"]):
        assert step["at_ms"] >= now, (case["name"], number, "steps are in the order of time")
        now = step["at_ms"]
        for due in sorted([p for p in pending if p[0] <= now], key=lambda p: p[0]):
            conclude(limiter, *due)
        pending = [p for p in pending if p[0] > now]
        terminal = step["expect"]["events"][-1]
        found = admit(limiter, step, now)
        said = terminal.get("by") if terminal["event"] == "rate_limited" else None
        told = None if said in (None, "upstream") else (said, terminal["retry_after_s"])
        assert found == told, (case["name"], number, "the model says", found, "the case", told)
        check_fields(limiter, step, now)
        if found is None and refused_without_a_call(step):
            limiter.failure(now, presented(step["request"])[0], limiter.source(step["request"]["source"]))
        if found is None and step["authenticator"] is None and step["expect"].get("status") == 200:
            limiter.known.add((presented(step["request"])[0], limiter.source(step["request"]["source"])))
        if found is None and step["authenticator"] is not None:
            limiter.in_flight += 1
            ends = step.get("drop_at_ms", step.get("answer_at_ms", now))
            pending.append((ends, step))
            if ends == now:
                conclude(limiter, *pending.pop())


def check_fields(limiter, step, now):
    """RateLimit tells the whole tokens of the source's bucket as of the take, and its size."""
    headers, limit = step["expect"].get("headers", {}), limiter.limits["source"]
    if "ratelimit" in headers:
        left = max(0, math.floor(limiter.bucket("source", limiter.source(step["request"]["source"])).now(now)))
        assert headers["ratelimit"].startswith(f'"source";r={left}'), (step, left)
    if "ratelimit-policy" in headers:
        window = math.ceil(Fraction(limit["burst"] * 60, limit["per_minute"]))
        assert headers["ratelimit-policy"] == f'"source";q={limit["burst"]};w={window}', step


def admit(limiter, step, now):
    """None if the call comes as far as the authenticator or fails before it, else who refuses."""
    pair = presented(step["request"])
    if step["expect"].get("status") == 422:
        pair = None
    source = limiter.source(step["request"]["source"])
    refused = limiter.take(now, pair and pair[0], source)
    if refused:
        return refused[0], seconds(refused[1])
    if pair is None:
        return None
    if refused_without_a_call(step):
        return None
    if limiter.in_flight >= limiter.capacity:
        return "capacity", 1
    return None


def refused_without_a_call(step):
    """A 401 that is no answer of a host's: of what cannot be, or of the issuer, which answers at once."""
    return step["authenticator"] is None and step["expect"].get("status") == 401


def conclude(limiter, at, step):
    limiter.in_flight -= 1
    source = limiter.source(step["request"]["source"])
    app = presented(step["request"])[0]
    status = step["expect"].get("status")
    if status == 401:
        limiter.failure(at, app, source)
    if status == 200:
        limiter.known.add((app, source))
