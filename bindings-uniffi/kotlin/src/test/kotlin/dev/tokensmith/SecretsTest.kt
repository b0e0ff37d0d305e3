package dev.tokensmith

import java.nio.file.Path
import java.time.Duration
import java.time.Instant
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Secrets of apps: made, listed, rotated, revoked, and gone with their app. */
class SecretsTest {
    @TempDir
    lateinit var folder: Path

    private fun code(call: () -> Any) = assertThrows(AdminException::class.java) { call() }.code

    private fun Issuer.assertRefused() {
        assertThrows(TokenException.Unauthorized::class.java) { issue() }
    }

    @Test
    fun `a secret is rotated, both are good, and a third is refused`(): Unit = Issuer(folder).use { issuer ->
        val (admin, app) = issuer.admin to issuer.app
        val made = admin.rotateSecretBlocking(app.id)
        issuer.issue()
        issuer.issue(made.secret)
        // Those of one second are in no order.
        val (former, latter) = admin.listSecretsBlocking(app.id).sortedBy { it.id == made.id }
        assertEquals(listOf(made.id, null, false), latter.run { listOf(id, expires, isRevoked) })
        val left = Duration.between(Instant.now(), former.expires)
        assertTrue(left > Duration.ofHours(23) && left <= Duration.ofDays(1), "$left")
        assertEquals(0, former.lastUsed!!.epochSecond % 3_600)
        assertTrue(former.created <= latter.created)
        assertEquals("ERR_ADMIN_LIMIT", code { admin.rotateSecretBlocking(app.id) })
        assertEquals(2, admin.listSecretsBlocking(app.id).size)
        assertEquals(app.id, issuer.events.single { it.name == "secret_rotated" }.appClientId)
    }

    @Test
    fun `without an overlap the former is good no more`(): Unit = Issuer(folder).use { issuer ->
        val made = issuer.admin.rotateSecretBlocking(issuer.app.id, Duration.ZERO)
        issuer.assertRefused()
        issuer.issue(made.secret)
        assertEquals(listOf(made.id), issuer.admin.listSecretsBlocking(issuer.app.id).map { it.id })
    }

    @Test
    fun `an overlap has its bounds`(): Unit = Issuer(folder).use { issuer ->
        fun rotate(overlap: Duration) = issuer.admin.rotateSecretBlocking(issuer.app.id, overlap)
        val negative = assertThrows(IllegalArgumentException::class.java) { rotate(Duration.ofNanos(-1)) }
        assertEquals("`overlap` must be no negative time", negative.message)
        for (wrong in listOf(Duration.ofMillis(500), Duration.ofDays(90).plusSeconds(1), Duration.ofSeconds(Long.MAX_VALUE))) {
            assertEquals("ERR_ADMIN_INVALID", code { rotate(wrong) }, "$wrong")
        }
        assertEquals(1, issuer.admin.listSecretsBlocking(issuer.app.id).size)
        rotate(Duration.ofDays(90))
    }

    @Test
    fun `a secret is revoked for good, and an app is deleted`(): Unit = Issuer(folder).use { issuer ->
        val (admin, app) = issuer.admin to issuer.app
        val secret = admin.listSecretsBlocking(app.id).single()
        repeat(2) { admin.revokeSecretBlocking(secret.id) }
        val revoked = admin.listSecretsBlocking(app.id).single()
        assertEquals(listOf(true, null), listOf(revoked.isRevoked, revoked.expires))
        issuer.assertRefused()
        admin.deleteAppBlocking(app.id)
        assertTrue(admin.listAppsBlocking().isEmpty())
    }

    @Test
    fun `what is not there, and what is no id`(): Unit = Issuer(folder).use { issuer ->
        val admin = issuer.admin
        for (call in listOf<(String) -> Any>(
            admin::deleteAppBlocking,
            { admin.rotateSecretBlocking(it) },
            admin::listSecretsBlocking,
            admin::revokeSecretBlocking,
            admin::revokeRefreshTokensOfBlocking,
        )) {
            for (id in listOf("appcl-nobody", "", "\n")) assertEquals("ERR_ADMIN_NOT_FOUND", code { call(id) })
            assertThrows(IllegalArgumentException::class.java) { call("\uD800") }
        }
        for (id in listOf("appcl-nobody", "\n")) {
            assertEquals("ERR_ADMIN_NOT_FOUND", code { admin.revokeRefreshTokenBlocking(id, "token") })
        }
        issuer.close()
        assertThrows(IllegalStateException::class.java) { admin.listSecretsBlocking(issuer.app.id) }
        assertThrows(IllegalStateException::class.java) { admin.rotateSecretBlocking(issuer.app.id) }
    }
}
