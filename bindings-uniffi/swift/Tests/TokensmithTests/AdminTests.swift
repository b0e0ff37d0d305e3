import Foundation
import Testing

@testable import Tokensmith

@Suite(.timeLimit(.minutes(1))) struct AdminTests {
    @Test func anAppFromItsMakingToItsEnd() async throws {
        try await withIssuer { service, admin in
            let app = try await admin.createApp(name: "billing")
            #expect(app.id.hasPrefix("appcl-"))
            let tokens = try await service.issue(appClientId: app.id, appSecret: app.secret)
            #expect(tokens.tokenType == "Bearer" && tokens.expiresIn == .seconds(3600))
            #expect(tokens.accessToken.split(separator: ".").count == 3)
            let listed = try #require(try await admin.listApps().first)
            #expect(listed.id == app.id && listed.name == "billing" && listed.isEnabled && !listed.isDamaged)
            #expect(abs(listed.created.timeIntervalSinceNow) < 60)

            try await admin.disableApp(id: app.id)
            #expect(try await admin.listApps().first?.isEnabled == false)
            await #expect(throws: TokenError.self) {
                try await service.issue(appClientId: app.id, appSecret: app.secret)
            }
            try await admin.enableApp(id: app.id)
            _ = try await service.issue(appClientId: app.id, appSecret: app.secret)
        }
    }

    @Test func keysAreJSON() async throws {
        try await withIssuer { _, admin in
            let object = try JSONSerialization.jsonObject(with: Data(admin.jwks().utf8))
            let keys = try #require((object as? [String: Any])?["keys"] as? [[String: Any]])
            #expect(!keys.isEmpty && keys.allSatisfy { $0["kty"] as? String == "EC" && $0["d"] == nil })
        }
    }

    @Test func refusals() async throws {
        try await withIssuer { _, admin in
            let calls: [(AdminError.Code, () async throws -> Void)] = [
                (.invalid, { _ = try await admin.createApp(name: "") }),
                (.invalid, { _ = try await admin.createApp(name: "a\nb-planted") }),
                (.notFound, { try await admin.disableApp(id: "appcl-00000000000000000000") }),
                (.notFound, { try await admin.enableApp(id: "") }),
            ]
            for (code, call) in calls {
                let error = try await thrown(AdminError.self, by: call)
                #expect(error.code == code)
                #expect(!error.localizedDescription.isEmpty)
                #expect(!error.localizedDescription.contains("planted") && !"\(error)".contains("planted"))
            }
        }
    }

    @Test func aSecretIsRotated() async throws {
        try await withIssuer { service, admin in
            let app = try await admin.createApp(name: "billing")
            let made = try await admin.rotateSecret(appId: app.id)
            for secret in [app.secret, made.secret] {
                _ = try await service.issue(appClientId: app.id, appSecret: secret)
            }
            let secrets = try await admin.listSecrets(appId: app.id)
            #expect(Set(secrets).count == 2 && secrets.allSatisfy { !$0.isRevoked && $0.lastUsed != nil })
            // Those of one second are in no order.
            let former = try #require(secrets.first { $0.id != made.id })
            let left = try #require(former.expires).timeIntervalSinceNow
            #expect(left > 82_800 && left <= 86_400)
            #expect(secrets.contains { $0.id == made.id && $0.expires == nil })

            let third = try await thrown(AdminError.self) {
                _ = try await admin.rotateSecret(appId: app.id, overlap: .seconds(60))
            }
            #expect(third.code == .limit)

            let last = try await admin.rotateSecret(appId: app.id, overlap: .zero)
            #expect(try await admin.listSecrets(appId: app.id).map(\.id) == [last.id])
            for secret in [app.secret, made.secret] {
                await #expect(throws: TokenError.unauthorized) {
                    try await service.issue(appClientId: app.id, appSecret: secret)
                }
            }
        }
    }

    @Test func aSecretIsRevokedAndAnAppIsDeleted() async throws {
        try await withIssuer { service, admin in
            let app = try await admin.createApp(name: "billing")
            let secret = try #require(try await admin.listSecrets(appId: app.id).first)
            #expect(secret.lastUsed == nil && abs(secret.created.timeIntervalSinceNow) < 60)
            for _ in 0..<2 { try await admin.revokeSecret(id: secret.id) }
            let revoked = try #require(try await admin.listSecrets(appId: app.id).first)
            #expect(revoked.isRevoked && revoked.expires == nil)
            await #expect(throws: TokenError.unauthorized) {
                try await service.issue(appClientId: app.id, appSecret: app.secret)
            }
            try await admin.deleteApp(id: app.id)
            #expect(try await admin.listApps().isEmpty)
        }
    }

    @Test func anOverlapHasItsBounds() async throws {
        try await withIssuer { _, admin in
            let app = try await admin.createApp(name: "billing")
            for overlap in [Duration.milliseconds(500), .seconds(90 * 86_400 + 1), .seconds(Int64.max)] {
                let error = try await thrown(AdminError.self) {
                    _ = try await admin.rotateSecret(appId: app.id, overlap: overlap)
                }
                #expect(error.code == .invalid)
            }
            let negative = try await thrown(ArgumentError.self) {
                _ = try await admin.rotateSecret(appId: app.id, overlap: .nanoseconds(-1))
            }
            #expect(negative.localizedDescription == "`overlap` must not be negative")
            #expect(try await admin.listSecrets(appId: app.id).count == 1)
            _ = try await admin.rotateSecret(appId: app.id, overlap: .seconds(90 * 86_400))
        }
    }

    @Test func whatIsNotThere() async throws {
        try await withIssuer { service, admin in
            for id in ["appcl-nobody", "", "\n"] {
                let calls: [() async throws -> Void] = [
                    { try await admin.deleteApp(id: id) },
                    { _ = try await admin.rotateSecret(appId: id) },
                    { _ = try await admin.listSecrets(appId: id) },
                    { try await admin.revokeSecret(id: id) },
                ]
                for call in calls { #expect(try await thrown(AdminError.self, by: call).code == .notFound) }
            }
            service.shutdown()
            let calls: [() async throws -> Void] = [
                { try await admin.deleteApp(id: "a") },
                { _ = try await admin.rotateSecret(appId: "a") },
                { _ = try await admin.listSecrets(appId: "a") },
                { try await admin.revokeSecret(id: "a") },
                { try await admin.revokeRefreshToken(appId: "a", token: "t") },
                { try await admin.revokeRefreshTokens(of: "a") },
                { try await admin.revokeAllRefreshTokens() },
                { try await admin.purgeRefreshTokens() },
                { try await admin.resetRefreshClock() },
            ]
            for call in calls { _ = try await thrown(TokenServiceClosed.self, by: call) }
        }
    }

    /// Or nobody would know whether there is an app.
    @Test func goesOnWhereItsTaskIsCancelled() async throws {
        try await withIssuer { _, admin in
            let begin = Gate()
            let task = Task {
                await begin.passed()
                let app = try await admin.createApp(name: "billing")
                try await admin.disableApp(id: app.id)
                return app
            }
            task.cancel()
            begin.open()
            let app = try await task.value
            #expect(try await admin.listApps().map(\.id) == [app.id])
            #expect(try await admin.listApps().map(\.isEnabled) == [false])
        }
    }

    /// For a list of them on a screen.
    @Test func appsAreTold() async throws {
        try await withIssuer { _, admin in
            for name in ["a", "b"] { _ = try await admin.createApp(name: name) }
            let apps = try await admin.listApps()
            #expect(Set(apps).count == 2 && Set(apps.map(\.id)).count == 2)
            #expect(Set(apps.map(\.name)) == ["a", "b"])
        }
    }

    @Test func aHostHasNone() async throws {
        #expect(try await Scripted().service.admin == nil)
    }
}
