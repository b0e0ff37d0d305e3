package dev.tokensmith

import dev.tokensmith.bridge.Observer as BridgeObserver
import dev.tokensmith.bridge.TokenEvent as BridgeEvent
import java.util.concurrent.atomic.AtomicBoolean
import java.util.logging.Logger

/**
 * Hears what became of each call, on whatever thread it happens: it must return soon. What it throws is
 * let go, and warned of once.
 */
public fun interface Observer {
    /** Hears an event. */
    public fun onEvent(event: TokenEvent)
}

/** The observer that the bridge tells. */
internal class HostObserver(private val host: Observer) : BridgeObserver {
    private val isWarned = AtomicBoolean()

    override fun onEvent(event: BridgeEvent) {
        try {
            host.onEvent(TokenEvent(event))
        } catch (_: Throwable) {
            // Not what it threw: its text may be anything.
            if (isWarned.compareAndSet(false, true)) {
                runCatching { logger.warning("the observer of a TokenService threw; what it throws is ignored") }
            }
        }
    }

    private companion object {
        val logger: Logger = Logger.getLogger("dev.tokensmith")
    }
}
