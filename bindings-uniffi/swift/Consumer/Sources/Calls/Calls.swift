// What a call costs: `Calls [MILLISECONDS]` a row, a tenth of a second without it. One call at a
// time, in process; medians of 21 blocks, in nanoseconds.

import Foundation
import Tokensmith

let blocks = 21
let millis = CommandLine.arguments.dropFirst().first.flatMap(Int.init) ?? 100
let micros = Int64(millis * 1_000 / blocks)

struct Host: Authenticator {
    let tokens = TokenSet(accessToken: "a", expiresIn: .seconds(3600), refreshToken: "r")
    func authenticate(_ request: AuthRequest) async throws -> TokenSet { tokens }
}

/// No call is refused: what is measured is the way of a token.
let limits = #""limits": {"source": false, "client": false, "client_at_source": false}"#

@main enum Calls {
    static func main() async throws { try await all() }

    // Of no actor: to come back to one after each call would cost more than some of them.
    nonisolated static func all() async throws {
        let host = try await TokenService(
            config: #"{"authenticator": {"kind": "host"}, \#(limits)}"#, authenticator: Host())
        let folder = FileManager.default.temporaryDirectory.appending(path: "tokensmith-\(UUID())")
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "store.db").path(percentEncoded: false)
        let issuer = try await TokenService(
            config: #"{"store": {"kind": "sqlite", "path": "\#(path)"}, \#(limits)}"#)
        let app = try await issuer.admin!.createApp(name: "billing")
        let limiter = try Limiter(perMinute: 60_000_000, burst: 60_000_000)
        let empty = TokenRequest(body: Data(), contentType: "application/json", source: "192.0.2.1")

        print("| what | ns, median | quartiles |\n|---|---:|---:|")
        try measure("no-op: `inFlight`") { _ = host.inFlight }
        try measure("`tryAcquire`") { _ = try limiter.tryAcquire("192.0.2.1") }
        try await measure("`handle`, no body: a 422") { _ = try await host.handle(empty) }
        try await measure("`issue`, a host's authenticator") {
            _ = try await host.issue(appClientId: "app", appSecret: "secret", source: "192.0.2.1")
        }
        try await measure("`issue`, the embedded issuer") {
            _ = try await issuer.issue(appClientId: app.id, appSecret: app.secret, source: "192.0.2.1")
        }
    }

    static func measure(_ what: String, _ call: () throws -> Void) throws {
        // The first warms up.
        report(what, try (0...blocks).map { _ in
            var block = Block()
            while block.isShort { for _ in 0..<Block.calls { try call() }; block.count() }
            return block.nanoseconds
        })
    }

    static func measure(_ what: String, _ call: () async throws -> Void) async throws {
        var times: [Double] = []
        for _ in 0...blocks {
            var block = Block()
            while block.isShort { for _ in 0..<Block.calls { try await call() }; block.count() }
            times.append(block.nanoseconds)
        }
        report(what, times)
    }

    static func report(_ what: String, _ times: [Double]) {
        let sorted = times.dropFirst().sorted().map { Int($0) }
        let (low, median, high) = (sorted[blocks / 4], sorted[blocks / 2], sorted[3 * blocks / 4])
        print("| \(what) | \(median) | \(low) to \(high) |")
    }
}

/// Calls until its time is over; the clock is read once for so many.
struct Block {
    static let calls = 16
    private let start = ContinuousClock.now
    private var made = 0
    private var took = Duration.zero

    var isShort: Bool { took < .microseconds(micros) }

    mutating func count() {
        made += Self.calls
        took = ContinuousClock.now - start
    }

    /// Of one call.
    var nanoseconds: Double {
        let (seconds, attoseconds) = took.components
        return (Double(seconds) * 1e9 + Double(attoseconds) / 1e9) / Double(made)
    }
}
