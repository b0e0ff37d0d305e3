package dev.tokensmith

import dev.tokensmith.bridge.KeySummary as BridgeKey
import java.time.Instant

/** A signing key, as it is listed. */
public class KeySummary internal constructor(key: BridgeKey) {
    /** Its thumbprint (RFC 7638), which the tokens name that it signs. */
    public val kid: String = key.kid

    /** What it signs by. */
    public val algorithm: SigningAlgorithm = SigningAlgorithm.valueOf(key.algorithm)

    /** Where it is in its life. */
    public val state: KeyState = KeyState.valueOf(key.state.uppercase())

    /** When it was made. */
    public val created: Instant = key.created

    /** From when it signs, or signed. */
    public val active: Instant = key.active

    override fun toString(): String =
        "KeySummary(kid=$kid, algorithm=$algorithm, state=$state, created=$created, active=$active)"
}

/** What a signing key signs by, under the names of RFC 7518 section 3.1 and RFC 8037 section 3.1. */
public enum class SigningAlgorithm {
    /** ECDSA on P-256. */
    ES256,

    /** Ed25519: the fastest; some verifiers do not know it. */
    EdDSA,

    /** RSA of 2,048 bits: for verifiers that know nothing else. */
    RS256,
}

/** Where a signing key is in its life. */
public enum class KeyState {
    /** It is published, so that verifiers know it before it signs. */
    PENDING,

    /** It signs. */
    ACTIVE,

    /** It is published, for the tokens that it has signed. */
    RETIRED,
}
