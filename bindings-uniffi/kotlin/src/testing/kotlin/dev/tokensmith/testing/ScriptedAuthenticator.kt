package dev.tokensmith.testing

import com.google.gson.JsonElement
import com.google.gson.JsonObject
import dev.tokensmith.AuthRequest
import dev.tokensmith.AuthenticateException
import dev.tokensmith.Authenticator
import dev.tokensmith.TokenSet
import java.time.Duration
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.awaitCancellation

/** An authenticator in Kotlin whose answers are written down beforehand. */
internal class ScriptedAuthenticator(private val clock: Clock) : Authenticator {
    private var script: JsonObject? = null
    private var called = CompletableDeferred<Unit>()
    private var deviation: String? = null

    /** The next call must be given that, and has that answer after that time. Completed once it came. */
    @Synchronized
    fun expect(next: JsonObject): CompletableDeferred<Unit> {
        script = next
        called = CompletableDeferred()
        return called
    }

    /** How the call differed from the script, if it did. The script is empty afterwards. */
    @Synchronized
    fun deviation(): String? {
        val told = deviation ?: script?.let { "it was not called" }
        script = null
        deviation = null
        return told
    }

    override suspend fun authenticate(request: AuthRequest): TokenSet {
        val script = take(request) ?: throw IllegalStateException("not in the script")
        val wait = script["after_ms"].asLong
        if (wait > 0) clock.sleep(wait)
        return given(script.getAsJsonObject("answer"))
    }

    @Synchronized
    private fun take(request: AuthRequest): JsonObject? {
        val taken = script
        script = null
        val receives = taken?.getAsJsonObject("receives")
        val isAsWritten = receives != null &&
            receives["app_client_id"].asString == request.appClientId &&
            receives["app_secret"].asString == request.appSecret
        if (!isAsWritten && deviation == null) {
            val given = "[${quoted(request.appClientId)}, ${quoted(request.appSecret)}]"
            deviation = if (taken == null) "it was called" else "it was given $given"
        }
        called.complete(Unit)
        return taken.takeIf { isAsWritten }
    }
}

/** What the answer of a script is, in the words of a host. */
private suspend fun given(answer: JsonObject): TokenSet =
    when (val kind = answer["kind"].asString) {
        "issued" -> TokenSet(
            accessToken = answer["access_token"].asString,
            expiresIn = Duration.ofMillis(answer["expires_in_ms"].asLong),
            refreshToken = answer["refresh_token"].text(),
            idToken = answer["id_token"].text(),
            tokenType = answer["token_type"].asString,
        )
        "rejected" -> throw AuthenticateException.Rejected()
        "throttled" -> throw AuthenticateException.Throttled(answer["retry_after_ms"].long()?.let(Duration::ofMillis))
        // A host says `contract` by what it gives, and all else by what it throws.
        "upstream_failed" ->
            if (answer["reason"].asString == "contract") TokenSet("a", Duration.ofSeconds(-1)) else error("scripted")
        "hang" -> awaitCancellation()
        else -> error("no host says $kind")
    }

internal fun JsonElement?.text(): String? = this?.takeUnless { it.isJsonNull }?.asString

internal fun JsonElement?.long(): Long? = this?.takeUnless { it.isJsonNull }?.asLong
