package dev.tokensmith

import dev.tokensmith.bridge.AuthRequest as BridgeAuthRequest
import java.time.Duration

/** What an authenticator is asked. It prints as `AuthRequest([REDACTED])`. */
public class AuthRequest internal constructor(request: BridgeAuthRequest) {
    /** The app's id, 1 to 128 bytes. */
    public val appClientId: String = request.appClientId

    /** The secret that came with it, 1 to 1,024 bytes. */
    public val appSecret: String = request.appSecret

    /** Where the request came from, if the host said so. */
    public val source: String? = request.source

    /** The host's own name for the request. */
    public val requestId: String? = request.requestId

    /** What is left of the deadline. */
    public val budget: Duration? = request.budget

    override fun toString(): String = "AuthRequest([REDACTED])"
}
