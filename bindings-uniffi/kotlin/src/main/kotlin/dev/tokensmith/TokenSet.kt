package dev.tokensmith

import java.time.Duration

/**
 * The tokens of one answer (RFC 6749 section 5.1), also as an authenticator gives them. They print as
 * `TokenSet([REDACTED])`.
 */
public class TokenSet @JvmOverloads constructor(
    /** Visible ASCII, and not empty. */
    public val accessToken: String,
    /** The life of the access token, at least a second; a fraction of one is cut off. */
    public val expiresIn: Duration,
    /** Without it the answer is a 502, unless `response.refresh_token` is `omit`. */
    public val refreshToken: String? = null,
    /** The id token, if there is one. */
    public val idToken: String? = null,
    /** `Bearer`, in any case (RFC 6750). */
    public val tokenType: String = "Bearer",
) {
    override fun toString(): String = "TokenSet([REDACTED])"
}
