package dev.tokensmith

import java.time.Duration

/**
 * What an authenticator is asked. It prints as `AuthRequest([REDACTED])`. Only your own tests have a need to
 * make one.
 */
public class AuthRequest @JvmOverloads constructor(
    /** The app's id, 1 to 128 bytes. */
    public val appClientId: String,
    /** The secret that came with it, 1 to 1,024 bytes. */
    public val appSecret: String,
    /** Where the request came from, if the host said so. */
    public val source: String? = null,
    /** The host's own name for the request. */
    public val requestId: String? = null,
    /** What is left of the deadline. */
    public val budget: Duration? = null,
) {
    override fun toString(): String = "AuthRequest([REDACTED])"
}
