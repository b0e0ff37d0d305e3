internal import TokensmithBridge

/// Judges credentials and gives tokens.
///
/// It throws an ``AuthenticateError`` for a 401 or a 429; all else that it throws is a 502, and so is no
/// answer within the deadline. When the call ends before it does, its task is cancelled. It must not
/// block its thread: Swift has few, and no deadline wakes a caller that has none.
///
/// Whoever holds the service of which it is the authenticator never lets it go: hold it weakly, or
/// ``TokenService/shutdown()`` it.
public protocol Authenticator: Sendable {
    /// Gives tokens for credentials that are right: ``AuthRequest/matches(appClientId:appSecret:)``.
    func authenticate(_ request: AuthRequest) async throws -> TokenSet
}

/// What an authenticator throws to refuse.
public enum AuthenticateError: Error, Equatable, Sendable {
    /// The credentials are not right. The caller gets a 401.
    case rejected
    /// Not so fast. The caller gets a 429, and a wait within 1 to 3,600 seconds, rounded up.
    case throttled(retryAfter: Duration? = nil)
}

/// What an authenticator is asked. It prints as `AuthRequest([REDACTED])`.
///
/// Compare its texts by ``matches(appClientId:appSecret:)``, and not by `==`, nor by what a dictionary
/// finds alone. Those take spellings of one character for equal, such as `K` and the sign of the kelvin;
/// then an app has many ids, and each has limits of its own.
public struct AuthRequest: Sendable, Redacted {
    /// The app's id, 1 to 128 bytes.
    public let appClientId: String
    /// The secret that came with it, 1 to 1,024 bytes.
    public let appSecret: String
    /// Where the request came from, if the host said so.
    public let source: String?
    /// The host's own name for the request.
    public let requestId: String?
    /// What is left of the deadline.
    public let budget: Duration?

    /// What the tests of an authenticator ask it.
    public init(
        appClientId: String, appSecret: String, source: String? = nil, requestId: String? = nil,
        budget: Duration? = nil
    ) {
        self.appClientId = appClientId
        self.appSecret = appSecret
        self.source = source
        self.requestId = requestId
        self.budget = budget
    }

    init(_ bridged: TokensmithBridge.AuthRequest) {
        self.init(
            appClientId: bridged.appClientId, appSecret: bridged.appSecret, source: bridged.source,
            requestId: bridged.requestId, budget: bridged.budget.map(Duration.init(bridged:)))
    }

    /// Whether these are its id and its secret, byte for byte, in a time that tells nothing of them but
    /// how long they are.
    public func matches(appClientId: String, appSecret: String) -> Bool {
        let differences = difference(self.appClientId, appClientId) | difference(self.appSecret, appSecret)
        return differences == 0
    }
}

/// Zero if there is none.
private func difference(_ one: String, _ other: String) -> UInt8 {
    guard one.utf8.count == other.utf8.count else { return 1 }
    return zip(one.utf8, other.utf8).reduce(0) { $0 | ($1.0 ^ $1.1) }
}

/// The authenticator that the bridge calls: it asks the host's, and throws the bridge's errors alone,
/// so nothing of the host's errors crosses.
final class AskedAuthenticator: TokensmithBridge.Authenticator {
    private let host: any Authenticator
    private let onError: (@Sendable (any Error) -> Void)?

    init(_ host: any Authenticator, onError: (@Sendable (any Error) -> Void)?) {
        self.host = host
        self.onError = onError
    }

    func authenticate(request: TokensmithBridge.AuthRequest) async throws
        -> TokensmithBridge.TokenSet
    {
        let outcome: Result<TokensmithBridge.TokenSet, any Error>
        do {
            guard let tokens = try await asked(AuthRequest(request)).bridged else {
                throw TokensmithBridge.AuthenticateError.Contract
            }
            outcome = .success(tokens)
        } catch {
            outcome = .failure(error)
        }
        if Task.isCancelled { throw CallEnded() }
        return try outcome.get()
    }

    private func asked(_ request: AuthRequest) async throws -> TokenSet {
        do {
            return try await host.authenticate(request)
        } catch AuthenticateError.rejected {
            throw TokensmithBridge.AuthenticateError.Rejected
        } catch AuthenticateError.throttled(let wait) {
            throw TokensmithBridge.AuthenticateError.Throttled(retryAfter: wait.flatMap(\.bridged))
        } catch {
            // The call has ended, and the host has done as it was told: that is no fault of its.
            if !(Task.isCancelled && error is CancellationError) { onError?(error) }
            throw TokensmithBridge.AuthenticateError.Failed
        }
    }
}

/// The call ended before the authenticator did, and nobody waits for its answer. The bridge forgets
/// the memory of one that comes all the same, and of this it has none.
private struct CallEnded: Error, CustomStringConvertible {
    let description = ""
}
