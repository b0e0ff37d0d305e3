"""What is random in a case with an app, by the names that the vectors have for it."""

import re

TOKEN = re.compile('"(access|refresh)Token":"([^"]*)"', re.IGNORECASE)


class Names:
    def __init__(self):
        # The name of each value. Without an app there are none.
        self._names = {}

    def of_app(self, app):
        self._names = {app.id: "<app>", app.secret: "<secret>"}

    def learn(self, step, body):
        """Names the tokens of an answer, those that have no name yet."""
        if self._names:
            for kind, token in TOKEN.findall(body):
                self._names.setdefault(token, f"<{kind.lower()}-{step}>")

    def filled(self, text):
        """The text with what the names stand for."""
        for value, name in self._names.items():
            text = text.replace(name, value)
        return text

    def named(self, text):
        """The text with the names."""
        for value, name in self._names.items():
            text = text.replace(value, name)
        return text
