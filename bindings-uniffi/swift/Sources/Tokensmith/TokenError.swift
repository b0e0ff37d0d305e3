import Foundation
internal import TokensmithBridge

/// How a call ends badly. No text of it holds anything of a call.
public enum TokenError: Error, Hashable, Sendable {
    /// The app id or the secret is not right.
    case unauthorized
    /// The request does not conform. `issue` never throws it, for it has no body.
    case invalidRequest(detail: String)
    /// Too many requests, failures or authentications under way.
    case rateLimited(retryAfter: Duration)
    /// What issues the tokens failed, or took longer than the deadline.
    case downstream(retryAfter: Duration?)
    /// A configuration of which nothing can be made. `key` is the path of the setting, if it is one's
    /// fault, such as `limits.source.burst`.
    case config(detail: String, key: String?)

    /// The same in every language.
    public var code: String {
        switch self {
        case .unauthorized: "ERR_TOKEN_UNAUTHORIZED"
        case .invalidRequest: "ERR_TOKEN_INVALID_REQUEST"
        case .rateLimited: "ERR_TOKEN_RATE_LIMITED"
        case .downstream: "ERR_TOKEN_DOWNSTREAM"
        case .config: "ERR_TOKEN_CONFIG"
        }
    }

    /// That of the HTTP answer, where there is one.
    public var status: Int? {
        switch self {
        case .unauthorized: 401
        case .invalidRequest: 422
        case .rateLimited: 429
        case .downstream: 502
        case .config: nil
        }
    }

    /// How long to wait, in whole seconds, as `Retry-After` says (RFC 9110 section 10.2.3).
    public var retryAfter: Duration? {
        switch self {
        case .rateLimited(let wait): wait
        case .downstream(let wait): wait
        case .unauthorized, .invalidRequest, .config: nil
        }
    }
}

extension TokenError: LocalizedError {
    /// The core's own sentences: a test compares those that are the same for each call, so that the
    /// cases have nothing that is not worth a look.
    public var errorDescription: String? {
        switch self {
        case .unauthorized: "the app id or the secret is not valid"
        case .rateLimited: "too many requests"
        case .downstream: "the authentication service failed"
        case .invalidRequest(let detail), .config(let detail, _): detail
        }
    }
}

/// A call of a service that is closed. `handle` answers instead.
public struct TokenServiceClosed: Error, Equatable, Sendable, LocalizedError {
    public var errorDescription: String? { "the service is closed" }
}

/// An argument that is none. The text begins with its name, and never holds its value.
public struct ArgumentError: Error, Equatable, Sendable, LocalizedError {
    let detail: String
    public var errorDescription: String? { detail }
}

/// The error that a host sees for one that came over the bridge.
func translated(_ error: any Error) -> any Error {
    switch error as? TokensmithBridge.TokenError {
    case .Unauthorized: TokenError.unauthorized
    case .InvalidRequest(let detail): TokenError.invalidRequest(detail: detail)
    case .RateLimited(_, let wait): TokenError.rateLimited(retryAfter: Duration(bridged: wait))
    case .Downstream(_, let wait):
        TokenError.downstream(retryAfter: wait.map(Duration.init(bridged:)))
    case .Config(let detail, let key): TokenError.config(detail: detail, key: key)
    // Its name is another here.
    case .Argument(let detail):
        ArgumentError(detail: detail.replacing("app_secret", with: "appSecret"))
    case .Cancelled: CancellationError()
    case .Closed: TokenServiceClosed()
    // Its text may be that of a panic, so it stays there.
    case nil: TokenError.downstream(retryAfter: nil)
    }
}
