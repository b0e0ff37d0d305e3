"""What becomes of a refresh token that is redeemed: SECURITY section 4.4, seen from outside.

An app is made for each case. What is random has a name: `<app>` and `<secret>` are the app's id and its
secret, `<access-N>` and `<refresh-N>` the tokens that step N gave first. A name says that it is the same again.
"""

from refresh import redemption
from words import *

SUBJECT = "redemption"
WHAT = "refresh tokens that are redeemed: successors, the grace, what ends a family, and what leaves it as it was"

APP_ID, APP_KEY = "<app>", "<secret>"
S, C, P = "source", "client", "client_at_source"


def tokens(number, refresh=None, life_ms=3_600_000, **how):
    """200 by the step of that number: a new access token, and a refresh token, new if no other is said."""
    shown = refresh or number
    return gives(issued(f"<access-{number}>", f"<refresh-{shown}>", life_ms), app=APP_ID, **how)


def ask(expected, secret=APP_KEY, **how):
    return step(expected, credentials(APP_ID, secret), says=None, **how)


def redeem(expected, number, secret=APP_KEY, body=None, **how):
    """The refresh token of the step of that number, or any text, is shown."""
    token = number if isinstance(number, str) else f"<refresh-{number}>"
    return step(expected, body or redemption(token, APP_ID, secret), says=None, path=REFRESH, **how)


def no(reason, **how):
    return unauthorized(reason, app=APP_ID, **how)


def with_an_app(name, why, steps, limits=OFF, issuer=None, **keys):
    made = config(limits=limits, **keys)
    made["authenticator"] = dict(ISSUER["authenticator"], **(issuer or {}))
    return case(f"redemption: {name}", why, steps, made=made, app="billing")


def cases():
    yield with_an_app("one after another", "SECURITY 4.4, R4, R7", [
        ask(tokens(1)), redeem(tokens(2), 1), redeem(tokens(3), 2), redeem(tokens(4), 3, at=600_000)])
    yield with_an_app("a lost answer, inside the grace", "SECURITY 4.4, R8: the same successor, a fresh access token", [
        ask(tokens(1)), redeem(tokens(2), 1), redeem(tokens(3, 2), 1), redeem(tokens(4, 2), 1, at=9000), redeem(tokens(5), 2, at=9000)])
    yield with_an_app("a lost answer, after the grace", "SECURITY 4.4, R9, R10: a new successor; the old one is dead", [
        ask(tokens(1)), redeem(tokens(2), 1), redeem(tokens(3), 1, at=12_000), redeem(tokens(4, 3), 1, at=13_000),
        redeem(no("refresh_reused"), 2, at=13_000), redeem(no("refresh_revoked"), 3, at=13_000)])
    yield with_an_app("no grace", "SECURITY 4.4, R9; section 4.1: grace 0-60 s", [
        ask(tokens(1)), redeem(tokens(2), 1), redeem(tokens(3), 1, at=2000), redeem(no("refresh_reused"), 2, at=2000)], issuer={"refresh_grace_seconds": 0})
    yield with_an_app("a longer grace", "SECURITY 4.4, R8; section 4.1: grace 0-60 s", [
        ask(tokens(1)), redeem(tokens(2), 1), redeem(tokens(3, 2), 1, at=58_000), redeem(tokens(4), 1, at=62_000)], issuer={"refresh_grace_seconds": 60})
    yield with_an_app("one that was used again", "SECURITY 4.4, R12: older; the family has ended", [
        ask(tokens(1)), redeem(tokens(2), 1), redeem(tokens(3), 2), redeem(no("refresh_reused"), 1),
        *[redeem(no("refresh_revoked"), number) for number in (3, 2, 1)], ask(tokens(8)), redeem(tokens(9), 8)])
    yield with_an_app("two families", "SECURITY 4.4: a reuse ends its own family alone", [
        ask(tokens(1)), ask(tokens(2)), redeem(tokens(3), 1), redeem(tokens(4), 3), redeem(no("refresh_reused"), 1), redeem(tokens(6), 2)])
    yield with_an_app("one that lay too long", "SECURITY 4.3: expiry; idle 7 days by default, here 60 s", [
        ask(tokens(1)), redeem(tokens(2), 1, at=59_000), redeem(tokens(3), 2, at=118_000), redeem(no("refresh_expired"), 3, at=178_000)],
        issuer={"refresh_idle_seconds": 60})
    yield with_an_app("a family that is too old", "SECURITY 4.3: expiry; absolute 30 days by default, here 100 s", [
        ask(tokens(1)), redeem(tokens(2), 1, at=50_000), redeem(tokens(3), 2, at=99_000), redeem(no("refresh_expired"), 3, at=100_000)],
        issuer={"refresh_idle_seconds": 60, "refresh_seconds": 100})
    yield with_an_app("others than it", "SECURITY 4.3: a forged or foreign token never reaches the ledger", [
        ask(tokens(1)), redeem(no("refresh_unknown"), "<refresh-1>A"), redeem(no("refresh_unknown"), " <refresh-1>"), redeem(no("refresh_unknown"), "<access-1>"),
        redeem(no("refresh_unknown"), "tsrt_" + "AQAB" * 29), redeem(no("bad_credentials"), "<refresh-1>\\n".replace("\\n", "\n")), redeem(tokens(7), 1)])
    yield with_an_app("credentials are judged first", "SECURITY 4.3, step 2; a failed call leaves the family as it was", [
        ask(tokens(1)), redeem(no("wrong_secret"), 1, secret="wrong"), redeem(no("wrong_secret"), "none of ours", secret="<secret>x"),
        redeem(no("bad_credentials"), 1, secret=""),
        step(unauthorized("unknown_client"), redemption("<refresh-1>"), path=REFRESH), ask(no("wrong_secret"), secret="wrong"), redeem(tokens(7), 1)])
    yield with_an_app("bodies that conform", "section 2: body cap 24 KiB; C1, C2", [
        ask(tokens(1)), redeem(tokens(2), 1, body='{ "x": [1e400], "refreshToken": "<refresh-1>", "appSecret": "<secret>", "appClientId": "<app>" }'),
        redeem(tokens(3), 2, body=redemption("<refresh-2>", APP_ID, APP_KEY)[:-1] + ',"x":"' + "a" * 9000 + '"}'),
        redeem(invalid(REPEATED), 3, body=redemption("<refresh-3>", APP_ID, APP_KEY)[:-1] + ',"appSecret":"x"}'), redeem(tokens(5), 3)])
    yield from of_the_answer()
    yield from of_the_limits()


def of_the_answer():
    yield with_an_app("camel case", "section 2: camelCase is an option", [ask(tokens(1, camel=True)), redeem(tokens(2, camel=True), 1)], response={"key_case": "camel"})
    omit = [step(gives(issued(f"<access-{n}>", None), app=APP_ID, omit=True), credentials(APP_ID, APP_KEY), says=None) for n in (1, 2)]
    yield with_an_app("refresh tokens omitted", "section 2: Omit", omit, response={"refresh_token": "omit"})
    yield with_an_app("a shorter life", "section 2: ExpiresIn in whole seconds", [
        ask(tokens(1, life_ms=60_000)), redeem(tokens(2, life_ms=60_000), 1)], issuer={"token_seconds": 60})
    yield with_an_app("scheme and realm", "section 2: scheme and realm are configurable", [
        ask(tokens(1)), redeem(no("refresh_unknown", scheme="Token", realm="an API"), "other")], response={"scheme": "Token", "realm": "an API"})


def of_the_limits():
    yield with_an_app("a refusal spends nothing", "section 3: 429 before all; section 2: the same limiter", [
        ask(tokens(1)), redeem(limited(P, 1, app=APP_ID), 1), redeem(tokens(3), 1, at=1000), ask(limited(P, 1, app=APP_ID), at=1000)],
        limits=only(P, 60, 1))
    yield with_an_app("a token that is not good is a failure", "section 3: a failed authentication costs failure_cost, default 5", [
        ask(tokens(1)), redeem(no("refresh_unknown"), "other"), ask(limited(P, 12, app=APP_ID)), redeem(tokens(4), 1, at=12_000)],
        limits={"client_at_source": quota(10, 2), "failure_cost": 2})
    yield with_an_app("who redeems is known", "section 3: a pair (app, source) that has succeeded is not charged to Client", [
        ask(tokens(1), source="192.0.2.1"), redeem(tokens(2), 1, source="192.0.2.2"), ask(limited(C, 60, app=APP_ID), source="192.0.2.3"),
        redeem(tokens(4), 2, source="192.0.2.2"), ask(tokens(5), source="192.0.2.2")], limits=only(C, 1, 2))
