import Foundation
internal import TokensmithBridge

extension Admin {
    /// Verifies an access token of this issuer's by the keys that are published now, without a network: its
    /// signature, issuer and time, give or take a minute, and that it is for the audience that asks. Whether
    /// its app is still enabled it does not ask. It is done when it returns, in a fraction of a millisecond.
    ///
    /// - Parameter audience: the name by which the apps' policies call the API that asks; that of the
    ///   configuration if none is named.
    /// - Throws: ``InvalidAccessToken`` for any other text.
    public func verifyAccessToken(_ token: String, audience: String? = nil) throws -> AccessClaims {
        do {
            return AccessClaims(try bridge.verifyAccessToken(token: token, audience: audience))
        } catch { throw told(error) }
    }

    /// Tells what a token is; nil of a text that is no token of this issuer's, and of one that is not good
    /// now: past its time, revoked, used up, or of an app that is disabled or gone. Of refresh tokens that
    /// app's alone are known. Nothing is changed by it.
    ///
    /// - Throws: ``AdminError`` with the code `notFound` where there is no such app.
    public func introspect(appId: String, token: String) async throws -> ActiveToken? {
        do {
            return try await bridge.introspect(appId: appId, token: token).map(ActiveToken.init)
        } catch { throw told(error) }
    }

    /// Revokes whatever token of that app's it is (RFC 7009). A text that is none, or another app's, is
    /// revoked already; an access token cannot be, and lives to its end.
    ///
    /// - Throws: ``AdminError`` with the code `notFound` where there is no such app.
    @discardableResult public func revokeToken(appId: String, token: String) async throws -> Revocation {
        do { return try word(try await bridge.revokeToken(appId: appId, token: token)) } catch { throw told(error) }
    }
}

/// What an access token says that was found good (RFC 9068 section 2.2).
public struct AccessClaims: Sendable, Hashable {
    /// `client_id`: the app whose token it is.
    public let appClientId: String
    /// `sub`: `app:` and the app's id.
    public let subject: String
    /// `aud`: whom it is for.
    public let audience: [String]
    /// What it allows, in words with one space between two; nil if it does not say so.
    public let scope: String?
    /// The claims besides, as a JSON object: those of the app's policy when the token was made.
    public let claims: String
    /// `jti`: the token's own id.
    public let tokenId: String
    /// `iat`
    public let issued: Date
    /// `exp`: from when it is not good.
    public let expires: Date

    init(_ bridged: TokensmithBridge.AccessClaims) {
        appClientId = bridged.appClientId
        subject = bridged.subject
        audience = bridged.audience
        scope = bridged.scope
        claims = bridged.claims
        tokenId = bridged.tokenId
        issued = bridged.issued
        expires = bridged.expires
    }
}

/// What a token of either kind says that is good now (RFC 7662 section 2.2).
public struct ActiveToken: Sendable, Hashable {
    /// The two kinds of tokens.
    public enum Kind: String, Sendable, CaseIterable {
        /// An access token.
        case access
        /// A refresh token.
        case refresh
    }

    /// Which of the two it is.
    public let kind: Kind
    /// `client_id`: the app whose token it is.
    public let appClientId: String
    /// `sub`: `app:` and the app's id.
    public let subject: String
    /// `iss`: this issuer.
    public let issuer: String
    /// `aud` of an access token.
    public let audience: [String]?
    /// What an access token allows, in words with one space between two; nil if it does not say so.
    public let scope: String?
    /// The claims of an access token besides, as a JSON object.
    public let claims: String
    /// `jti` of an access token.
    public let tokenId: String?
    /// `iat`
    public let issued: Date
    /// `exp`: from when it is not good.
    public let expires: Date

    init(_ bridged: TokensmithBridge.ActiveToken) throws {
        kind = try word(bridged.kind)
        appClientId = bridged.appClientId
        subject = bridged.subject
        issuer = bridged.issuer
        audience = bridged.audience
        scope = bridged.scope
        claims = bridged.claims
        tokenId = bridged.tokenId
        issued = bridged.issued
        expires = bridged.expires
    }
}

/// What came of a revocation.
public enum Revocation: String, Sendable, CaseIterable {
    /// The token is not good, now or never was.
    case done
    /// It is an access token, which lives to its end: `unsupported_token_type` (RFC 7009 section 2.2.1).
    case unsupported
}
