package dev.tokensmith

import dev.tokensmith.InvalidAccessTokenException.Reason
import java.nio.file.Files
import java.nio.file.Path
import java.time.Duration
import java.time.Instant
import java.util.Base64
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Signing keys: listed, rotated and revoked; and the access tokens that they have signed, verified. */
class KeysTest {
    @TempDir
    lateinit var folder: Path

    private fun code(call: () -> Any) = assertThrows(AdminException::class.java) { call() }.code

    private fun Admin.reason(token: String, audience: String? = null): Reason {
        val invalid = assertThrows(InvalidAccessTokenException::class.java) { verifyAccessToken(token, audience) }
        assertEquals("ERR_ACCESS_TOKEN_INVALID", invalid.code)
        assertEquals(null, invalid.cause)
        return invalid.reason
    }

    private fun header(token: String) = String(Base64.getUrlDecoder().decode(token.substringBefore('.')))

    private fun assertNear(expected: Instant, time: Instant) =
        assertTrue(Duration.between(expected, time).abs() < Duration.ofMinutes(1), "$time")

    @Test
    fun `one key signs, and what is verified says what the token does`(): Unit = Issuer(folder).use { issuer ->
        val (admin, app) = issuer.admin to issuer.app
        val key = admin.listKeysBlocking().single()
        assertEquals(SigningAlgorithm.ES256 to KeyState.ACTIVE, key.algorithm to key.state)
        assertNear(Instant.now(), key.created)
        assertTrue("\"kid\":\"${key.kid}\"" in admin.jwks())
        val token = issuer.issue().accessToken
        assertTrue("\"kid\":\"${key.kid}\"" in header(token))
        val claims = admin.verifyAccessToken(token)
        assertEquals(listOf(app.id, "app:${app.id}", null, "{}"), claims.run { listOf(appClientId, subject, scope, claims.claims) })
        assertEquals(listOf("http://127.0.0.1:8080"), claims.audience)
        assertNear(Instant.now(), claims.issued)
        assertEquals(Duration.ofHours(1), Duration.between(claims.issued, claims.expires))
        val payload = String(Base64.getUrlDecoder().decode(token.split('.')[1]))
        assertTrue("\"jti\":\"${claims.tokenId}\"" in payload && "\"exp\":${claims.expires.epochSecond}" in payload)
        admin.deleteAppBlocking(app.id)
        assertEquals(claims.tokenId, admin.verifyAccessToken(token).tokenId, "it lives to its end")
    }

    @Test
    fun `what is no access token of this issuer's`(@TempDir elsewhere: Path): Unit = Issuer(folder).use { issuer ->
        val admin = issuer.admin
        val tokens = issuer.issue()
        val good = tokens.accessToken
        for (text in listOf("", "..", " $good", "$good\n", "$good.$good", tokens.refreshToken!!, "€".repeat(20_000))) {
            assertEquals(Reason.MALFORMED, admin.reason(text))
        }
        val (header, claims, signature) = good.split('.')
        assertEquals(Reason.SIGNATURE, admin.reason("$header.$claims.${"A".repeat(signature.length)}"))
        assertEquals(Reason.ISSUER, admin.reason(good, "https://other.example"))
        Issuer(elsewhere).use { assertEquals(Reason.UNKNOWN_KEY, it.admin.reason(good)) }
        val lone = assertThrows(IllegalArgumentException::class.java) { admin.verifyAccessToken("planted\uD800") }
        assertEquals("`token` must be well-formed Unicode", lone.message)
    }

    @Test
    fun `a key is rotated, and the former dropped`(): Unit = Issuer(folder).use { issuer ->
        val admin = issuer.admin
        val former = issuer.issue().accessToken
        val first = admin.listKeysBlocking().single()
        val second = admin.rotateKeyBlocking(SigningAlgorithm.EdDSA)
        assertEquals(SigningAlgorithm.EdDSA to KeyState.PENDING, second.algorithm to second.state)
        assertNear(Instant.now().plus(Duration.ofDays(1)), second.active)
        assertEquals(listOf(first.kid, second.kid), admin.listKeysBlocking().map { it.kid })
        assertEquals(second.kid, issuer.events.single { it.name == "key_rotated" }.kid)
        for (algorithm in listOf(null, SigningAlgorithm.RS256)) {
            assertEquals("ERR_ADMIN_LIMIT", code { admin.rotateKeyBlocking(algorithm) })
        }
        admin.verifyAccessToken(issuer.issue().accessToken)

        admin.revokeKeyBlocking(first.kid)
        assertEquals(Reason.UNKNOWN_KEY, admin.reason(former))
        val latter = issuer.issue().accessToken
        assertTrue("\"alg\":\"EdDSA\"" in header(latter))
        admin.verifyAccessToken(latter)
        assertEquals(second.kid to KeyState.ACTIVE, admin.listKeysBlocking().single().run { kid to state })
        assertEquals(SigningAlgorithm.EdDSA, admin.rotateKeyBlocking().algorithm, "as the former")
    }

    @Test
    fun `the only key that is dropped is followed by another`(): Unit = Issuer(folder).use { issuer ->
        val only = issuer.admin.listKeysBlocking().single()
        issuer.admin.revokeKeyBlocking(only.kid)
        val key = issuer.admin.listKeysBlocking().single()
        assertEquals(SigningAlgorithm.ES256 to KeyState.ACTIVE, key.algorithm to key.state)
        assertNotEquals(only.kid, key.kid)
    }

    @Test
    fun `what is no key, a store that fails, and a closed service`(): Unit = Issuer(folder).use { issuer ->
        val admin = issuer.admin
        val token = issuer.issue().accessToken
        val key = admin.listKeysBlocking().single()
        for (kid in listOf("", "a\nb", key.kid.drop(1))) {
            assertEquals("ERR_ADMIN_NOT_FOUND", code { admin.revokeKeyBlocking(kid) })
        }
        assertThrows(IllegalArgumentException::class.java) { admin.revokeKeyBlocking("\uD800") }
        val store = folder.resolve("tokensmith.db")
        Files.delete(store)
        Files.writeString(store, "this is no database")
        assertEquals("ERR_ADMIN_STORE", code { admin.rotateKeyBlocking() })
        assertEquals("ERR_ADMIN_STORE", code { admin.revokeKeyBlocking(key.kid) })
        admin.verifyAccessToken(token)
        issuer.close()
        for (call in listOf<() -> Any>(
            admin::listKeysBlocking,
            { admin.rotateKeyBlocking() },
            { admin.revokeKeyBlocking(key.kid) },
            { admin.verifyAccessToken(token) },
        )) {
            assertThrows(IllegalStateException::class.java) { call() }
        }
    }
}
