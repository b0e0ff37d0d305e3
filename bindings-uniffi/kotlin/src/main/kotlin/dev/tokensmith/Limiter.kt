package dev.tokensmith

import dev.tokensmith.bridge.Limiter as BridgeLimiter
import java.time.Duration

/**
 * The rate limiter alone, for whatever else a host limits. Memory is fixed, whatever the keys, and its
 * buckets are no service's.
 *
 * ```kotlin
 * val limiter = Limiter(perMinute = 60, burst = 10)
 * val acquired = limiter.tryAcquire(address)
 * ```
 */
public class Limiter internal constructor(private val bridge: BridgeLimiter) {
    /**
     * One quota, and the buckets of all keys.
     *
     * @param perMinute how many tokens come back in a minute; at least 1.
     * @param burst how many tokens a bucket holds; at least 1.
     * @throws TokenException.Config for a number out of its bounds; `key` is its name.
     */
    @Throws(TokenException::class)
    public constructor(perMinute: Long, burst: Long) : this(made(perMinute, burst, null))

    /**
     * The same with room for so many keys, 16 bytes each. The other has room for 262,144.
     *
     * @throws TokenException.Config for a number out of its bounds; `key` is its name.
     */
    @Throws(TokenException::class)
    public constructor(perMinute: Long, burst: Long, slots: Long) :
        this(made(perMinute, burst, slots))

    /**
     * Takes `cost` tokens from the bucket of `key`, or none.
     *
     * @throws TokenException.Config for a cost that no wait can grant.
     */
    @JvmOverloads
    @Throws(TokenException::class)
    public fun tryAcquire(key: String, cost: Long = 1): Acquired {
        text("key", key)
        val acquired = crossing { bridge.tryAcquire(key, cost) }
        return Acquired(acquired.allowed, acquired.retryAfter)
    }
}

/** What a bucket says. */
public class Acquired internal constructor(
    /** Whether the cost was taken. */
    public val isAllowed: Boolean,
    /** If it was not: how long to wait, in whole seconds, rounded up. */
    public val retryAfter: Duration?,
) {
    override fun toString(): String = "Acquired(isAllowed=$isAllowed, retryAfter=$retryAfter)"
}

private fun made(perMinute: Long, burst: Long, slots: Long?): BridgeLimiter {
    Library.ensureLoaded()
    try {
        return crossing { BridgeLimiter(perMinute, burst, slots) }
    } catch (refused: TokenException.Config) {
        // The bridge names its own arguments, and this one is named otherwise here.
        if (refused.key != "per_minute") throw refused
        throw TokenException.Config(refused.message!!.replace("per_minute", "perMinute"), "perMinute")
    }
}
