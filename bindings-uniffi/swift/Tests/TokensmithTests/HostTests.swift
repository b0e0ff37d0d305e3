import Foundation
import Testing
import Tokensmith

// What hosts are, and what they do by right: with the public interface alone.

actor Directory: Authenticator {
    private(set) var asked = 0

    func authenticate(_ request: AuthRequest) async throws -> TokenSet {
        asked += 1
        return tokens
    }
}

@MainActor final class Screen: Authenticator {
    private(set) var asked = 0

    func authenticate(_ request: AuthRequest) async throws -> TokenSet {
        MainActor.assertIsolated()
        asked += 1
        return tokens
    }
}

struct Thrown: Error {}

enum Trace { @TaskLocal static var id: String? }

@Suite(.timeLimit(.minutes(1))) struct HostTests {
    @Test func anActorIsAnAuthenticator() async throws {
        let directory = Directory()
        let service = try await TokenService(config: config(), authenticator: directory)
        #expect(try await service.handle(request()).status == 200)
        #expect(await directory.asked == 1)
    }

    /// A caller that waits on the main actor holds nobody up there, the authenticator neither.
    @MainActor @Test func callersOnTheMainActor() async throws {
        let screen = Screen()
        let service = try await TokenService(config: config(), authenticator: screen)
        #expect(try await service.handle(request()).status == 200)
        #expect(try await service.issue(appClientId: "app", appSecret: "secret") == tokens)
        #expect(screen.asked == 2)
    }

    /// As it would be in a call without us: what traces a request goes by it.
    @Test func theAuthenticatorSeesTheLocalsOfItsTask() async throws {
        let scripted = try await Scripted { _ in
            #expect(Trace.id == "a-trace")
            return tokens
        }
        try await Trace.$id.withValue("a-trace") { _ = try await scripted.issue() }
        #expect(scripted.ends == ["issued"])
    }

    @Test func aGroupThatIsCancelledWaitsForNobody() async throws {
        let scripted = try await Scripted(config(#""deadline_ms": 600000,"#)) { _ in
            try await Task.sleep(for: .seconds(600))
            return tokens
        }
        let service = scripted.service
        await withThrowingTaskGroup(of: TokenSet.self) { group in
            for _ in 0..<8 { group.addTask { try await scripted.issue() } }
            while service.inFlight < 8 { await Task.yield() }
            group.cancelAll()
            while let ended = await group.nextResult() {
                #expect(throws: CancellationError.self) { try ended.get() }
            }
        }
        #expect(service.inFlight == 0)
        #expect(scripted.ends == Array(repeating: "cancelled", count: 8))
    }

    /// A child that its parent no longer wants ends with it.
    @Test func aChildWhoseParentThrows() async throws {
        let asked = Gate()
        let scripted = try await Scripted(config(#""deadline_ms": 600000,"#)) { _ in
            asked.open()
            try await Task.sleep(for: .seconds(600))
            return tokens
        }
        @Sendable func parent() async throws {
            async let child = scripted.issue()
            await asked.passed()
            guard scripted.service.inFlight == 0 else { throw Thrown() }
            _ = try await child
        }
        await #expect(throws: Thrown.self) { try await parent() }
        #expect(scripted.ends == ["cancelled"])
    }

    /// What has no other holder than a call that is under way lives as long as that.
    @Test func aServiceThatIsLetGoOfDuringACall() async throws {
        let (asked, release) = (Gate(), Gate())
        var service: TokenService? = try await TokenService(
            config: config(),
            authenticator: Host { _ in
                asked.open()
                await release.passed()
                return tokens
            })
        weak var held = service
        let call = Task { [service] in try await service!.issue(appClientId: "app", appSecret: "secret") }
        await asked.passed()
        service = nil
        release.open()
        #expect(try await call.value == tokens)
        try await until { held == nil }
    }

    /// It holds up its own call past the deadline, and whoever needs its thread, and nobody for good.
    @Test func anAuthenticatorThatBlocksItsThread() async throws {
        let isFirst = Locked(true)
        let scripted = try await Scripted(config(#""deadline_ms": 50,"#)) { _ in
            let first = isFirst.with { first in
                defer { first = false }
                return first
            }
            if first { usleep(150_000) }
            return tokens
        }
        #expect(try await scripted.service.handle(request()).status == 502)
        #expect(scripted.ends == ["timed_out"])
        while try await scripted.service.handle(request()).status != 200 {}
    }

    /// Tests of a host's own authenticator need no service.
    @Test func askedByItsOwnTests() async throws {
        let request = AuthRequest(appClientId: "app", appSecret: "secret")
        #expect(request.source == nil && request.requestId == nil && request.budget == nil)
        #expect(try await Directory().authenticate(request) == tokens)
        let full = AuthRequest(
            appClientId: "app", appSecret: "secret", source: "192.0.2.1", requestId: "r1",
            budget: .seconds(5))
        #expect(full.source == "192.0.2.1" && full.requestId == "r1" && full.budget == .seconds(5))
        #expect("\(full)" == "AuthRequest([REDACTED])")
    }
}
