package dev.tokensmith.testing

import dev.tokensmith.Authenticator
import dev.tokensmith.TokenEvent
import dev.tokensmith.TokenException
import dev.tokensmith.TokenRequest
import dev.tokensmith.TokenService
import dev.tokensmith.TokenSet
import dev.tokensmith.bridge.CancelHandle
import dev.tokensmith.bridge.Credentials
import dev.tokensmith.bridge.NoHandle
import dev.tokensmith.bridge.Redemption
import dev.tokensmith.bridge.TokenRequest as BridgeRequest
import dev.tokensmith.bridge.TokenResponse as BridgeResponse
import dev.tokensmith.bridge.TokenService as BridgeService
import dev.tokensmith.bridge.TokenSet as BridgeTokens
import dev.tokensmith.bridge.createPanickingService
import dev.tokensmith.bridge.createService
import dev.tokensmith.bridge.panicAtOnce
import dev.tokensmith.bridge.panicLater
import java.time.Duration
import java.util.concurrent.CopyOnWriteArrayList
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

private const val CONFIG = """{"authenticator":{"kind":"host"}}"""

/** A panic of ours is a 502 or a typed error: the process lives, and the next call is answered. */
class PanicTest {
    private val authenticator = Authenticator { TokenSet("a", Duration.ofHours(1), "r") }
    private val events = CopyOnWriteArrayList<TokenEvent>()

    private fun request(): TokenRequest =
        TokenRequest("""{"appClientId":"app","appSecret":"secret"}""".toByteArray(), "application/json", "192.0.2.1")

    private fun anotherIsAnswered() = TokenService.createBlocking(CONFIG, authenticator).use {
        assertEquals(200, it.handleBlocking(request()).status)
    }

    private fun failed(call: suspend () -> Any) {
        val exception = assertThrows(TokenException.Downstream::class.java) { runBlocking { call() } }
        assertEquals(TokenException.unexpected().message, exception.message)
        assertEquals(null, exception.cause)
    }

    @Test
    fun `a panic is an exception of the bridge`() {
        assertThrows(Exception::class.java) { panicAtOnce() }
        assertThrows(Exception::class.java) { runBlocking { panicLater() } }
        anotherIsAnswered()
    }

    @Test
    fun `a panic of the authenticator is a 502, again and again`() = runBlocking {
        val service = TokenService.create(CONFIG, authenticator, events::add, null) { config, _, observer ->
            createPanickingService(config, observer)
        }
        for (calls in 1..3) {
            val answer = service.handle(request())
            assertEquals(502, answer.status)
            assertTrue("planted" !in answer.body.decodeToString())
            assertEquals(listOf("downstream_failed", "panic"), events.last().run { listOf(name, kind) })
            assertEquals(calls, events.size)
            assertEquals(0, service.inFlight)
        }
        failed { service.issue("app", "secret") }
        anotherIsAnswered()
    }

    /** A service of which each call of the bridge panics in place of what it does. */
    private class Panicking(private val real: BridgeService, private val panic: suspend () -> Unit) : BridgeService(NoHandle) {
        override fun hasAdmin() = false
        override fun canRefresh() = true
        override fun unavailable(): BridgeResponse = real.unavailable()
        override suspend fun handle(request: BridgeRequest, cancel: CancelHandle?): BridgeResponse {
            panic()
            return real.handle(request, cancel)
        }
        override suspend fun issue(credentials: Credentials, cancel: CancelHandle?): BridgeTokens {
            panic()
            return real.issue(credentials, cancel)
        }
        override suspend fun handleRefresh(request: BridgeRequest, cancel: CancelHandle?): BridgeResponse {
            panic()
            return real.handleRefresh(request, cancel)
        }
        override suspend fun refresh(redemption: Redemption, cancel: CancelHandle?): BridgeTokens {
            panic()
            return real.refresh(redemption, cancel)
        }
    }

    @Test
    fun `a call of the bridge that panics, at once or later, is a 502 and a typed error`() = runBlocking {
        for (panic in listOf<suspend () -> Unit>({ panicAtOnce() }, { panicLater() })) {
            val service = TokenService.create(CONFIG, authenticator, null, null) { config, host, observer ->
                Panicking(createService(config, host, observer), panic)
            }
            for (answer in listOf(service.handle(request()), service.handleRefresh(request()))) {
                assertEquals(502, answer.status)
                assertTrue("planted" !in answer.body.decodeToString())
            }
            failed { service.issue("app", "secret") }
            failed { service.refresh("app", "secret", "token") }
        }
        anotherIsAnswered()
    }

    @Test
    fun `a service whose making panics is a typed error`() {
        for (panic in listOf<suspend () -> Unit>({ panicAtOnce() }, { panicLater() })) {
            failed {
                TokenService.create(CONFIG, authenticator, null, null) { config, host, observer ->
                    panic()
                    createService(config, host, observer)
                }
            }
        }
        anotherIsAnswered()
    }
}
