internal import TokensmithBridge

/// Tokens (RFC 6749 section 5.1): those of an answer, or those that an authenticator gives. They
/// print as `TokenSet([REDACTED])`.
public struct TokenSet: Sendable, Equatable, Redacted {
    /// Visible ASCII, and not empty.
    public var accessToken: String
    /// The life of the access token: at least a second. A fraction is cut off.
    public var expiresIn: Duration
    /// `Bearer` (RFC 6750), in upper or lower case.
    public var tokenType: String
    /// Absent in an answer only where `response.refresh_token` is `omit`. Elsewhere an authenticator
    /// that gives none makes a 502.
    public var refreshToken: String?
    /// The id token, if there is one.
    public var idToken: String?

    /// What an authenticator gives.
    public init(
        accessToken: String, expiresIn: Duration, tokenType: String = "Bearer",
        refreshToken: String? = nil, idToken: String? = nil
    ) {
        self.accessToken = accessToken
        self.expiresIn = expiresIn
        self.tokenType = tokenType
        self.refreshToken = refreshToken
        self.idToken = idToken
    }

    init(_ bridged: TokensmithBridge.TokenSet) {
        self.init(
            accessToken: bridged.accessToken, expiresIn: Duration(life: bridged.expiresIn),
            tokenType: bridged.tokenType, refreshToken: bridged.refreshToken,
            idToken: bridged.idToken)
    }

    /// None if the life is less than nothing: the bridge would end the process.
    var bridged: TokensmithBridge.TokenSet? {
        guard let seconds = expiresIn.bridged else { return nil }
        return .init(
            accessToken: accessToken, expiresIn: seconds, tokenType: tokenType,
            refreshToken: refreshToken, idToken: idToken)
    }
}
