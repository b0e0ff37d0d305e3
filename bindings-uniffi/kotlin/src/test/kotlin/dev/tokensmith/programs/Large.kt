package dev.tokensmith.programs

import dev.tokensmith.TokenRequest
import dev.tokensmith.TokenService
import dev.tokensmith.TokenSet
import java.io.File
import java.time.Duration

private const val LARGE = 100_000_000

/** Asks with a body, or answers with a token, of a hundred megabytes, and prints by how many its memory grows at most. */
object Large {
    @JvmStatic
    fun main(arguments: Array<String>) {
        val isToken = arguments.single() == "token"
        val body = ByteArray(LARGE) { ' '.code.toByte() }
        val large = if (isToken) String(body, Charsets.ISO_8859_1) else ""
        TokenService.createBlocking("""{"authenticator":{"kind":"host"}}""", { request ->
            TokenSet(if (request.appSecret == "large") large else "a", Duration.ofHours(1), "r")
        }).use { service ->
            fun ask(body: ByteArray) = service.handleBlocking(TokenRequest(body, "application/json")).status
            ask(body("small"))
            val before = most()
            println("${ask(if (isToken) body("large") else body)} ${(most() - before) / 1_000}")
        }
    }

    private fun body(secret: String): ByteArray = """{"appClientId":"app","appSecret":"$secret"}""".toByteArray()

    /** Of Linux alone, in KiB. */
    private fun most(): Long {
        val status = File("/proc/self/status")
        if (!status.exists()) return 0
        return status.readLines().first { it.startsWith("VmHWM:") }.filter { it.isDigit() }.toLong()
    }
}
