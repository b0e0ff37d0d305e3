// Programs that end in the midst of something: `Exits CASE`. Each must end as it would without us:
// with its own code, at once, and with nothing printed but what is printed here.

import Foundation
import Tokensmith

struct Secretive: Error { let text = "planted" }

struct Host: Authenticator {
    let answer: @Sendable () async throws -> TokenSet

    func authenticate(_ request: AuthRequest) async throws -> TokenSet { try await answer() }
}

let tokens = TokenSet(accessToken: "a", expiresIn: .seconds(60), refreshToken: "r")
let limits = #""limits": {"source": false, "client": false, "client_at_source": false}"#
let host = #"{"authenticator": {"kind": "host"}, "deadline_ms": 600000, \#(limits)}"#
let hang: @Sendable () async throws -> TokenSet = {
    try await Task.sleep(for: .seconds(600))
    return tokens
}

func service(
    observer: Observer? = nil, answer: @escaping @Sendable () async throws -> TokenSet = { tokens }
) async throws -> TokenService {
    try await TokenService(config: host, authenticator: Host(answer: answer), observer: observer)
}

func status(_ service: TokenService) async throws -> Int {
    let body = Data(#"{"appClientId":"app","appSecret":"secret"}"#.utf8)
    return try await service.handle(
        TokenRequest(body: body, contentType: "application/json", source: "192.0.2.1")).status
}

func underWay(_ service: TokenService, _ count: Int) async throws {
    for _ in 0..<count { Task { try await status(service) } }
    while service.inFlight < count { try await Task.sleep(for: .milliseconds(1)) }
}

/// What an exit handler calls, or waits for.
enum Kept {
    nonisolated(unsafe) static var service: TokenService?
    nonisolated(unsafe) static var call: Task<Int, any Error>?
}

/// Ends when the call does, however that is.
func callInAnExitHandler() {
    let done = DispatchSemaphore(value: 0)
    Task.detached {
        _ = try? await Kept.call?.value
        _ = try? await Kept.service?.issue(appClientId: "app", appSecret: "secret", source: "batch")
        done.signal()
    }
    done.wait()
}

/// In a folder that is named on the command line.
func issuer() async throws -> TokenService {
    let path = "\(CommandLine.arguments[2])/store.db"
    return try await TokenService(
        config: #"{"store": {"kind": "sqlite", "path": "\#(path)"}, \#(limits)}"#)
}

switch CommandLine.arguments[1] {
case "idle":
    _ = try await service()
case "last-lines":
    print("last", try await status(service()))
case "calls-under-way-at-the-end":
    try await underWay(service(answer: hang), 10)
case "exit-during-calls":
    try await underWay(service(answer: hang), 10)
    exit(7)
case "exit-in-the-authenticator":
    _ = try await status(service(answer: { exit(7) }))
case "exit-in-the-observer":
    _ = try await status(service(observer: { _ in exit(7) }))
case "a-call-in-an-exit-handler":
    Kept.service = try await service()
    atexit(callInAnExitHandler)
    exit(7)
case "a-call-in-an-exit-handler-of-before":
    // It comes after ours, and so after all work has been stopped.
    atexit(callInAnExitHandler)
    Kept.service = try await service()
    exit(7)
case "an-exit-handler-that-waits-for-a-call":
    atexit(callInAnExitHandler)
    let service = try await service(answer: {
        try await Task.sleep(for: .milliseconds(100))
        return tokens
    })
    // Not of the main actor, whose thread is the one that ends.
    Kept.call = Task.detached { try await status(service) }
    while service.inFlight < 1 { try await Task.sleep(for: .milliseconds(1)) }
    exit(7)
case "idle-issuer":
    _ = try await issuer()
case "exit-during-the-administration":
    let issuer = try await issuer()
    for number in 0..<100 { Task { try await issuer.admin?.createApp(name: "app \(number)") } }
    try await Task.sleep(for: .microseconds(Int.random(in: 0..<5_000)))
    exit(7)
case "exit-while-the-issuer-signs":
    let issuer = try await issuer()
    let app = try await issuer.admin!.createApp(name: "billing")
    for _ in 0..<100 {
        Task { try await issuer.issue(appClientId: app.id, appSecret: app.secret, source: "batch") }
    }
    try await Task.sleep(for: .microseconds(Int.random(in: 0..<5_000)))
    exit(7)
case "an-authenticator-that-throws":
    let service = try await service(answer: { throw Secretive() })
    print(try await status(service), try await status(service))
default:
    exit(2)
}
