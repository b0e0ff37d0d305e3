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
