import Foundation
internal import TokensmithBridge

/// The administration of the embedded issuer: `service.admin`. Each call throws an `AdminError`, or
/// `TokenServiceClosed`; once begun it runs to its end, also where its task is cancelled.
public struct Admin: Sendable {
    private let bridge: TokensmithBridge.TokenService

    init(_ bridge: TokensmithBridge.TokenService) { self.bridge = bridge }

    /// Makes an app. Its name is for people: 1 to 128 bytes without control characters.
    public func createApp(name: String) async throws -> CreatedApp {
        do { return CreatedApp(try await bridge.createApp(name: name)) } catch { throw told(error) }
    }

    /// All apps, the latest last.
    public func listApps() async throws -> [AppSummary] {
        do { return try await bridge.listApps().map(AppSummary.init) } catch { throw told(error) }
    }

    /// Lets an app have no more tokens; those that it has live on to their end.
    public func disableApp(id: String) async throws {
        do { try await bridge.setAppEnabled(id: id, enabled: false) } catch { throw told(error) }
    }

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
    public let secret: String

    init(_ bridged: TokensmithBridge.CreatedApp) { (id, secret) = (bridged.id, bridged.secret) }
}

/// An app, as it is listed.
public struct AppSummary: Sendable, Equatable {
    public let id: String
    public let name: String
    /// Whether it may have tokens.
    public let enabled: Bool
    public let created: Date
    /// Its record was changed by something else; nothing else here can be relied on then.
    public let damaged: Bool

    init(_ bridged: TokensmithBridge.AppSummary) {
        id = bridged.id
        name = bridged.name
        enabled = bridged.enabled
        created = bridged.created
        damaged = bridged.damaged
    }
}

/// A call of the administration that failed. Nothing was changed.
public struct AdminError: Error, Equatable, Sendable, LocalizedError {
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
