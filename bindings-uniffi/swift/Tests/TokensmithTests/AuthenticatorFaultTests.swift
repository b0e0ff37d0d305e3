import Foundation
import Testing

@testable import Tokensmith

/// What an authenticator does wrong, and what becomes of it.
struct Fault: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let status: Int
    var event = "downstream_failed"
    var retryAfter: Duration?
    /// What the event says of it.
    var kind: String?
    /// Whether `onAuthenticatorError` hears of it.
    var heard = false
    let answer: @Sendable (AuthRequest) async throws -> TokenSet

    struct Secretive: Error, CustomStringConvertible { let description = "planted-in-the-text" }

    static func throttled(_ wait: Duration?, answered seconds: Int64) -> Fault {
        Fault(
            testDescription: "a throttle of \(String(describing: wait))", status: 429,
            event: "rate_limited", retryAfter: .seconds(seconds)
        ) { _ in throw AuthenticateError.throttled(retryAfter: wait) }
    }

    static func thrown(_ error: some Error & Sendable) -> Fault {
        Fault(testDescription: "throws \(type(of: error))", status: 502, kind: "other", heard: true) { _ in
            throw error
        }
    }

    static func given(
        _ what: String, status: Int = 502, kind: String? = "tokens", _ change: @escaping @Sendable (inout TokenSet) -> Void
    ) -> Fault {
        let event = status == 200 ? "issued" : "downstream_failed"
        let kind = status == 200 ? nil : kind
        return Fault(testDescription: what, status: status, event: event, kind: kind) { _ in
            var changed = tokens
            change(&changed)
            return changed
        }
    }

    static let refusals: [Fault] = [
        Fault(testDescription: "a rejection", status: 401, event: "rejected") { _ in
            throw AuthenticateError.rejected
        },
        .throttled(nil, answered: 1),
        .throttled(.zero, answered: 1),
        .throttled(.seconds(-7), answered: 1),
        .throttled(.milliseconds(2_001), answered: 3),
        .throttled(.seconds(7), answered: 7),
        .throttled(.seconds(86_400), answered: 3_600),
        .throttled(.seconds(Int64.max), answered: 3_600),
    ]

    static let failures: [Fault] = [
        .thrown(Secretive()),
        .thrown(CancellationError()),
        .thrown(TokenError.unauthorized),
        .thrown(CocoaError(.fileNoSuchFile)),
        .thrown(TokenServiceClosed()),
    ]

    static let shapes: [Fault] = [
        .given("a life of less than nothing", kind: "contract") { $0.expiresIn = .seconds(-1) },
        .given("a life of nothing") { $0.expiresIn = .zero },
        .given("a life without end") { $0.expiresIn = .seconds(Int64.max) },
        .given("a life past every number", kind: "contract") { $0.expiresIn = .seconds(Int64.min) },
        .given("a life with a fraction", status: 200) { $0.expiresIn = .milliseconds(3_600_900) },
        .given("a type in lower case", status: 200) { $0.tokenType = "bearer" },
        .given("another type", kind: "contract") { $0.tokenType = "MAC" },
        .given("no token") { $0.accessToken = "" },
        .given("a token of two lines") { $0.accessToken = "a\nb" },
        .given("a token with a zero") { $0.accessToken = "a\0b" },
        .given("a token that is too long") { $0.accessToken = String(repeating: "x", count: 16_385) },
        .given("a token of four megabytes") {
            $0.accessToken = String(repeating: "x", count: 4_000_000)
        },
        .given("no refresh token") { $0.refreshToken = nil },
        .given("an id token", status: 200) { $0.idToken = "an-id-token" },
    ]
}

@Suite(.timeLimit(.minutes(1))) struct AuthenticatorFaultTests {
    @Test(arguments: Fault.refusals + Fault.failures + Fault.shapes)
    func becomesAnAnswer(_ fault: Fault) async throws {
        let isFirst = Locked(true)
        let scripted = try await Scripted { asked in
            let first = isFirst.with { first in
                defer { first = false }
                return first
            }
            return first ? try await fault.answer(asked) : tokens
        }
        let answer = try await scripted.service.handle(request("r1"))
        #expect(answer.status == fault.status)
        let wait = fault.retryAfter.map { String($0.components.seconds) }
        #expect(answer.headers["retry-after"] == wait)
        #expect(!String(decoding: answer.body, as: UTF8.self).contains("planted"))
        let end = try #require(scripted.events.with { $0.last })
        #expect(end.name == fault.event && end.isTerminal && end.requestId == "r1")
        #expect(end.retryAfter == fault.retryAfter)
        #expect(end.kind == fault.kind)
        #expect(!"\(end)".contains("planted"))
        #expect(scripted.heard.with { $0.count } == (fault.heard ? 1 : 0))
        #expect(try await scripted.service.handle(request()).status == 200, "the next call")
    }

    @Test func isAskedForWhatCame() async throws {
        let given = Locked<AuthRequest?>(nil)
        let scripted = try await Scripted { asked in
            given.with { $0 = asked }
            return tokens
        }
        _ = try await scripted.service.handle(request("r1", source: "2001:db8::1"))
        let asked = try #require(given.with { $0 })
        #expect(asked.appClientId == "appcl-1234" && asked.appSecret == "a-secret")
        #expect(asked.source == "2001:db8::1" && asked.requestId == "r1")
        let budget = try #require(asked.budget)
        #expect(budget > .seconds(1) && budget <= .seconds(5))
    }

    @Test func callsTheServiceAgain() async throws {
        let inner = Locked<TokenService?>(nil)
        let scripted = try await Scripted { asked in
            guard asked.appClientId == "appcl-1234", let service = inner.with({ $0 }) else {
                return tokens
            }
            return try await service.issue(appClientId: "another", appSecret: "a-secret")
        }
        inner.with { $0 = scripted.service }
        #expect(try await scripted.issue() == tokens)
        #expect(scripted.ends == ["issued", "issued"])
        scripted.service.shutdown()
    }

    @Test func manyAtOnce() async throws {
        let scripted = try await Scripted(config(#""max_in_flight": 4096,"#)) { asked in
            if asked.appClientId.hasSuffix("7") { throw AuthenticateError.rejected }
            await Task.yield()
            return tokens
        }
        let service = scripted.service
        let granted = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<64 {
                group.addTask {
                    var granted = 0
                    for call in 0..<50 {
                        do {
                            _ = try await service.issue(appClientId: "app-\(number)-\(call)", appSecret: "s")
                            granted += 1
                        } catch TokenError.unauthorized {}
                    }
                    return granted
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(granted == 64 * 45)
        #expect(service.inFlight == 0)
    }
}
