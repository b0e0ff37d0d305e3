import Foundation
internal import TokensmithBridge

/// Answers `POST /token`: validates the body, limits the rate, asks the authenticator, and gives back
/// the exact response. One service for one limit: each that is made has buckets of its own.
public final class TokenService: Sendable, Redacted {
    private let bridge: TokensmithBridge.TokenService
    /// The administration of the embedded issuer; nil for a host's own authenticator.
    public let admin: Admin?
    /// Whether there is something that redeems refresh tokens: the embedded issuer.
    public let canRefresh: Bool

    /// Makes a service. Files are opened and keys are made away from the threads of Swift.
    ///
    /// - Parameters:
    ///   - config: what the service is made of, in JSON.
    ///   - authenticator: there exactly where `authenticator.kind` of the configuration is `host`.
    ///   - observer: hears what became of each call.
    ///   - onAuthenticatorError: hears what the authenticator threw besides `AuthenticateError`; it
    ///     goes nowhere else.
    /// - Throws: `TokenError.config`, whose `key` names the setting that is wrong.
    public convenience init(
        config: String, authenticator: (any Authenticator)? = nil, observer: Observer? = nil,
        onAuthenticatorError: (@Sendable (any Error) -> Void)? = nil
    ) async throws {
        try await self.init(
            authenticator: authenticator, observer: observer,
            onAuthenticatorError: onAuthenticatorError
        ) { asked, told in
            try await createService(config: config, authenticator: asked, observer: told)
        }
    }

    /// The same, of a service that `make` makes of what the bridge calls.
    init(
        authenticator: (any Authenticator)?, observer: Observer?,
        onAuthenticatorError: (@Sendable (any Error) -> Void)?,
        make: (AskedAuthenticator?, ToldObserver?) async throws -> TokensmithBridge.TokenService
    ) async throws {
        _ = workStopsAtExit
        let asked = authenticator.map { AskedAuthenticator($0, onError: onAuthenticatorError) }
        do {
            bridge = try await make(asked, observer.map(ToldObserver.init))
        } catch {
            throw translated(error)
        }
        admin = bridge.hasAdmin() ? Admin(bridge) : nil
        canRefresh = bridge.canRefresh()
    }

    /// Answers a request. Every failure is an answer, also that of a closed service (a 502).
    ///
    /// - Throws: `CancellationError` if the task is cancelled, what it was charged stays charged;
    ///   `ArgumentError` for a source that is none; and nothing else.
    public func handle(_ request: TokenRequest) async throws -> TokenResponse {
        do {
            let answer = try await unlessCancelled { cancel in
                try await bridge.handle(
                    request: request.bridged(longest: TokenRequest.longest), cancel: cancel)
            }
            return TokenResponse(answer)
        } catch is TokenError {
            // The core answers, and does not fail: so this came from between it and us.
            return TokenResponse(bridge.unavailable())
        }
    }

    /// The same path without HTTP, under the same limits.
    ///
    /// - Throws: `TokenError`; `TokenServiceClosed`; `ArgumentError` for a source that is none, or a
    ///   secret that is not UTF-8; `CancellationError` if the task is cancelled.
    public func issue(appClientId: String, appSecret: String, source: String? = nil) async throws
        -> TokenSet
    {
        try await issue(appClientId, Data(appSecret.utf8), source)
    }

    /// The same with the bytes of a secret, in UTF-8. They are zero when the call has ended, however
    /// that was; another `Data` that shares them is a copy then, and keeps them.
    public func issue(appClientId: String, appSecret: inout Data, source: String? = nil) async throws
        -> TokenSet
    {
        defer { zero(&appSecret) }
        return try await issue(appClientId, appSecret, source)
    }

    private func issue(_ appClientId: String, _ appSecret: Data, _ source: String?) async throws
        -> TokenSet
    {
        let credentials = Credentials(
            appClientId: appClientId, appSecret: appSecret, source: source)
        let tokens = try await unlessCancelled { cancel in
            try await bridge.issue(credentials: credentials, cancel: cancel)
        }
        return TokenSet(tokens)
    }

    /// Redeems a refresh token for new tokens, by the same path and limits. A redemption that has begun
    /// runs to its end, also where the task is cancelled: the token that was changed would be lost.
    ///
    /// - Throws: as `issue`; `TokenError.config` where
    ///   ``canRefresh`` is false.
    public func refresh(
        appClientId: String, appSecret: String, refreshToken: String, source: String? = nil
    ) async throws -> TokenSet {
        try await refresh(appClientId, Data(appSecret.utf8), refreshToken, source)
    }

    /// The same with the bytes of a secret, in UTF-8. They are zero when the call has ended, however
    /// that was; another `Data` that shares them is a copy then, and keeps them.
    public func refresh(
        appClientId: String, appSecret: inout Data, refreshToken: String, source: String? = nil
    ) async throws -> TokenSet {
        defer { zero(&appSecret) }
        return try await refresh(appClientId, appSecret, refreshToken, source)
    }

    private func refresh(
        _ appClientId: String, _ appSecret: Data, _ refreshToken: String, _ source: String?
    ) async throws -> TokenSet {
        let redemption = Redemption(
            appClientId: appClientId, appSecret: appSecret, refreshToken: refreshToken,
            source: source)
        let tokens = try await unlessCancelled { cancel in
            try await bridge.refresh(redemption: redemption, cancel: cancel)
        }
        return TokenSet(tokens)
    }

    /// Answers a request to redeem a refresh token, which is the member `refreshToken` of its body, as
    /// ``handle(_:)`` answers one for tokens. A redemption that has begun runs to its end, also where
    /// the task is cancelled.
    ///
    /// - Throws: `TokenError.config` where ``canRefresh`` is false, and no other `TokenError`.
    public func handleRefresh(_ request: TokenRequest) async throws -> TokenResponse {
        do {
            let answer = try await unlessCancelled { cancel in
                try await bridge.handleRefresh(
                    request: request.bridged(longest: TokenRequest.longestToRefresh), cancel: cancel)
            }
            return TokenResponse(answer)
        } catch let error as TokenError {
            if case .config = error { throw error }
            return TokenResponse(bridge.unavailable())
        }
    }

    /// How many authentications are under way.
    public var inFlight: Int { Int(bridge.inFlight()) }

    /// Lets go of the service: what is under way ends as it would, later calls are refused. A service
    /// that nobody holds is let go of as well.
    public func shutdown() { bridge.shutdown() }
}

/// `exit` takes away what other threads stand on, so it waits for what they are at. Once. A handler that
/// comes after this one may wait for a call.
private let workStopsAtExit: Void = { atexit { stopWork(goesOn: true) } }()

/// The end of a task does not cross the bridge by itself, so a handle goes with each call.
private func unlessCancelled<T: Sendable>(
    _ call: (CancelHandle) async throws -> T
) async throws -> T {
    let handle = CancelHandle()
    return try await withTaskCancellationHandler {
        do { return try await call(handle) } catch { throw translated(error) }
    } onCancel: {
        handle.cancel()
    }
}

/// In place, where nobody else has the same bytes.
private func zero(_ bytes: inout Data) {
    bytes.withUnsafeMutableBytes { _ = $0.initializeMemory(as: UInt8.self, repeating: 0) }
}
