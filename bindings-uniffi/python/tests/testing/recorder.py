"""An observer that keeps what it heard, in the words of the vectors."""

from datetime import timedelta

SECOND = timedelta(seconds=1)

# [the vectors' word, the event's] of what only some events have.
SOME = [
    ("app", "app_client_id"),
    ("expires_in_s", "expires_in"),
    ("reason", "reason"),
    ("by", "by"),
    ("retry_after_s", "retry_after"),
    ("kind", "kind"),
]


class Recorder:
    def __init__(self):
        self._heard = []

    def __call__(self, event):
        self._heard.append(event)

    def of_call(self, request_id):
        """The events of that request id, which are taken."""
        events = [event for event in self._heard if event.request_id == request_id]
        self._heard = [event for event in self._heard if event.request_id != request_id]
        return events

    def rest(self):
        """What was heard and not taken."""
        return [in_words(event) for event in self._heard]


def in_words(event):
    """The event as a line of the transcript has it."""
    words = {"event": event.name, "request_id": event.request_id, "source": event.source}
    for word, name in SOME:
        value = getattr(event, name)
        if value is not None:
            words[word] = value // SECOND if isinstance(value, timedelta) else value
    return words


def expected(event):
    """The event as a vector has it, where no app is the same as an app that is null."""
    return {word: value for word, value in event.items() if word != "app" or value is not None}
