import Foundation
internal import TokensmithBridge

/// A request, as it came. It prints as `TokenRequest([REDACTED])`.
public struct TokenRequest: Sendable, Redacted {
    /// The bytes of the body. At most 8,192 conform, and 24,576 to redeem a refresh token.
    public var body: Data
    /// The header `Content-Type` as it came (RFC 9110 section 8.3).
    public var contentType: String?
    /// Where it came from: an address, or 1 to 128 bytes of text. Without it all share one bucket.
    public var source: String?
    /// Your own name for the request, which the events carry.
    public var requestId: String?

    /// What a host hands over of a request.
    public init(
        body: Data, contentType: String? = nil, source: String? = nil, requestId: String? = nil
    ) {
        self.body = body
        self.contentType = contentType
        self.source = source
        self.requestId = requestId
    }

    static let longest = 8_192
    static let longestToRefresh = 24_576

    /// No longer body conforms, so no more than that and one byte of it is copied.
    func bridged(longest: Int) -> TokensmithBridge.TokenRequest {
        .init(body: body.prefix(longest + 1), contentType: contentType, source: source, requestId: requestId)
    }
}

/// The answer to give. It prints as `TokenResponse([REDACTED])`.
public struct TokenResponse: Sendable, Equatable, Redacted {
    /// 200, 401, 422, 429 or 502.
    public let status: Int
    public let headers: Headers
    /// UTF-8.
    public let body: Data

    init(_ bridged: TokensmithBridge.TokenResponse) {
        status = Int(bridged.status)
        headers = Headers(inTurn: bridged.headers)
        body = bridged.body
    }
}
