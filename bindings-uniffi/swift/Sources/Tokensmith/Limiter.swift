internal import TokensmithBridge

/// The rate limiter alone, for whatever else a host limits: a token bucket for each key. Memory is
/// fixed, whatever the keys. Its buckets are no service's.
public final class Limiter: Sendable {
    private let bridge: TokensmithBridge.Limiter

    /// - Parameters:
    ///   - perMinute: how many tokens come back in a minute; at least 1.
    ///   - burst: how many tokens a bucket holds; at least 1.
    ///   - slots: for how many keys there is room, 16 bytes each. Default: 262,144.
    /// - Throws: `TokenError.config`, which names the argument that is out of its bounds.
    public convenience init(perMinute: Int, burst: Int, slots: Int? = nil) throws {
        self.init(
            try checked {
                try TokensmithBridge.Limiter(
                    perMinute: Int64(perMinute), burst: Int64(burst), slots: slots.map(Int64.init))
            })
    }

    init(_ bridge: TokensmithBridge.Limiter) { self.bridge = bridge }

    /// Takes `cost` tokens from the bucket of `key`, or none.
    ///
    /// - Throws: `TokenError.config` for a cost that no wait can grant: below 1, or above the burst.
    public func tryAcquire(_ key: String, cost: Int = 1) throws -> Acquired {
        let acquired = try checked { try bridge.tryAcquire(key: key, cost: Int64(cost)) }
        return Acquired(
            isAllowed: acquired.allowed,
            retryAfter: acquired.retryAfter.map(Duration.init(bridged:)))
    }
}

/// What a bucket says.
public struct Acquired: Sendable, Hashable {
    /// Whether the cost was taken.
    public let isAllowed: Bool
    /// If it was not: how long to wait, in whole seconds, rounded up.
    public let retryAfter: Duration?
}

/// Arguments have other names here than on the bridge.
private func checked<T>(_ call: () throws -> T) throws -> T {
    do {
        return try call()
    } catch TokensmithBridge.TokenError.Config(let detail, key: "per_minute") {
        let named = detail.replacing("per_minute", with: "perMinute")
        throw TokenError.config(detail: named, key: "perMinute")
    } catch {
        throw translated(error)
    }
}
