package dev.tokensmith

import java.time.Duration
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** Every code, provoked. */
class TokenExceptionTest {
    @Test
    fun `rejected credentials are unauthorized`() = Scripted().use { script ->
        script.answer = { throw AuthenticateException.Rejected() }
        val exception = assertThrows(TokenException.Unauthorized::class.java) { script.issue() }
        assertEquals("ERR_TOKEN_UNAUTHORIZED", exception.code)
        assertEquals(401, exception.status)
        assertNull(exception.retryAfter)
        assertTrue(script.handle().text.contains(exception.message!!))
    }

    @Test
    fun `a throttled caller is told for how long, in whole seconds, rounded up`() = Scripted().use { script ->
        script.answer = { throw AuthenticateException.Throttled(Duration.ofMillis(6_001)) }
        val exception = assertThrows(TokenException.RateLimited::class.java) { script.issue() }
        assertEquals("ERR_TOKEN_RATE_LIMITED", exception.code)
        assertEquals(429, exception.status)
        assertEquals(Duration.ofSeconds(7), exception.retryAfter)
        assertEquals("7", script.handle().headers["retry-after"])
    }

    @Test
    fun `a failure downstream has the sentence that stands for a surprise too`() = Scripted().use { script ->
        script.answer = { error("planted") }
        val exception = assertThrows(TokenException.Downstream::class.java) { script.issue() }
        assertEquals("ERR_TOKEN_DOWNSTREAM", exception.code)
        assertEquals(502, exception.status)
        assertEquals(TokenException.unexpected().message, exception.message)
        assertNull(exception.cause)
    }

    @Test
    fun `what comes out of the bridge besides keeps its text there`() {
        val exception = assertThrows(TokenException.Downstream::class.java) {
            crossing { throw dev.tokensmith.bridge.InternalException("planted") }
        }
        assertEquals(TokenException.unexpected().message, exception.message)
        assertNull(exception.cause)
    }

    @Test
    fun `what does not conform is a 422 of handle, and a request of no app is unauthorized`() = Scripted().use { script ->
        val answer = script.service.handleBlocking(request(body = "[]"))
        assertEquals(422, answer.status)
        val exception = assertThrows(TokenException.Unauthorized::class.java) {
            runBlocking { script.service.issue("no app\n", SECRET, SOURCE) }
        }
        assertEquals(401, exception.status)
        // No call of `issue` is a 422 yet, so this one is the bridge's.
        val invalid = TokenException.of(dev.tokensmith.bridge.TokenException.InvalidRequest("why"))
        assertEquals("ERR_TOKEN_INVALID_REQUEST", (invalid as TokenException.InvalidRequest).code)
        assertEquals(422, invalid.status)
    }

    @Test
    fun `a configuration that is wrong names the setting`() {
        fun refused(config: String, authenticator: Authenticator? = null): TokenException.Config {
            val exception = assertThrows(TokenException.Config::class.java) {
                TokenService.createBlocking(config, authenticator)
            }
            assertEquals("ERR_TOKEN_CONFIG", exception.code)
            assertNull(exception.status)
            return exception
        }
        assertEquals("limits.sauce", refused("""{"authenticator":{"kind":"host"},"limits":{"sauce":1}}""").key)
        assertEquals("authenticator", refused("""{"authenticator":{"kind":"host"}}""").key?.substringBefore('.'))
        refused("""{"store":{"path":"x.db"}}""") { TOKENS }
        assertTrue(!refused("""{"planted-value""").message!!.contains("planted"))
    }

    @Test
    fun `a when over the exceptions is exhaustive`() {
        fun word(exception: TokenException): String =
            when (exception) {
                is TokenException.Unauthorized -> "unauthorized"
                is TokenException.InvalidRequest -> "invalid"
                is TokenException.RateLimited -> "limited"
                is TokenException.Downstream -> "downstream"
                is TokenException.Config -> "config"
            }
        assertEquals("downstream", word(TokenException.unexpected()))
    }
}
