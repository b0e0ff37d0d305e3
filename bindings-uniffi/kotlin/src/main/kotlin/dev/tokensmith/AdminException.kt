package dev.tokensmith

import dev.tokensmith.bridge.AdminException as BridgeException

/**
 * A call of the administration that failed. Nothing was changed; but where a call about refresh tokens ends
 * with [Store], they may still be good or not, so make it again. The set is closed.
 */
public sealed class AdminException(
    /** The same in every language: `ERR_ADMIN_…`. */
    public val code: String,
    message: String,
) : Exception(message) {
    /** What it was given is refused. */
    public class Invalid internal constructor(message: String) : AdminException("ERR_ADMIN_INVALID", message)

    /** There is no such app, secret or signing key. */
    public class NotFound internal constructor(message: String) : AdminException("ERR_ADMIN_NOT_FOUND", message)

    /** The app has as many live secrets as it may have, or a signing key is pending already. */
    public class Limit internal constructor(message: String) : AdminException("ERR_ADMIN_LIMIT", message)

    /** The store failed. */
    public class Store internal constructor(message: String) : AdminException("ERR_ADMIN_STORE", message)

    internal companion object {
        /** For whatever else came out of the bridge. */
        fun unexpected(): AdminException = Store("the store failed")

        fun of(exception: BridgeException): Exception =
            when (exception) {
                is BridgeException.Failed -> failed(exception.code, exception.detail)
                is BridgeException.Token -> InvalidAccessTokenException(exception.reason, exception.detail)
                is BridgeException.Closed -> closed()
                // An `Admin` is made only where there is an issuer.
                is BridgeException.Absent -> IllegalStateException("there is no embedded issuer")
            }

        private fun failed(code: String, detail: String): AdminException =
            when (code) {
                "ERR_ADMIN_INVALID" -> Invalid(detail)
                "ERR_ADMIN_NOT_FOUND" -> NotFound(detail)
                "ERR_ADMIN_LIMIT" -> Limit(detail)
                else -> Store(detail)
            }
    }
}
