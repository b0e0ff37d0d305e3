import Foundation
import Testing

@testable import Tokensmith

/// `==` of Swift takes two spellings of a character for one, and the limits do not: with it one app has
/// as many buckets as its id has spellings.
@Suite(.timeLimit(.minutes(1))) struct SpellingTests {
    @Test(arguments: [
        ("appcl-K", "secret-K", 200), ("appcl-\u{212A}", "secret-K", 401),
        ("appcl-K", "secret-\u{212A}", 401), ("appcl-\u{212A}", "secret-\u{212A}", 401),
    ])
    func anotherSpellingIsAnotherApp(_ id: String, _ secret: String, _ status: Int) async throws {
        #expect("K" == "\u{212A}", "or there is nothing to see here")
        let scripted = try await Scripted { request in
            // As one has it who looks an app up in a dictionary.
            let secrets = ["appcl-K": "secret-K"]
            guard let found = secrets.first(where: { $0.key == request.appClientId }),
                request.matches(appClientId: found.key, appSecret: found.value)
            else { throw AuthenticateError.rejected }
            return tokens
        }
        let body = Data(#"{"appClientId":"\#(id)","appSecret":"\#(secret)"}"#.utf8)
        let answer = try await scripted.service.handle(
            TokenRequest(body: body, contentType: "application/json", source: "192.0.2.1"))
        #expect(answer.status == status)
    }

    @Test(arguments: [
        ("app", "secret", true), ("app", "secre", false), ("app", "secrets", false), ("app", "", false),
        ("app", "secreT", false), ("App", "secret", false), ("ap", "secret", false),
        ("app", "secret\0", false), ("appsecret", "", false), ("", "appsecret", false), ("", "", false),
    ])
    func matchesByteForByte(_ id: String, _ secret: String, _ matches: Bool) {
        let asked = AuthRequest(appClientId: "app", appSecret: "secret")
        #expect(asked.matches(appClientId: id, appSecret: secret) == matches)
        let other = AuthRequest(appClientId: id, appSecret: secret)
        #expect(other.matches(appClientId: "app", appSecret: "secret") == matches)
    }
}
