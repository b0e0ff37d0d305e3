import Foundation
import Testing

@testable import Tokensmith

/// Signing keys: listed, rotated and revoked; and the access tokens that they have signed, verified.
@Suite(.timeLimit(.minutes(1))) struct KeyTests {
    private static let day = 86_400.0

    private func reason(
        _ admin: Admin, _ token: String, audience: String? = nil
    ) async throws -> InvalidAccessToken.Reason {
        let error = try await thrown(InvalidAccessToken.self) {
            _ = try admin.verifyAccessToken(token, audience: audience)
        }
        #expect(error.code == "ERR_ACCESS_TOKEN_INVALID" && !error.localizedDescription.isEmpty)
        return error.reason
    }

    private func header(_ token: String) throws -> String {
        var part = String(try #require(token.split(separator: ".").first))
        part = part.replacing("-", with: "+").replacing("_", with: "/")
        part += String(repeating: "=", count: (4 - part.count % 4) % 4)
        return String(decoding: try #require(Data(base64Encoded: part)), as: UTF8.self)
    }

    @Test func oneKeySignsAndWhatIsVerifiedSaysWhatTheTokenDoes() async throws {
        try await withIssuer { service, admin in
            let app = try await admin.createApp(name: "billing")
            let keys = try await admin.listKeys()
            let key = try #require(keys.first)
            #expect(keys.count == 1 && key.algorithm == .es256 && key.state == .active && key.id == key.kid)
            #expect(abs(key.created.timeIntervalSinceNow) < 60 && abs(key.active.timeIntervalSinceNow) < 60)
            #expect(try admin.jwks().contains("\"kid\":\"\(key.kid)\""))
            let token = try await service.issue(appClientId: app.id, appSecret: app.secret).accessToken
            #expect(try header(token).contains("\"kid\":\"\(key.kid)\""))
            let said = try admin.verifyAccessToken(token)
            #expect(said.appClientId == app.id && said.subject == "app:\(app.id)" && !said.tokenId.isEmpty)
            #expect(said.audience == ["http://127.0.0.1:8080"] && said.scope == nil && said.claims == "{}")
            #expect(said.expires.timeIntervalSince(said.issued) == 3600)
            #expect(abs(said.issued.timeIntervalSinceNow) < 60)
            try await admin.deleteApp(id: app.id)
            #expect(try admin.verifyAccessToken(token) == said, "it lives to its end")
        }
    }

    @Test func whatIsNoAccessTokenOfThisIssuers() async throws {
        try await withIssuer { service, admin in
            let app = try await admin.createApp(name: "billing")
            let tokens = try await service.issue(appClientId: app.id, appSecret: app.secret)
            let good = tokens.accessToken
            let long = String(repeating: "€", count: 20_000)
            for text in ["", "..", " \(good)", "\(good)\n", "\(good).\(good)", tokens.refreshToken!, long] {
                #expect(try await reason(admin, text) == .malformed)
            }
            let end = try #require(good.lastIndex(of: "."))
            let zeros = String(repeating: "A", count: good.distance(from: end, to: good.endIndex) - 1)
            #expect(try await reason(admin, good[...end] + zeros) == .signature)
            #expect(try await reason(admin, good, audience: "https://other.example") == .issuer)
            try await withIssuer { _, other in
                let unknown = try await reason(other, good)
                #expect(unknown == .unknownKey)
            }
        }
    }

    @Test func aKeyIsRotatedAndTheFormerDropped() async throws {
        let events = Locked<[TokenEvent]>([])
        try await withIssuer(observer: { event in events.with { $0.append(event) } }) { service, admin in
            let app = try await admin.createApp(name: "billing")
            func token() async throws -> String {
                try await service.issue(appClientId: app.id, appSecret: app.secret).accessToken
            }
            let former = try await token()
            let first = try #require(try await admin.listKeys().first)
            let second = try await admin.rotateKey(algorithm: .edDSA)
            #expect(second.algorithm == .edDSA && second.state == .pending)
            #expect(abs(second.active.timeIntervalSinceNow - Self.day) < 60)
            #expect(try await admin.listKeys() == [first, second])
            #expect(events.with { $0.filter { $0.name == "key_rotated" }.map(\.kid) } == [second.kid])
            for algorithm in [nil, SigningAlgorithm.rs256] {
                let refused = try await thrown(AdminError.self) { try await admin.rotateKey(algorithm: algorithm) }
                #expect(refused.code == .limit)
            }

            try await admin.revokeKey(kid: first.kid)
            #expect(try await reason(admin, former) == .unknownKey)
            let latter = try await token()
            #expect(try header(latter).contains("EdDSA"))
            _ = try admin.verifyAccessToken(latter)
            #expect(try await admin.listKeys().map(\.state) == [.active])
            #expect(try await admin.rotateKey().algorithm == .edDSA, "as the former")
        }
    }

    @Test func whatIsNoKeyAndAClosedService() async throws {
        try await withIssuer { service, admin in
            let only = try #require(try await admin.listKeys().first)
            for kid in ["", "a\nb", String(only.kid.dropFirst())] {
                let refused = try await thrown(AdminError.self) { try await admin.revokeKey(kid: kid) }
                #expect(refused.code == .notFound)
            }
            try await admin.revokeKey(kid: only.kid)
            let next = try await admin.listKeys()
            #expect(next.count == 1 && next[0].kid != only.kid && next[0].state == .active)
            service.shutdown()
            let calls: [() async throws -> Void] = [
                { _ = try await admin.listKeys() },
                { try await admin.rotateKey() },
                { try await admin.revokeKey(kid: "a") },
                { _ = try admin.verifyAccessToken("a") },
            ]
            for call in calls { _ = try await thrown(TokenServiceClosed.self, by: call) }
        }
    }
}
