package dev.tokensmith

import dev.tokensmith.bridge.TokenResponse as BridgeResponse
import java.util.Collections

/** The answer to give. It prints as `TokenResponse([REDACTED])`. */
public class TokenResponse internal constructor(response: BridgeResponse) {
    /** 200, 401, 422, 429 or 502. */
    public val status: Int = response.status

    /** Names in lower case, each once, in the order of the answer. */
    public val headers: Map<String, String> =
        Collections.unmodifiableMap(response.headers.chunked(2).associate { (name, value) -> name to value })

    /** The bytes of the body, in UTF-8. */
    public val body: ByteArray = response.body

    override fun toString(): String = "TokenResponse([REDACTED])"
}
