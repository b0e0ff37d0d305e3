package dev.tokensmith

import dev.tokensmith.bridge.AccessClaims as BridgeClaims
import dev.tokensmith.bridge.ActiveToken as BridgeToken
import java.time.Instant

/** What an access token says that was found good (RFC 9068 section 2.2). */
public class AccessClaims internal constructor(claims: BridgeClaims) {
    /** `client_id`: the app whose token it is. */
    public val appClientId: String = claims.appClientId

    /** `sub`: `app:` and the app's id. */
    public val subject: String = claims.subject

    /** `aud`: whom it is for. */
    public val audience: List<String> = claims.audience

    /** What it allows, in words with one space between two; null if it does not say so. */
    public val scope: String? = claims.scope

    /** The claims besides, as a JSON object: those of the app's policy when the token was made. */
    public val claims: String = claims.claims

    /** `jti`: the token's own id. */
    public val tokenId: String = claims.tokenId

    /** `iat` */
    public val issued: Instant = claims.issued

    /** `exp`: from when it is not good. */
    public val expires: Instant = claims.expires

    override fun toString(): String =
        "AccessClaims(appClientId=$appClientId, subject=$subject, audience=$audience, scope=$scope, " +
            "claims=$claims, tokenId=$tokenId, issued=$issued, expires=$expires)"
}

/** What a token of either kind says that is good now (RFC 7662 section 2.2). */
public class ActiveToken internal constructor(token: BridgeToken) {
    /** Which of the two it is. */
    public val kind: TokenKind = TokenKind.valueOf(token.kind.uppercase())

    /** `client_id`: the app whose token it is. */
    public val appClientId: String = token.appClientId

    /** `sub`: `app:` and the app's id. */
    public val subject: String = token.subject

    /** `iss`: this issuer. */
    public val issuer: String = token.issuer

    /** `aud` of an access token. */
    public val audience: List<String>? = token.audience

    /** What an access token allows, in words with one space between two; null if it does not say so. */
    public val scope: String? = token.scope

    /** The claims of an access token besides, as a JSON object. */
    public val claims: String = token.claims

    /** `jti` of an access token. */
    public val tokenId: String? = token.tokenId

    /** `iat` */
    public val issued: Instant = token.issued

    /** `exp`: from when it is not good. */
    public val expires: Instant = token.expires

    override fun toString(): String =
        "ActiveToken(kind=$kind, appClientId=$appClientId, subject=$subject, issuer=$issuer, audience=$audience, " +
            "scope=$scope, claims=$claims, tokenId=$tokenId, issued=$issued, expires=$expires)"
}

/** The two kinds of tokens. */
public enum class TokenKind {
    /** An access token. */
    ACCESS,

    /** A refresh token. */
    REFRESH,
}

/** What came of a revocation. */
public enum class Revocation {
    /** The token is not good, now or never was. */
    DONE,

    /** It is an access token, which lives to its end: `unsupported_token_type` (RFC 7009 section 2.2.1). */
    UNSUPPORTED,

    ;

    internal companion object {
        fun of(word: String): Revocation = valueOf(word.uppercase())
    }
}
