package dev.tokensmith

import dev.tokensmith.bridge.AppPolicy as BridgePolicy
import java.time.Duration

/** What the tokens of one app say, and how long they live. What is null is as the configuration has it. */
public class AppPolicy @JvmOverloads constructor(
    /** `aud`: whom access tokens are for, one or several different names of 1 to 512 visible ASCII characters. */
    public val audience: List<String>? = null,
    /** `scope`: what access tokens allow, in words with one space between two (RFC 6749 section 3.3). */
    public val scope: String? = null,
    /**
     * Claims besides, as a JSON object of at most 4 KiB and up to 8 deep. Those that the issuer writes itself
     * are not among them, nor is `scope`.
     */
    public val claims: String? = null,
    /** How long access tokens are good for: a minute to `max_token_seconds`, in whole seconds. */
    public val tokenLife: Duration? = null,
    /** The claims of an id token besides, with the bounds of [claims]. Null is no id token. */
    public val idClaims: String? = null,
) {
    internal constructor(policy: BridgePolicy) :
        this(policy.audience, policy.scope, policy.claims, policy.tokenLife, policy.idClaims)

    internal fun bridged(): BridgePolicy {
        audience?.forEach { text("audience", it) }
        if (tokenLife?.isNegative == true) throw wrong("tokenLife", "no negative time")
        val (words, json) = optionalText("scope", scope) to optionalText("claims", claims)
        return BridgePolicy(audience, words, json, tokenLife, optionalText("idClaims", idClaims))
    }

    override fun toString(): String =
        "AppPolicy(audience=$audience, scope=$scope, claims=$claims, tokenLife=$tokenLife, idClaims=$idClaims)"
}
