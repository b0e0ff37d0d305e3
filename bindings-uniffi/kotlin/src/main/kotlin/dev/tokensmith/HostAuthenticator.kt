package dev.tokensmith

import dev.tokensmith.bridge.AuthRequest as BridgeAuthRequest
import dev.tokensmith.bridge.AuthenticateException as BridgeRefusal
import dev.tokensmith.bridge.Authenticator as BridgeAuthenticator
import dev.tokensmith.bridge.TokenSet as BridgeTokenSet
import java.util.function.Consumer
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.isActive

/** The core refuses far shorter tokens: what is over that is not copied. */
private const val LONGEST = 65_536

/**
 * The authenticator that the bridge calls: it asks the host's, and nothing of the host's exceptions
 * crosses the border. Those that are no refusals go to `onError` alone.
 *
 * The bridge catches an `Exception` and no other `Throwable`, and nothing that happens after the answer:
 * the core would then wait until the deadline. So all is caught here, and all that can be looked at is.
 */
internal class HostAuthenticator(
    private val host: Authenticator,
    private val onError: Consumer<in Throwable>?,
) : BridgeAuthenticator {
    override suspend fun authenticate(request: BridgeAuthRequest): BridgeTokenSet {
        val outcome = runCatching { carried(host.authenticate(asked(request))) }
        // Whoever asked is gone: that is no failure of the host's. A cancellation that it made itself, as
        // with `withTimeout`, is one. The text of either may be the host's.
        if (!currentCoroutineContext().isActive) throw CallEnded()
        return outcome.getOrElse { throw refusal(it) }
    }

    private fun refusal(thrown: Throwable): BridgeRefusal {
        when (thrown) {
            is AuthenticateException.Rejected -> return BridgeRefusal.Rejected()
            is AuthenticateException.Throttled -> return BridgeRefusal.Throttled(thrown.retryAfter)
        }
        // Who listens for errors may have one of its own: there is nobody left to tell.
        runCatching { onError?.accept(thrown) }
        return if (thrown is ContractFault) BridgeRefusal.Contract() else BridgeRefusal.Failed()
    }
}

/**
 * The call ended before its authenticator did. The bridge forgets the memory of an answer that comes all the
 * same, tokens and text alike, and of this it has none.
 */
private class CallEnded : CancellationException() {
    override fun toString(): String = ""
}

/** The host gave something that is no token set. */
internal class ContractFault(message: String) : IllegalArgumentException(message)

private fun asked(request: BridgeAuthRequest): AuthRequest =
    request.run { AuthRequest(appClientId, appSecret, source, requestId, budget) }

/** From Java anything may be null. */
private fun carried(tokens: TokenSet?): BridgeTokenSet {
    if (tokens == null) throw ContractFault("the authenticator must give tokens")
    if (tokens.expiresIn.isNegative) throw ContractFault("`expiresIn` must be no negative time")
    return BridgeTokenSet(
        accessToken = carried("accessToken", tokens.accessToken),
        expiresIn = tokens.expiresIn,
        tokenType = carried("tokenType", tokens.tokenType),
        refreshToken = tokens.refreshToken?.let { carried("refreshToken", it) },
        idToken = tokens.idToken?.let { carried("idToken", it) },
    )
}

private fun carried(name: String, token: String): String {
    val short = token.take(LONGEST)
    if (!short.isWellFormed()) throw ContractFault("`$name` must be well-formed Unicode")
    return short
}
