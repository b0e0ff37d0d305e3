// `Leaks CALLS SLACK-KIB`: so many calls with every fault, many cancelled, of one service after
// another; then the memory must be what it was after the first fifth, and nothing be under way on the
// bridge. Prints what it measured.

import Foundation
import Tokensmith
// No part of the product: a host never sees it. It alone can count what is under way.
import func TokensmithBridge.uniffiForeignFutureHandleCountBridge

let calls = Int(CommandLine.arguments[1])!
let slack = Int(CommandLine.arguments[2])!
let atOnce = 64
let callsOfAService = 2_000

struct Thrown: Error { let text = String(repeating: "x", count: 100) }

/// Does, by chance, what hosts do.
struct Host: Authenticator {
    func authenticate(_ request: AuthRequest) async throws -> TokenSet {
        // So large that it is seen if it is kept.
        let good = TokenSet(
            accessToken: String(repeating: "a", count: 16_000), expiresIn: .seconds(3600),
            refreshToken: "a-refresh-token")
        switch Int.random(in: 0..<10) {
        case 0: throw Thrown()
        case 1: throw AuthenticateError.rejected
        case 2: throw AuthenticateError.throttled(retryAfter: .seconds(7))
        case 3: return TokenSet(accessToken: "a\nb", expiresIn: .seconds(-1))
        case 4:
            // Past the deadline, whether it looks or not. One long sleep would be in memory until its end.
            while Bool.random() { try await Task.sleep(for: .milliseconds(100)) }
            let end = ContinuousClock.now + .milliseconds(60)
            while ContinuousClock.now < end { try? await Task.sleep(until: end) }
            return good
        default: return good
        }
    }
}

func service() async throws -> TokenService {
    try await TokenService(
        config: """
            {"authenticator": {"kind": "host"}, "deadline_ms": 50, "limits":
             {"source": false, "client": false, "client_at_source": false, "slots": 4096, "marks": 4096}}
            """,
        authenticator: Host(), observer: { _ in }, onAuthenticatorError: { _ in })
}

actor Outcomes {
    private(set) var counts: [String: Int] = [:]
    func add(_ outcome: String) { counts[outcome, default: 0] += 1 }
}

let outcomes = Outcomes()

func call(_ service: TokenService) async {
    let task = Task { try await service.issue(appClientId: "app", appSecret: "secret", source: "a") }
    // At any moment, also when the answer has come and nobody has it yet.
    if Bool.random() {
        for _ in 0..<Int.random(in: 0..<4) { await Task.yield() }
        task.cancel()
    }
    do {
        _ = try await task.value
        await outcomes.add("200")
    } catch let error as TokenError {
        await outcomes.add("\(error.status ?? 0)")
    } catch {
        await outcomes.add("\(type(of: error))")
    }
}

func run(_ calls: Int) async throws {
    for begun in stride(from: 0, to: calls, by: callsOfAService) {
        let service = try await service()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<min(callsOfAService, calls - begun) {
                if number >= atOnce { await group.next() }
                // Every other one is let go of by whoever holds it, and some during calls.
                if begun % (2 * callsOfAService) == 0, number == callsOfAService - atOnce / 2 {
                    service.shutdown()
                }
                group.addTask { await call(service) }
            }
        }
    }
}

/// What the process has in memory, in KiB.
func resident() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
    return Int(line!.split(whereSeparator: \.isWhitespace)[1])!
}

try await run(calls / 5)
let before = try resident()
try await run(calls - calls / 5)
let grown = try resident() - before
print("outcomes", await outcomes.counts.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" })
print("\(calls) calls: \(before) KiB after a fifth, \(grown) KiB more at the end; \(slack) allowed")
// What nobody waited for has an end too.
let end = ContinuousClock.now + .seconds(10)
while uniffiForeignFutureHandleCountBridge() > 0, ContinuousClock.now < end { await Task.yield() }
let underWay = uniffiForeignFutureHandleCountBridge()
print("under way on the bridge: \(underWay)")
exit(grown <= slack && underWay == 0 ? 0 : 1)
