import Foundation
import Testing

@testable import Tokensmith

/// The bytes of a secret are zero after the call, in the memory in which they were.
@Suite(.timeLimit(.minutes(1))) struct SecretTests {
    static let secret = "a-secret-that-is-longer-than-a-word"

    private func bytes() -> UnsafeMutableRawBufferPointer {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.secret.utf8.count, alignment: 1)
        memory.copyBytes(from: Self.secret.utf8)
        return memory
    }

    private func zeroed(
        _ service: TokenService, _ call: (TokenService, inout Data) async throws -> Void
    ) async -> (left: Int, error: (any Error)?) {
        let memory = bytes()
        defer { memory.deallocate() }
        var data = Data(bytesNoCopy: memory.baseAddress!, count: memory.count, deallocator: .none)
        var thrown: (any Error)?
        do { try await call(service, &data) } catch { thrown = error }
        #expect(data == Data(count: memory.count))
        return (memory.filter { $0 != 0 }.count, thrown)
    }

    @Test func afterAnAnswer() async throws {
        let given = Locked("")
        let scripted = try await Scripted { asked in
            given.with { $0 = asked.appSecret }
            return tokens
        }
        let (left, error) = await zeroed(scripted.service) { service, data in
            _ = try await service.issue(appClientId: "app", appSecret: &data)
        }
        #expect(error == nil && left == 0)
        #expect(given.with { $0 } == Self.secret)
    }

    @Test func afterAFailure() async throws {
        let scripted = try await Scripted { _ in throw AuthenticateError.rejected }
        let (left, error) = await zeroed(scripted.service) { service, data in
            _ = try await service.issue(appClientId: "app", appSecret: &data)
        }
        #expect(error is TokenError && left == 0)
    }

    @Test func afterAnArgumentThatIsNone() async throws {
        let scripted = try await Scripted()
        let (left, error) = await zeroed(scripted.service) { service, data in
            _ = try await service.issue(appClientId: "app", appSecret: &data, source: "")
        }
        #expect(error is ArgumentError && left == 0)
    }

    @Test func afterACancellation() async throws {
        let asked = Gate()
        let scripted = try await Scripted { _ in
            asked.open()
            try await Task.sleep(for: .seconds(600))
            return tokens
        }
        let task = Task {
            await zeroed(scripted.service) { service, data in
                _ = try await service.issue(appClientId: "app", appSecret: &data)
            }
        }
        await asked.passed()
        task.cancel()
        let (left, error) = await task.value
        #expect(error is CancellationError && left == 0)
    }

    @Test func mustBeUTF8() async throws {
        let scripted = try await Scripted()
        var bytes = Data([0x61, 0xff])
        let error = try await thrown(ArgumentError.self) {
            _ = try await scripted.service.issue(appClientId: "app", appSecret: &bytes)
        }
        #expect(error.localizedDescription == "`appSecret` must be UTF-8")
        #expect(bytes == Data(count: 2))
    }
}
