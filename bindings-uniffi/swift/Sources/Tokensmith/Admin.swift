import Foundation
internal import TokensmithBridge

/// The administration of the embedded issuer: ``TokenService/admin``. Each call but
/// ``verifyAccessToken(_:audience:)`` throws an ``AdminError``, and all ``TokenServiceClosed`` once the
/// service is closed. One that has begun runs to its end, also where its task is cancelled.
public struct Admin: Sendable {
    let bridge: TokensmithBridge.TokenService

    init(_ bridge: TokensmithBridge.TokenService) { self.bridge = bridge }

    /// Makes an app.
    ///
    /// - Parameter name: for people; 1 to 128 bytes without control characters.
    /// - Throws: ``AdminError`` with the code `invalid` for another name.
    public func createApp(name: String) async throws -> CreatedApp {
        do { return CreatedApp(try await bridge.createApp(name: name)) } catch { throw told(error) }
    }

    /// All apps, the latest last.
    public func listApps() async throws -> [AppSummary] {
        do { return try await bridge.listApps().map(AppSummary.init) } catch { throw told(error) }
    }

    /// Imports apps with their secrets from JSON Lines: each line an object with `appClientId`, either
    /// `appSecret` or `secretHash`, and perhaps `name`. All, or none if one cannot be.
    ///
    /// - Returns: how many.
    /// - Throws: ``AdminError`` with the code `invalid`, which names the line and what is wrong with it.
    @discardableResult public func importJSONLines(_ lines: String) async throws -> Int {
        do {
            return Int(clamping: try await bridge.importJsonLines(lines: lines))
        } catch { throw told(error) }
    }

    /// Lets an app have no more tokens; those that it has live on to their end.
    ///
    /// - Throws: ``AdminError`` with the code `notFound` where there is no such app.
    public func disableApp(id: String) async throws {
        do { try await bridge.setAppEnabled(id: id, enabled: false) } catch { throw told(error) }
    }

    /// Lets an app have tokens again.
    ///
    /// - Throws: ``AdminError`` with the code `notFound` where there is no such app.
    public func enableApp(id: String) async throws {
        do { try await bridge.setAppEnabled(id: id, enabled: true) } catch { throw told(error) }
    }

    /// Removes an app with its secrets. Access tokens that it has live on to their end.
    ///
    /// - Throws: ``AdminError`` with the code `notFound` where there is no such app.
    public func deleteApp(id: String) async throws {
        do { try await bridge.deleteApp(id: id) } catch { throw told(error) }
    }

    /// Gives an app a new secret. An app has at most two live ones.
    ///
    /// - Parameter overlap: how long those that it has stay good, and no longer than they would have
    ///   been: whole seconds, at most 90 days. None revokes them.
    /// - Throws: ``AdminError`` with the code `limit` for a third secret, `notFound` where there is no
    ///   such app, `invalid` for another overlap; ``ArgumentError`` for one that is negative.
    public func rotateSecret(appId: String, overlap: Duration = .seconds(86_400)) async throws
        -> CreatedSecret
    {
        guard let overlap = overlap.bridged else {
            throw ArgumentError(detail: "`overlap` must not be negative")
        }
        do {
            return CreatedSecret(try await bridge.rotateSecret(appId: appId, overlap: overlap))
        } catch { throw told(error) }
    }

    /// An app's secrets, the oldest first. One that is good no more is listed until the app gets a new
    /// one.
    ///
    /// - Throws: ``AdminError`` with the code `notFound` where there is no such app.
    public func listSecrets(appId: String) async throws -> [SecretSummary] {
        do {
            return try await bridge.listSecrets(appId: appId).map(SecretSummary.init)
        } catch { throw told(error) }
    }

    /// Lets a secret be good no more, for ever. An app that has no other gets no tokens until it is
    /// given one.
    ///
    /// - Throws: ``AdminError`` with the code `notFound` where there is no such secret.
    public func revokeSecret(id: String) async throws {
        do { try await bridge.revokeSecret(secretId: id) } catch { throw told(error) }
    }

    /// Revokes a refresh token, and with it all that come before and after it. A text that is none of
    /// that app's is revoked already. Access tokens live on to their end.
    public func revokeRefreshToken(appId: String, token: String) async throws {
        do {
            try await bridge.revokeRefreshToken(appId: appId, token: token)
        } catch { throw told(error) }
    }

    /// Refuses all refresh tokens of an app that were issued up to now, those of the present second
    /// among them.
    public func revokeRefreshTokens(of appId: String) async throws {
        do { try await bridge.revokeRefreshTokensOf(appId: appId) } catch { throw told(error) }
    }

    /// Refuses all refresh tokens of all apps that were issued up to now: after a backup was restored,
    /// since it may have forgotten which were redeemed.
    public func revokeAllRefreshTokens() async throws {
        do { try await bridge.revokeAllRefreshTokens() } catch { throw told(error) }
    }

    /// Forgets what is past its time in the ledger of refresh tokens, and tells how many families that
    /// were. It is done by the way too, a few at each redemption.
    @discardableResult public func purgeRefreshTokens() async throws -> Int {
        do {
            return Int(clamping: try await bridge.purgeRefreshTokens())
        } catch { throw told(error) }
    }

    /// Takes up the time after the system's clock was ahead while refresh tokens were redeemed. All
    /// that were issued up to now are revoked.
    public func resetRefreshClock() async throws {
        do { try await bridge.resetRefreshClock() } catch { throw told(error) }
    }

    /// The public keys as a JWK set (RFC 7517 section 5), in JSON.
    public func jwks() throws -> String {
        do { return try bridge.jwks() } catch { throw told(error) }
    }
}

/// A new app. Its secret is shown this once and cannot be read again. It prints as
/// `CreatedApp([REDACTED])`.
public struct CreatedApp: Sendable, Redacted {
    /// `appcl-` and 20 letters or digits.
    public let id: String
    /// What it shows with its id to get tokens. It is nowhere else.
    public let secret: String

    init(_ bridged: TokensmithBridge.CreatedApp) { (id, secret) = (bridged.id, bridged.secret) }
}

/// A new secret of an app. It is shown this once and cannot be read again. It prints as
/// `CreatedSecret([REDACTED])`.
public struct CreatedSecret: Sendable, Redacted {
    /// Its own id, which is no secret.
    public let id: String
    /// What the app shows with its own id to get tokens. It is nowhere else.
    public let secret: String

    init(_ bridged: TokensmithBridge.CreatedSecret) { (id, secret) = (bridged.id, bridged.secret) }
}

/// A secret of an app, as it is listed. What it is, is not known.
public struct SecretSummary: Sendable, Hashable, Identifiable {
    /// What is kept of a secret.
    public enum Kind: String, Sendable, CaseIterable {
        /// A digest, of one that was generated or has the shape of that.
        case generated
        /// An Argon2id hash, of one that was imported.
        case argon2id
        /// A bcrypt hash, which others made: it becomes Argon2id at the secret's next use.
        case bcrypt
        /// A PBKDF2 hash, likewise.
        case pbkdf2
    }

    /// Its own id, which is no secret.
    public let id: String
    /// What is kept of it.
    public let kind: Kind
    /// When it was made.
    public let created: Date
    /// When it stops, or stopped, being good; nil if it has no end, and if it was revoked.
    public let expires: Date?
    /// Whether it was revoked.
    public let isRevoked: Bool
    /// The start of the hour in which it was last used, so far as this process knows.
    public let lastUsed: Date?

    init(_ bridged: TokensmithBridge.SecretSummary) throws {
        id = bridged.id
        kind = try word(bridged.kind)
        created = bridged.created
        expires = bridged.expires
        isRevoked = bridged.revoked
        lastUsed = bridged.lastUsed
    }
}

/// An app, as it is listed.
public struct AppSummary: Sendable, Hashable, Identifiable {
    /// `appcl-` and 20 letters or digits.
    public let id: String
    /// What it was called when it was made.
    public let name: String
    /// Whether it may have tokens.
    public let isEnabled: Bool
    /// When it was made.
    public let created: Date
    /// Its record was changed by something else; nothing else here can be relied on then.
    public let isDamaged: Bool

    init(_ bridged: TokensmithBridge.AppSummary) {
        id = bridged.id
        name = bridged.name
        isEnabled = bridged.enabled
        created = bridged.created
        isDamaged = bridged.damaged
    }
}

/// A call of the administration that failed. Nothing was changed; but where a call about refresh tokens
/// ends with the code `store`, they may still be good or not, so make it again.
public struct AdminError: Error, Equatable, Sendable, LocalizedError {
    /// Why a call of the administration failed.
    public enum Code: String, Sendable, CaseIterable {
        /// An argument is not what it must be.
        case invalid = "ERR_ADMIN_INVALID"
        /// There is no such app, secret or signing key.
        case notFound = "ERR_ADMIN_NOT_FOUND"
        /// The app has as many live secrets as it may have, or a signing key is pending already.
        case limit = "ERR_ADMIN_LIMIT"
        /// The store failed.
        case store = "ERR_ADMIN_STORE"
    }

    /// The same in every language, as its `rawValue`.
    public let code: Code
    let detail: String
    /// What is wrong, for a log.
    public var errorDescription: String? { detail }
}

/// An access token that ``Admin/verifyAccessToken(_:audience:)`` finds not good: to an API's caller a 401 with
/// `error="invalid_token"` (RFC 6750 section 3.1), whatever the reason. It says nothing of what the token
/// is.
public struct InvalidAccessToken: Error, Equatable, Sendable, LocalizedError {
    /// What is wrong with an access token.
    public enum Reason: String, Sendable, CaseIterable {
        /// It is no JWT of this issuer's making.
        case malformed
        /// No key that is published now has signed it.
        case unknownKey = "unknown_key"
        /// The signature is another's.
        case signature
        /// It is of another issuer, or for another audience.
        case issuer
        /// Its time is past, or has not come.
        case expired
    }

    /// For a log.
    public let reason: Reason
    /// The same in every language.
    public var code: String { "ERR_ACCESS_TOKEN_INVALID" }
    let detail: String
    /// What is wrong, for a log.
    public var errorDescription: String? { detail }
}

/// The error that a host sees for one that a call of the administration ended with.
func told(_ error: any Error) -> any Error {
    switch error as? TokensmithBridge.AdminError {
    case .Failed(let code, let detail):
        AdminError(code: .init(rawValue: code) ?? .store, detail: detail)
    case .Token(_, let reason, let detail):
        InvalidAccessToken(reason: .init(rawValue: reason) ?? .malformed, detail: detail)
    case .Closed: TokenServiceClosed()
    case .Absent, nil: AdminError(code: .store, detail: "the store failed")
    }
}
