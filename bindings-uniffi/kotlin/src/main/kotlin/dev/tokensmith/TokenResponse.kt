package dev.tokensmith

import java.util.Collections

/** The answer to give. It prints as `TokenResponse([REDACTED])`. */
public class TokenResponse internal constructor(
    /** 200, 401, 422, 429 or 502. */
    public val status: Int,
    headers: List<String>,
    /** The bytes of the body, in UTF-8. */
    public val body: ByteArray,
) {
    /** Names in lower case, each once, in the order of the answer. */
    public val headers: Map<String, String> =
        Collections.unmodifiableMap(headers.chunked(2).associate { (name, value) -> name to value })

    override fun toString(): String = "TokenResponse([REDACTED])"
}
