import Foundation
import Testing
import TokensmithBridge

/// All tests: what does not happen is seen only where nothing else keeps the threads busy.
@Suite(.serialized) enum OneAfterTheOther {}

/// Time in the tests' hands, on both sides of the border: the core's clock and timer, and the waits of
/// an authenticator in Swift.
final class Clock: Sendable {
    private struct State {
        var micros = 0
        var sleepers: [(end: Int, wake: UnsafeContinuation<Void, Never>)] = []
    }

    let host: ManualHost
    private let state = Locked(State())

    init(_ startSeconds: Int) { host = ManualHost(start: Int64(startSeconds)) }

    /// Milliseconds since it was made.
    var now: Int { state.with { $0.micros / 1_000 } }

    /// Moves on until so many microseconds have passed.
    func moveTo(_ micros: Int) {
        let step = state.with { state in
            defer { state.micros = max(state.micros, micros) }
            return micros - state.micros
        }
        if step > 0 { host.advance(micros: Int64(step)) }
    }

    /// Moves on until so many milliseconds have passed, and lets go on what waits for that.
    func advanceTo(_ millis: Int) {
        moveTo(millis * 1_000)
        let due = state.with { state in
            let due = state.sleepers.filter { $0.end <= state.micros }
            state.sleepers.removeAll { $0.end <= state.micros }
            return due
        }
        for sleeper in due { sleeper.wake.resume() }
    }

    func sleep(_ millis: Int) async {
        await withUnsafeContinuation { wake in
            state.with { $0.sleepers.append(($0.micros + millis * 1_000, wake)) }
        }
    }
}

/// How often whoever is woken gets its turn.
private let turns = 8

/// Waits until whoever could go on has done so. That something has *not* happened cannot be awaited,
/// so this gives it several chances; what must happen is awaited by itself.
func settled() async {
    for _ in 0..<turns {
        // It has its turn when nobody of more importance wants one; and the other threads have theirs.
        await Task.detached(priority: .background) { try? await Task.sleep(for: .milliseconds(1)) }.value
    }
}

/// It must hold by then, by the clock on the wall.
func soon(_ patience: Duration, _ what: String, _ holds: () -> Bool) async throws {
    let end = ContinuousClock.now + patience
    while !holds() {
        if ContinuousClock.now > end { throw Unlike("\(what): not within \(patience)") }
        await Task.yield()
    }
}

/// A value that one at a time may use.
final class Locked<Value>: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Value

    init(_ value: Value) { self.value = value }

    func with<T>(_ use: (inout Value) throws -> T) rethrows -> T {
        lock.lock()
        defer { lock.unlock() }
        return try use(&value)
    }
}
