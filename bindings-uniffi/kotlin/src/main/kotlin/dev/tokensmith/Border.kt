package dev.tokensmith

import dev.tokensmith.bridge.AdminException as BridgeAdminException
import dev.tokensmith.bridge.TokenException as BridgeException
import kotlin.coroutines.ContinuationInterceptor
import kotlin.coroutines.cancellation.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.withContext

// What leaves the bridge has a text of ours only where it is one of its own exceptions.

/** What the bridge's call gives, or the exception that a host sees; `surprise` stands for all else. */
internal inline fun <T> crossing(surprise: () -> Exception = TokenException::unexpected, call: () -> T): T =
    try {
        call()
    } catch (cancelled: CancellationException) {
        throw cancelled
    } catch (exception: BridgeException) {
        throw TokenException.of(exception)
    } catch (exception: BridgeAdminException) {
        throw AdminException.of(exception)
    } catch (_: Exception) {
        throw surprise()
    }

/**
 * The same for a call that waits. Where there is no dispatcher, as in a `suspend fun main`, the caller would
 * go on upon that thread of the core's which wakes it, and hold up its timers: so it has one here.
 */
internal suspend fun <T> crossingAsync(
    surprise: () -> Exception = TokenException::unexpected,
    call: suspend () -> T,
): T {
    val dispatcher = currentCoroutineContext()[ContinuationInterceptor]
    if (dispatcher != null && dispatcher !== Dispatchers.Unconfined) return crossing(surprise) { call() }
    return withContext(Dispatchers.Default) { crossing(surprise) { call() } }
}

internal fun closed(): IllegalStateException = IllegalStateException("the service is closed")
