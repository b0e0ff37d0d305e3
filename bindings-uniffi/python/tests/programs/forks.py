"""A child of a process that has had a service, or has none yet."""

import asyncio
import gc
import os
import sys
import tempfile
import weakref
from datetime import timedelta

from tokensmith import Limiter, TokenRequest, TokenService, TokenSet

# What the core has not let go of.
living = weakref.WeakSet()
BODY = b'{"appClientId":"app","appSecret":"%s"}'


class Authenticator:
    async def authenticate(self, request):
        if request.app_secret == "hang":
            await asyncio.sleep(100)
        return TokenSet(access_token="a", expires_in=timedelta(hours=1), refresh_token="r")


def create():
    config = {"authenticator": {"kind": "host"}, "deadline_ms": 100}
    authenticator = Authenticator()
    living.add(authenticator)
    return TokenService.create_sync(config, authenticator=authenticator)


def ask(service, secret=b"secret"):
    request = TokenRequest(body=BODY % secret, content_type="application/json")
    return service.handle_sync(request).status


def said(call):
    try:
        print(call())
    except RuntimeError as error:
        print(f"RuntimeError: {error}")


def orphan(handed):
    service, issuer = handed
    handed.clear()
    said(lambda: ask(service))
    said(lambda: service.issue_sync("app", "secret"))
    said(lambda: service.in_flight)
    said(issuer.admin.list_apps_sync)
    said(create)
    print("limiter", Limiter(60, 1).try_acquire("key").allowed)
    # To free them waits for no thread of the parent's, and takes nothing from it.
    service.close()
    issuer.close()
    del service, issuer
    gc.collect()
    print("kept", len(living))


def child_of(work):
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        work()
        sys.stdout.flush()
        os._exit(0)
    print("child", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def with_a_service():
    with tempfile.TemporaryDirectory() as folder:
        # Nothing else holds them, so that the child can free them.
        handed = [create(), TokenService.create_sync({"store": {"path": f"{folder}/store.db"}})]
        handed[1].admin.create_app_sync("billing")
        ask(handed[0])

        child_of(lambda: orphan(handed))
        print("parent", ask(handed[0]))
        handed[1].close()


def without_one():
    def work():
        service = create()
        print(ask(service))
        print(ask(service, b"hang"))

    child_of(work)
    print("parent", ask(create()))


with_a_service() if sys.argv[1] == "with" else without_one()
