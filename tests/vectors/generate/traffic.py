"""Section 3 in long runs: seeded traffic, judged by the model of exact fractions."""

import random

import model
from words import *

SUBJECT = "traffic"
WHAT = "long mixed traffic whose every answer is that of an exact model of the limiter"

MIXES = [
    ("narrow buckets", {"source": quota(60, 4), "client_at_source": quota(24, 3), "client": quota(36, 5)}, 3000),
    ("with a bucket for all", dict(OFF, client=quota(24, 3), **{"global": quota(50, 4)}), 2500),
    ("failures cost little", {"source": quota(120, 6), "client_at_source": quota(40, 4), "client": quota(7, 9), "failure_cost": 2}, 1200),
    ("long idle times", {"source": quota(11, 3), "client_at_source": quota(3, 2), "client": quota(13, 3)}, 90_000),
    ("the defaults", {}, 900),
]


def one(limiter, rng, at):
    """One call with what the model expects of it, or None if two scopes wait alike."""
    app, source = f"app-{rng.randrange(3)}", f"192.0.2.{rng.randrange(3)}"
    kind = rng.choices(["right", "wrong", "malformed", "impossible", "broken"], [10, 4, 1, 1, 1])[0]
    body = {"malformed": "{", "impossible": credentials(app, "")}.get(kind, credentials(app))
    try:
        refused = limiter.take(at, None if kind == "malformed" else app, source)
    except AssertionError:
        return None
    how = dict(body=body, at=at, source=source)
    if refused:
        return step(limited(refused[0], model.seconds(refused[1]), app=None if kind == "malformed" else app), **how)
    if kind == "malformed":
        return step(invalid(SYNTAX), **how)
    if kind == "broken":
        return step(broken("other", app=app), says=failed(), **how)
    if kind == "right":
        limiter.known.add((app, source))
        return step(gives(app=app), **how)
    limiter.failure(at, app, source)
    return step(unauthorized(app=app), says=rejected() if kind == "wrong" else None, **how)


def cases():
    for seed, (name, limits, pause) in enumerate(MIXES):
        rng, made, at, steps = random.Random(seed), config(limits=limits), 0, []
        limiter = model.Limiter(made)
        while len(steps) < 80:
            at += rng.choice([0, 0, 1, rng.randrange(1, pause)])
            made_step = one(limiter, rng, at)
            if made_step:
                steps.append(made_step)
        yield case(f"traffic: {name}", "section 3; LIMITER L1-L4: exact decisions, all or nothing", steps, made=made)
