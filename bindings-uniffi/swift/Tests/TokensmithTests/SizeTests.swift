import Foundation
import Testing

@testable import Tokensmith

/// What is far too much, or strange, is answered like what is a little too much.
@Suite(.timeLimit(.minutes(1))) struct SizeTests {
    /// More than the bridge can count. Nobody reads its pages, or this takes them all.
    @Test func aBodyOfThreeGigabytesIsNotCopied() async throws {
        let count = 3 << 30
        let memory = try #require(
            mmap(nil, count, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))
        defer { munmap(memory, count) }
        let body = Data(bytesNoCopy: memory, count: count, deallocator: .none)
        let scripted = try await Scripted()
        let answer = try await scripted.service.handle(
            TokenRequest(body: body, contentType: "application/json", source: "192.0.2.1"))
        #expect(answer.status == 422)
        #expect(scripted.ends == ["invalid"])
    }

    @Test(arguments: [(8_192, 200), (8_193, 422), (8_194, 422), (100_000, 422)])
    func aBodyAtItsBound(_ count: Int, _ status: Int) async throws {
        var body = Data(#"{"appClientId":"app","appSecret":"secret"}"#.utf8)
        body.append(Data(repeating: UInt8(ascii: " "), count: count - body.count))
        let answer = try await Scripted().service.handle(
            TokenRequest(body: body, contentType: "application/json", source: "192.0.2.1"))
        #expect(answer.status == status)
    }

    /// Its first index is not zero.
    @Test func aSlice() async throws {
        let scripted = try await Scripted()
        let body = Data(#"xxxx{"appClientId":"app","appSecret":"secret"}yyyy"#.utf8)
        let answer = try await scripted.service.handle(
            TokenRequest(body: body[4..<body.count - 4], contentType: "application/json", source: "a"))
        #expect(answer.status == 200)
        var secret = Data("xxxx-a-secret-that-is-longer-than-a-word".utf8)[5...]
        #expect(try await scripted.service.issue(appClientId: "app", appSecret: &secret) == tokens)
        #expect(secret.startIndex == 5 && secret.allSatisfy { $0 == 0 })
    }

    @Test(arguments: ["", "a\0b", "a\nb", String(repeating: "x", count: 129), String(repeating: "x", count: 1 << 20)])
    func anIdThatNoAppHas(_ id: String) async throws {
        let scripted = try await Scripted { _ in
            Issue.record("it was asked")
            return tokens
        }
        await #expect(throws: TokenError.unauthorized) {
            try await scripted.service.issue(appClientId: id, appSecret: "secret", source: "a")
        }
    }

    @Test(arguments: [16_384, 16_385, 5_000_000]) func aTokenAtItsBound(_ count: Int) async throws {
        let scripted = try await Scripted { _ in
            TokenSet(
                accessToken: String(repeating: "x", count: count), expiresIn: .seconds(1),
                refreshToken: "r")
        }
        let answer = try await scripted.service.handle(request())
        #expect(answer.status == (count > 16_384 ? 502 : 200))
        #expect(scripted.ends == [count > 16_384 ? "downstream_failed" : "issued"])
    }

    /// What a host names may be anything that is text, and is told as it came or cannot forge a line.
    @Test func namesWithControlCharacters() async throws {
        let scripted = try await Scripted()
        _ = try await scripted.service.handle(request("r\0\n1", source: "a\0\nb"))
        let event = try #require(scripted.events.with { $0.last })
        #expect(event.name == "issued" && event.requestId == "r\0\n1")
        #expect(event.source?.contains("\n") == false && event.source?.contains("\0") == false)
        #expect("\(event)".split(separator: "\n", omittingEmptySubsequences: false).count == 1)
    }
}
