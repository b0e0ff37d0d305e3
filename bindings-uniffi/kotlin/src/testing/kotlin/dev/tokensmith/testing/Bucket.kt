package dev.tokensmith.testing

import com.google.gson.JsonObject
import dev.tokensmith.Limiter
import dev.tokensmith.TokenException
import dev.tokensmith.crossing

private const val MINUTE_US = 60_000_000L
private const val KEY = "appcl-1234"

/** Performs a case of one bucket on the facade's [Limiter]: what came of each step, or the first [Mismatch]. */
internal fun performBucket(vector: JsonObject): List<String> {
    val name = vector["name"].asString
    val clock = Clock(0)
    val quota = vector.getAsJsonObject("quota")
    val perMinute = quota["tokens"].asLong * MINUTE_US / quota["period_us"].asLong
    val burst = quota["burst"].asLong
    fun make() = Limiter(crossing { clock.host.createLimiter(perMinute, burst, 16) })
    if (vector["refused"]?.asBoolean == true) {
        told(name, 0) { refused { make() } }
        return listOf(refusedLine(name))
    }
    val limiter = told(name, 0) { make() }
    return vector.getAsJsonArray("steps").mapIndexed { index, element ->
        told(name, index + 1) {
            val step = element.asJsonObject
            val (granted, retryAfter) = take(limiter, clock, step, burst)
            assertSame(step["granted"].asInt, granted, "granted")
            assertSame(step["wait_us"].long()?.let { (it + 999_999) / 1_000_000 }, retryAfter, "the wait")
            takenLine(name, index + 1, granted, retryAfter)
        }
    }
}

/** Attempts, one after the other: how many were granted, and what the last was told. */
private fun take(limiter: Limiter, clock: Clock, step: JsonObject, burst: Long): Pair<Int, Long?> {
    assertSame("take", step["op"].asString, "a limiter of a host can do no more")
    val cost = step["cost"].asLong
    var granted = 0
    var retryAfter: Long? = null
    for (attempt in 0 until step["times"].asLong) {
        clock.moveTo(step["at_us"].asLong + attempt * step["every_us"].asLong)
        if (cost > burst) {
            // It can never be granted, and a host is told so.
            refused { limiter.tryAcquire(KEY, cost) }
            continue
        }
        val acquired = limiter.tryAcquire(KEY, cost)
        if (acquired.isAllowed) granted += 1
        retryAfter = acquired.retryAfter?.seconds
    }
    return granted to retryAfter
}

private fun refused(call: () -> Any) {
    try {
        call()
    } catch (_: TokenException.Config) {
        return
    }
    throw AssertionError("it was not refused")
}

private fun <T> told(name: String, step: Int, work: () -> T): T =
    try {
        work()
    } catch (error: AssertionError) {
        throw Mismatch(name, step, error.message)
    } catch (error: TokenException) {
        throw Mismatch(name, step, error.message)
    }
