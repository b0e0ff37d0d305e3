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
            Authenticator { request ->
                val stage: CompletionStage<TokenSet>? = function.apply(request)
                (stage ?: throw ContractFault("the authenticator must give a stage")).await()
            }

        /**
         * An authenticator that blocks. It has up to 64 threads of its own, and is interrupted when the caller
         * is gone.
         */
        @JvmStatic
        public fun fromBlocking(authenticator: BlockingAuthenticator): Authenticator {
            // Those that hang and cannot be interrupted take no thread of the host's own work.
            val threads = Dispatchers.IO.limitedParallelism(THREADS, "tokensmith")
            return Authenticator { request -> runInterruptible(threads) { authenticator.authenticate(request) } }
        }

        private const val THREADS = 64
    }
}

/** What [Authenticator.fromBlocking] makes an authenticator of. It may throw whatever it likes. */
public fun interface BlockingAuthenticator {
    /** Gives tokens for credentials that are right. */
    @Throws(Exception::class)
    public fun authenticate(request: AuthRequest): TokenSet
}
