package dev.tokensmith.programs

import dev.tokensmith.Authenticator
import dev.tokensmith.TokenRequest
import dev.tokensmith.TokenService
import dev.tokensmith.TokenSet
import java.time.Duration
import java.util.concurrent.CountDownLatch
import kotlin.system.exitProcess
import kotlinx.coroutines.awaitCancellation

/** Ends with a service in the state that is asked for. */
object Ending {
    @JvmStatic
    fun main(arguments: Array<String>) {
        val how = arguments.single()
        val asked = CountDownLatch(1)
        val authenticator = Authenticator {
            asked.countDown()
            if (how != "called") awaitCancellation()
            TokenSet("a", Duration.ofHours(1), "r")
        }
        val config = """{"authenticator":{"kind":"host"},"deadline_ms":600000}"""
        val service = TokenService.createBlocking(config, authenticator, { })
        if (how != "idle" && how != "closed") {
            val body = """{"appClientId":"app","appSecret":"secret"}""".toByteArray()
            val call = service.handleAsync(TokenRequest(body, "application/json"))
            asked.await()
            if (how == "called") call.get()
        }
        if (how == "closed") service.close()
        println("last line of $how")
        when (how) {
            "exit" -> exitProcess(7)
            "halt" -> Runtime.getRuntime().halt(7)
        }
    }
}
