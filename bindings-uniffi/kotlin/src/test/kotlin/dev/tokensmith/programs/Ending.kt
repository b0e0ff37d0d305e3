package dev.tokensmith.programs

import dev.tokensmith.Authenticator
import dev.tokensmith.TokenRequest
import dev.tokensmith.TokenService
import dev.tokensmith.TokenSet
import java.nio.file.Files
import java.time.Duration
import java.util.concurrent.CountDownLatch
import kotlin.concurrent.thread
import kotlin.system.exitProcess
import kotlinx.coroutines.awaitCancellation

/** Ends with a service in the state that is asked for. */
object Ending {
    @JvmStatic
    fun main(arguments: Array<String>) {
        val how = arguments.first()
        if (how == "work") return endAtWork(arguments[1].toLong())
        val asked = CountDownLatch(1)
        val authenticator = Authenticator {
            asked.countDown()
            if (how != "called" && how != "hook") awaitCancellation()
            TokenSet("a", Duration.ofHours(1), "r")
        }
        val config = """{"authenticator":{"kind":"host"},"deadline_ms":600000}"""
        val service = TokenService.createBlocking(config, authenticator, { })
        if (how == "hook") return endInHook(service)
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

    /** Ends as a server does that answers its last calls in a hook. */
    private fun endInHook(service: TokenService) {
        val last = thread(start = false) {
            service.issueBlocking("app", "secret")
            service.close()
            println("last line of hook")
        }
        Runtime.getRuntime().addShutdownHook(last)
        exitProcess(7)
    }

    /** Ends after so many milliseconds of making apps and of signing, on ever new threads. */
    private fun endAtWork(millis: Long) {
        val folder = Files.createTempDirectory("tokensmith-")
        val limits = """"limits":{"source":false,"client":false,"client_at_source":false}"""
        val service = TokenService.createBlocking("""{"store":{"kind":"sqlite","path":"$folder/x.db"},$limits}""")
        val app = service.admin!!.createAppBlocking("first")
        repeat(8) {
            thread(isDaemon = true) {
                while (true) {
                    val once = thread(isDaemon = true) {
                        service.issueBlocking(app.id, app.secret)
                        runCatching { service.admin!!.createAppBlocking("next") }
                    }
                    once.join()
                }
            }
        }
        Thread.sleep(millis)
        println("last line of work")
        folder.toFile().deleteRecursively()
        exitProcess(7)
    }
}
