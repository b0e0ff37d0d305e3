import Testing

@testable import Tokensmith

@Suite(.timeLimit(.minutes(1))) struct ObserverTests {
    @Test func hearsOneEndOfEachCall() async throws {
        let scripted = try await Scripted()
        _ = try await scripted.service.handle(request("r1"))
        let events = scripted.events.with { $0.filter { $0.requestId == "r1" } }
        #expect(events.count == 1)
        let event = try #require(events.first)
        #expect(event.name == "issued" && event.isTerminal && event.appClientId == "appcl-1234")
        #expect(event.source == "192.0.2.1" && event.expiresIn == .seconds(3600))
        #expect(event.reason == nil && event.by == nil && event.retryAfter == nil && event.kind == nil)
    }

    @Test func aSourceThatIsUnknown() async throws {
        let scripted = try await Scripted()
        _ = try await scripted.service.handle(request(source: nil))
        #expect(scripted.events.with { $0.map(\.name) } == ["source_unknown", "issued"])
    }

    /// From within, whatever the service locks.
    @Test func mayAskTheService() async throws {
        let service = Locked<TokenService?>(nil)
        let seen = Locked<[Int]>([])
        let made = try await TokenService(
            config: config(), authenticator: Host { _ in tokens },
            observer: { _ in
                guard let service = service.with({ $0 }) else { return }
                seen.with { $0.append(service.inFlight) }
                service.shutdown()
            })
        service.with { $0 = made }
        #expect(try await made.handle(request()).status == 200)
        #expect(seen.with { $0.count } == 1)
        await #expect(throws: TokenServiceClosed()) {
            try await made.issue(appClientId: "a", appSecret: "s")
        }
    }
}
