package dev.tokensmith

/**
 * An access token that [Admin.verifyAccessToken] finds not good: to an API's caller a 401 with
 * `error="invalid_token"` (RFC 6750 section 3.1), whatever the reason. It says nothing of what the token is.
 */
public class InvalidAccessTokenException internal constructor(reason: String, message: String) : Exception(message) {
    /** The same in every language. */
    public val code: String = "ERR_ACCESS_TOKEN_INVALID"

    /** What is wrong with it, for a log. */
    public val reason: Reason = Reason.entries.find { it.word == reason } ?: Reason.MALFORMED

    /** What may be wrong with an access token. */
    public enum class Reason(
        /** The same in every language. */
        public val word: String,
    ) {
        /** It is no JWT of this issuer's making. */
        MALFORMED("malformed"),

        /** No key that is published now has signed it. */
        UNKNOWN_KEY("unknown_key"),

        /** The signature is another's. */
        SIGNATURE("signature"),

        /** It is of another issuer, or for another audience. */
        ISSUER("issuer"),

        /** Its time is past, or has not come. */
        EXPIRED("expired"),
    }
}
