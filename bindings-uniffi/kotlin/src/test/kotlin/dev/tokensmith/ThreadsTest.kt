package dev.tokensmith

import java.util.concurrent.CompletableFuture
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.ConcurrentLinkedQueue
import kotlin.concurrent.thread
import kotlin.coroutines.Continuation
import kotlin.coroutines.EmptyCoroutineContext
import kotlin.coroutines.startCoroutine
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class ThreadsTest {
    @Test
    fun `sixty-four threads ask at once, and all have their own answers`() = Scripted(""","max_in_flight":64""").use { script ->
        script.answer = { request ->
            delay(1)
            TokenSet("token-of-${request.appClientId}", TOKENS.expiresIn, "r")
        }
        val wrong = ConcurrentLinkedQueue<String>()
        val threads = List(64) { number ->
            thread {
                repeat(40) {
                    val tokens = runCatching { script.service.issueBlocking("app-$number", SECRET) }
                    if (tokens.getOrNull()?.accessToken != "token-of-app-$number") wrong.add("$number: $tokens")
                }
            }
        }
        threads.forEach { it.join() }
        assertEquals(emptyList<String>(), wrong.toList())
        assertEquals(64 * 40, script.asked.get())
        assertEquals(0, script.service.inFlight)
    }

    @Test
    fun `an authenticator may ask its own service`() = Scripted().use { script ->
        script.answer = { request ->
            when (request.appClientId) {
                "outer" -> script.service.issue("inner", SECRET)
                else -> TOKENS
            }
        }
        assertEquals("an-access-token", script.service.issueBlocking("outer", SECRET).accessToken)
        script.answer = { request ->
            // A thread of the dispatcher is blocked meanwhile: that is the host's affair, and it ends.
            if (request.appClientId == "outer") script.service.issueBlocking("inner", SECRET) else TOKENS
        }
        assertEquals("an-access-token", script.service.issueBlocking("outer", SECRET).accessToken)
    }

    @Test
    fun `what is chained to a future runs on no thread of the core's`() = Scripted(""","deadline_ms":20""").use { script ->
        val threads = ConcurrentHashMap.newKeySet<String>()
        script.answer = {
            // The deadline wakes the call, from the thread of the timer.
            delay(60_000)
            TOKENS
        }
        val caller = Thread.currentThread()
        repeat(20) {
            val chained = script.service.handleAsync(request()).thenApply { answer ->
                // On that of the caller it comes after the end, where the machine is slow.
                if (Thread.currentThread() !== caller) threads.add(Thread.currentThread().name)
                answer.status
            }
            assertEquals(502, chained.get())
        }
        assertTrue(threads.isNotEmpty() && threads.all { it.startsWith("DefaultDispatcher-worker") }, "$threads")
    }

    @Test
    fun `a caller without a dispatcher goes on upon no thread of the core's`() = Scripted(""","deadline_ms":20""").use { script ->
        script.answer = { awaitForever() }
        val ended = CompletableFuture<Result<List<String>>>()
        val callers = suspend {
            List(5) {
                assertEquals(502, script.service.handle(request()).status)
                Thread.currentThread().name
            }
        }
        // As a `suspend fun main` is begun.
        callers.startCoroutine(Continuation(EmptyCoroutineContext) { ended.complete(it) })
        val threads = ended.get().getOrThrow() + runBlocking(Dispatchers.Unconfined) { callers() }
        assertTrue(threads.all { it.startsWith("DefaultDispatcher-worker") }, "$threads")
    }

    private suspend fun awaitForever(): Nothing = kotlinx.coroutines.awaitCancellation()

    @Test
    fun `threads of the core that call back do not pile up`() = Scripted(""","deadline_ms":5""").use { script ->
        script.answer = { awaitForever() }
        repeat(50) { assertEquals(502, script.handle().status) }
        val before = Thread.getAllStackTraces().size
        repeat(200) { assertEquals(502, script.handle().status) }
        val after = Thread.getAllStackTraces().size
        assertTrue(after <= before + 8, "$before, then $after")
    }
}
