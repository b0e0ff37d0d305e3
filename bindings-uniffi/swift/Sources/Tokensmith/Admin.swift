import Foundation
internal import TokensmithBridge

/// The administration of the embedded issuer: ``TokenService/admin``. Each call throws an
/// ``AdminError``, or ``TokenServiceClosed``; once begun it runs to its end, also where its task is
/// cancelled.
public struct Admin: Sendable {
    private let bridge: TokensmithBridge.TokenService

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

/// A call of the administration that failed. Nothing was changed.
public struct AdminError: Error, Equatable, Sendable, LocalizedError {
    /// Why a call of the administration failed.
    public enum Code: String, Sendable, CaseIterable {
        /// An argument is not what it must be.
        case invalid = "ERR_ADMIN_INVALID"
        /// There is no such app, or no such secret.
        case notFound = "ERR_ADMIN_NOT_FOUND"
        /// The app has as many live secrets as it may have.
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

private func told(_ error: any Error) -> any Error {
    switch error as? TokensmithBridge.AdminError {
    case .Failed(let code, let detail):
        AdminError(code: .init(rawValue: code) ?? .store, detail: detail)
    case .Closed: TokenServiceClosed()
    case .Absent, nil: AdminError(code: .store, detail: "the store failed")
    }
}
