package dev.tokensmith

import dev.tokensmith.bridge.TokenException as BridgeException
import java.time.Duration

/**
 * How a call ends badly. The set is closed: a `when` over it is exhaustive. The message is a sentence
 * of the core's, and holds nothing of the call.
 */
public sealed class TokenException(
    /** The same in every language: `ERR_TOKEN_…`. */
    public val code: String,
    message: String,
    /** The status of the HTTP answer that stands for it, if one does. */
    public val status: Int?,
    /** How long to wait, in whole seconds, if it is known. */
    public open val retryAfter: Duration?,
) : Exception(message) {
    /** The credentials are not right: a 401. */
    public class Unauthorized internal constructor(message: String) :
        TokenException("ERR_TOKEN_UNAUTHORIZED", message, 401, null)

    /** The request does not conform: a 422. */
    public class InvalidRequest internal constructor(message: String) :
        TokenException("ERR_TOKEN_INVALID_REQUEST", message, 422, null)

    /** Too many requests: a 429. */
    public class RateLimited internal constructor(message: String, override val retryAfter: Duration) :
        TokenException("ERR_TOKEN_RATE_LIMITED", message, 429, retryAfter)

    /** What issues the tokens failed: a 502. */
    public class Downstream internal constructor(message: String, retryAfter: Duration?) :
        TokenException("ERR_TOKEN_DOWNSTREAM", message, 502, retryAfter)

    /** A configuration of which nothing can be made. */
    public class Config internal constructor(
        message: String,
        /** The path of the setting that is wrong, if it is one. */
        public val key: String?,
    ) : TokenException("ERR_TOKEN_CONFIG", message, null, null)

    internal companion object {
        /** For whatever else came out of the bridge: its text may be that of a panic, so it stays there. */
        fun unexpected(): TokenException = Downstream("the authentication service failed", null)

        /** What a host sees of an exception of the bridge. */
        fun of(exception: BridgeException): Exception =
            when (exception) {
                is BridgeException.Unauthorized -> Unauthorized(exception.detail)
                is BridgeException.InvalidRequest -> InvalidRequest(exception.detail)
                is BridgeException.RateLimited -> RateLimited(exception.detail, exception.retryAfter)
                is BridgeException.Downstream -> Downstream(exception.detail, exception.retryAfter)
                is BridgeException.Config -> Config(exception.detail, exception.key)
                // The bridge names its own arguments, and this one is named otherwise here.
                is BridgeException.Argument ->
                    IllegalArgumentException(exception.detail.replace("`app_secret`", "`appSecret`"))
                is BridgeException.Closed -> closed()
                // No call of this facade has a handle that cancels.
                is BridgeException.Cancelled -> unexpected()
            }
    }
}
