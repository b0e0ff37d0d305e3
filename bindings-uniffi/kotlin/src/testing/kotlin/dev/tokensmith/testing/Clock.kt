package dev.tokensmith.testing

import dev.tokensmith.bridge.ManualHost
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.TimeoutCancellationException
import kotlinx.coroutines.delay
import kotlinx.coroutines.withContext
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.yield

/** How often whoever is woken gets its turn, on the threads of the dispatcher and on this one. */
private const val TURNS = 3

/**
 * Time in the tests' hands, on both sides of the border: the core's clock and timer, and the waits of an
 * authenticator in Kotlin.
 */
internal class Clock(startSeconds: Long) {
    val host = ManualHost(startSeconds)
    private val sleepers = mutableSetOf<Sleeper>()
    private var micros = 0L

    /** Milliseconds since it was made. */
    val now: Long
        get() = micros / 1_000

    private class Sleeper(val end: Long) {
        val woken = CompletableDeferred<Unit>()
    }

    /** Moves on until so many microseconds have passed. */
    fun moveTo(end: Long) {
        if (end <= micros) return
        host.advance(end - micros)
        micros = end
    }

    /** Moves on until so many milliseconds have passed, and lets go on what waits for that. */
    suspend fun advanceTo(millis: Long) {
        moveTo(millis * 1_000)
        val due = synchronized(sleepers) { sleepers.filter { it.end <= millis }.also(sleepers::removeAll) }
        due.forEach { it.woken.complete(Unit) }
        settled()
    }

    suspend fun sleep(millis: Long) {
        val sleeper = Sleeper(now + millis)
        synchronized(sleepers) { sleepers.add(sleeper) }
        sleeper.woken.await()
    }
}

/**
 * Waits until whoever could go on has done so. That something has *not* happened cannot be awaited, so this
 * gives it several chances; what must happen is awaited by itself.
 */
internal suspend fun settled() {
    repeat(TURNS) {
        yield()
        withContext(Dispatchers.Default) { delay(1) }
    }
    yield()
}

/** What must be there by then, by the clock on the wall: else it fails, and hangs nothing. */
internal suspend fun <T> within(patienceMillis: Long, what: String, wait: suspend () -> T): T =
    try {
        withTimeout(patienceMillis) { wait() }
    } catch (_: TimeoutCancellationException) {
        throw AssertionError("$what: not within $patienceMillis ms")
    }
