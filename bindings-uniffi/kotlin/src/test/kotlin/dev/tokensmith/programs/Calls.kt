package dev.tokensmith.programs

import dev.tokensmith.Limiter
import dev.tokensmith.TokenRequest
import dev.tokensmith.TokenService
import dev.tokensmith.TokenSet
import java.nio.file.Files
import java.time.Duration
import java.util.Locale
import kotlinx.coroutines.runBlocking

private const val LIMITS = """"limits":{"source":false,"client":false,"client_at_source":false}"""

/** Prints what a call costs: the median of many rounds, one call after the other. */
object Calls {
    private var rounds = 0

    @JvmStatic
    fun main(arguments: Array<String>) {
        rounds = arguments.firstOrNull()?.toInt() ?: 201
        val tokens = TokenSet("an-access-token", Duration.ofHours(1), "a-refresh-token")
        val host = TokenService.createBlocking("""{"authenticator":{"kind":"host"},$LIMITS}""", { tokens })
        val limiter = Limiter(perMinute = 60_000_000, burst = 60_000_000)
        row("no-op: `inFlight`", 200) { host.inFlight }
        row("`Limiter.tryAcquire`", 200) { limiter.tryAcquire("key") }
        row("`handle`, no JSON: 422", 100) { host.handle(TokenRequest(ByteArray(1), "application/json")) }
        row("`issue`, a host's authenticator", 50) { host.issue("app", "secret") }
        row("`issueBlocking`, a host's authenticator", 50) { host.issueBlocking("app", "secret") }
        host.close()
        val folder = Files.createTempDirectory("tokensmith-")
        try {
            val config = """{"store":{"kind":"sqlite","path":"$folder/x.db"},$LIMITS}"""
            TokenService.createBlocking(config).use { service ->
                val app = service.admin!!.createAppBlocking("bench")
                row("`issue`, the embedded issuer", 50) { service.issue(app.id, app.secret) }
            }
        } finally {
            folder.toFile().deleteRecursively()
        }
    }

    /** Rounds of so many calls each, after as many that warm up. */
    private fun row(what: String, calls: Int, call: suspend () -> Any) = runBlocking {
        val micros = (1..2 * rounds).map {
            val began = System.nanoTime()
            repeat(calls) { call() }
            (System.nanoTime() - began) / 1_000.0 / calls
        }.drop(rounds).sorted()
        val (low, median, high) = listOf(rounds / 4, rounds / 2, rounds * 3 / 4).map { "%.1f".format(Locale.ROOT, micros[it]) }
        println("| $what | $median | $low to $high |")
    }
}
