import Foundation
import Testing
import TokensmithBridge

@testable import Tokensmith

/// Whatever prints, prints nothing of a secret, a token or a body.
@Suite(.timeLimit(.minutes(1))) struct RedactionTests {
    private static let planted = "hunter2-planted"

    /// All ways in which a value becomes a text, also from within another.
    private func texts(_ value: Any) -> [String] {
        var dumped = ""
        dump(value, to: &dumped)
        var nested = ""
        dump(["a": [Optional(value)]], to: &nested)
        return [
            "\(value)", String(describing: value), String(reflecting: value), dumped, nested,
            "\([value])", "\(["a": value])", "\(Optional(value) as Any)", String(reflecting: [value]),
            "\(Mirror(reflecting: value).children.map(\.value))",
        ]
    }

    private func isSilent(_ value: Any, saysItsName: Bool = true) {
        let texts = texts(value)
        for text in texts {
            #expect(!text.contains(Self.planted) && !text.contains("hunter2"))
            // A `Data` prints its bytes as numbers.
            #expect(!text.contains("104, 117, 110"))
        }
        // What could be encoded would be, in the midst of something else.
        #expect(!(value is any Encodable))
        if saysItsName { #expect(texts[0] == "\(type(of: value))([REDACTED])") }
    }

    private static let secretive = Tokensmith.TokenSet(
        accessToken: planted, expiresIn: .seconds(60), refreshToken: planted, idToken: planted)

    @Test func whatIsPrinted() async throws {
        let asked = Locked<[Tokensmith.AuthRequest]>([])
        let scripted = try await Scripted { request in
            asked.with { $0.append(request) }
            return Self.secretive
        }
        let body = Data(#"{"appClientId":"app","appSecret":"\#(Self.planted)"}"#.utf8)
        let sent = Tokensmith.TokenRequest(
            body: body, contentType: "application/json", source: "source-\(Self.planted)",
            requestId: "r-\(Self.planted)")
        let answer = try await scripted.service.handle(sent)
        #expect(answer.status == 200)
        isSilent(sent)
        isSilent(answer)
        isSilent(try #require(asked.with { $0.first }))
        isSilent(Self.secretive)
        isSilent(try await scripted.service.issue(appClientId: "a", appSecret: Self.planted))
        isSilent(scripted.service)
    }

    @Test func whatTheIssuerGives() async throws {
        try await withIssuer { service, admin in
            let app = try await admin.createApp(name: "billing")
            #expect(!app.secret.isEmpty)
            for text in texts(app) + texts(service) + texts(admin) {
                #expect(!text.contains(app.secret))
            }
            #expect("\(app)" == "CreatedApp([REDACTED])")
            let made = try await admin.rotateSecret(appId: app.id)
            for text in texts(made) { #expect(!text.contains(made.secret)) }
            #expect("\(made)" == "CreatedSecret([REDACTED])")
        }
    }

    @Test func errors() async throws {
        struct Secretive: Error { let text = RedactionTests.planted }
        let scripted = try await Scripted { _ in throw Secretive() }
        var errors: [any Error] = []
        let calls: [() async throws -> Void] = [
            { _ = try await scripted.issue() },
            { _ = try await scripted.service.issue(appClientId: "", appSecret: Self.planted) },
            {
                _ = try await scripted.service.refresh(
                    appClientId: "a", appSecret: Self.planted, refreshToken: Self.planted)
            },
            { try await self.issueBytes(scripted.service, Data([0xff, 0xfe]) + Data(Self.planted.utf8)) },
            {
                let long = String(repeating: Self.planted, count: 10)
                _ = try await scripted.service.issue(appClientId: "a", appSecret: "s", source: long)
            },
            { _ = try await TokenService(config: #"{"deadline_ms": \#(Self.planted)}"#) },
            { _ = try await TokenService(config: #"{"deadline_ms": "\#(Self.planted)"}"#) },
            { _ = try Tokensmith.Limiter(perMinute: 0, burst: 1) },
        ]
        for call in calls {
            do {
                try await call()
                Issue.record("it did not fail")
            } catch {
                errors.append(error)
            }
        }
        for error in errors {
            isSilent(error, saysItsName: false)
            #expect(!error.localizedDescription.contains(Self.planted))
            #expect(!error.localizedDescription.contains("operation couldn"), "a text of ours")
            let bridged = error as NSError
            for text in ["\(bridged)", bridged.debugDescription, "\(bridged.userInfo)", bridged.domain] {
                #expect(!text.contains(Self.planted))
            }
        }
    }

    private func issueBytes(_ service: Tokensmith.TokenService, _ bytes: Data) async throws {
        var bytes = bytes
        _ = try await service.issue(appClientId: "a", appSecret: &bytes)
    }

    /// Nobody should see them, but they are public in their module.
    @Test func recordsOfTheBridge() {
        let data = Data(Self.planted.utf8)
        let records: [Any] = [
            TokensmithBridge.TokenRequest(
                body: data, contentType: nil, source: nil, requestId: Self.planted),
            TokensmithBridge.Credentials(
                appClientId: "a", appSecret: data, source: nil),
            TokensmithBridge.Redemption(
                appClientId: "a", appSecret: data, refreshToken: Self.planted, source: nil),
        ]
        // What it does not cover is `dump`: hence the facade's own types.
        for record in records {
            #expect("\(record)" == "\(type(of: record))([REDACTED])")
            #expect(String(reflecting: record) == "\(type(of: record))([REDACTED])")
        }
    }
}
