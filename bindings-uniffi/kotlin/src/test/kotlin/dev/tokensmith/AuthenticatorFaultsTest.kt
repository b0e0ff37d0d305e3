package dev.tokensmith

import java.time.Duration
import java.util.concurrent.CompletableFuture
import java.util.concurrent.CountDownLatch
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancel
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertSame
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** Whatever an authenticator does, the call is answered, at once and not at the deadline. */
class AuthenticatorFaultsTest {
    private class Odd : Throwable("planted")

    private fun deep(n: Int): Int = deep(n + 1) + 1

    /** The answers of two calls, and one of the third, when all is well again. */
    private fun Scripted.failing(what: String, fault: suspend (AuthRequest) -> TokenSet) {
        answer = fault
        heard.clear()
        val began = System.nanoTime()
        val response = handle(what)
        assertEquals(502, response.status, what)
        assertTrue("planted" !in response.text, what)
        assertThrows(TokenException.Downstream::class.java, { issue() }, what)
        // The deadline is a minute away.
        assertTrue(System.nanoTime() - began < 20_000_000_000, "$what: it waited for the deadline")
        assertEquals(2, heard.size, what)
        answer = { TOKENS }
        assertEquals(200, handle("after $what").status, what)
    }

    @Test
    fun `whatever is thrown is a 502 that the hook alone hears`() = Scripted(""","deadline_ms":60000""").use { script ->
        val faults: Map<String, suspend (AuthRequest) -> TokenSet> = mapOf(
            "an exception" to { error("planted") },
            "one whose text is no Unicode" to { error("planted \uD800") },
            "an Error" to { throw Error("planted") },
            "a stack that overflows" to { TokenSet("${deep(0)}", Duration.ZERO) },
            "no memory" to { throw OutOfMemoryError("planted") },
            "a class that is not there" to { throw NoClassDefFoundError("planted") },
            "a Throwable of the host's own" to { throw Odd() },
            "an assertion" to { throw AssertionError("planted") },
            "an interrupt" to { throw InterruptedException("planted") },
            "a cancellation of its own" to { throw CancellationException("planted") },
            "a time-out of its own" to { withTimeout(1) { awaitCancellation() } },
        )
        for ((what, fault) in faults) script.failing(what, fault)
        script.failing("the exception itself") { throw Odd() }
        val odd = Odd()
        script.answer = { throw odd }
        script.handle()
        assertSame(odd, script.heard.last())
    }

    @Test
    fun `an authenticator that cancels itself is a 502`() = Scripted(""","deadline_ms":60000""").use { script ->
        script.answer = {
            currentCoroutineContext().cancel(CancellationException("planted \uD800"))
            delay(1)
            TOKENS
        }
        assertEquals(502, script.handle("r").status)
        assertEquals("downstream_failed", script.ending("r").name)
        assertEquals(0, dev.tokensmith.bridge.uniffiForeignFutureHandleCount())
    }

    @Test
    fun `what ends after its call hands over no text, of which the bridge would keep the memory`() = runBlocking {
        val thrown = CompletableDeferred<Throwable?>()
        val request = dev.tokensmith.bridge.AuthRequest(APP, SECRET, null, null, null)
        launch {
            currentCoroutineContext().cancel()
            thrown.complete(runCatching { HostAuthenticator({ TOKENS }, null).authenticate(request) }.exceptionOrNull())
        }.join()
        assertTrue(thrown.await() is CancellationException)
        assertEquals("", thrown.await().toString())
    }

    @Test
    fun `a hook that throws changes nothing`() {
        val service = TokenService.createBlocking(
            """{"authenticator":{"kind":"host"},"deadline_ms":60000}""",
            { error("planted") },
            null,
            { throw StackOverflowError("planted") },
        )
        service.use { assertEquals(502, it.handleBlocking(request()).status) }
    }

    @Test
    fun `an answer that is no token set is a breach of the contract`() = Scripted(""","deadline_ms":60000""").use { script ->
        val answers: Map<String, () -> TokenSet> = mapOf(
            "a time that is negative" to { TokenSet("a", Duration.ofSeconds(-1), "r") },
            "a token that is no Unicode" to { TokenSet("a\uD800", Duration.ofHours(1), "r") },
            "a refresh token that is none" to { TokenSet("a", Duration.ofHours(1), "\uDC00") },
            "an id token that is none" to { TokenSet("a", Duration.ofHours(1), "r", "i\uD800") },
            "a token type that is none" to { TokenSet("a", Duration.ofHours(1), "r", null, "\uD83D") },
            "another token type" to { TokenSet("a", Duration.ofHours(1), "r", null, "mac") },
        )
        for ((what, answer) in answers) {
            script.answer = { answer() }
            assertEquals(502, script.handle(what).status, what)
            assertEquals("contract", script.ending(what).kind, what)
        }
        val tokens: Map<String, () -> TokenSet> = mapOf(
            "a hundred megabytes" to { TokenSet("x".repeat(100_000_000), Duration.ofHours(1), "r") },
            "pairs of surrogates, cut in two" to { TokenSet("x" + "\uD83D\uDE00".repeat(40_000), Duration.ofHours(1), "r") },
            "no refresh token" to { TokenSet("a", Duration.ofHours(1)) },
            "no time" to { TokenSet("a", Duration.ZERO, "r") },
        )
        for ((what, answer) in tokens) {
            script.answer = { answer() }
            assertEquals(502, script.handle(what).status, what)
            assertEquals("downstream_failed", script.ending(what).name, what)
        }
        script.answer = { TokenSet("a", Duration.ofSeconds(Long.MAX_VALUE), "r") }
        assertEquals(502, script.handle("an eternity").status)
    }

    @Test
    fun `a future of Java's is awaited, and its failures are its own`() {
        var stage: () -> CompletableFuture<TokenSet>? = { CompletableFuture.completedFuture(TOKENS) }
        val heard = mutableListOf<Throwable>()
        val service = TokenService.createBlocking(
            """{"authenticator":{"kind":"host"},"deadline_ms":60000,$UNLIMITED}""",
            @Suppress("UNCHECKED_CAST") Authenticator.fromFuture { stage() as CompletableFuture<TokenSet> },
            null,
            { heard.add(it) },
        )
        fun status() = service.handleBlocking(request()).status
        service.use {
            assertEquals(200, status())
            stage = { CompletableFuture.failedFuture(AuthenticateException.Rejected()) }
            assertEquals(401, status())
            stage = { CompletableFuture.supplyAsync { throw AuthenticateException.Throttled() } }
            assertEquals(429, status())
            assertTrue(heard.isEmpty())
            stage = { CompletableFuture.failedFuture(Error("planted")) }
            assertEquals(502, status())
            stage = { CompletableFuture<TokenSet>().apply { cancel(true) } }
            assertEquals(502, status())
            stage = { null }
            assertEquals(502, status())
            stage = { CompletableFuture.completedFuture(null) }
            assertEquals(502, status())
            assertEquals(4, heard.size)
        }
    }

    @Test
    fun `those that block and cannot be woken take no thread of anybody else`() {
        val config = """{"authenticator":{"kind":"host"},"deadline_ms":300,"max_in_flight":100,$UNLIMITED}"""
        val stop = CountDownLatch(1)
        val stuck = Authenticator.fromBlocking {
            while (stop.count > 0) runCatching { stop.await() }
            TOKENS
        }
        val stuckService = TokenService.createBlocking(config, stuck)
        val calls = List(80) { stuckService.handleAsync(request()) }
        assertTrue(calls.all { it.get().status == 502 })
        TokenService.createBlocking(config, Authenticator.fromBlocking { TOKENS }).use { service ->
            assertEquals(200, service.handleBlocking(request()).status)
        }
        runBlocking { withTimeout(20_000) { withContext(Dispatchers.IO) { stop.countDown() } } }
        until("threads that are free again") { stuckService.handleBlocking(request()).status == 200 }
        stuckService.close()
    }

    @Test
    fun `one that blocks runs where it may`() {
        val threads = mutableSetOf<String>()
        val authenticator = Authenticator.fromBlocking { request ->
            synchronized(threads) { threads.add(Thread.currentThread().name) }
            if (request.appSecret != SECRET) throw AuthenticateException.Rejected()
            TOKENS
        }
        TokenService.createBlocking("""{"authenticator":{"kind":"host"}}""", authenticator).use { service ->
            assertEquals("an-access-token", service.issueBlocking(APP, SECRET).accessToken)
            assertThrows(TokenException.Unauthorized::class.java) { service.issueBlocking(APP, "wrong") }
        }
        assertTrue(threads.all { it.startsWith("DefaultDispatcher-worker") }, "$threads")
    }

    @Test
    fun `a request is what was sent`() = Scripted().use { script ->
        var seen: AuthRequest? = null
        script.answer = { TOKENS.also { _ -> seen = it } }
        script.handle("r-1")
        val first = seen!!
        assertEquals(listOf(APP, SECRET, SOURCE, "r-1"), first.run { listOf(appClientId, appSecret, source, requestId) })
        assertTrue(first.budget!! <= Duration.ofSeconds(5))
        script.service.issueBlocking(APP, SECRET)
        assertTrue(seen !== first)
        assertNull(script.events.last().source)
    }
}
