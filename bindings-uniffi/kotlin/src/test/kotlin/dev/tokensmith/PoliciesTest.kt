package dev.tokensmith

import java.nio.file.Path
import java.time.Duration
import java.time.Instant
import java.util.Base64
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

private const val HERE = "http://127.0.0.1:8080"
private const val LEDGER = "https://ledger.example"

/** What the tokens of an app say by its policy, and what a token is to whoever asks. */
class PoliciesTest {
    @TempDir
    lateinit var folder: Path

    private val policy = AppPolicy(
        audience = listOf("https://invoices.example", LEDGER),
        scope = "invoices:read invoices:write",
        claims = """{"tags":["a",null,true],"tenant":"acme"}""",
        tokenLife = Duration.ofMinutes(10),
        idClaims = """{"name":"Billing"}""",
    )

    private fun code(call: () -> Any) = assertThrows(AdminException::class.java) { call() }.code

    private fun Admin.assertForAnother(token: String, audience: String?) {
        val invalid = assertThrows(InvalidAccessTokenException::class.java) { verifyAccessToken(token, audience) }
        assertEquals(InvalidAccessTokenException.Reason.ISSUER, invalid.reason)
    }

    @Test
    fun `a policy is set, read, and in each token that follows`(): Unit = Issuer(folder).use { issuer ->
        val (admin, app) = issuer.admin to issuer.app
        val before = issuer.issue()
        assertEquals("${AppPolicy()}", "${admin.appPolicyBlocking(app.id)}")
        admin.setAppPolicyBlocking(app.id, policy)
        assertEquals("$policy", "${admin.appPolicyBlocking(app.id)}")
        for (tokens in listOf(issuer.issue(), issuer.refresh(before.refreshToken!!))) {
            val said = admin.verifyAccessToken(tokens.accessToken, LEDGER)
            assertEquals(listOf(policy.audience, policy.scope, policy.claims), listOf(said.audience, said.scope, said.claims))
            assertEquals(policy.tokenLife, Duration.between(said.issued, said.expires))
            assertEquals(policy.tokenLife, tokens.expiresIn)
            val idToken = String(Base64.getUrlDecoder().decode(tokens.idToken!!.split('.')[1]))
            assertTrue(""""aud":"${app.id}"""" in idToken && """"name":"Billing"""" in idToken, idToken)
            for (audience in listOf(null, HERE, "")) admin.assertForAnother(tokens.accessToken, audience)
        }
        assertEquals(listOf(HERE), admin.verifyAccessToken(before.accessToken, HERE).audience)
        admin.assertForAnother(before.accessToken, LEDGER)
        admin.setAppPolicyBlocking(app.id, AppPolicy(idClaims = "{}"))
        assertNotNull(issuer.issue().idToken)
        admin.setAppPolicyBlocking(app.id, AppPolicy())
        assertNull(issuer.issue().idToken)
        assertEquals("${AppPolicy()}", "${admin.appPolicyBlocking(app.id)}")
    }

    @Test
    fun `what is no policy`(): Unit = Issuer(folder).use { issuer ->
        val (admin, app) = issuer.admin to issuer.app
        for (wrong in listOf(
            AppPolicy(audience = listOf()),
            AppPolicy(audience = listOf("a", "a")),
            AppPolicy(scope = "a  b"),
            AppPolicy(claims = "[]"),
            AppPolicy(idClaims = "[]"),
            AppPolicy(claims = """{"sub":"a"}"""),
            AppPolicy(claims = """{"a":1,"a":2}"""),
            AppPolicy(tokenLife = Duration.ofSeconds(59)),
            AppPolicy(tokenLife = Duration.ofMillis(60_500)),
            AppPolicy(tokenLife = Duration.ofSeconds(86_401)),
        )) {
            assertEquals("ERR_ADMIN_INVALID", code { admin.setAppPolicyBlocking(app.id, wrong) }, "$wrong")
        }
        for (wrong in listOf(
            AppPolicy(audience = listOf("\uD800")),
            AppPolicy(scope = "\uD800"),
            AppPolicy(claims = "\uD800"),
            AppPolicy(tokenLife = Duration.ofSeconds(-1)),
        )) {
            assertThrows(IllegalArgumentException::class.java) { admin.setAppPolicyBlocking(app.id, wrong) }
        }
        for (id in listOf("appcl-nobody", "", "\n")) {
            assertEquals("ERR_ADMIN_NOT_FOUND", code { admin.setAppPolicyBlocking(id, policy) })
            assertEquals("ERR_ADMIN_NOT_FOUND", code { admin.appPolicyBlocking(id) })
        }
    }

    @Test
    fun `what an access token is, until its app is disabled`(): Unit = Issuer(folder).use { issuer ->
        val (admin, app) = issuer.admin to issuer.app
        admin.setAppPolicyBlocking(app.id, policy)
        val other = admin.createAppBlocking("another")
        val token = issuer.issue().accessToken
        val said = admin.verifyAccessToken(token, LEDGER)
        for (who in listOf(app.id, other.id)) {
            val told = admin.introspectBlocking(who, token)!!
            assertEquals(TokenKind.ACCESS to HERE, told.kind to told.issuer)
            assertEquals("$said".substringAfter("appClientId"), "$told".replace("issuer=$HERE, ", "").substringAfter("appClientId"))
        }
        assertEquals(Revocation.UNSUPPORTED, admin.revokeTokenBlocking(app.id, token))
        assertEquals(TokenKind.ACCESS, admin.introspectBlocking(app.id, token)?.kind, "it lives to its end")
        admin.disableAppBlocking(app.id)
        assertNull(admin.introspectBlocking(other.id, token))
    }

    @Test
    fun `what a refresh token is, to its app alone, until it is revoked`(): Unit = Issuer(folder).use { issuer ->
        val (admin, app) = issuer.admin to issuer.app
        val other = admin.createAppBlocking("another")
        val token = issuer.issue().refreshToken!!
        val told = admin.introspectBlocking(app.id, token)!!
        assertEquals(listOf(TokenKind.REFRESH, app.id, "app:${app.id}", HERE), told.run { listOf(kind, appClientId, subject, this.issuer) })
        assertEquals(listOf(null, null, "{}", null), told.run { listOf(audience, scope, claims, tokenId) })
        assertTrue(Duration.between(told.issued, Instant.now()).abs() < Duration.ofMinutes(1) && told.expires > told.issued)
        assertNull(admin.introspectBlocking(other.id, token))
        assertEquals(Revocation.DONE, admin.revokeTokenBlocking(other.id, token), "it is none of its")
        val next = issuer.refresh(token).refreshToken!!
        assertEquals(Revocation.DONE, admin.revokeTokenBlocking(app.id, next))
        assertNull(admin.introspectBlocking(app.id, next))
        assertThrows(TokenException.Unauthorized::class.java) { issuer.refresh(next) }
    }

    @Test
    fun `what is no token, no app and no service`(): Unit = Issuer(folder).use { issuer ->
        val (admin, app) = issuer.admin to issuer.app
        for (text in listOf("", "none of ours", "€".repeat(20_000))) {
            assertNull(admin.introspectBlocking(app.id, text))
            assertEquals(Revocation.DONE, admin.revokeTokenBlocking(app.id, text))
        }
        val calls = listOf<(String) -> Any?>(
            { admin.introspectBlocking(it, "token") },
            { admin.revokeTokenBlocking(it, "token") },
        )
        for (call in calls) {
            for (id in listOf("appcl-nobody", "", "\n")) {
                assertThrows(AdminException.NotFound::class.java) { call(id) }
            }
            assertThrows(IllegalArgumentException::class.java) { call("\uD800") }
        }
        issuer.close()
        for (call in calls + listOf({ admin.appPolicyBlocking(it) }, { admin.setAppPolicyBlocking(it, policy) })) {
            assertThrows(IllegalStateException::class.java) { call(app.id) }
        }
    }
}
