package dev.tokensmith.testing

import com.google.gson.JsonObject
import com.google.gson.JsonParser
import dev.tokensmith.TokenRequest
import dev.tokensmith.TokenResponse
import dev.tokensmith.TokenService
import java.nio.file.Files
import java.nio.file.Path
import java.util.Base64
import kotlin.coroutines.cancellation.CancellationException
import kotlin.io.path.ExperimentalPathApi
import kotlin.io.path.deleteRecursively
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.launch
import kotlinx.coroutines.selects.select

/** What must come is waited for so long, by the clock on the wall. */
private const val PATIENCE_MS = 10_000L

/** No case lasts longer, nor a deadline. */
private const val AFTER_ALL_US = 1_000_000_000_000_000L

/** Performs a case of the service on the facade: what came of each call, or the first [Mismatch]. */
internal suspend fun perform(vector: JsonObject, clockStart: Long, patience: Long = PATIENCE_MS): List<String> {
    val performance = Performance(vector, Clock(clockStart), patience, currentCoroutineContext().let(::CoroutineScope))
    val steps = vector.getAsJsonArray("steps")
    var number = 0
    try {
        performance.begin()
        for (step in steps) performance.perform(++number, step.asJsonObject)
        number = 0
        performance.end()
    } catch (mismatch: Mismatch) {
        throw mismatch
    } catch (error: AssertionError) {
        throw Mismatch(vector["name"].asString, number, error.message)
    } finally {
        performance.close()
    }
    // Calls may end in another order than they began in.
    return steps.mapIndexed { index, _ -> performance.lines.getValue(index + 1) }
}

private class Performance(
    private val vector: JsonObject,
    private val clock: Clock,
    private val patience: Long,
    scope: CoroutineScope,
) {
    private val name = vector["name"].asString
    private val job = SupervisorJob()
    private val scope = CoroutineScope(scope.coroutineContext + job)
    private val authenticator = ScriptedAuthenticator(clock)
    private val recorder = Recorder()
    private val underWay = linkedSetOf<Call>()
    private var service: TokenService? = null
    private var folder: Path? = null
    private val names = Names()
    val lines = mutableMapOf<Int, String>()

    suspend fun begin() {
        val config = vector.getAsJsonObject("config").deepCopy()
        val issues = config.getAsJsonObject("authenticator")["kind"].asString == "issuer"
        if (issues) {
            val store = JsonObject()
            store.addProperty("path", "${Files.createTempDirectory("tokensmith-").also { folder = it }.resolve("store.db")}")
            config.add("store", store)
        }
        service = TokenService.create("$config", authenticator.takeUnless { issues }, recorder, null, clock.host::createService)
        vector["app"].text()?.let { names.ofApp(service!!.admin!!.createApp(it)) }
    }

    @OptIn(ExperimentalPathApi::class)
    fun close() {
        job.cancel()
        service?.close()
        clock.moveTo(AFTER_ALL_US)
        folder?.deleteRecursively()
    }

    /** Begins a step at its time, and compares it at its end: at once, or as the clock passes it. */
    suspend fun perform(number: Int, step: JsonObject) {
        val at = step["at_ms"].asLong
        advance(at)
        val script = step["authenticator"].takeUnless { it.isJsonNull }?.asJsonObject
        val called = script?.let(authenticator::expect) ?: CompletableDeferred()
        val call = Call(scope, service!!, number, step, names)
        if (call.ends == at) {
            within(patience, "an answer at once") { call.outcome.await() }
            keepsToTheScript()
            compare(call)
            return
        }
        within(patience, "a call of the authenticator") {
            select<Unit> {
                called.onAwait {}
                call.outcome.onAwait {}
            }
        }
        settled()
        keepsToTheScript()
        if (call.outcome.isCompleted) throw AssertionError("answered at once")
        underWay.add(call)
    }

    suspend fun end() {
        advance(Long.MAX_VALUE)
        settled()
        assertSame(emptyList<String>(), recorder.rest(), "events of no step")
        assertSame(0, service!!.inFlight, "authentications under way")
    }

    private fun keepsToTheScript() {
        val deviation = authenticator.deviation() ?: return
        throw AssertionError("the authenticator: $deviation")
    }

    /** Moves the clock, and ends what ends on the way: one millisecond earlier it is under way. */
    private suspend fun advance(to: Long) {
        while (underWay.isNotEmpty()) {
            val end = underWay.minOf { it.ends }
            if (end > to) break
            clock.advanceTo(end - 1)
            areUnderWay(underWay)
            clock.advanceTo(end)
            areUnderWay(underWay.filter { it.ends > end || it.isDropped })
            for (call in underWay.filter { it.ends == end }) finish(call)
        }
        if (to == Long.MAX_VALUE) return
        if (underWay.isEmpty()) clock.moveTo(to * 1_000) else clock.advanceTo(to)
        areUnderWay(underWay)
    }

    private suspend fun areUnderWay(calls: Collection<Call>) {
        val ended = calls.firstOrNull { it.outcome.isCompleted } ?: return
        throw Mismatch(name, ended.number, "it ended at ${clock.now} ms: ${ended.outcome.await()}")
    }

    private suspend fun finish(call: Call) {
        underWay.remove(call)
        if (call.isDropped) call.drop()
        try {
            within(patience, "an end at ${clock.now} ms") { call.outcome.await() }
            compare(call)
        } catch (error: AssertionError) {
            throw Mismatch(name, call.number, error.message)
        }
    }

    private suspend fun compare(call: Call) {
        val expect = call.step.getAsJsonObject("expect")
        val outcome = call.outcome.await()
        val response = outcome.getOrNull()
        if (call.isDropped) {
            assertSame(true, outcome.exceptionOrNull() is CancellationException, "cancelled")
        } else {
            if (response == null) throw AssertionError("it threw ${outcome.exceptionOrNull()}")
            assertSame(expect["status"].asInt, response.status, "the status")
            val headers = expect.getAsJsonObject("headers").entrySet().associate { (key, value) -> key to value.asString }
            assertSame(headers, response.headers, "the headers")
            names.learn(call.number, String(response.body))
            // Byte for byte, but for what is random.
            assertSame(shown(bytes(expect.getAsJsonObject("body"))), names.named(shown(response.body)), "the body")
        }
        val events = recorder.ofCall(call.step.getAsJsonObject("request")["request_id"].text())
        assertSame(events.lastIndex, events.indexOfFirst { it.isTerminal }, "one terminal event, the last")
        assertSame(expect.getAsJsonArray("events").map { expected(it.asJsonObject) }, events.map { named(inWords(it)) }, "the events")
        lines[call.number] = names.named(callLine(name, call.number, response, events))
    }

    private fun named(words: JsonObject): JsonObject = JsonParser.parseString(names.named("$words")).asJsonObject
}

/** A call under way, and what came of it. */
private class Call(scope: CoroutineScope, service: TokenService, val number: Int, val step: JsonObject, names: Names) {
    val isDropped = step.has("drop_at_ms")
    val ends: Long = (step["drop_at_ms"] ?: step["answer_at_ms"] ?: step["at_ms"]).asLong
    val outcome = CompletableDeferred<Result<TokenResponse>>()

    // Its cancellation is its outcome, too.
    private val job = scope.launch(start = CoroutineStart.UNDISPATCHED) {
        val asked = step.getAsJsonObject("request")
        val refreshes = asked["path"].text() == "/token/refresh"
        outcome.complete(runCatching { request(asked, names).let { if (refreshes) service.handleRefresh(it) else service.handle(it) } })
    }

    fun drop() = job.cancel()

    private fun request(request: JsonObject, names: Names) = TokenRequest(
        bytes(request.getAsJsonObject("body"), names),
        request["content_type"].text(),
        request["source"].text(),
        request["request_id"].text(),
    )
}

private fun bytes(body: JsonObject, names: Names? = null): ByteArray {
    body["base64"]?.let { return Base64.getDecoder().decode(it.asString) }
    val text = body["text"].asString
    return (names?.filled(text) ?: text).toByteArray()
}
