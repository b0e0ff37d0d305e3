import Foundation
import Testing

@testable import Tokensmith

/// What the tokens of an app say by its policy, what a token is to whoever asks, and apps from elsewhere.
@Suite(.timeLimit(.minutes(1))) struct PolicyTests {
    private static let here = "http://127.0.0.1:8080"
    private static let ledger = "https://ledger.example"
    private static let policy = AppPolicy(
        audience: ["https://invoices.example", ledger], scope: "invoices:read invoices:write",
        claims: #"{"tags":["a",null,true],"tenant":"acme"}"#, tokenLife: .seconds(600),
        idClaims: #"{"name":"Billing"}"#)

    @Test func aPolicyIsInEachTokenThatFollows() async throws {
        try await withIssuer { service, admin in
            let app = try await admin.createApp(name: "billing")
            let before = try await service.issue(appClientId: app.id, appSecret: app.secret)
            #expect(try await admin.appPolicy(id: app.id) == AppPolicy())
            try await admin.setAppPolicy(id: app.id, Self.policy)
            #expect(try await admin.appPolicy(id: app.id) == Self.policy)
            let issued = try await service.issue(appClientId: app.id, appSecret: app.secret)
            let refreshed = try await service.refresh(
                appClientId: app.id, appSecret: app.secret, refreshToken: before.refreshToken!)
            for tokens in [issued, refreshed] {
                let said = try admin.verifyAccessToken(tokens.accessToken, audience: Self.ledger)
                #expect(said.audience == Self.policy.audience && said.scope == Self.policy.scope)
                #expect(said.claims == Self.policy.claims && tokens.expiresIn == .seconds(600))
                #expect(said.expires.timeIntervalSince(said.issued) == 600)
                #expect(tokens.idToken?.split(separator: ".").count == 3)
                for audience in [nil, Self.here, ""] {
                    let refused = try await thrown(InvalidAccessToken.self) {
                        _ = try admin.verifyAccessToken(tokens.accessToken, audience: audience)
                    }
                    #expect(refused.reason == .issuer)
                }
            }
            try await admin.setAppPolicy(id: app.id, AppPolicy(idClaims: "{}"))
            let bare = try await service.issue(appClientId: app.id, appSecret: app.secret)
            #expect(bare.idToken != nil)
            try await admin.setAppPolicy(id: app.id, AppPolicy())
            #expect(try await admin.appPolicy(id: app.id) == AppPolicy())
            let none = try await service.issue(appClientId: app.id, appSecret: app.secret)
            #expect(none.idToken == nil)
        }
    }

    @Test func whatIsNoPolicy() async throws {
        try await withIssuer { _, admin in
            let app = try await admin.createApp(name: "billing")
            let wrong = [
                AppPolicy(audience: []), AppPolicy(audience: ["a", "a"]), AppPolicy(scope: "a  b"),
                AppPolicy(claims: "[]"), AppPolicy(idClaims: "[]"), AppPolicy(claims: #"{"sub":"a"}"#),
                AppPolicy(claims: #"{"a":1,"a":2}"#), AppPolicy(tokenLife: .seconds(59)),
                AppPolicy(tokenLife: .milliseconds(60_500)), AppPolicy(tokenLife: .seconds(86_401)),
            ]
            for policy in wrong {
                let refused = try await thrown(AdminError.self) {
                    try await admin.setAppPolicy(id: app.id, policy)
                }
                #expect(refused.code == .invalid, "\(policy)")
            }
            let negative = try await thrown(ArgumentError.self) {
                try await admin.setAppPolicy(id: app.id, AppPolicy(tokenLife: .seconds(-1)))
            }
            #expect(negative.localizedDescription == "`tokenLife` must not be negative")
            for id in ["appcl-nobody", "", "\n"] {
                for call in [
                    { try await admin.setAppPolicy(id: id, Self.policy) },
                    { _ = try await admin.appPolicy(id: id) },
                    { _ = try await admin.introspect(appId: id, token: "t") },
                    { try await admin.revokeToken(appId: id, token: "t") },
                ] as [() async throws -> Void] {
                    #expect(try await thrown(AdminError.self, by: call).code == .notFound)
                }
            }
        }
    }

    @Test func whatATokenIs() async throws {
        try await withIssuer { service, admin in
            let app = try await admin.createApp(name: "billing")
            let other = try await admin.createApp(name: "another")
            try await admin.setAppPolicy(id: app.id, Self.policy)
            let tokens = try await service.issue(appClientId: app.id, appSecret: app.secret)
            let (access, refresh) = (tokens.accessToken, tokens.refreshToken!)
            let said = try admin.verifyAccessToken(access, audience: Self.ledger)
            for who in [app.id, other.id] {
                let told = try #require(try await admin.introspect(appId: who, token: access))
                #expect(told.kind == .access && told.issuer == Self.here && told.appClientId == app.id)
                #expect(told.subject == said.subject && told.audience == said.audience)
                #expect(told.scope == said.scope && told.claims == said.claims && told.tokenId == said.tokenId)
                #expect(told.issued == said.issued && told.expires == said.expires)
            }
            #expect(try await admin.revokeToken(appId: app.id, token: access) == .unsupported)

            let told = try #require(try await admin.introspect(appId: app.id, token: refresh))
            #expect(told.kind == .refresh && told.audience == nil && told.tokenId == nil && told.claims == "{}")
            #expect(try await admin.introspect(appId: other.id, token: refresh) == nil)
            #expect(try await admin.revokeToken(appId: other.id, token: refresh) == .done, "it is none of its")
            #expect(try await admin.introspect(appId: app.id, token: refresh) == told)
            #expect(try await admin.revokeToken(appId: app.id, token: refresh) == .done)
            #expect(try await admin.introspect(appId: app.id, token: refresh) == nil)
            await #expect(throws: TokenError.unauthorized) {
                try await service.refresh(appClientId: app.id, appSecret: app.secret, refreshToken: refresh)
            }
            try await admin.disableApp(id: app.id)
            #expect(try await admin.introspect(appId: other.id, token: access) == nil)
            service.shutdown()
            for call in [
                { try await admin.setAppPolicy(id: "a", Self.policy) },
                { _ = try await admin.appPolicy(id: "a") },
                { _ = try await admin.introspect(appId: "a", token: "t") },
                { try await admin.revokeToken(appId: "a", token: "t") },
                { try await admin.importJSONLines("") },
            ] as [() async throws -> Void] {
                _ = try await thrown(TokenServiceClosed.self, by: call)
            }
        }
    }

    @Test func appsFromElsewhere() async throws {
        try await withIssuer { service, admin in
            let lines = """
                {"appClientId":"billing","appSecret":"correct horse"}
                {"appClientId":"payroll","appSecret":"another horse","name":"Payroll, Berlin"}
                """
            #expect(try await admin.importJSONLines(lines) == 2)
            #expect(Set(try await admin.listApps().map(\.name)) == ["billing", "Payroll, Berlin"])
            let new = try await admin.createApp(name: "new")
            var kinds: [SecretSummary.Kind] = []
            for id in ["payroll", new.id] { kinds += try await admin.listSecrets(appId: id).map(\.kind) }
            #expect(kinds == [.argon2id, .generated])
            try await admin.deleteApp(id: new.id)
            _ = try await service.issue(appClientId: "payroll", appSecret: "another horse")
            await #expect(throws: TokenError.unauthorized) {
                try await service.issue(appClientId: "payroll", appSecret: "correct horse")
            }
            let wrong = "{\"appClientId\":\"new\",\"appSecret\":\"a\"}\n{\"appClientId\":\"planted\"}"
            for lines in [lines, wrong] {
                let refused = try await thrown(AdminError.self) { try await admin.importJSONLines(lines) }
                #expect(refused.code == .invalid && refused.localizedDescription.contains("line"))
                #expect(!refused.localizedDescription.contains("planted") && !"\(refused)".contains("horse"))
            }
            #expect(try await admin.listApps().count == 2, "all or none")
        }
    }
}
