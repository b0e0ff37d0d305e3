package dev.tokensmith

import java.nio.file.Path
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

private const val BILLING = """{"appClientId":"billing","appSecret":"correct horse"}"""
private const val PAYROLL = """{"appClientId":"payroll","appSecret":"another horse","name":"Payroll, Berlin"}"""

/** Apps that are brought from elsewhere, with their secrets. */
class ImportsTest {
    @TempDir
    lateinit var folder: Path

    @Test
    fun `apps have tokens by the secrets that they had`(): Unit = Issuer(folder).use { issuer ->
        val admin = issuer.admin
        assertEquals(2, admin.importJsonLinesBlocking("$BILLING\n$PAYROLL"))
        val names = admin.listAppsBlocking().associate { it.id to it.name }
        assertEquals("billing" to "Payroll, Berlin", names["billing"] to names["payroll"])
        val token = issuer.service.issueBlocking("billing", "correct horse").accessToken
        assertEquals("billing", admin.verifyAccessToken(token).appClientId)
        val kinds = listOf("billing", issuer.app.id).map { admin.listSecretsBlocking(it).single().kind }
        assertEquals(listOf(SecretKind.ARGON2ID, SecretKind.GENERATED), kinds)
        assertThrows(TokenException.Unauthorized::class.java) { issuer.service.issueBlocking("billing", "another horse") }
    }

    @Test
    fun `all, or none`(): Unit = Issuer(folder).use { issuer ->
        val admin = issuer.admin
        val planted = "a-planted-secret"
        for (text in listOf("$BILLING\n$planted", "$BILLING\n$BILLING", """$BILLING${'\n'}{"appClientId":"$planted"}""")) {
            val refused = assertThrows(AdminException.Invalid::class.java) { admin.importJsonLinesBlocking(text) }
            assertTrue(refused.message!!.startsWith("line 2: "), refused.message)
            assertFalse(planted in "$refused")
        }
        assertThrows(IllegalArgumentException::class.java) { admin.importJsonLinesBlocking("\uD800") }
        assertEquals(listOf(issuer.app.id), admin.listAppsBlocking().map { it.id })
        assertEquals(0, admin.importJsonLinesBlocking(""))
        issuer.close()
        assertThrows(IllegalStateException::class.java) { admin.importJsonLinesBlocking(BILLING) }
    }
}
