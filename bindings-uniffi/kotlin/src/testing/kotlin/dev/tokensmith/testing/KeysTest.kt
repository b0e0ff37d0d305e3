package dev.tokensmith.testing

import dev.tokensmith.Admin
import dev.tokensmith.InvalidAccessTokenException
import dev.tokensmith.KeyState
import dev.tokensmith.SigningAlgorithm
import dev.tokensmith.TokenService
import dev.tokensmith.bridge.ManualHost
import java.nio.file.Path
import java.time.Instant
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

private const val START = 1_700_000_000L
private const val LEAD = 600L
private const val LIFE = 3_600L
private const val SKEW = 60L

/** Signing keys that follow one another, and tokens that expire, on a clock that the tests move. */
class KeysTest {
    @TempDir
    lateinit var folder: Path

    private val host = ManualHost(START)
    private lateinit var service: TokenService
    private lateinit var token: () -> String
    private val admin: Admin get() = service.admin!!

    @BeforeEach
    fun begin(): Unit = runBlocking {
        val issuer = """{"key_lead_seconds":$LEAD,"token_seconds":$LIFE}"""
        val config = """{"store":{"path":"$folder/store.db"},"authenticator":$issuer}"""
        service = TokenService.create(config, null, null, null, host::createService)
        val app = admin.createApp("billing")
        token = { service.issueBlocking(app.id, app.secret).accessToken }
    }

    @AfterEach
    fun end() = service.close()

    private fun pass(seconds: Long) = host.advance(seconds * 1_000_000)

    private fun states() = admin.listKeysBlocking().associate { it.algorithm to it.state }

    @Test
    fun `a key is pending, signs at its time, and stays for its tokens`() {
        val tokens = mutableListOf(token())
        val second = admin.rotateKeyBlocking(SigningAlgorithm.EdDSA)
        assertEquals(Instant.ofEpochSecond(START) to Instant.ofEpochSecond(START + LEAD), second.created to second.active)
        pass(LEAD - 1)
        assertEquals(mapOf(SigningAlgorithm.ES256 to KeyState.ACTIVE, SigningAlgorithm.EdDSA to KeyState.PENDING), states())
        pass(1)
        assertEquals(mapOf(SigningAlgorithm.ES256 to KeyState.RETIRED, SigningAlgorithm.EdDSA to KeyState.ACTIVE), states())
        tokens += token()
        admin.rotateKeyBlocking(SigningAlgorithm.RS256)
        pass(LEAD)
        tokens += token()
        assertEquals(listOf(KeyState.RETIRED, KeyState.RETIRED, KeyState.ACTIVE), states().values.toList())
        for (text in tokens) admin.verifyAccessToken(text)
    }

    @Test
    fun `a token is good to its end, give or take a minute`() {
        val text = token()
        pass(LIFE + SKEW - 1)
        val claims = admin.verifyAccessToken(text)
        assertEquals(START to START + LIFE, claims.issued.epochSecond to claims.expires.epochSecond)
        pass(1)
        val invalid = assertThrows(InvalidAccessTokenException::class.java) { admin.verifyAccessToken(text) }
        assertEquals(InvalidAccessTokenException.Reason.EXPIRED, invalid.reason)
    }
}
