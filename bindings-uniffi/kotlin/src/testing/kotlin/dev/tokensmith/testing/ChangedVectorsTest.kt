package dev.tokensmith.testing

import com.google.gson.JsonArray
import com.google.gson.JsonObject
import com.google.gson.JsonParser
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestFactory

/** Some changes are seen by what does not come, and this is how long it is waited for. */
private const val PATIENCE_MS = 1_000L

/** The case, what is changed in its text, into what, and what the driver says. */
private class Change(val name: String, val from: String, val to: String, said: String) {
    val said = Regex(said)
}

private val CHANGES = listOf(
    Change("the sixth quick request", "\"status\":429", "\"status\":200", "status: 200 !== 429"),
    Change("the sixth quick request", "\"retry-after\":\"6\"", "\"retry-after\":\"5\"", "headers: .*retry-after=5"),
    Change("the sixth quick request", "\"retry_after_s\":6", "\"retry_after_s\":5", "events: .*\"retry_after_s\":5"),
    Change("the sixth quick request", "too many requests", "too many requestt", "body: "),
    Change("four members in order", "\\\"ExpiresIn\\\":3600", "\\\"ExpiresIn\\\":3601", "body: "),
    Change("four members in order", "\"pragma\":\"no-cache\",", "", "headers: "),
    Change("four members in order", "\"expires_in_s\":3600", "\"expires_in_s\":1", "events: .*\"expires_in_s\":1"),
    Change("four members in order", "\"event\":\"issued\"", "\"event\":\"rejected\"", "events: "),
    Change("just in time", "\"answer_at_ms\":4999", "\"answer_at_ms\":4998", "an end at 4998 ms: not within"),
    Change("just in time", "\"answer_at_ms\":4999", "\"answer_at_ms\":5000", "it ended at 4999 ms"),
    Change("an authenticator that hangs", "\"answer_at_ms\":5000", "\"answer_at_ms\":5001", "it ended at 5000 ms"),
    Change("an authenticator that hangs", "\"answer_at_ms\":5000", "\"answer_at_ms\":4999", "an end at 4999 ms: not within"),
    Change("a caller that goes away", "\"cancelled\"", "\"timed_out\"", "events: "),
    Change("a caller that goes away", "\"drop_at_ms\":", "\"answer_at_ms\":", "an end at .* ms: not within"),
    Change("byte for byte: spaces around the id", "\"app_client_id\":\" appcl", "\"app_client_id\":\"appcl", "it was given"),
    Change("request id: a UUID", "\"authenticator\":{\"receives\"", "\"authenticator\":null,\"was\":{\"receives\"", "it was called"),
    Change(
        "source: none, said once",
        "{\"event\":\"source_unknown\",\"request_id\":\"r1\",\"source\":null},",
        "",
        "source_unknown",
    ),
    Change("refresh: one answer on both paths", "not valid", "not vaIid", "body: "),
    Change("refresh: one answer on both paths", "\"reason\":\"unknown_client\"", "\"reason\":\"wrong_secret\"", "events: "),
    Change("refresh: each path has its cap", "\"path\":\"/token/refresh\",", "", "status: 401 !== 422"),
    Change("redemption: one after another", "<refresh-2>\\\"}\"}", "<refresh-1>\\\"}\"}", "body: "),
    Change("redemption: one after another", "\"app\":\"<app>\"", "\"app\":\"<secret>\"", "events: .*<app>"),
    Change("redemption: a lost answer, inside the grace", "\"at_ms\":9000", "\"at_ms\":11000", "body: "),
    Change("bucket: an exact wait", "\"granted\":5", "\"granted\":4", "granted: 4 !== 5"),
    Change("bucket: an exact wait", "\"wait_us\":6000000", "\"wait_us\":5000000", "wait: 5 !== 6"),
    Change("bucket: an exact wait", "\"at_us\":5999999", "\"at_us\":6000000", "granted: 0 !== 1"),
    Change("bucket: an exact wait", "\"steps\":", "\"refused\":true,\"steps\":", "not refused"),
    Change("bucket: 700,000,000 a second", "\"tokens\":700000000", "\"tokens\":1", "not refused"),
)

/** The driver of the vectors sees what it is for: each change of a case, and of a transcript, is found. */
class ChangedVectorsTest {
    private fun said(vector: JsonObject, subject: Subject, patience: Long? = null): String =
        assertThrows(Mismatch::class.java) { runBlocking { subject.perform(vector, patience) } }.message!!

    @TestFactory
    fun `a change of a case is seen`(): List<DynamicTest> = CHANGES.map { change ->
        dynamicTest("${change.name}: ${change.from} -> ${change.to}") {
            val (vector, subject) = Corpus.find(change.name)
            val text = "$vector"
            assertTrue(change.from in text, "the case has what is changed: $text")
            runBlocking { subject.perform(vector, null) }
            val changed = JsonParser.parseString(text.replaceFirst(change.from, change.to)).asJsonObject
            val patience = PATIENCE_MS.takeIf { "not within" in change.said.pattern }
            val said = said(changed, subject, patience)
            assertTrue(change.said.containsMatchIn(said), said)
        }
    }

    @Test
    fun `a call that is not made, or one too many, is seen`() {
        val (fewer, subject) = Corpus.find("the sixth quick request")
        fewer.getAsJsonArray("steps").remove(0)
        assertTrue("step 5: the authenticator: it was called" in said(fewer, subject))
        val (more, _) = Corpus.find("the sixth quick request")
        val steps = more.getAsJsonArray("steps")
        more.add("steps", JsonArray().apply { add(steps[0].deepCopy()); addAll(steps) })
        assertTrue("step 6: the authenticator: it was not called" in said(more, subject))
    }

    @Test
    fun `a need that nobody has judged is seen`() {
        fun needing(need: String) = JsonParser.parseString("""{"name":"a case","needs":["$need"]}""").asJsonObject
        assertEquals(listOf("panic"), needs(needing("panic")))
        assertThrows(IllegalStateException::class.java) { needs(needing("wings")) }
    }

    @Test
    fun `a line of the transcript that differs, or is missing, is seen`() {
        val (vector, subject) = Corpus.find("the sixth quick request")
        val lines = runBlocking { subject.perform(vector, null) }
        val bytes = lines.joinToString("\n", postfix = "\n").toByteArray()
        assertEquals(lines.size, compareLines(lines, linesWithout(bytes, emptySet())))
        fun changed(from: String, to: String) = lines.map { it.replace(from, to) }
        val others = listOf(
            changed("\"status\":429", "\"status\":503"),
            changed("requests", "requestt"),
            changed("[\"retry-after\",\"6\"]", "[\"retry-after\",\"7\"]"),
            changed("[\"cache-control\",\"no-store\"],[\"pragma\",\"no-cache\"]", "[\"pragma\",\"no-cache\"],[\"cache-control\",\"no-store\"]"),
            changed("\"event\":\"issued\"", "\"event\":\"rejected\""),
            lines.drop(1),
            lines.dropLast(1),
            listOf(lines[1]) + lines.drop(1),
            lines + lines[0],
        )
        for (other in others) {
            assertThrows(AssertionError::class.java) { compareLines(lines, other) }
            assertThrows(AssertionError::class.java) { compareLines(other, lines) }
        }
    }

    @Test
    fun `what Rust alone has performed is not compared, and a transcript is of UTF-8`() {
        val (one, another) = listOf("one", "another").map { callLine(it, 1, null, emptyList()) }
        val both = "$one\n$another\n".toByteArray()
        assertEquals(listOf(another), linesWithout(both, setOf("one")))
        assertThrows(IllegalStateException::class.java) { linesWithout(both.dropLast(1).toByteArray(), emptySet()) }
        assertThrows(IllegalStateException::class.java) { linesWithout(byteArrayOf(-1, 10), emptySet()) }
    }

    @Test
    fun `bytes that are no text are told apart in a transcript, and a text is written as others write it`() {
        assertEquals("{\"text\":\"caf\u00e9\"}", shown("caf\u00e9".toByteArray()))
        assertEquals("{\"base64\":\"Y+k=\"}", shown(byteArrayOf(0x63, 0xe9.toByte())))
        assertEquals("\"\\\"\\\\\\n\\u001f\u007f\u2028<\"", quoted("\"\\\n\u001f\u007f\u2028<"))
    }
}
