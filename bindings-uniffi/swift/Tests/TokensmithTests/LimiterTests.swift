import Testing

@testable import Tokensmith

@Suite struct LimiterTests {
    @Test func grantsTheBurstAndThenTellsTheWait() throws {
        let limiter = try Limiter(perMinute: 6, burst: 2)
        #expect(try limiter.tryAcquire("a") == Acquired(isAllowed: true, retryAfter: nil))
        #expect(try limiter.tryAcquire("a").isAllowed)
        #expect(try limiter.tryAcquire("a") == Acquired(isAllowed: false, retryAfter: .seconds(10)))
        #expect(try limiter.tryAcquire("b", cost: 2).isAllowed, "another key")
        #expect(try limiter.tryAcquire("b", cost: 2).retryAfter == .seconds(20))
    }

    @Test(arguments: [
        (0, 1, nil, "perMinute"), (-1, 1, nil, "perMinute"), (Int.max, 1, nil, "perMinute"),
        (1, 0, nil, "burst"), (1, Int.min, nil, "burst"), (1, 1, 0, "slots"), (1, 1, -7, "slots"),
    ] as [(Int, Int, Int?, String)])
    func namesTheArgument(_ perMinute: Int, _ burst: Int, _ slots: Int?, _ key: String) {
        do {
            _ = try Limiter(perMinute: perMinute, burst: burst, slots: slots)
            Issue.record("it was made")
        } catch TokenError.config(let detail, let named) {
            #expect(named == key && detail.hasPrefix("`\(key)`"))
        } catch {
            Issue.record("\(error)")
        }
    }

    @Test(arguments: [0, -1, 3, Int.max]) func aCostThatNoWaitCanGrant(_ cost: Int) async throws {
        let limiter = try Limiter(perMinute: 1, burst: 2)
        let error = try await thrown(TokenError.self) { _ = try limiter.tryAcquire("a", cost: cost) }
        #expect(error.code == "ERR_TOKEN_CONFIG")
        #expect(try limiter.tryAcquire("a", cost: 2).isAllowed, "nothing was taken")
    }

    @Test func takesAnyKey() throws {
        let limiter = try Limiter(perMinute: 1, burst: 1, slots: 16)
        for key in ["", "\0", String(repeating: "é", count: 100_000)] {
            #expect(try limiter.tryAcquire(key).isAllowed)
        }
    }

    @Test func isOneForAllThreads() async throws {
        let limiter = try Limiter(perMinute: 1, burst: 100)
        let granted = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<16 {
                group.addTask { try (0..<50).filter { _ in try limiter.tryAcquire("a").isAllowed }.count }
            }
            return try await group.reduce(0, +)
        }
        #expect(granted == 100)
    }
}

/// What a number of seconds on the bridge is here, and back.
@Suite struct SecondsTests {
    @Test(arguments: [
        (0, .zero), (6, .seconds(6)), (0.25, .milliseconds(250)), (1.999, .milliseconds(1_999)),
        (3600.000000001, .seconds(3600) + .nanoseconds(1)),
    ] as [(Double, Duration)]) func toTheNanosecond(_ seconds: Double, _ duration: Duration) {
        #expect(Duration(bridged: seconds) == duration)
        #expect(Duration(life: seconds) == .seconds(Int64(seconds)))
        #expect(duration.bridged == seconds)
    }

    @Test func theBoundsAreNoTrap() {
        #expect(Duration.seconds(-1).bridged == nil)
        #expect(Duration.nanoseconds(-1).bridged == nil)
        #expect(Duration(bridged: .infinity) > .seconds(Int32.max))
        #expect(Duration.seconds(Int64.max).bridged == Double(Int64.max))
    }
}
