package dev.tokensmith.testing

import com.google.gson.JsonNull
import com.google.gson.JsonObject
import dev.tokensmith.Observer
import dev.tokensmith.TokenEvent

/** An observer that keeps what it heard. */
internal class Recorder : Observer {
    private val heard = mutableListOf<TokenEvent>()

    override fun onEvent(event: TokenEvent) {
        synchronized(heard) { heard.add(event) }
    }

    /** Takes the events of that request id. */
    fun ofCall(requestId: String?): List<TokenEvent> =
        synchronized(heard) { heard.filter { it.requestId == requestId }.also(heard::removeAll) }

    /** What was heard and not taken. */
    fun rest(): List<String> = synchronized(heard) { heard.map { "$it" } }
}

/** The event as a line of the transcript has it. */
internal fun inWords(event: TokenEvent): JsonObject {
    val words = JsonObject()
    words.addProperty("event", event.name)
    words.addProperty("request_id", event.requestId)
    words.addProperty("source", event.source)
    event.appClientId?.let { words.addProperty("app", it) }
    event.expiresIn?.let { words.addProperty("expires_in_s", it.seconds) }
    event.reason?.let { words.addProperty("reason", it) }
    event.by?.let { words.addProperty("by", it) }
    event.retryAfter?.let { words.addProperty("retry_after_s", it.seconds) }
    event.kind?.let { words.addProperty("kind", it) }
    return words
}

/** The event as a vector has it, where no app is the same as an app that is null. */
internal fun expected(event: JsonObject): JsonObject {
    val words = event.deepCopy()
    if (words.get("app") == JsonNull.INSTANCE) words.remove("app")
    return words
}
