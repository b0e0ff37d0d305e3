package dev.tokensmith

import java.util.concurrent.CompletionStage
import java.util.function.Function
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.future.await
import kotlinx.coroutines.runInterruptible

/**
 * Judges credentials and gives tokens. It throws [AuthenticateException.Rejected] for a 401 and
 * [AuthenticateException.Throttled] for a 429. All else that it throws or gives is a 502, and so is no
 * answer within the deadline.
 *
 * It runs on [Dispatchers.Default] and must not block: see [fromBlocking]. When the caller is gone, its
 * coroutine is cancelled. One that holds its own service is a cycle that no garbage collection sees.
 */
public fun interface Authenticator {
    /** Gives tokens for credentials that are right. */
    public suspend fun authenticate(request: AuthRequest): TokenSet

    public companion object {
        /** For Java: an authenticator that begins something. It is cancelled when the caller is gone. */
        @JvmStatic
        public fun fromFuture(function: Function<AuthRequest, CompletionStage<TokenSet>>): Authenticator =
            Authenticator { request -> function.apply(request).await() }

        /** An authenticator that blocks, on [Dispatchers.IO]. It is interrupted when the caller is gone. */
        @JvmStatic
        public fun fromBlocking(function: Function<AuthRequest, TokenSet>): Authenticator =
            Authenticator { request -> runInterruptible(Dispatchers.IO) { function.apply(request) } }
    }
}
