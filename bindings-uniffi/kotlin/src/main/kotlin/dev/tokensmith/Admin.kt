package dev.tokensmith

import dev.tokensmith.bridge.AppSummary as BridgeSummary
import dev.tokensmith.bridge.CreatedApp as BridgeCreated
import dev.tokensmith.bridge.TokenService as BridgeService
import java.time.Instant
import kotlinx.coroutines.runBlocking

/**
 * The administration of the embedded issuer: [TokenService.admin]. Each call throws an [AdminException],
 * and an [IllegalStateException] once the service is closed. Those that end in `Blocking` are for Java.
 */
public class Admin internal constructor(private val bridge: BridgeService) {
    /** Makes an app. The name is for people: 1 to 128 bytes without control characters. */
    @Throws(AdminException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun createApp(name: String): CreatedApp {
        text("name", name)
        return CreatedApp(crossingAsync(AdminException::unexpected) { bridge.createApp(name) })
    }

    /** All apps, the latest last. */
    @Throws(AdminException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun listApps(): List<AppSummary> =
        crossingAsync(AdminException::unexpected) { bridge.listApps() }.map(::AppSummary)

    /** Lets an app have no more tokens; those that it has live on to their end. */
    @Throws(AdminException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun disableApp(id: String): Unit = setAppEnabled(id, false)

    /** Lets an app have tokens again. */
    @Throws(AdminException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun enableApp(id: String): Unit = setAppEnabled(id, true)

    /** The public keys as a JWK set (RFC 7517 section 5), in JSON. */
    @Throws(AdminException::class)
    public fun jwks(): String = crossing(AdminException::unexpected) { bridge.jwks() }

    /** [createApp], which waits. */
    @Throws(AdminException::class, InterruptedException::class)
    public fun createAppBlocking(name: String): CreatedApp = runBlocking { createApp(name) }

    /** [listApps], which waits. */
    @Throws(AdminException::class, InterruptedException::class)
    public fun listAppsBlocking(): List<AppSummary> = runBlocking { listApps() }

    /** [disableApp], which waits. */
    @Throws(AdminException::class, InterruptedException::class)
    public fun disableAppBlocking(id: String): Unit = runBlocking { disableApp(id) }

    /** [enableApp], which waits. */
    @Throws(AdminException::class, InterruptedException::class)
    public fun enableAppBlocking(id: String): Unit = runBlocking { enableApp(id) }

    private suspend fun setAppEnabled(id: String, enabled: Boolean) {
        text("id", id)
        crossingAsync(AdminException::unexpected) { bridge.setAppEnabled(id, enabled) }
    }
}

/** A new app. Its secret is shown this once and cannot be read again. */
public class CreatedApp internal constructor(app: BridgeCreated) {
    /** `appcl-` and 20 letters or digits. */
    public val id: String = app.id

    /** Its secret. */
    public val secret: String = app.secret

    override fun toString(): String = "CreatedApp([REDACTED])"
}

/** An app, as it is listed. */
public class AppSummary internal constructor(app: BridgeSummary) {
    /** Its id. */
    public val id: String = app.id

    /** Its name, for people. */
    public val name: String = app.name

    /** Whether it may have tokens. */
    public val isEnabled: Boolean = app.enabled

    /** When it was made. */
    public val created: Instant = app.created

    /** Its record was changed by something else; nothing else here can be relied on then. */
    public val isDamaged: Boolean = app.damaged

    override fun toString(): String =
        "AppSummary(id=$id, name=$name, isEnabled=$isEnabled, created=$created, isDamaged=$isDamaged)"
}
