import Foundation

// On the bridge a duration is a number of seconds, never less than none, with a fraction of which a
// `Double` keeps what it can. A wait has none: the core rounds it up, to what `Retry-After` says.
extension Duration {
    private static let attoseconds = 1e18
    private static let nanoseconds = 1e9

    /// To the nearest nanosecond.
    init(bridged seconds: TimeInterval) {
        let fraction = seconds.truncatingRemainder(dividingBy: 1) * Self.nanoseconds
        self = Duration(life: seconds) + .nanoseconds(Int64(exactly: fraction.rounded()) ?? 0)
    }

    /// The life of a token, cut off as it is on the wire.
    init(life seconds: TimeInterval) {
        self = .seconds(Int64(exactly: seconds.rounded(.down)) ?? .max / 2)
    }

    /// None if it is negative.
    var bridged: TimeInterval? {
        guard self >= .zero else { return nil }
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / Self.attoseconds
    }
}
