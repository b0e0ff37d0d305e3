import Foundation
import Testing

@testable import Tokensmith

// The end of a task does not cross the bridge by itself: each of these hangs without the handle.
@Suite(.timeLimit(.minutes(1))) struct CancellationTests {
    /// A call that its task's end ends: with `issue`, and with `handle`.
    static let calls: [@Sendable (Scripted) async throws -> Void] = [
        { _ = try await $0.issue() },
        { _ = try await $0.service.handle(request()) },
    ]

    @Test(arguments: calls.indices) func before(_ call: Int) async throws {
        let scripted = try await Scripted { _ in
            Issue.record("it was asked")
            return tokens
        }
        let begin = Gate()
        let task = Task {
            await begin.passed()
            try await Self.calls[call](scripted)
        }
        task.cancel()
        begin.open()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(scripted.events.with { $0.isEmpty })
    }

    @Test(arguments: calls.indices) func during(_ call: Int) async throws {
        let (asked, seen) = (Gate(), Gate())
        let scripted = try await Scripted(config(#""deadline_ms": 600000,"#)) { _ in
            asked.open()
            do {
                try await Task.sleep(for: .seconds(600))
            } catch {
                seen.open()
                throw error
            }
            return tokens
        }
        let task = Task { try await Self.calls[call](scripted) }
        await asked.passed()
        #expect(scripted.service.inFlight == 1)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        await seen.passed()
        #expect(scripted.ends == ["cancelled"])
        #expect(scripted.service.inFlight == 0)
        #expect(scripted.heard.with { $0.isEmpty }, "to end with the call is no fault")
    }

    /// One that looks at nothing holds up nobody but itself.
    @Test(arguments: calls.indices)
    func whileTheAuthenticatorDoesNotLook(_ call: Int) async throws {
        let (asked, release) = (Gate(), Gate())
        let scripted = try await Scripted(config(#""deadline_ms": 600000,"#)) { _ in
            asked.open()
            await release.passed()
            return tokens
        }
        let task = Task { try await Self.calls[call](scripted) }
        await asked.passed()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        release.open()
        #expect(try await scripted.issue() == tokens)
        #expect(scripted.ends == ["cancelled", "issued"])
    }

    @Test(arguments: calls.indices) func after(_ call: Int) async throws {
        let scripted = try await Scripted()
        let task = Task {
            try await Self.calls[call](scripted)
            return true
        }
        #expect(try await task.value)
        task.cancel()
        #expect(try await task.value)
        #expect(scripted.ends == ["issued"])
    }

    /// Each call ends once, one way or the other, and frees its place.
    @Test func racing() async throws {
        let scripted = try await Scripted { _ in
            for _ in 0..<Int.random(in: 0..<8) { await Task.yield() }
            return tokens
        }
        let (calls, cancelled) = (2_000, Locked(0))
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<calls {
                group.addTask {
                    let task = Task { try await scripted.issue() }
                    for _ in 0..<Int.random(in: 0..<8) { await Task.yield() }
                    if number % 2 == 0 { task.cancel() }
                    do {
                        #expect(try await task.value == tokens)
                    } catch is CancellationError {
                        cancelled.with { $0 += 1 }
                        #expect(number % 2 == 0)
                    } catch TokenError.rateLimited {
                        // More at once than there are places.
                    } catch {
                        Issue.record("\(error)")
                    }
                }
            }
        }
        #expect(cancelled.with { $0 } > 0)
        #expect(scripted.service.inFlight == 0)
        #expect(try await scripted.issue() == tokens)
    }
}
