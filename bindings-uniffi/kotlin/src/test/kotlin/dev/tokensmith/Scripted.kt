package dev.tokensmith

import java.io.File
import java.time.Duration
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import kotlinx.coroutines.runBlocking

internal val TOKENS = TokenSet("an-access-token", Duration.ofHours(1), "a-refresh-token")

/** No limit is in the way, but for the places. */
internal const val UNLIMITED = """"limits":{"source":false,"client":false,"client_at_source":false}"""

internal const val APP = "appcl-1234"
internal const val SECRET = "a-secret"
internal const val SOURCE = "192.0.2.1"
internal const val BODY = """{"appClientId":"appcl-1234","appSecret":"a-secret"}"""

internal fun request(requestId: String? = null, body: String = BODY): TokenRequest =
    TokenRequest(body.toByteArray(), "application/json", SOURCE, requestId)

/** A service whose authenticator and observer a test has in its hands. It runs in real time. */
internal class Scripted(keys: String = "", limits: String = UNLIMITED) : AutoCloseable {
    /** What the authenticator does from now on. */
    @Volatile
    var answer: suspend (AuthRequest) -> TokenSet = { TOKENS }
    val asked = AtomicInteger()
    val events = CopyOnWriteArrayList<TokenEvent>()
    val heard = CopyOnWriteArrayList<Throwable>()

    private val authenticator = Authenticator { request ->
        asked.incrementAndGet()
        answer(request)
    }

    val service: TokenService = TokenService.createBlocking(
        """{"authenticator":{"kind":"host"},$limits$keys}""",
        authenticator,
        events::add,
        heard::add,
    )

    fun issue(): TokenSet = runBlocking { service.issue(APP, SECRET, SOURCE) }

    fun handle(requestId: String? = null): TokenResponse = service.handleBlocking(request(requestId))

    /** The one terminal event of the request. */
    fun ending(requestId: String): TokenEvent {
        until("the end of $requestId") { events.any { it.requestId == requestId && it.isTerminal } }
        return events.single { it.requestId == requestId && it.isTerminal }
    }

    override fun close() = service.close()
}

/** Until it holds. It gives up, or a test that fails would never end. */
internal fun until(what: String, holds: () -> Boolean) {
    val last = System.nanoTime() + 30_000_000_000
    while (!holds()) {
        check(System.nanoTime() < last) { "never: $what" }
        Thread.sleep(1)
    }
}

internal val TokenResponse.text: String
    get() = body.decodeToString()

/** Runs a program of the tests in a JVM of its own: its exit code, and all that it printed. */
internal fun runProgram(
    name: String,
    vararg arguments: String,
    flags: List<String> = emptyList(),
    folder: File? = null,
    classPath: String = System.getProperty("java.class.path"),
): Pair<Int, String> {
    val mainClass = if ('.' in name) name else "dev.tokensmith.programs.$name"
    val java = "${System.getProperty("java.home")}/bin/java"
    val command = listOf(java) + flags +
        listOf("-cp", classPath, mainClass) + arguments
    val builder = ProcessBuilder(command).directory(folder).redirectErrorStream(true)
    // What the C library keeps for later is no leak, and looks like one: an arena for each thread, and the
    // table of a limiter that is gone.
    builder.environment() += mapOf("MALLOC_ARENA_MAX" to "1", "MALLOC_MMAP_THRESHOLD_" to "131072")
    val process = builder.start()
    val watchdog = Thread {
        // Whatever it waits for, it is a failure.
        if (!process.waitFor(10, TimeUnit.MINUTES)) process.destroyForcibly()
    }
    watchdog.isDaemon = true
    watchdog.start()
    val printed = process.inputStream.readAllBytes().decodeToString()
    return process.waitFor() to printed
}
