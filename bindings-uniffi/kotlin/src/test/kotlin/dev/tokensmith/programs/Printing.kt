package dev.tokensmith.programs

import dev.tokensmith.AppPolicy
import dev.tokensmith.AuthRequest
import dev.tokensmith.AuthenticateException
import dev.tokensmith.Limiter
import dev.tokensmith.TokenEvent
import dev.tokensmith.TokenRequest
import dev.tokensmith.TokenService
import dev.tokensmith.TokenSet
import java.nio.file.Files
import java.time.Duration
import java.util.concurrent.CompletableFuture
import java.util.logging.Level
import java.util.logging.Logger
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout

private const val PLANTED = "a-planted-secret"

/** Prints all that a host may print, with a secret planted wherever there is room for one. */
object Printing {
    private val events = mutableListOf<TokenEvent>()

    @JvmStatic
    fun main(arguments: Array<String>) {
        Logger.getLogger("").level = Level.ALL
        Logger.getLogger("").handlers.forEach { it.level = Level.ALL }
        answers()
        faults()
        arguments()
        issuer()
        println(synchronized(events) { events.toList() })
        println("all printed")
    }

    private fun shown(value: Any?) {
        println("$value ${listOf(value)} ${mapOf("value" to value)}")
        if (value is Throwable) value.printStackTrace()
    }

    private fun service(authenticator: suspend (AuthRequest) -> TokenSet): TokenService =
        TokenService.createBlocking(
            """{"authenticator":{"kind":"host"},"deadline_ms":1000,"limits":{"source":false,"client":false,"client_at_source":false}}""",
            { authenticator(it) },
            { synchronized(events) { events.add(it) } },
        )

    private fun body(): ByteArray = """{"appClientId":"app","appSecret":"$PLANTED"}""".toByteArray()

    private fun answers() {
        val tokens = TokenSet(PLANTED, Duration.ofHours(1), PLANTED, PLANTED)
        service { tokens.also { _ -> shown(it) } }.use { service ->
            val request = TokenRequest(body(), "application/json")
            shown(request)
            shown(service)
            val answer = service.handleBlocking(request)
            check(PLANTED in answer.body.decodeToString())
            shown(answer)
            shown(service.issueBlocking("app", PLANTED))
            shown(tokens)
        }
    }

    private fun faults() {
        val faults = listOf<suspend (AuthRequest) -> TokenSet>(
            { error(PLANTED) },
            { throw Error(PLANTED, RuntimeException(PLANTED)) },
            { throw StackOverflowError(PLANTED) },
            { throw AuthenticateException.Rejected().apply { addSuppressed(RuntimeException(PLANTED)) } },
            { withTimeout(1) { awaitCancellation() } },
            { throw kotlinx.coroutines.CancellationException("$PLANTED \uD800") },
            { TokenSet("$PLANTED \uD800", Duration.ofHours(1), "r") },
            { TokenSet("$PLANTED with spaces", Duration.ofHours(1), "r") },
            { TokenSet("a", Duration.ofHours(1), "r", null, PLANTED) },
            { TokenSet(PLANTED, Duration.ofSeconds(-5)) },
            { awaitCancellation() },
        )
        for (fault in faults) {
            service(fault).use { service ->
                shown(service.handleBlocking(TokenRequest(body(), "application/json")).body.decodeToString())
                shown(runCatching { service.issueBlocking("app", PLANTED) }.exceptionOrNull())
                shown(runCatching { service.issueAsync("app", PLANTED).join() }.exceptionOrNull())
            }
        }
    }

    private fun arguments() {
        val broken = "$PLANTED\uD800"
        val calls = listOf<suspend (TokenService) -> Any>(
            { it.issue(broken, PLANTED) },
            { it.issue(PLANTED + "\n", PLANTED) },
            { it.issue("app", broken) },
            { it.issue("app", PLANTED.toByteArray() + byteArrayOf(-1)) },
            { it.issue("app", PLANTED, broken) },
            { it.issue("app", PLANTED, PLANTED.repeat(50)) },
            { it.refresh("app", "secret", broken) },
            { it.refresh("app", PLANTED, PLANTED) },
            { it.handle(TokenRequest(body(), broken)) },
            { it.handle(TokenRequest(body(), source = PLANTED.repeat(50))) },
            { TokenService.create(broken) },
            { TokenService.create("""{"authenticator":{"kind":"$PLANTED"}}""") },
            { TokenService.create("""{"store":{"kind":"$PLANTED","path":7}}""") },
            { TokenService.create("""{"deadline_ms":"$PLANTED"}""") },
            { TokenService.create("""{"deadline_ms":"$PLANTED""") },
            { Limiter(1, 1).tryAcquire(broken) },
            { Limiter(1, 1).tryAcquire(PLANTED, 9) },
        )
        service { throw AuthenticateException.Rejected() }.use { service ->
            for (call in calls) {
                val thrown = runBlocking { runCatching { call(service) } }.exceptionOrNull()
                shown(checkNotNull(thrown))
            }
        }
        val closed = service { TokenSet(PLANTED, Duration.ofHours(1)) }.apply { close() }
        shown(runCatching { closed.issueBlocking("app", PLANTED) }.exceptionOrNull())
        val failed = CompletableFuture.failedFuture<TokenSet>(RuntimeException(PLANTED))
        val future = dev.tokensmith.Authenticator.fromFuture { failed }
        TokenService.createBlocking("""{"authenticator":{"kind":"host"}}""", future).use {
            shown(runCatching { it.issueBlocking("app", PLANTED) }.exceptionOrNull())
        }
    }

    private fun issuer() {
        val folder = Files.createTempDirectory("tokensmith-")
        try {
            TokenService.createBlocking("""{"store":{"kind":"sqlite","path":"$folder/x.db"}}""").use { service ->
                val admin = service.admin!!
                val app = admin.createAppBlocking("billing")
                shown(app)
                shown(admin)
                check(!"$app".contains(app.secret))
                val made = admin.rotateSecretBlocking(app.id)
                shown(made)
                check(!"$made".contains(made.secret))
                shown(admin.listSecretsBlocking(app.id))
                shown(service.issueBlocking(app.id, app.secret))
                shown(runCatching { service.issueBlocking(app.id, PLANTED) }.exceptionOrNull())
                shown(runCatching { admin.disableAppBlocking(PLANTED) }.exceptionOrNull())
                shown(runCatching { service.refreshBlocking(app.id, PLANTED, PLANTED) }.exceptionOrNull())
                for (text in listOf(PLANTED, "$PLANTED.$PLANTED.$PLANTED", "$PLANTED\uD800")) {
                    shown(runCatching { admin.verifyAccessToken(text) }.exceptionOrNull())
                    shown(runCatching { admin.introspectBlocking(app.id, text) })
                    shown(runCatching { admin.revokeTokenBlocking("appcl-none", text) }.exceptionOrNull())
                }
                val policy = AppPolicy(claims = """{"sub":"$PLANTED"}""")
                shown(runCatching { admin.setAppPolicyBlocking(app.id, policy) }.exceptionOrNull())
                shown(runCatching { admin.revokeRefreshTokenBlocking(app.id, "$PLANTED\uD800") }.exceptionOrNull())
            }
        } finally {
            folder.toFile().deleteRecursively()
        }
    }
}
