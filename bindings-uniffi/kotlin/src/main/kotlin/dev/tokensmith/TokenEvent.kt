package dev.tokensmith

import dev.tokensmith.bridge.TokenEvent as BridgeEvent
import java.time.Duration

/**
 * What became of a call, or of a part of the service. It holds nothing private, and prints all that it
 * holds on one line.
 */
public class TokenEvent internal constructor(event: BridgeEvent) {
    /** Which event: `issued`, `rejected`, … */
    public val name: String = event.name

    /** Whether the call ended with it. */
    public val isTerminal: Boolean = event.terminal

    /** The host's own name for the request. */
    public val requestId: String? = event.requestId

    /** Where the request came from, with what could forge a line of a log escaped. */
    public val source: String? = event.source

    /** The app's id, where it is one that an app may have. */
    public val appClientId: String? = event.appClientId

    /** `issued`: the life of the access token. `secret_expiring`: how long the secret has left. */
    public val expiresIn: Duration? = event.expiresIn

    /** Why, where there is a reason. */
    public val reason: String? = event.reason

    /** `rate_limited`: who limits. */
    public val by: String? = event.by

    /** `rate_limited`: how long to wait, in whole seconds. */
    public val retryAfter: Duration? = event.retryAfter

    /** `downstream_failed`: what failed. */
    public val kind: String? = event.kind

    /** Which part of the service. */
    public val part: String? = event.part

    /** `secret_expiring`: the id of the secret, which is no secret. */
    public val secretId: String? = event.secretId

    /** `key_rotated`: the thumbprint of the new key. */
    public val kid: String? = event.kid

    /** `limiter_health`: the counters. */
    public val health: LimiterHealth? =
        event.health?.let { LimiterHealth(it.overflows, it.repaired, it.degraded) }

    override fun toString(): String {
        val fields = listOf(
            "requestId" to requestId?.escaped(),
            "source" to source,
            "appClientId" to appClientId,
            "expiresIn" to expiresIn,
            "reason" to reason,
            "by" to by,
            "retryAfter" to retryAfter,
            "kind" to kind,
            "part" to part,
            "secretId" to secretId,
            "kid" to kid,
            "health" to health,
        )
        val known = fields.filter { (_, value) -> value != null }
        return "TokenEvent(" + (listOf(name) + known.map { (word, value) -> "$word=$value" }).joinToString() + ")"
    }
}

/** Of what could forge a line of a log, as the core has it for a source. */
private fun String.escaped(): String =
    buildString {
        for (unit in this@escaped) {
            if (unit.isForger()) append("\\u{%x}".format(unit.code)) else append(unit)
        }
    }

/** Controls, the two separators of lines, and what turns a line around. */
private fun Char.isForger(): Boolean =
    when (category) {
        CharCategory.CONTROL, CharCategory.FORMAT, CharCategory.LINE_SEPARATOR, CharCategory.PARAGRAPH_SEPARATOR -> true
        else -> false
    }

/** What the limiter counts, since it was made. */
public class LimiterHealth internal constructor(
    /** Charges that went to a bucket of many keys, since the memory was full of live ones. */
    public val overflows: Long,
    /** Buckets whose state could not be read, and that were begun anew as full. */
    public val repaired: Long,
    /** Decisions made by less than the whole limiter. */
    public val degraded: Long,
) {
    override fun toString(): String =
        "LimiterHealth(overflows=$overflows, repaired=$repaired, degraded=$degraded)"
}
