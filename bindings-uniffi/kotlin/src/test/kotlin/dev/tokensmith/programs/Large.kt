package dev.tokensmith.programs

import dev.tokensmith.TokenRequest
import dev.tokensmith.TokenService
import dev.tokensmith.TokenSet
import java.io.File
import java.time.Duration

private const val LARGE = 100_000_000

/** Asks with a body of a hundred megabytes, and prints by how many of them its memory has grown at its most. */
object Large {
    @JvmStatic
    fun main(arguments: Array<String>) {
        val authenticator = { _: dev.tokensmith.AuthRequest -> TokenSet("a", Duration.ofHours(1), "r") }
        TokenService.createBlocking("""{"authenticator":{"kind":"host"}}""", { authenticator(it) }).use { service ->
            val body = ByteArray(LARGE) { ' '.code.toByte() }
            fun ask(body: ByteArray) = service.handleBlocking(TokenRequest(body, "application/json")).status
            ask(body.copyOf(10))
            val before = most()
            println("${ask(body)} ${(most() - before) / 1_000}")
        }
    }

    /** Of Linux alone, in KiB. */
    private fun most(): Long {
        val status = File("/proc/self/status")
        if (!status.exists()) return 0
        return status.readLines().first { it.startsWith("VmHWM:") }.filter { it.isDigit() }.toLong()
    }
}
