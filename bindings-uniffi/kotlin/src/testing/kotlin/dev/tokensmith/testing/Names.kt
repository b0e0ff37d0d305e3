package dev.tokensmith.testing

import dev.tokensmith.CreatedApp

private val TOKEN = Regex("\"(access|refresh)Token\":\"([^\"]*)\"", RegexOption.IGNORE_CASE)

/** What is random in a case with an app, by the names that the vectors have for it. */
internal class Names {
    /** The name of each value. Without an app there are none. */
    private val names = linkedMapOf<String, String>()

    fun ofApp(app: CreatedApp) {
        names[app.id] = "<app>"
        names[app.secret] = "<secret>"
    }

    /** Names the tokens of an answer, those that have no name yet. */
    fun learn(step: Int, body: String) {
        if (names.isEmpty()) return
        for (found in TOKEN.findAll(body)) {
            val (kind, token) = found.destructured
            names.putIfAbsent(token, "<${kind.lowercase()}-$step>")
        }
    }

    /** The text with what the names stand for. */
    fun filled(text: String): String = names.entries.fold(text) { filled, (value, name) -> filled.replace(name, value) }

    /** The text with the names. */
    fun named(text: String): String = names.entries.fold(text) { named, (value, name) -> named.replace(value, name) }
}
