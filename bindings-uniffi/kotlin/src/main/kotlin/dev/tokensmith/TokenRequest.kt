package dev.tokensmith

/**
 * A request, as it came. It prints as `TokenRequest([REDACTED])`.
 *
 * ```kotlin
 * TokenRequest(bytes, contentType = "application/json", source = "192.0.2.7")
 * ```
 */
public class TokenRequest @JvmOverloads constructor(
    /** The bytes of the body. At most 8,192 conform, and 24,576 to redeem a refresh token. */
    public val body: ByteArray,
    /** The header `Content-Type` as it came (RFC 9110 section 8.3). */
    public val contentType: String? = null,
    /** Where it came from: an address, or 1 to 128 bytes of text. Without it all share one bucket. */
    public val source: String? = null,
    /** Your own name for the request, which the events carry. */
    public val requestId: String? = null,
) {
    override fun toString(): String = "TokenRequest([REDACTED])"
}
