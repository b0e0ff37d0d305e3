import Foundation
import Testing

@testable import Tokensmith

/// Refresh tokens: redeemed, revoked, and where nothing redeems them.
@Suite(.timeLimit(.minutes(1))) struct RefreshTests {
    /// An app of the issuer's, which asks for tokens.
    private struct App {
        let service: TokenService
        let admin: Admin
        let app: CreatedApp

        func token() async throws -> String {
            let tokens = try await service.issue(appClientId: app.id, appSecret: app.secret)
            return try #require(tokens.refreshToken)
        }

        func redeem(_ token: String) async throws -> String {
            let tokens = try await service.refresh(
                appClientId: app.id, appSecret: app.secret, refreshToken: token, source: "192.0.2.1")
            #expect(tokens.accessToken.split(separator: ".").count == 3)
            return try #require(tokens.refreshToken)
        }

        func isRefused(_ token: String) async {
            await #expect(throws: TokenError.unauthorized) { try await redeem(token) }
        }

        /// To redeem it, with a body of at least that length.
        func request(_ token: String, _ length: Int = 0) -> TokenRequest {
            var body = Data(
                #"{"appClientId":"\#(app.id)","appSecret":"\#(app.secret)","refreshToken":"\#(token)"}"#.utf8)
            body.append(Data(repeating: 0x20, count: max(0, length - body.count)))
            return TokenRequest(body: body, contentType: "application/json", source: "192.0.2.1")
        }
    }

    private func withApp(
        observer: Observer? = nil, _ work: (App) async throws -> Void
    ) async throws {
        try await withIssuer(observer: observer) { service, admin in
            try await work(App(service: service, admin: admin, app: admin.createApp(name: "billing")))
        }
    }

    @Test func aTokenGivesItsSuccessorUntilItComesAgain() async throws {
        try await withApp { app in
            #expect(app.service.canRefresh)
            let first = try await app.token()
            let second = try await app.redeem(first)
            #expect(second != first)
            let third = try await app.redeem(second)
            await app.isRefused(first)
            await app.isRefused(third)
        }
    }

    @Test func theBytesOfASecretAreZeroAfterwards() async throws {
        try await withApp { app in
            var (right, wrong) = (Data(app.app.secret.utf8), Data(app.app.secret.utf8))
            let zeros = Data(count: right.count)
            let tokens = try await app.service.refresh(
                appClientId: app.app.id, appSecret: &right, refreshToken: app.token())
            #expect(right == zeros && tokens.tokenType == "Bearer")
            await #expect(throws: TokenError.unauthorized) {
                try await app.service.refresh(
                    appClientId: app.app.id, appSecret: &wrong, refreshToken: "none")
            }
            #expect(wrong == zeros)
        }
    }

    @Test func whatIsNoneOfTheAppsIsRefused() async throws {
        try await withApp { app in
            let token = try await app.token()
            for wrong in ["", "none", String(repeating: "x", count: 16_385), "\(token)\n"] {
                await app.isRefused(wrong)
            }
            let other = try await app.admin.createApp(name: "shipping")
            for (id, secret) in [(other.id, other.secret), (app.app.id, "wrong")] {
                await #expect(throws: TokenError.unauthorized) {
                    try await app.service.refresh(
                        appClientId: id, appSecret: secret, refreshToken: token)
                }
            }
            await #expect(throws: ArgumentError.self) {
                try await app.service.refresh(
                    appClientId: "a", appSecret: "s", refreshToken: token, source: "")
            }
            _ = try await app.redeem(token)
        }
    }

    /// Where it has not begun, it does not.
    @Test func whatHasBegunEndsThoughItsTaskIsCancelled() async throws {
        let events = Locked<[String]>([])
        let told: Observer = { event in if event.isTerminal { events.with { $0.append(event.name) } } }
        try await withApp(observer: told) { app in
            let token = try await app.token()
            let calls: [@Sendable () async throws -> Void] = [
                { _ = try await app.redeem(token) },
                { _ = try await app.service.handleRefresh(app.request(token)) },
            ]
            for call in calls {
                let begin = Gate()
                let never = Task {
                    await begin.passed()
                    try await call()
                }
                never.cancel()
                begin.open()
                await #expect(throws: CancellationError.self) { try await never.value }
            }
            #expect(events.with { $0 } == ["issued"], "that of the first token")
            for call in calls {
                let before = events.with { $0.count }
                var answered = 0
                // Until the end of one is told whose task was cancelled in its midst.
                while events.with({ $0.count }) - before <= answered {
                    let task = Task { try await call() }
                    for _ in 0..<Int.random(in: 0..<20) { await Task.yield() }
                    task.cancel()
                    if case .success = await task.result { answered += 1 }
                    // Those whose callers have gone keep their places.
                    try await until { app.service.inFlight == 0 }
                }
            }
            #expect(Set(events.with { $0 }) == ["issued"])
        }
    }

    @Test func aBodyMayBeLonger() async throws {
        try await withApp { app in
            let (service, token) = (app.service, try await app.token())
            for (length, status) in [(24_577, 422), (100_000, 422), (24_576, 200)] {
                #expect(try await service.handleRefresh(app.request(token, length)).status == status)
            }
            #expect(try await service.handleRefresh(request()).status == 422)
            let refused = try await service.handleRefresh(app.request("none"))
            #expect(refused.status == 401 && refused.headers["cache-control"] == "no-store")
            await #expect(throws: ArgumentError.self) {
                try await service.handleRefresh(TokenRequest(body: Data(), source: ""))
            }
            service.shutdown()
            #expect(try await service.handleRefresh(app.request(token)).status == 502)
            await #expect(throws: TokenServiceClosed.self) { try await app.redeem(token) }
        }
    }

    @Test func tokensAreRevoked() async throws {
        let ways: [(App, String) async throws -> Void] = [
            { try await $0.admin.revokeRefreshToken(appId: $0.app.id, token: $1) },
            { app, _ in try await app.admin.revokeRefreshTokens(of: app.app.id) },
            { app, _ in try await app.admin.revokeAllRefreshTokens() },
            { app, _ in try await app.admin.resetRefreshClock() },
        ]
        for way in ways {
            try await withApp { app in
                let token = try await app.token()
                try await way(app, token)
                await app.isRefused(token)
            }
        }
        try await withApp { app in
            // What is none of the app's is revoked already, and nothing is past its time.
            let token = try await app.token()
            try await app.admin.revokeRefreshToken(appId: app.app.id, token: "none")
            await #expect(throws: AdminError.self) {
                try await app.admin.revokeRefreshToken(appId: "appcl-nobody", token: token)
            }
            _ = try await app.redeem(token)
            #expect(try await app.admin.purgeRefreshTokens() == 0)
        }
    }

    @Test func aHostThatJudgesItselfRedeemsNothing() async throws {
        let scripted = try await Scripted()
        let service = scripted.service
        #expect(!service.canRefresh)
        let calls: [() async throws -> Void] = [
            { _ = try await service.refresh(appClientId: "a", appSecret: "s", refreshToken: "t") },
            { _ = try await service.handleRefresh(request()) },
        ]
        for call in calls {
            let error = try await thrown(TokenError.self, by: call)
            #expect(error.code == "ERR_TOKEN_CONFIG" && !error.localizedDescription.isEmpty)
        }
        #expect(scripted.events.with { $0.isEmpty })
    }
}
