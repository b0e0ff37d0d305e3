import Foundation
import Testing
import TokensmithBridge

@testable import Tokensmith

/// Each row of the table of errors, provoked.
@Suite(.timeLimit(.minutes(1))) struct ErrorTests {
    private func failure(
        _ config: String = config(),
        _ answer: @escaping @Sendable (Tokensmith.AuthRequest) async throws -> Tokensmith.TokenSet
    ) async throws -> Tokensmith.TokenError {
        let scripted = try await Scripted(config, answer: answer)
        return try await thrown(Tokensmith.TokenError.self) { _ = try await scripted.issue() }
    }

    private func expect(
        _ error: Tokensmith.TokenError, _ code: String, _ status: Int?, _ text: String,
        retryAfter: Duration? = nil
    ) {
        #expect(error.code == code)
        #expect(error.status == status)
        #expect(error.errorDescription == text)
        #expect((error as any Error).localizedDescription == text)
        #expect(error.retryAfter == retryAfter)
    }

    @Test func unauthorized() async throws {
        let error = try await failure { _ in throw Tokensmith.AuthenticateError.rejected }
        expect(error, "ERR_TOKEN_UNAUTHORIZED", 401, "the app id or the secret is not valid")
    }

    @Test func rateLimited() async throws {
        let error = try await failure { _ in throw Tokensmith.AuthenticateError.throttled(retryAfter: .seconds(7)) }
        expect(error, "ERR_TOKEN_RATE_LIMITED", 429, "too many requests", retryAfter: .seconds(7))
    }

    @Test func rateLimitedByUs() async throws {
        let scripted = try await Scripted(
            #"{"authenticator": {"kind": "host"}, "limits": {"source": {"per_minute": 1, "burst": 1}}}"#)
        _ = try await scripted.issue()
        do {
            _ = try await scripted.issue()
            Issue.record("it was not limited")
        } catch Tokensmith.TokenError.rateLimited(let wait) {
            // Whole seconds, of one token a minute.
            #expect(wait > .seconds(50) && wait <= .seconds(60) && wait.components.attoseconds == 0)
        }
    }

    @Test func downstream() async throws {
        let error = try await failure { _ in throw CancellationError() }
        expect(error, "ERR_TOKEN_DOWNSTREAM", 502, "the authentication service failed")
        #expect(error == .downstream(retryAfter: nil))
    }

    @Test(arguments: [
        (#"{"authenticator": {"kind": "host"}, "limit": {}}"#, "limit"),
        (#"{"authenticator": {"kind": "host"}, "limits": {"source": {"per_minute": 0}}}"#, nil),
        (#"{"authenticator": {"kind": "nobody-7316"}}"#, nil),
        ("hunter2-planted {", nil),
        (#"{"store": {"kind": "sqlite", "path": "/nowhere/at-all"}}"#, nil),
    ]) func configuration(json: String, key: String?) async throws {
        let error = try await thrown(Tokensmith.TokenError.self) {
            _ = try await TokenService(config: json, authenticator: Host { _ in tokens })
        }
        guard case .config(let detail, let named) = error else {
            Issue.record("\(error)")
            return
        }
        if let key { #expect(named == key) }
        #expect(!detail.isEmpty && !detail.contains("7316") && !detail.contains("hunter2"))
        #expect(error.code == "ERR_TOKEN_CONFIG" && error.status == nil)
    }

    @Test func aHostWithoutAnAuthenticator() async throws {
        await #expect(throws: Tokensmith.TokenError.self) { try await TokenService(config: config()) }
    }

    @Test func aRequestThatDoesNotConform() async throws {
        let scripted = try await Scripted()
        let answer = try await scripted.service.handle(
            .init(body: Data("{}".utf8), contentType: "application/json"))
        #expect(answer.status == 422)
        // In the order of the contract, each time.
        #expect(answer.headers.map(\.name) == ["content-type", "cache-control", "pragma", "x-content-type-options"])
        #expect(answer.headers["cache-control"] == "no-store" && answer.headers["Pragma"] == nil)
        #expect(scripted.ends == ["invalid"])
    }

    /// The sentences of the facade are those of the core.
    @Test func saysWhatTheCoreSays() async throws {
        let answers: [(Tokensmith.AuthenticateError?, Tokensmith.TokenError)] = [
            (.rejected, .unauthorized), (.throttled(), .rateLimited(retryAfter: .seconds(1))),
            (nil, .downstream(retryAfter: nil)),
        ]
        for (thrown, error) in answers {
            let scripted = try await Scripted { _ in throw thrown ?? CancellationError() as any Error }
            let answer = try await scripted.service.handle(request())
            let sentence = String(decoding: answer.body, as: UTF8.self)
            #expect(answer.status == error.status && sentence == error.errorDescription)
        }
    }

    /// The bridge's own text is a dump of its case, so the facade has errors of its own.
    @Test func whatComesOverTheBridgeIsTranslated() {
        let invalid = translated(TokensmithBridge.TokenError.InvalidRequest(detail: "a"))
        #expect(invalid as? Tokensmith.TokenError == .invalidRequest(detail: "a"))
        let downstream = translated(TokensmithBridge.TokenError.Downstream(detail: "a", retryAfter: 2))
        let expected = Tokensmith.TokenError.downstream(retryAfter: .seconds(2))
        #expect(downstream as? Tokensmith.TokenError == expected)
        #expect(translated(TokensmithBridge.TokenError.Closed) is TokenServiceClosed)
        struct Surprise: Error { let text = "planted" }
        #expect(translated(Surprise()) as? Tokensmith.TokenError == .downstream(retryAfter: nil))
        #expect(translated(TokensmithBridge.TokenError.Cancelled) is CancellationError)
    }
}
