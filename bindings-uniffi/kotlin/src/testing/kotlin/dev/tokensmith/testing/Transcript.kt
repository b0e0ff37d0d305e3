package dev.tokensmith.testing

import com.google.gson.JsonObject
import com.google.gson.JsonParser
import dev.tokensmith.TokenEvent
import dev.tokensmith.TokenResponse
import java.nio.ByteBuffer
import java.nio.charset.CharacterCodingException
import java.util.Base64

// What came of the calls, as the text that every driver writes: see tests/vectors/README.md. It is written
// by hand, since Gson escapes more than others do.

/** What came of a call. One that was dropped has no response. */
internal fun callLine(name: String, step: Int, response: TokenResponse?, events: List<TokenEvent>): String {
    val headers = response?.headers.orEmpty().entries.joinToString(",") { (key, value) -> "[${quoted(key)},${quoted(value)}]" }
    val words = events.joinToString(",") { event -> written(inWords(event)) }
    return "{\"case\":${quoted(name)},\"step\":$step,\"status\":${response?.status}," +
        "\"headers\":[$headers],\"body\":${response?.let { shown(it.body) }},\"events\":[$words]}"
}

/** What came of attempts on a bucket. */
internal fun takenLine(name: String, step: Int, granted: Int, retryAfter: Long?): String =
    "{\"case\":${quoted(name)},\"step\":$step,\"granted\":$granted,\"retry_after_s\":$retryAfter}"

/** That there can be no such limiter. */
internal fun refusedLine(name: String): String = "{\"case\":${quoted(name)},\"step\":0,\"refused\":true}"

/** A text where they are one, as the vectors write bytes. */
internal fun shown(body: ByteArray): String =
    when (val text = utf8(body)) {
        null -> "{\"base64\":\"${Base64.getEncoder().encodeToString(body)}\"}"
        else -> "{\"text\":${quoted(text)}}"
    }

private fun utf8(bytes: ByteArray): String? =
    try {
        Charsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString()
    } catch (_: CharacterCodingException) {
        null
    }

private fun written(words: JsonObject): String =
    words.entrySet().joinToString(",", "{", "}") { (word, value) ->
        val primitive = value.takeUnless { it.isJsonNull }?.asJsonPrimitive
        "${quoted(word)}:${if (primitive?.isString == true) quoted(primitive.asString) else primitive}"
    }

internal fun quoted(text: String): String {
    val out = StringBuilder("\"")
    for (char in text) {
        when (char) {
            '"' -> out.append("\\\"")
            '\\' -> out.append("\\\\")
            '\b' -> out.append("\\b")
            '\u000c' -> out.append("\\f")
            '\n' -> out.append("\\n")
            '\r' -> out.append("\\r")
            '\t' -> out.append("\\t")
            else -> if (char < ' ') out.append("\\u%04x".format(char.code)) else out.append(char)
        }
    }
    return out.append('"').toString()
}

/** The lines of a transcript without those of some cases. */
internal fun linesWithout(bytes: ByteArray, leftOut: Set<String>): List<String> {
    val text = checkNotNull(utf8(bytes)) { "a transcript is UTF-8" }
    check(text.endsWith("\n")) { "a transcript ends with its last line" }
    return text.dropLast(1).split('\n').filter { JsonParser.parseString(it).asJsonObject["case"].asString !in leftOut }
}

/** Throws at the first line of ours that is not the other's, or is not there. */
internal fun compareLines(ours: List<String>, theirs: List<String>): Int {
    for (index in 0 until maxOf(ours.size, theirs.size)) {
        assertSame(theirs.getOrNull(index), ours.getOrNull(index), "line ${index + 1} of what both performed")
    }
    return ours.size
}
