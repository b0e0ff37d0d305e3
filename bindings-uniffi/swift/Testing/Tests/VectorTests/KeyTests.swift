import Foundation
import Testing
import TokensmithBridge

@testable import Tokensmith

extension OneAfterTheOther {
    /// Signing keys that follow one another, and tokens that expire, on a clock that the tests move.
    @Suite(.timeLimit(.minutes(1))) struct KeyTests {
        private static let start = 1_700_000_000
        private static let (lead, life, skew) = (600, 3_600, 60)

        private func onAClock(
            _ body: (Admin, _ token: () async throws -> String, _ pass: (Int) -> Void) async throws -> Void
        ) async throws {
            let folder = FileManager.default.temporaryDirectory.appending(path: "tokensmith-\(UUID())")
            defer { try? FileManager.default.removeItem(at: folder) }
            let path = folder.appending(path: "store.db").path(percentEncoded: false)
            let config = """
                {"store": {"path": "\(path)"},
                 "authenticator": {"key_lead_seconds": \(Self.lead), "token_seconds": \(Self.life)}}
                """
            let host = ManualHost(start: Int64(Self.start))
            let service = try await Tokensmith.TokenService(
                authenticator: nil, observer: nil, onAuthenticatorError: nil
            ) { authenticator, observer in
                try await host.createService(config: config, authenticator: authenticator, observer: observer)
            }
            let admin = try #require(service.admin)
            let app = try await admin.createApp(name: "billing")
            try await body(
                admin,
                { try await service.issue(appClientId: app.id, appSecret: app.secret).accessToken },
                { host.advance(micros: Int64($0) * 1_000_000) })
            service.shutdown()
        }

        @Test func aKeyIsPendingSignsAtItsTimeAndStaysForItsTokens() async throws {
            try await onAClock { admin, token, pass in
                var tokens = [try await token()]
                let second = try await admin.rotateKey(algorithm: .edDSA)
                #expect(second.created.timeIntervalSince1970 == Double(Self.start))
                #expect(second.active.timeIntervalSince1970 == Double(Self.start + Self.lead))
                pass(Self.lead - 1)
                #expect(try await admin.listKeys().map(\.state) == [.active, .pending])
                pass(1)
                #expect(try await admin.listKeys().map(\.state) == [.retired, .active])
                tokens.append(try await token())
                try await admin.rotateKey(algorithm: .rs256)
                pass(Self.lead)
                tokens.append(try await token())
                let keys = try await admin.listKeys()
                #expect(keys.map(\.state) == [.retired, .retired, .active])
                #expect(keys.map(\.algorithm) == [.es256, .edDSA, .rs256])
                for text in tokens { _ = try admin.verifyAccessToken(text) }
            }
        }

        @Test func aTokenIsGoodToItsEndGiveOrTakeAMinute() async throws {
            try await onAClock { admin, token, pass in
                let text = try await token()
                pass(Self.life + Self.skew - 1)
                let said = try admin.verifyAccessToken(text)
                #expect(said.issued.timeIntervalSince1970 == Double(Self.start))
                pass(1)
                #expect(throws: InvalidAccessToken.self) { try admin.verifyAccessToken(text) }
            }
        }
    }
}
