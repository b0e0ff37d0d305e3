package dev.tokensmith.programs

import dev.tokensmith.AuthenticateException
import dev.tokensmith.TokenRequest
import dev.tokensmith.TokenService
import dev.tokensmith.TokenSet
import dev.tokensmith.bridge.uniffiForeignFutureHandleCount
import java.io.File
import java.time.Duration
import java.util.TreeMap
import java.util.concurrent.ConcurrentHashMap
import java.util.concurrent.atomic.LongAdder
import kotlin.system.exitProcess
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout

private const val CALLERS = 32
private const val ROUNDS = 10

/**
 * The last half of the calls may leave so much behind: of 10^5 calls, 31 bytes each. The JVM takes memory for
 * code and classes half a mebibyte at a time, and may still do so.
 */
private const val SLACK_KIB = 1_536

/** Makes many calls, with every fault, and prints what is held after each tenth of them. */
object Leaking {
    private val outcomes = ConcurrentHashMap<String, LongAdder>()
    private var service = made()

    private fun made(): TokenService = TokenService.createBlocking(
        """{"authenticator":{"kind":"host"},"deadline_ms":50,"max_in_flight":64,"limits":{"source":false,"client":false,"client_at_source":false}}""",
        { request ->
            when (request.requestId!!.toInt() % 20) {
                0 -> error("planted")
                1 -> throw StackOverflowError("planted")
                2 -> throw AuthenticateException.Rejected()
                3 -> throw AuthenticateException.Throttled(Duration.ofSeconds(1))
                4 -> TokenSet("\uD800", Duration.ofHours(1))
                5, 6 -> awaitCancellation()
                7 -> withTimeout(1) { awaitCancellation() }
                8 -> { delay(1) }
                9 -> return@createBlocking late()
            }
            TokenSet("a", Duration.ofHours(1), "r")
        },
        { },
    )

    /** An answer past the deadline, so large that it is seen if it is kept. */
    private suspend fun late(): TokenSet {
        withContext(NonCancellable) { delay(100) }
        return TokenSet("a".repeat(16_000), Duration.ofHours(1), "r")
    }

    @JvmStatic
    fun main(arguments: Array<String>) {
        val calls = arguments.single().toInt()
        val held = LongArray(ROUNDS)
        // The JVM compiles what is called often: what that takes is no leak.
        round(0, calls / 2)
        for (round in 0 until ROUNDS) {
            round(round, calls / ROUNDS)
            held[round] = resident()
            println("calls ${(round + 1) * (calls / ROUNDS)}, resident ${held[round]} KiB")
        }
        println("outcomes ${TreeMap(outcomes)}")
        service.close()
        var turns = 0
        while (uniffiForeignFutureHandleCount() > 0 && turns++ < 1_000) Thread.sleep(10)
        println("handles ${uniffiForeignFutureHandleCount()}")
        val grown = held[ROUNDS - 1] - held[ROUNDS / 2 - 1]
        println("the last half has grown by $grown KiB, ${grown * 1000 / (calls / 2)} KiB in a thousand calls")
        if (grown > SLACK_KIB) exitProcess(1)
    }

    private fun round(round: Int, calls: Int) {
        // The old one is closed while its last calls may be under way.
        val old = service
        service = made()
        runBlocking(Dispatchers.Default) {
            repeat(CALLERS) { caller ->
                launch {
                    for (number in caller until calls step CALLERS) {
                        call(if (number < CALLERS) old else service, number + round)
                        if (number == CALLERS) old.close()
                    }
                }
            }
        }
        old.close()
    }

    private suspend fun call(service: TokenService, number: Int) {
        val request = TokenRequest(
            """{"appClientId":"app","appSecret":"secret"}""".toByteArray(),
            "application/json",
            requestId = "$number",
        )
        val outcome = try {
            // Now and then the caller goes, at once or while the authenticator hangs.
            if (number % 20 == 6 || number % 37 == 0) {
                coroutineScope { withTimeout(1L + number % 5) { service.handle(request) } }
            } else {
                service.handle(request)
            }.status.toString()
        } catch (_: CancellationException) {
            "cancelled"
        }
        outcomes.computeIfAbsent(outcome) { LongAdder() }.increment()
    }

    /** Of Linux alone; elsewhere nothing grows. */
    private fun resident(): Long {
        System.gc()
        val status = File("/proc/self/status")
        if (!status.exists()) return 0
        val line = status.readLines().first { it.startsWith("VmRSS:") }
        return line.filter { it.isDigit() }.toLong()
    }
}
