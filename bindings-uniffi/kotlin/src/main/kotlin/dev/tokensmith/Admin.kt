package dev.tokensmith

import dev.tokensmith.bridge.AppSummary as BridgeSummary
import dev.tokensmith.bridge.CreatedApp as BridgeCreated
import dev.tokensmith.bridge.CreatedSecret as BridgeSecret
import dev.tokensmith.bridge.SecretSummary as BridgeSecretSummary
import dev.tokensmith.bridge.TokenService as BridgeService
import java.time.Duration
import java.time.Instant
import kotlinx.coroutines.runBlocking

/**
 * The administration of the embedded issuer: [TokenService.admin]. Each call but [verifyAccessToken] throws an
 * [AdminException], and all an [IllegalStateException] once the service is closed. Those that end in `Blocking` are for Java.
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

    /**
     * Imports apps with their secrets from JSON Lines, and gives how many: all, or none if one cannot be. Each line
     * is an object with `appClientId`, either `appSecret` or `secretHash` (Argon2id; bcrypt and PBKDF2 where
     * `verify_legacy_hashes` allows it), and perhaps `name`. An [AdminException.Invalid] says which line is wrong
     * and why. A secret takes some 15 ms to hash, on threads of the package's own.
     */
    @Throws(AdminException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun importJsonLines(lines: String): Long {
        text("lines", lines)
        return crossingAsync(AdminException::unexpected) { bridge.importJsonLines(lines) }
    }

    /** Lets an app have no more tokens; those that it has live on to their end. */
    @Throws(AdminException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun disableApp(id: String): Unit = setAppEnabled(id, false)

    /** Lets an app have tokens again. */
    @Throws(AdminException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun enableApp(id: String): Unit = setAppEnabled(id, true)

    /** Removes an app with its secrets. Access tokens that it has live on to their end. */
    @Throws(AdminException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun deleteApp(id: String) {
        text("id", id)
        crossingAsync(AdminException::unexpected) { bridge.deleteApp(id) }
    }

    /**
     * Gives an app a new secret. Those that it has stay good for [overlap], in whole seconds and at most 90
     * days, and no longer than they would have been; no overlap revokes them. An app has at most two live ones.
     */
    @Throws(AdminException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun rotateSecret(appId: String, overlap: Duration = Duration.ofDays(1)): CreatedSecret {
        text("appId", appId)
        if (overlap.isNegative) throw wrong("overlap", "no negative time")
        return CreatedSecret(crossingAsync(AdminException::unexpected) { bridge.rotateSecret(appId, overlap) })
    }

    /** An app's secrets, the oldest first. One that is good no more is listed until the app gets a new one. */
    @Throws(AdminException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun listSecrets(appId: String): List<SecretSummary> {
        text("appId", appId)
        return crossingAsync(AdminException::unexpected) { bridge.listSecrets(appId) }.map(::SecretSummary)
    }

    /** Lets a secret be good no more, for ever. An app that has no other gets no tokens until it is given one. */
    @Throws(AdminException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun revokeSecret(secretId: String) {
        text("secretId", secretId)
        crossingAsync(AdminException::unexpected) { bridge.revokeSecret(secretId) }
    }

    /**
     * Revokes a refresh token, and with it all that come before and after it. A text that is none of that app's
     * is revoked already. Access tokens live on to their end.
     */
    @Throws(AdminException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun revokeRefreshToken(appId: String, token: String) {
        text("appId", appId)
        text("token", token)
        crossingAsync(AdminException::unexpected) { bridge.revokeRefreshToken(appId, token) }
    }

    /** Refuses all refresh tokens of an app that were issued up to now, those of the present second among them. */
    @Throws(AdminException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun revokeRefreshTokensOf(appId: String) {
        text("appId", appId)
        crossingAsync(AdminException::unexpected) { bridge.revokeRefreshTokensOf(appId) }
    }

    /**
     * Refuses all refresh tokens of all apps that were issued up to now: after a backup was restored, since it
     * may have forgotten which were redeemed.
     */
    @Throws(AdminException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun revokeAllRefreshTokens(): Unit =
        crossingAsync(AdminException::unexpected) { bridge.revokeAllRefreshTokens() }

    /**
     * Forgets what is past its time in the ledger of refresh tokens, and tells how many families that were. It
     * is done by the way too, a few at each redemption.
     */
    @Throws(AdminException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun purgeRefreshTokens(): Long =
        crossingAsync(AdminException::unexpected) { bridge.purgeRefreshTokens() }

    /**
     * Takes up the time after the system's clock was ahead while refresh tokens were redeemed. All that were
     * issued up to now are revoked.
     */
    @Throws(AdminException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun resetRefreshClock(): Unit =
        crossingAsync(AdminException::unexpected) { bridge.resetRefreshClock() }

    /**
     * Sets what the tokens of an app say, in place of what was set before. Those that were issued stay as they
     * are; those that are made from now on, at a refresh too, are by this.
     */
    @Throws(AdminException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun setAppPolicy(id: String, policy: AppPolicy) {
        text("id", id)
        val parts = policy.bridged()
        crossingAsync(AdminException::unexpected) { bridge.setAppPolicy(id, parts) }
    }

    /** What was set. */
    @Throws(AdminException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun appPolicy(id: String): AppPolicy {
        text("id", id)
        return AppPolicy(crossingAsync(AdminException::unexpected) { bridge.appPolicy(id) })
    }

    /** The signing keys, the one that signs first before the others. Those whose last token has expired are gone. */
    @Throws(AdminException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun listKeys(): List<KeySummary> =
        crossingAsync(AdminException::unexpected) { bridge.listKeys() }.map(::KeySummary)

    /**
     * Makes a signing key, for the algorithm of the former if none is named. It is published at once and signs
     * after `key_lead_seconds`, when every verifier has it; the former stays published as long as its tokens live.
     * An [AdminException.Limit] while one is pending.
     */
    @Throws(AdminException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun rotateKey(algorithm: SigningAlgorithm? = null): KeySummary =
        KeySummary(crossingAsync(AdminException::unexpected) { bridge.rotateKey(algorithm?.name) })

    /**
     * Drops a key at once: for one whose private half is known to others. If it is the one that signs, the
     * pending one does from now on, or a new one. Verifiers accept its tokens until they fetch the keys again,
     * and refuse those of a key that they have not fetched yet.
     */
    @Throws(AdminException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun revokeKey(kid: String) {
        text("kid", kid)
        crossingAsync(AdminException::unexpected) { bridge.revokeKey(kid) }
    }

    /**
     * Tells what a token is; null of a text that is no token of this issuer's, and of one that is not good now:
     * past its time, revoked, used up, or of an app that is disabled or gone. Of refresh tokens that app's alone
     * are known. Nothing is changed by it.
     */
    @Throws(AdminException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun introspect(appId: String, token: String): ActiveToken? {
        text("appId", appId)
        text("token", token)
        return crossingAsync(AdminException::unexpected) { bridge.introspect(appId, token) }?.let(::ActiveToken)
    }

    /**
     * Revokes whatever token of that app's it is (RFC 7009). A text that is none, or another app's, is revoked
     * already; an access token cannot be, and lives to its end.
     */
    @Throws(AdminException::class, kotlin.coroutines.cancellation.CancellationException::class)
    public suspend fun revokeToken(appId: String, token: String): Revocation {
        text("appId", appId)
        text("token", token)
        return Revocation.of(crossingAsync(AdminException::unexpected) { bridge.revokeToken(appId, token) })
    }

    /**
     * Verifies an access token of this issuer's by the keys that are published now, without a network: its
     * signature, issuer and time, give or take a minute, and that it is for [audience], the name by which the
     * apps' policies call the API that asks; that of the configuration if none is named. Whether its app is still
     * enabled it does not ask. It is done when it returns, in a fraction of a millisecond.
     *
     * Any other text is an [InvalidAccessTokenException].
     */
    @JvmOverloads
    @Throws(InvalidAccessTokenException::class)
    public fun verifyAccessToken(token: String, audience: String? = null): AccessClaims {
        text("token", token)
        optionalText("audience", audience)
        return AccessClaims(crossing(AdminException::unexpected) { bridge.verifyAccessToken(token, audience) })
    }

    /** The public keys as a JWK set (RFC 7517 section 5), in JSON. */
    @Throws(AdminException::class)
    public fun jwks(): String = crossing(AdminException::unexpected) { bridge.jwks() }

    /** [createApp], which waits. */
    @Throws(AdminException::class, InterruptedException::class)
    public fun createAppBlocking(name: String): CreatedApp = runBlocking { createApp(name) }

    /** [listApps], which waits. */
    @Throws(AdminException::class, InterruptedException::class)
    public fun listAppsBlocking(): List<AppSummary> = runBlocking { listApps() }

    /** [importJsonLines], which waits. */
    @Throws(AdminException::class, InterruptedException::class)
    public fun importJsonLinesBlocking(lines: String): Long = runBlocking { importJsonLines(lines) }

    /** [disableApp], which waits. */
    @Throws(AdminException::class, InterruptedException::class)
    public fun disableAppBlocking(id: String): Unit = runBlocking { disableApp(id) }

    /** [enableApp], which waits. */
    @Throws(AdminException::class, InterruptedException::class)
    public fun enableAppBlocking(id: String): Unit = runBlocking { enableApp(id) }

    /** [deleteApp], which waits. */
    @Throws(AdminException::class, InterruptedException::class)
    public fun deleteAppBlocking(id: String): Unit = runBlocking { deleteApp(id) }

    /** [rotateSecret], which waits. */
    @JvmOverloads
    @Throws(AdminException::class, InterruptedException::class)
    public fun rotateSecretBlocking(appId: String, overlap: Duration = Duration.ofDays(1)): CreatedSecret =
        runBlocking { rotateSecret(appId, overlap) }

    /** [listSecrets], which waits. */
    @Throws(AdminException::class, InterruptedException::class)
    public fun listSecretsBlocking(appId: String): List<SecretSummary> = runBlocking { listSecrets(appId) }

    /** [revokeSecret], which waits. */
    @Throws(AdminException::class, InterruptedException::class)
    public fun revokeSecretBlocking(secretId: String): Unit = runBlocking { revokeSecret(secretId) }

    /** [revokeRefreshToken], which waits. */
    @Throws(AdminException::class, InterruptedException::class)
    public fun revokeRefreshTokenBlocking(appId: String, token: String): Unit =
        runBlocking { revokeRefreshToken(appId, token) }

    /** [revokeRefreshTokensOf], which waits. */
    @Throws(AdminException::class, InterruptedException::class)
    public fun revokeRefreshTokensOfBlocking(appId: String): Unit = runBlocking { revokeRefreshTokensOf(appId) }

    /** [revokeAllRefreshTokens], which waits. */
    @Throws(AdminException::class, InterruptedException::class)
    public fun revokeAllRefreshTokensBlocking(): Unit = runBlocking { revokeAllRefreshTokens() }

    /** [purgeRefreshTokens], which waits. */
    @Throws(AdminException::class, InterruptedException::class)
    public fun purgeRefreshTokensBlocking(): Long = runBlocking { purgeRefreshTokens() }

    /** [resetRefreshClock], which waits. */
    @Throws(AdminException::class, InterruptedException::class)
    public fun resetRefreshClockBlocking(): Unit = runBlocking { resetRefreshClock() }

    /** [setAppPolicy], which waits. */
    @Throws(AdminException::class, InterruptedException::class)
    public fun setAppPolicyBlocking(id: String, policy: AppPolicy): Unit = runBlocking { setAppPolicy(id, policy) }

    /** [appPolicy], which waits. */
    @Throws(AdminException::class, InterruptedException::class)
    public fun appPolicyBlocking(id: String): AppPolicy = runBlocking { appPolicy(id) }

    /** [listKeys], which waits. */
    @Throws(AdminException::class, InterruptedException::class)
    public fun listKeysBlocking(): List<KeySummary> = runBlocking { listKeys() }

    /** [rotateKey], which waits. */
    @JvmOverloads
    @Throws(AdminException::class, InterruptedException::class)
    public fun rotateKeyBlocking(algorithm: SigningAlgorithm? = null): KeySummary =
        runBlocking { rotateKey(algorithm) }

    /** [revokeKey], which waits. */
    @Throws(AdminException::class, InterruptedException::class)
    public fun revokeKeyBlocking(kid: String): Unit = runBlocking { revokeKey(kid) }

    /** [introspect], which waits. */
    @Throws(AdminException::class, InterruptedException::class)
    public fun introspectBlocking(appId: String, token: String): ActiveToken? =
        runBlocking { introspect(appId, token) }

    /** [revokeToken], which waits. */
    @Throws(AdminException::class, InterruptedException::class)
    public fun revokeTokenBlocking(appId: String, token: String): Revocation =
        runBlocking { revokeToken(appId, token) }

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

/** A new secret of an app. It is shown this once and cannot be read again. */
public class CreatedSecret internal constructor(secret: BridgeSecret) {
    /** Its own id, which is no secret. */
    public val id: String = secret.id

    /** The secret. */
    public val secret: String = secret.secret

    override fun toString(): String = "CreatedSecret([REDACTED])"
}

/** A secret of an app, as it is listed. What it is, is not known. */
public class SecretSummary internal constructor(secret: BridgeSecretSummary) {
    /** Its own id, which is no secret. */
    public val id: String = secret.id

    /** What is kept of it. */
    public val kind: SecretKind = SecretKind.valueOf(secret.kind.uppercase())

    /** When it was made. */
    public val created: Instant = secret.created

    /** When it stops, or stopped, being good; null if it has no end, and if it was revoked. */
    public val expires: Instant? = secret.expires

    /** Whether it was revoked. */
    public val isRevoked: Boolean = secret.revoked

    /** The start of the hour in which it was last used, so far as this process knows. */
    public val lastUsed: Instant? = secret.lastUsed

    override fun toString(): String =
        "SecretSummary(id=$id, kind=$kind, created=$created, expires=$expires, isRevoked=$isRevoked, lastUsed=$lastUsed)"
}

/** What is kept of a secret. */
public enum class SecretKind {
    /** A digest, of one that was generated or has the shape of that. */
    GENERATED,

    /** An Argon2id hash, of one that was imported. */
    ARGON2ID,

    /** A bcrypt hash, which others made: it becomes Argon2id at the secret's next use. */
    BCRYPT,

    /** A PBKDF2 hash, likewise. */
    PBKDF2,
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
