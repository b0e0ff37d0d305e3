package dev.tokensmith

import java.time.Duration

/** What an authenticator throws to refuse. Unchecked, so that a lambda in Java can throw it. */
public sealed class AuthenticateException(message: String) : RuntimeException(message) {
    /** The credentials are not right. The caller gets a 401. */
    public class Rejected : AuthenticateException("the credentials were rejected")

    /** Not so fast. The caller gets a 429, with a wait from 1 to 3,600 seconds. */
    public class Throttled @JvmOverloads constructor(
        /** How long to wait, if the authenticator says so. */
        public val retryAfter: Duration? = null,
    ) : AuthenticateException("the authenticator asks for patience") {
        init {
            if (retryAfter != null && retryAfter.isNegative) throw wrong("retryAfter", "no negative time")
        }
    }
}
