"""The vectors of the contract, and which of them a host in Python can ask for."""

import copy
import json
from pathlib import Path

from bucket import perform_bucket
from performance import perform

FOLDER = Path(__file__).parents[4] / "tests" / "vectors"

# What a case may need that this driver cannot do, since no host could ask for it, and why not.
OUT_OF_REACH = {
    "panic": "nothing that a function in Python does is a panic of Rust",
    "issuer_reasons": "a host says that it rejects: the reasons are of the embedded issuer",
    "upstream_reasons": "a host raises what it likes: its reasons and waits are of an authenticator in Rust",
    "operations": "the `Limiter` of the package has attempts alone",
    "quotas": "the `Limiter` of the package counts whole tokens a minute",
}


def _read(name):
    return json.loads((FOLDER / name).read_text())


def _service(name):
    subject = _read(name)

    async def performs(vector, *more):
        return await perform(vector, subject["clock_start_s"], *more)

    return {**subject, "perform": performs}


# Each subject has `perform`, which gives the lines of one of its cases.
SUBJECTS = [
    *(_service(path.name) for path in sorted(FOLDER.glob("*.json")) if path.name != "schema.json"),
    {**_read("limiter/bucket.json"), "perform": perform_bucket},
]


def find(name):
    """A case by its name, as a copy that may be changed, and what performs it."""
    for subject in SUBJECTS:
        for vector in subject["cases"]:
            if vector["name"] == name:
                return copy.deepcopy(vector), subject["perform"]
    raise LookupError(f"no case is named {name}")


def is_out_of_reach(vector):
    """Whether it is left out. A need that nobody has judged is an error."""
    needs = vector.get("needs", [])
    for need in needs:
        if need not in OUT_OF_REACH:
            raise LookupError(f'"{vector["name"]}" needs {need}: can a host do that?')
    return bool(needs)
