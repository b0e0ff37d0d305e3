import Testing

@testable import Tokensmith

@Suite(.timeLimit(.minutes(1))) struct DeadlineTests {
    @Test func anAuthenticatorThatNeverAnswers() async throws {
        let release = Gate()
        let scripted = try await Scripted(config(#""deadline_ms": 1000,"#)) { asked in
            if asked.appClientId == "appcl-1234" { await release.passed() }
            return tokens
        }
        let start = ContinuousClock.now
        let answer = try await scripted.service.handle(request())
        let took = ContinuousClock.now - start
        #expect(answer.status == 502)
        #expect(took >= .milliseconds(1000) && took < .seconds(20), "\(took)")
        #expect(scripted.ends == ["timed_out"])
        #expect(scripted.service.inFlight == 0)
        // Late, and to nobody.
        release.open()
        _ = try await scripted.service.issue(appClientId: "another", appSecret: "secret")
        #expect(scripted.ends == ["timed_out", "issued"])
    }

    /// It is told, so that it may stop.
    @Test func cancelsTheAuthenticator() async throws {
        let seen = Gate()
        let scripted = try await Scripted(config(#""deadline_ms": 50,"#)) { _ in
            do {
                try await Task.sleep(for: .seconds(600))
            } catch {
                seen.open()
            }
            return tokens
        }
        await #expect(throws: TokenError.downstream(retryAfter: nil)) { try await scripted.issue() }
        await seen.passed()
    }
}
