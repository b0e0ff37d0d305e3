internal import TokensmithBridge

/// Hears what became of each call, on whatever thread that happens. It must return soon.
public typealias Observer = @Sendable (TokenEvent) -> Void

/// Something happened. Each call ends with exactly one terminal event; others may come before it, or
/// without a call. Told apart by `name`; a later version may have more names. It holds nothing
/// private.
public struct TokenEvent: Sendable, Equatable {
    /// `issued`, `invalid`, `rate_limited`, `rejected`, `downstream_failed`, `timed_out`, `cancelled`,
    /// `limiter_failed`, `limiter_health`, `source_unknown`, `reload_failed`, `started_empty`,
    /// `clock_behind`, `secret_rotated`, `secret_expiring`, `key_rotated`.
    public let name: String
    /// Whether the call ended with it.
    public let isTerminal: Bool
    /// The host's own name for the request, if it gave one.
    public let requestId: String?
    /// Where the request came from, with what could forge a log line escaped.
    public let source: String?
    /// The app's id, where it is one that an app may have.
    public let appClientId: String?
    /// `issued`: the life of the access token, in whole seconds. `secret_expiring`: how long the secret
    /// has left.
    public let expiresIn: Duration?
    /// Why, where there is a reason.
    public let reason: String?
    /// `rate_limited`: the scope whose bucket is empty, `capacity`, or `upstream`.
    public let by: String?
    /// `rate_limited`: the wait, in whole seconds.
    public let retryAfter: Duration?
    /// `downstream_failed`: what failed.
    public let kind: String?
    /// Which part of the service.
    public let part: String?
    /// `secret_expiring`: the id of the secret, which is no secret.
    public let secretId: String?
    /// `key_rotated`: the thumbprint of the new key.
    public let kid: String?
    /// `limiter_health`: the counters.
    public let health: LimiterHealth?

    init(_ bridged: TokensmithBridge.TokenEvent) {
        name = bridged.name
        isTerminal = bridged.terminal
        requestId = bridged.requestId
        source = bridged.source
        appClientId = bridged.appClientId
        expiresIn = bridged.expiresIn.map(Duration.init(life:))
        reason = bridged.reason
        by = bridged.by
        retryAfter = bridged.retryAfter.map(Duration.init(bridged:))
        kind = bridged.kind
        part = bridged.part
        secretId = bridged.secretId
        kid = bridged.kid
        health = bridged.health.map(LimiterHealth.init)
    }
}

/// What the limiter counts, since it was made.
public struct LimiterHealth: Sendable, Equatable {
    /// Keys for which there was no room of their own.
    public let overflows: Int
    /// Entries that had to be mended.
    public let repaired: Int
    /// Decisions that the limiter in memory took for another.
    public let degraded: Int

    init(_ bridged: TokensmithBridge.LimiterHealth) {
        overflows = Int(clamping: bridged.overflows)
        repaired = Int(clamping: bridged.repaired)
        degraded = Int(clamping: bridged.degraded)
    }
}

/// The observer that the bridge tells.
final class ToldObserver: TokensmithBridge.Observer {
    private let host: Observer

    init(_ host: @escaping Observer) { self.host = host }

    func onEvent(event: TokensmithBridge.TokenEvent) throws { host(TokenEvent(event)) }
}
