import Foundation
import Testing
import TokensmithBridge

@testable import Tokensmith

extension OneAfterTheOther {
    /// A panic of ours is a 502 or a typed error: the process lives, and the next call is answered.
    @Suite(.timeLimit(.minutes(1))) struct PanicTests {
        private func panicking() async throws -> Tokensmith.TokenService {
            try await Tokensmith.TokenService(
                authenticator: nil, observer: nil, onAuthenticatorError: nil
            ) { _, observer in
                try await createPanickingService(
                    config: #"{"authenticator": {"kind": "host"}}"#, observer: observer)
            }
        }

        @Test func inTheAuthenticator() async throws {
            let service = try await panicking()
            let body = Data(#"{"appClientId":"app","appSecret":"secret"}"#.utf8)
            let request = Tokensmith.TokenRequest(body: body, contentType: "application/json", source: "192.0.2.1")
            for _ in 0..<2 {
                let answer = try await service.handle(request)
                #expect(answer.status == 502)
                #expect(String(decoding: answer.body, as: UTF8.self) == "the authentication service failed")
                await #expect(throws: Tokensmith.TokenError.downstream(retryAfter: nil)) {
                    try await service.issue(appClientId: "app", appSecret: "secret", source: "192.0.2.2")
                }
            }
            #expect(service.inFlight == 0)
        }

        /// What the bridge makes of one has the panic's text: the facade has none of it.
        @Test func onTheBridge() async throws {
            for panic in [{ try panicAtOnce() }, { try await panicLater() }] as [() async throws -> Void] {
                do {
                    try await panic()
                    Issue.record("it did not panic")
                } catch {
                    let seen = translated(error)
                    #expect(seen as? Tokensmith.TokenError == .downstream(retryAfter: nil))
                    #expect(!"\(seen)\(seen.localizedDescription)".contains("planted"))
                }
            }
        }
    }
}
