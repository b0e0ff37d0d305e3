package dev.tokensmith

import java.lang.ref.WeakReference
import java.time.Duration
import java.util.concurrent.ExecutionException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.awaitCancellation
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class ClosingTest {
    @Test
    fun `what is under way ends as it would, and later calls are refused`() {
        val script = Scripted()
        val (began, go) = CompletableDeferred<Unit>() to CompletableDeferred<Unit>()
        script.answer = {
            began.complete(Unit)
            go.await()
            TOKENS
        }
        val under = script.service.handleAsync(request("r"))
        while (!began.isCompleted) Thread.onSpinWait()
        script.close()
        script.close()
        assertThrows(IllegalStateException::class.java) { script.issue() }
        val refused = assertThrows(ExecutionException::class.java) { script.service.issueAsync(APP, SECRET).get() }
        assertEquals("the service is closed", (refused.cause as IllegalStateException).message)
        assertEquals(502, script.handle().status)
        assertEquals(0, script.service.inFlight)
        go.complete(Unit)
        assertEquals(200, under.get().status)
        assertEquals("issued", script.ending("r").name)
    }

    @Test
    fun `a call that has begun comes before a close right after it`() {
        repeat(200) {
            val script = Scripted()
            val call = script.service.issueAsync(APP, SECRET)
            script.close()
            assertEquals("an-access-token", call.get().accessToken)
        }
    }

    @Test
    fun `the parts of the host can be collected after a close`() {
        val parts = parts()
        until("the authenticator and the observer are gone") {
            System.gc()
            parts.all { it.get() == null }
        }
    }

    /** In a frame of its own, which holds nothing afterwards. */
    private fun parts(): List<WeakReference<Any>> {
        val authenticator = object : Authenticator {
            override suspend fun authenticate(request: AuthRequest) = TOKENS
        }
        val observer = object : Observer {
            override fun onEvent(event: TokenEvent) = Unit
        }
        TokenService.createBlocking("""{"authenticator":{"kind":"host"}}""", authenticator, observer).use {
            assertEquals(200, it.handleBlocking(request()).status)
        }
        return listOf(WeakReference(authenticator), WeakReference(observer))
    }

    @Test
    fun `a service that nobody closes goes when nobody holds it`() {
        val authenticator = forgotten()
        until("the authenticator is gone") {
            System.gc()
            authenticator.get() == null
        }
    }

    private fun forgotten(): WeakReference<Any> {
        val authenticator = object : Authenticator {
            override suspend fun authenticate(request: AuthRequest) = TOKENS
        }
        TokenService.createBlocking("""{"authenticator":{"kind":"host"}}""", authenticator).issueBlocking(APP, SECRET)
        return WeakReference(authenticator)
    }
}

class DeadlineTest {
    private fun Scripted.answersAtTheDeadline(what: String) {
        val began = System.nanoTime()
        assertEquals(502, handle(what).status)
        val took = Duration.ofNanos(System.nanoTime() - began)
        assertTrue(took >= Duration.ofMillis(300) && took < Duration.ofSeconds(3), "$what: $took")
        assertEquals("timed_out", ending(what).name)
    }

    @Test
    fun `an authenticator that never answers, or too late, is a 502 at the deadline`() = Scripted(""","deadline_ms":300""").use { script ->
        val end = CompletableDeferred<Throwable?>()
        script.answer = { awaitCancellation() }
        script.answersAtTheDeadline("never")
        script.answer = {
            try {
                awaitCancellation()
            } catch (thrown: Throwable) {
                end.complete(thrown)
                TOKENS
            }
        }
        script.answersAtTheDeadline("late")
        until("the authenticator hears of it") { end.isCompleted }
        script.answer = {
            Thread.sleep(1_000)
            TOKENS
        }
        script.answersAtTheDeadline("a thread that is blocked")
        script.answer = { TOKENS }
        assertEquals(200, script.handle().status)
        assertNull(script.heard.firstOrNull())
        until("nothing is left") { dev.tokensmith.bridge.uniffiForeignFutureHandleCount() == 0 }
    }
}
