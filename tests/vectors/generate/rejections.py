"""Section 2, 401: one answer, whatever the reason."""

from words import *

SUBJECT = "rejections"
WHAT = "every reason of a rejection gives the same bytes; only the host hears the reason"

REASONS = ["bad_credentials", "app_disabled", "app_not_ready", "challenge", "policy_denied", "grant_not_allowed"]
OF_THE_ISSUER = ["unknown_client", "wrong_secret", "disabled"]
WHY = "section 2: unauthorized; one constant sentence, WWW-Authenticate"


def cases():
    for reason in REASONS:
        yield case(reason, WHY, step(unauthorized(reason), says=rejected(reason)))
    for reason in OF_THE_ISSUER:
        yield case(reason, WHY, step(unauthorized(reason), says=rejected(reason)))
    yield case("camel case changes no error", "section 2: key case is of the 200 alone",
               step(unauthorized(), says=rejected()), made=config(response={"key_case": "camel", "refresh_token": "omit"}))
    yield case("late", WHY, step(unauthorized(), says=rejected(), after=4000, ends=4000))
    yield case("a rejection, then a success", "section 2: no lock-out by one failure",
               [step(unauthorized(), says=rejected()), step(gives(), at=6000)])
