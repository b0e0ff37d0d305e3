package dev.tokensmith

import dev.tokensmith.bridge.Authenticator as BridgeAuthenticator
import dev.tokensmith.bridge.Credentials as BridgeCredentials
import dev.tokensmith.bridge.Observer as BridgeObserver
import dev.tokensmith.bridge.Redemption
import dev.tokensmith.bridge.TokenRequest as BridgeRequest
import dev.tokensmith.bridge.TokenResponse as BridgeResponse
import dev.tokensmith.bridge.TokenService as BridgeService
import dev.tokensmith.bridge.TokenSet as BridgeTokenSet
import dev.tokensmith.bridge.createService
import java.util.concurrent.CompletableFuture
import java.util.function.Consumer
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.DelicateCoroutinesApi
import kotlinx.coroutines.GlobalScope
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.future.future
import kotlinx.coroutines.runBlocking

/** A body that conforms is shorter: what is over that is not copied. */
private const val ENOUGH = 8_193
private const val ENOUGH_TO_REFRESH = 24_577

/**
 * Answers `POST /token`: validates the body, limits the rate, asks the authenticator, and gives back the
 * exact response. One service for one limit: each that is made has buckets of its own.
 *
 * All calls may be made from any thread, at once. Where a coroutine is cancelled, the call ends, and with
 * it that of the authenticator; what it was charged stays charged. The calls that end in `Blocking` and
 * `Async` are for Java: an interrupt ends the first, `cancel` on the future the second. A redemption that has
 * begun runs to its end all the same: a token that it has changed into another would be lost.
 */
public class TokenService private constructor(private val bridge: BridgeService) : AutoCloseable {
    /** The administration of the embedded issuer; null for a host's own authenticator. */
    public val admin: Admin? = if (bridge.hasAdmin()) Admin(bridge) else null

    /** Whether there is something that redeems refresh tokens: the embedded issuer. */
    @get:JvmName("canRefresh")
    public val canRefresh: Boolean = bridge.canRefresh()

    /** How many authentications are under way. */
    public val inFlight: Int
        get() = bridge.inFlight()

    /**
     * Answers a request. Every failure is an answer, also that of a closed service (a 502): it throws only
     * when it is cancelled, or [IllegalArgumentException] for wrong arguments.
     */
    public suspend fun handle(request: TokenRequest): TokenResponse {
        val carried = carried(request, ENOUGH)
        currentCoroutineContext().ensureActive()
        return try {
            response(crossingAsync { bridge.handle(carried, null) })
        } catch (_: TokenException) {
            response(bridge.unavailable())
        }
    }

    /**
     * The same path without HTTP, under the same limits.
     *
     * @throws TokenException the credentials are not right, or there are no tokens.
     * @throws IllegalStateException the service is closed.
     * @throws IllegalArgumentException an argument is none, by its name and without its value.
     */
    @Throws(TokenException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun issue(appClientId: String, appSecret: String, source: String? = null): TokenSet =
        issue(appClientId, text("appSecret", appSecret).toByteArray(), source)

    /** The same with a secret as the bytes of UTF-8, which are filled with zeros when the call has ended. */
    @Throws(TokenException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun issue(appClientId: String, appSecret: ByteArray, source: String? = null): TokenSet {
        try {
            text("appClientId", appClientId)
            optionalText("source", source)
            currentCoroutineContext().ensureActive()
            val credentials = BridgeCredentials(appClientId, appSecret, source)
            return tokens(crossingAsync { bridge.issue(credentials, null) })
        } finally {
            appSecret.fill(0)
        }
    }

    /**
     * Redeems a refresh token for new tokens, by the same path and limits.
     *
     * @throws TokenException as [issue]; it is a [TokenException.Config] where [canRefresh] is false.
     * @throws IllegalStateException the service is closed.
     * @throws IllegalArgumentException an argument is none, by its name and without its value.
     */
    @Throws(TokenException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun refresh(
        appClientId: String,
        appSecret: String,
        refreshToken: String,
        source: String? = null,
    ): TokenSet = refresh(appClientId, text("appSecret", appSecret).toByteArray(), refreshToken, source)

    /** The same with a secret as the bytes of UTF-8, which are filled with zeros when the call has ended. */
    @Throws(TokenException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun refresh(
        appClientId: String,
        appSecret: ByteArray,
        refreshToken: String,
        source: String? = null,
    ): TokenSet {
        try {
            text("appClientId", appClientId)
            text("refreshToken", refreshToken)
            optionalText("source", source)
            currentCoroutineContext().ensureActive()
            val redemption = Redemption(appClientId, appSecret, refreshToken, source)
            return tokens(crossingAsync { bridge.refresh(redemption, null) })
        } finally {
            appSecret.fill(0)
        }
    }

    /**
     * Answers a request to redeem a refresh token, which is the member `refreshToken` of its body, as [handle]
     * answers one for tokens. The body may have up to 24,576 bytes.
     *
     * @throws TokenException.Config [canRefresh] is false.
     */
    @Throws(TokenException.Config::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun handleRefresh(request: TokenRequest): TokenResponse {
        val carried = carried(request, ENOUGH_TO_REFRESH)
        currentCoroutineContext().ensureActive()
        return try {
            response(crossingAsync { bridge.handleRefresh(carried, null) })
        } catch (nothingRedeems: TokenException.Config) {
            throw nothingRedeems
        } catch (_: TokenException) {
            response(bridge.unavailable())
        }
    }

    /** [handle], which waits. */
    @Throws(InterruptedException::class)
    public fun handleBlocking(request: TokenRequest): TokenResponse = runBlocking { handle(request) }

    /** [handle], as a future. */
    public fun handleAsync(request: TokenRequest): CompletableFuture<TokenResponse> = begun { handle(request) }

    /** [issue], which waits. */
    @JvmOverloads
    @Throws(TokenException::class, InterruptedException::class)
    public fun issueBlocking(appClientId: String, appSecret: String, source: String? = null): TokenSet =
        runBlocking { issue(appClientId, appSecret, source) }

    /** [issue], which waits. */
    @JvmOverloads
    @Throws(TokenException::class, InterruptedException::class)
    public fun issueBlocking(appClientId: String, appSecret: ByteArray, source: String? = null): TokenSet =
        runBlocking { issue(appClientId, appSecret, source) }

    /** [issue], as a future. */
    @JvmOverloads
    public fun issueAsync(
        appClientId: String,
        appSecret: String,
        source: String? = null,
    ): CompletableFuture<TokenSet> = begun { issue(appClientId, appSecret, source) }

    /** [issue], as a future. */
    @JvmOverloads
    public fun issueAsync(
        appClientId: String,
        appSecret: ByteArray,
        source: String? = null,
    ): CompletableFuture<TokenSet> = begun { issue(appClientId, appSecret, source) }

    /** [refresh], which waits. */
    @JvmOverloads
    @Throws(TokenException::class, InterruptedException::class)
    public fun refreshBlocking(
        appClientId: String,
        appSecret: String,
        refreshToken: String,
        source: String? = null,
    ): TokenSet = runBlocking { refresh(appClientId, appSecret, refreshToken, source) }

    /** [refresh], which waits. */
    @JvmOverloads
    @Throws(TokenException::class, InterruptedException::class)
    public fun refreshBlocking(
        appClientId: String,
        appSecret: ByteArray,
        refreshToken: String,
        source: String? = null,
    ): TokenSet = runBlocking { refresh(appClientId, appSecret, refreshToken, source) }

    /** [refresh], as a future. */
    @JvmOverloads
    public fun refreshAsync(
        appClientId: String,
        appSecret: String,
        refreshToken: String,
        source: String? = null,
    ): CompletableFuture<TokenSet> = begun { refresh(appClientId, appSecret, refreshToken, source) }

    /** [refresh], as a future. */
    @JvmOverloads
    public fun refreshAsync(
        appClientId: String,
        appSecret: ByteArray,
        refreshToken: String,
        source: String? = null,
    ): CompletableFuture<TokenSet> = begun { refresh(appClientId, appSecret, refreshToken, source) }

    /** [handleRefresh], which waits. */
    @Throws(TokenException.Config::class, InterruptedException::class)
    public fun handleRefreshBlocking(request: TokenRequest): TokenResponse =
        runBlocking { handleRefresh(request) }

    /** [handleRefresh], as a future. */
    public fun handleRefreshAsync(request: TokenRequest): CompletableFuture<TokenResponse> =
        begun { handleRefresh(request) }

    /** Lets go of the service: what is under way ends as it would, later calls are refused. */
    override fun close() {
        // Not `bridge.close()`: it would have later calls fail in what is generated.
        bridge.shutdown()
    }

    public companion object {
        /**
         * Makes a service. Files are opened and keys are made on a thread that may block.
         *
         * @param config the configuration as JSON.
         * @param authenticator judges credentials: exactly where `authenticator.kind` is `host`.
         * @param observer hears what became of each call.
         * @param onAuthenticatorError hears what the authenticator threw besides its two exceptions; it
         *   goes nowhere else.
         * @throws TokenException.Config `key` names the setting that is wrong.
         */
        @Throws(TokenException::class, kotlin.coroutines.cancellation.CancellationException::class)
        public suspend fun create(
            config: String,
            authenticator: Authenticator? = null,
            observer: Observer? = null,
            onAuthenticatorError: Consumer<in Throwable>? = null,
        ): TokenService = create(config, authenticator, observer, onAuthenticatorError, ::createService)

        /** [create], which waits. */
        @JvmStatic
        @JvmOverloads
        @Throws(TokenException::class, InterruptedException::class)
        public fun createBlocking(
            config: String,
            authenticator: Authenticator? = null,
            observer: Observer? = null,
            onAuthenticatorError: Consumer<in Throwable>? = null,
        ): TokenService = runBlocking { create(config, authenticator, observer, onAuthenticatorError) }

        /** The tests have services made on a clock of theirs. */
        internal suspend fun create(
            config: String,
            authenticator: Authenticator?,
            observer: Observer?,
            onAuthenticatorError: Consumer<in Throwable>?,
            make: suspend (String, BridgeAuthenticator?, BridgeObserver?) -> BridgeService,
        ): TokenService {
            text("config", config)
            Library.ensureLoaded()
            val host = authenticator?.let { HostAuthenticator(it, onAuthenticatorError) }
            return TokenService(crossingAsync { make(config, host, observer?.let(::HostObserver)) })
        }

        /**
         * The call begins on this thread, so that a `close` right after it does not come first. It goes on
         * where the caller's own continuations may run: never on a thread of the core's.
         */
        @OptIn(DelicateCoroutinesApi::class)
        private fun <T> begun(call: suspend CoroutineScope.() -> T): CompletableFuture<T> =
            GlobalScope.future(start = CoroutineStart.UNDISPATCHED, block = call)
    }
}

private fun carried(request: TokenRequest, enough: Int): BridgeRequest =
    BridgeRequest(
        body = request.body.beginning(enough),
        contentType = optionalText("contentType", request.contentType),
        source = optionalText("source", request.source),
        requestId = optionalText("requestId", request.requestId),
    )

private fun ByteArray.beginning(enough: Int): ByteArray = if (size > enough) copyOf(enough) else this

private fun response(response: BridgeResponse): TokenResponse =
    TokenResponse(response.status, response.headers, response.body)

private fun tokens(tokens: BridgeTokenSet): TokenSet =
    tokens.run { TokenSet(accessToken, expiresIn, refreshToken, idToken, tokenType) }
