@testable import Tokensmith
import TokensmithBridge



/// Performs a case of one bucket on the facade's `Limiter`, and compares all that comes of it.
enum Bucket {
    private static let minute = 60_000_000
    private static let key = "appcl-1234"

    static func perform(_ vector: JSON) throws -> [String] {
        let name = vector["name"].text!
        let (clock, quota) = (Clock(0), vector["quota"])
        let perMinute = quota["tokens"].number! * minute / quota["period_us"].number!
        let burst = quota["burst"].number!
        let make = {
            Tokensmith.Limiter(
                try clock.host.createLimiter(
                    perMinute: Int64(perMinute), burst: Int64(burst), slots: 16))
        }
        if vector["refused"] == .bool(true) {
            guard (try? make()) == nil else { throw Mismatch(name, 0, "it was made") }
            return [Transcript.refused(name)]
        }
        let limiter = try told(name, 0) { try make() }
        return try vector["steps"].array.enumerated().map { index, step in
            try told(name, index + 1) {
                let (granted, wait) = try take(limiter, clock, step, burst)
                try check(granted, step["granted"].number!, "granted")
                let expected = step["wait_us"].number.map { Duration.seconds(($0 + 999_999) / 1_000_000) }
                try check(wait, expected, "the wait")
                return Transcript.taken(name, index + 1, granted, wait)
            }
        }
    }

    /// Attempts, one after the other: how many were granted, and what the last was told.
    private static func take(
        _ limiter: Tokensmith.Limiter, _ clock: Clock, _ step: JSON, _ burst: Int
    ) throws -> (Int, Duration?) {
        try check(step["op"], .text("take"), "a limiter of a host can do no more")
        let cost = step["cost"].number!
        var (granted, wait) = (0, nil as Duration?)
        for attempt in 0..<step["times"].number! {
            clock.moveTo(step["at_us"].number! + attempt * step["every_us"].number!)
            do {
                let answer = try limiter.tryAcquire(key, cost: cost)
                granted += answer.isAllowed ? 1 : 0
                wait = answer.retryAfter
            } catch Tokensmith.TokenError.config where cost > burst {
                // It can never be granted, and a host is told so.
                continue
            }
            if cost > burst { throw Unlike("a cost that no wait can grant was taken") }
        }
        return (granted, wait)
    }

    private static func told<T>(_ name: String, _ step: Int, _ work: () throws -> T) throws -> T {
        do { return try work() } catch { throw Mismatch(name, step, error) }
    }
}
