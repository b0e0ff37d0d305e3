package dev.tokensmith

import java.io.File
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** What the README has is what is compiled here, and it does what the README says. */
class QuickStartTest {
    private val base = File(System.getProperty("tokensmith.basedir"))

    private fun isInReadme(source: String) {
        val program = base.resolve(source).readText().substringAfter("\n\n")
        assertTrue("\n$program```" in base.resolve("README.md").readText(), "$source is not what README.md has")
    }

    @Test
    fun `the program in Kotlin`(@TempDir folder: File) {
        isInReadme("src/test/kotlin/dev/tokensmith/programs/QuickStart.kt")
        val (code, printed) = runProgram("QuickStartKt", folder = folder)
        assertEquals("0 a token for 60 minutes\n401 AppSecret realm=\"token\"\n", "$code $printed")
    }

    @Test
    fun `the program that rotates and refreshes`(@TempDir folder: File) {
        isInReadme("src/test/kotlin/dev/tokensmith/programs/Secrets.kt")
        val (code, printed) = runProgram("SecretsKt", folder = folder)
        val revoked = "redeemed twice, so somebody else has it: all that came of it are revoked"
        assertEquals("0 ERR_ADMIN_LIMIT 2\n$revoked\n", "$code $printed")
    }

    @Test
    fun `the program that verifies and rotates keys`(@TempDir folder: File) {
        isInReadme("src/test/kotlin/dev/tokensmith/programs/Keys.kt")
        val (code, printed) = runProgram("KeysKt", folder = folder)
        val lines = "true\nERR_ACCESS_TOKEN_INVALID MALFORMED\n[ES256 ACTIVE, EdDSA PENDING]\n"
        assertEquals("0 $lines", "$code $printed")
    }

    @Test
    fun `the program that sets a policy`(@TempDir folder: File) {
        isInReadme("src/test/kotlin/dev/tokensmith/programs/Policies.kt")
        val (code, printed) = runProgram("PoliciesKt", folder = folder)
        assertEquals("0 invoices:read {\"tenant\":\"acme\"}\nREFRESH\nDONE\n", "$code $printed")
    }

    @Test
    fun `the program in Java`(@TempDir folder: File) {
        isInReadme("src/test/java/dev/tokensmith/consumer/QuickStart.java")
        val (code, printed) = runProgram("dev.tokensmith.consumer.QuickStart", folder = folder)
        val readme = base.resolve("README.md").readText()
        assertEquals(0, code)
        assertTrue(printed.startsWith("an-access-token\nERR_TOKEN_UNAUTHORIZED: "), printed)
        assertTrue("ERR_TOKEN_UNAUTHORIZED" in readme)
    }
}
