import Foundation
import Testing

@testable import Tokensmith

@Suite(.timeLimit(.minutes(1))) struct ClosingTests {
    @Test func twiceAndThenCalled() async throws {
        let scripted = try await Scripted()
        scripted.service.shutdown()
        scripted.service.shutdown()
        await #expect(throws: TokenServiceClosed()) { try await scripted.issue() }
        let answer = try await scripted.service.handle(request())
        #expect(answer.status == 502)
        #expect(answer.headers["cache-control"] == "no-store")
        #expect(scripted.service.inFlight == 0)
        #expect(scripted.service.admin == nil)
    }

    @Test func duringCalls() async throws {
        let (asked, release) = (Gate(), Gate())
        let scripted = try await Scripted { _ in
            asked.open()
            await release.passed()
            return tokens
        }
        let (service, issued) = (scripted.service, Task { try await scripted.issue() })
        await asked.passed()
        let handled = Task { try await service.handle(request()) }
        try await until { service.inFlight == 2 }
        service.shutdown()
        release.open()
        #expect(try await issued.value == tokens)
        #expect(try await handled.value.status == 200)
        await #expect(throws: TokenServiceClosed()) { try await scripted.issue() }
    }

    @Test func theAdministration() async throws {
        try await withIssuer { service, admin in
            _ = try await admin.createApp(name: "billing")
            service.shutdown()
            await #expect(throws: TokenServiceClosed()) { _ = try await admin.createApp(name: "billing") }
            #expect(throws: TokenServiceClosed()) { _ = try admin.jwks() }
        }
    }

    final class Counted: Authenticator {
        func authenticate(_ request: AuthRequest) async throws -> TokenSet { tokens }
    }

    /// A service that holds it still, closed or not, is in `made`.
    private func made(
        _ authenticator: Counted
    ) async throws -> TokenService {
        try await TokenService(config: config(), authenticator: authenticator)
    }

    @Test func letsTheAuthenticatorGo() async throws {
        var authenticator: Counted? = Counted()
        weak var held: Counted? = authenticator
        let service = try await made(authenticator!)
        _ = try await service.issue(appClientId: "app", appSecret: "secret")
        authenticator = nil
        #expect(held != nil)
        service.shutdown()
        try await until { held == nil }
    }

    @Test func isNotNeededWhereNobodyHoldsTheService() async throws {
        var authenticator: Counted? = Counted()
        weak var held: Counted? = authenticator
        var service: TokenService? = try await made(authenticator!)
        _ = try await service?.issue(appClientId: "app", appSecret: "secret")
        authenticator = nil
        service = nil
        try await until { held == nil }
    }
}
