import Foundation
import Testing

@testable import Tokensmith

@Suite(.timeLimit(.minutes(1))) struct SourceTests {
    /// [the first, the second, whether both are one bucket]
    @Test(arguments: [
        ("192.0.2.7", "::ffff:192.0.2.7", true),
        ("fe80::1", "fe80::1%eth0", true),
        ("2001:DB8::1", "2001:db8:0:0:0:0:0:1", true),
        ("192.0.2.7", "192.0.2.8", false),
        ("batch", "batch2", false),
        ("batch", "batch", true),
    ]) func oneAddressInTwoSpellings(_ one: String, _ other: String, areOne: Bool) async throws {
        let json = #"{"authenticator": {"kind": "host"}, "limits": {"source": {"per_minute": 1, "burst": 1}}}"#
        let scripted = try await Scripted(json)
        #expect(try await scripted.service.handle(request(source: one)).status == 200)
        let second = try await scripted.service.handle(request(source: other)).status
        #expect(second == (areOne ? 429 : 200))
    }

    @Test(arguments: ["", String(repeating: "x", count: 129)]) func none(_ source: String) async throws {
        let scripted = try await Scripted()
        for call in [
            { _ = try await scripted.service.handle(request(source: source)) },
            { _ = try await scripted.service.issue(appClientId: "a", appSecret: "s", source: source) },
        ] as [() async throws -> Void] {
            let error = try await thrown(ArgumentError.self, by: call)
            #expect(error.localizedDescription.hasPrefix("`source` must be"))
        }
        #expect(scripted.events.with { $0.isEmpty })
    }

    @Test(arguments: [nil, String(repeating: "x", count: 128)]) func some(_ source: String?) async throws {
        let scripted = try await Scripted()
        #expect(try await scripted.service.handle(request(source: source)).status == 200)
    }
}
