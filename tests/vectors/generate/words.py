"""The contract's table in words: what a step sends, what the authenticator says, what must come back.

Nothing here is taken from an implementation. Sentences, headers and key names are those of the
contract; a subject's module writes each expectation with them.
"""

import base64
import copy
import ipaddress
import json

APP = "appcl-1234"
SECRET = "34wegskgheaorht359ynklbnv"
SOURCE = "192.0.2.1"
JSON = "application/json"
HOST = {"authenticator": {"kind": "host"}}
ISSUER = {"authenticator": {"kind": "issuer"}}
REFRESH = "/token/refresh"
OFF = {"source": False, "client_at_source": False, "client": False, "global": False}

ALWAYS = {"cache-control": "no-store", "pragma": "no-cache", "x-content-type-options": "nosniff"}
SENTENCES = {
    401: "the app id or the secret is not valid",
    429: "too many requests",
    502: "the authentication service failed",
}
# The phrases of a 422, first fault first.
CONTENT_TYPE = "the content type must be application/json with charset utf-8"
TOO_LARGE = "the body is too large"
ENCODING = "the body is not UTF-8"
SYNTAX = "the body is not valid JSON"
NOT_AN_OBJECT = "the body is not an object"
TOO_DEEP = "the body nests too deep"
REPEATED = "the body repeats a member"
NO_ID = "`appClientId` is missing"
NO_SECRET = "`appSecret` is missing"
ID_NOT_A_STRING = "`appClientId` is not a string"
SECRET_NOT_A_STRING = "`appSecret` is not a string"
NO_TOKEN = "`refreshToken` is missing"
TOKEN_NOT_A_STRING = "`refreshToken` is not a string"
# The words for tokens that cannot be answered.
CHARACTERS = "a token is empty or not visible ASCII"
LENGTH = "a token is over 16 KiB"
LIFE = "the life of the access token is out of bounds"
NO_REFRESH_TOKEN = "the refresh token is missing"


def config(limits=None, **keys):
    """A ServiceConfig: the defaults, and what is given."""
    made = dict(HOST, **keys)
    if limits is not None:
        made["limits"] = limits
    return made


def unlimited(**keys):
    return config(limits=OFF, **keys)


def quota(per_minute, burst):
    return {"per_minute": per_minute, "burst": burst}


def only(scope, per_minute, burst, **keys):
    """All limits off but one."""
    return dict(OFF, **{scope: quota(per_minute, burst)}, **keys)


def credentials(app=APP, secret=SECRET):
    """A conforming body, as compact as can be."""
    pair = {"appClientId": app, "appSecret": secret}
    return json.dumps(pair, ensure_ascii=False, separators=(",", ":"))


def as_body(body):
    if isinstance(body, bytes):
        return {"base64": base64.b64encode(body).decode()}
    return {"text": body}


# What the scripted authenticator says.
def issued(access="eyJhY2Nlc3M", refresh="eyJyZWZyZXNo", life_ms=3_600_000, id_token=None, token_type="Bearer"):
    return {
        "kind": "issued", "access_token": access, "expires_in_ms": life_ms, "token_type": token_type,
        "refresh_token": refresh, "id_token": id_token,
    }


def rejected(reason="bad_credentials"):
    return {"kind": "rejected", "reason": reason}


def throttled(reason="throttled", retry_after_ms=None):
    return {"kind": "throttled", "reason": reason, "retry_after_ms": retry_after_ms}


def failed(reason="other", retry_after_ms=None):
    return {"kind": "upstream_failed", "reason": reason, "retry_after_ms": retry_after_ms}


HANG = {"kind": "hang"}
PANIC = {"kind": "panic"}


# What must come back: (status, extra headers, body, event).
def error(status, event, body=None, **headers):
    said = SENTENCES[status] if body is None else body
    all_headers = dict(ALWAYS, **{"content-type": "text/plain; charset=utf-8"})
    all_headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return {"status": status, "headers": all_headers, "body": as_body(said), "event": event}


def gives(answer=None, camel=False, omit=False, app=APP):
    """200: the tokens of `answer`."""
    answer = answer or issued()
    names = ["AccessToken", "ExpiresIn", "TokenType", "RefreshToken", "IdToken"]
    if camel:
        names = [name[0].lower() + name[1:] for name in names]
    seconds = answer["expires_in_ms"] // 1000
    values = [answer["access_token"], seconds, "Bearer", answer["refresh_token"], answer["id_token"]]
    if omit:
        values[3] = None
    body = {name: value for name, value in zip(names, values) if value is not None}
    return {
        "status": 200,
        "headers": dict(ALWAYS, **{"content-type": "application/json"}),
        "body": as_body(json.dumps(body, separators=(",", ":"))),
        "event": {"event": "issued", "app": app, "expires_in_s": seconds},
    }


def invalid(phrase):
    """422."""
    return error(422, {"event": "invalid", "reason": phrase}, body=phrase)


def unauthorized(reason="bad_credentials", app=APP, scheme="AppSecret", realm="token"):
    """401. What an app can never have is `bad_credentials` too, and has no app if the id is at fault."""
    challenge = f'{scheme} realm="{realm}"'
    return error(401, {"event": "rejected", "app": app, "reason": reason}, www_authenticate=challenge)


def limited(by, seconds, app=APP, reason=None):
    """429, by a scope of the limiter, by `capacity`, or by `upstream` with its reason."""
    event = {"event": "rate_limited", "app": app, "by": by, "retry_after_s": seconds}
    if reason is not None:
        event["reason"] = reason
    return error(429, event, retry_after=str(seconds))


def broken(kind, seconds=None, app=APP, reason=None):
    """502."""
    event = {"event": "downstream_failed", "app": app, "kind": kind}
    if reason is not None:
        event["reason"] = reason
    headers = {} if seconds is None else {"retry_after": str(seconds)}
    return error(502, event, **headers)


def timed_out(app=APP):
    """502 at the deadline."""
    return error(502, {"event": "timed_out", "app": app})


def dropped(app=APP):
    """The caller went away: no answer."""
    return {"event": {"event": "cancelled", "app": app}}


def with_headers(expected, **headers):
    """The same with further headers."""
    renamed = {name.replace("_", "-"): value for name, value in headers.items()}
    return dict(expected, headers=dict(expected["headers"], **renamed))


UNSAID = ...


def step(expected, body=None, at=0, says=UNSAID, receives=UNSAID, content_type=JSON, source=SOURCE,
         request_id=UNSAID, after=0, ends=None, drop=None, first=(), path=None):
    """One call, of `POST /token` if no path is given. `says` is the authenticator's answer, None if it must not be called; by default it
    issues where a 200 is expected and must not be called elsewhere. `receives` is what it must be
    given. `first` are the names of events before the terminal one."""
    body = credentials() if body is None else body
    if says is UNSAID:
        says = issued() if expected.get("status") == 200 else None
    if receives is UNSAID:
        receives = None
    if says is not None and receives is None:
        pair = json.loads(body)
        receives = (pair["appClientId"], pair["appSecret"])
    made = {
        "at_ms": at,
        "request": {
            "body": as_body(body), "content_type": content_type, "source": source, "request_id": request_id,
        },
        "authenticator": None,
    }
    if path is not None:
        made["request"] = dict(path=path, **made["request"])
    if says is not None:
        made["authenticator"] = {
            "receives": {"app_client_id": receives[0], "app_secret": receives[1]},
            "after_ms": after,
            "answer": says,
        }
    if drop is not None:
        made["drop_at_ms"] = drop
    elif ends is not None:
        made["answer_at_ms"] = ends
    made["expect"] = dict(expected, events=[{"event": name} for name in first] + [dict(expected["event"])])
    del made["expect"]["event"]
    return made


def shown(source):
    """How a source reads in an event: an address in its shortest form, without its zone, IPv4 in IPv6
    clothes unwrapped."""
    try:
        address = ipaddress.ip_address(source and source.split("%")[0])
    except ValueError:
        return source
    nat64 = ipaddress.ip_network("64:ff9b::/96")
    if address.version == 6 and (address.ipv4_mapped or address in nat64):
        return str(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return str(address)


ISSUERS_OWN = ["unknown_client", "wrong_secret", "disabled"]


def need(says):
    """What a driver must be able to do for that answer, besides what the function of any host can:
    issue, reject, ask for patience, fail without a word, hang."""
    kind, reason = says["kind"], says.get("reason")
    if kind == "panic":
        return "panic"
    if kind == "rejected" and reason in ISSUERS_OWN:
        return "issuer_reasons"
    of_any_host = {"rejected": ["bad_credentials"], "throttled": ["throttled"], "upstream_failed": ["other", "contract"]}
    has_wait = kind == "upstream_failed" and says["retry_after_ms"] is not None
    return "upstream_reasons" if has_wait or reason not in of_any_host.get(kind, [None]) else None


def case(name, why, steps, made=None, app=None):
    """A case. Its calls are numbered r1, r2, … unless they have names."""
    steps = copy.deepcopy(steps if isinstance(steps, list) else [steps])
    for number, one in enumerate(steps, start=1):
        request = one["request"]
        if request["request_id"] is UNSAID:
            request["request_id"] = f"r{number}"
        for event in one["expect"]["events"]:
            event["request_id"] = request["request_id"]
            event["source"] = shown(request["source"])
    whole = {"name": name, "why": why}
    scripts = [one["authenticator"] for one in steps if one["authenticator"]]
    needs = {need(script["answer"]) for script in scripts} - {None}
    if app is not None:
        whole["app"] = app
    if needs:
        whole["needs"] = sorted(needs)
    return dict(whole, config=made or HOST, steps=steps)
