package dev.tokensmith

import java.util.concurrent.CancellationException
import java.util.concurrent.CompletableFuture
import java.util.concurrent.CountDownLatch
import java.util.concurrent.atomic.AtomicReference
import kotlin.concurrent.thread
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** Each gesture ends the call, reaches the authenticator, and frees the place. */
class CancellationTest {
    private class Hanging {
        val began = CompletableDeferred<Unit>()
        val ended = CompletableDeferred<Throwable>()
        val script = Scripted(""","deadline_ms":60000,"max_in_flight":1""").apply {
            answer = {
                began.complete(Unit)
                try {
                    awaitCancellation()
                } catch (thrown: Throwable) {
                    ended.complete(thrown)
                    throw thrown
                }
            }
        }

        fun assertEnded(requestId: String? = null) {
            runBlocking { assertTrue(ended.await() is CancellationException) }
            until("a place that is free") { script.service.inFlight == 0 }
            if (requestId != null) assertEquals("cancelled", script.ending(requestId).name)
            // It is no failure of the host's.
            assertTrue(script.heard.isEmpty())
            script.answer = { TOKENS }
            assertEquals(200, script.handle("after").status)
            script.close()
        }
    }

    @Test
    fun `a coroutine that is cancelled`(): Unit = runBlocking(Dispatchers.Default) {
        val hanging = Hanging()
        val call = launch { hanging.script.service.handle(request("r")) }
        hanging.began.await()
        call.cancelAndJoin()
        hanging.assertEnded("r")
    }

    @Test
    fun `who is cancelled hears of that, and of no other failure`(): Unit = runBlocking(Dispatchers.Default) {
        for (call in listOf<suspend (TokenService) -> Any>({ it.handle(request("r")) }, { it.issue(APP, SECRET) })) {
            val hanging = Hanging()
            val heard = CompletableDeferred<Result<Any>>()
            val caller = launch { heard.complete(runCatching { call(hanging.script.service) }) }
            hanging.began.await()
            caller.cancelAndJoin()
            val thrown = heard.await().exceptionOrNull()
            assertTrue(thrown is CancellationException, "$thrown")
            hanging.assertEnded()
        }
    }

    @Test
    fun `a time-out`() {
        val hanging = Hanging()
        assertThrows(TimeoutCancellationException::class.java) {
            runBlocking { withTimeout(200) { hanging.script.service.handle(request("r")) } }
        }
        hanging.assertEnded("r")
    }

    @Test
    fun `a future that is cancelled`() {
        for (begin in listOf<(TokenService) -> CompletableFuture<*>>(
            { it.handleAsync(request()) },
            { it.issueAsync(APP, SECRET, SOURCE) },
            { it.issueAsync(APP, SECRET.toByteArray(), SOURCE) },
        )) {
            val hanging = Hanging()
            val future = begin(hanging.script.service)
            runBlocking { hanging.began.await() }
            assertTrue(future.cancel(true))
            assertThrows(CancellationException::class.java) { future.join() }
            hanging.assertEnded()
        }
    }

    @Test
    fun `a thread that is interrupted`() {
        for (call in listOf<(TokenService) -> Any>(
            { it.handleBlocking(request()) },
            { it.issueBlocking(APP, SECRET, SOURCE) },
            { it.issueBlocking(APP, SECRET.toByteArray(), SOURCE) },
        )) {
            val hanging = Hanging()
            val thrown = AtomicReference<Throwable>()
            val caller = thread { thrown.set(runCatching { call(hanging.script.service) }.exceptionOrNull()) }
            runBlocking { hanging.began.await() }
            caller.interrupt()
            caller.join()
            assertTrue(thrown.get() is InterruptedException, "${thrown.get()}")
            hanging.assertEnded()
        }
    }

    @Test
    fun `a thread that is interrupted before it calls leaves no secret`() = Scripted().use { script ->
        val secret = SECRET.toByteArray()
        Thread.currentThread().interrupt()
        // An answer that was there at once is no reason to wait, and then the interrupt is still to be heard.
        val thrown = runCatching { script.service.issueBlocking(APP, secret, SOURCE) }.exceptionOrNull()
        assertTrue(Thread.interrupted() || thrown is InterruptedException, "$thrown")
        assertTrue(secret.all { it == 0.toByte() })
    }

    @Test
    fun `a call that is cancelled before it begins is not made`() = Scripted().use { script ->
        runBlocking {
            val secret = SECRET.toByteArray()
            launch {
                coroutineContext[kotlinx.coroutines.Job]!!.cancel()
                runCatching { script.service.handle(request("r")) }.onSuccess { error("it was made") }
                runCatching { script.service.issue(APP, secret, SOURCE) }.onSuccess { error("it was made") }
            }.join()
            assertTrue(secret.all { it == 0.toByte() })
        }
        assertEquals(0, script.asked.get())
        assertTrue(script.events.isEmpty())
    }

    @Test
    fun `a call that is cancelled after its end has its answer`() = Scripted().use { script ->
        val future = script.service.handleAsync(request("r"))
        assertEquals(200, future.get().status)
        assertTrue(!future.cancel(true))
        assertEquals("issued", script.ending("r").name)
    }

    @Test
    fun `cancellations that race with answers leave one event each`() = Scripted().use { script ->
        val calls = 300
        runBlocking(Dispatchers.Default) {
            repeat(calls) { number ->
                val call = async { runCatching { script.service.handle(request("r-$number")) } }
                repeat(number % 40) { Thread.onSpinWait() }
                call.cancel()
            }
        }
        until("an end of each that began") { script.service.inFlight == 0 }
        val ends = script.events.filter { it.isTerminal }.groupingBy { it.requestId }.eachCount()
        assertTrue(ends.values.all { it == 1 }, "$ends")
    }

    @Test
    fun `a future of Java's is cancelled with its caller, and a thread that blocks is interrupted`() {
        val given = CompletableFuture<TokenSet>()
        val asked = CountDownLatch(1)
        val config = """{"authenticator":{"kind":"host"},"deadline_ms":60000}"""
        val future = Authenticator.fromFuture { given.also { asked.countDown() } }
        TokenService.createBlocking(config, future).use { service ->
            val call = service.handleAsync(request())
            asked.await()
            call.cancel(true)
            until("the future is cancelled") { given.isCancelled }
        }
        val blocked = CountDownLatch(1)
        val woken = AtomicReference<Throwable?>(null)
        val blocking = Authenticator.fromBlocking {
            blocked.countDown()
            try {
                Thread.sleep(60_000)
            } catch (interrupted: InterruptedException) {
                woken.set(interrupted)
                throw interrupted
            }
            TOKENS
        }
        TokenService.createBlocking(config, blocking).use { service ->
            val call = service.handleAsync(request())
            blocked.await()
            assertNull(woken.get())
            call.cancel(true)
            until("the thread is interrupted") { woken.get() != null }
        }
    }
}
