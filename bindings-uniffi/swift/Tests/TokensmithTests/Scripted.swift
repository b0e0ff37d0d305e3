import Foundation

@testable import Tokensmith

/// The host's authenticator, as a function.
struct Host: Authenticator {
    let answer: @Sendable (AuthRequest) async throws -> TokenSet

    func authenticate(_ request: AuthRequest) async throws -> TokenSet { try await answer(request) }
}

let tokens = TokenSet(
    accessToken: "an-access-token", expiresIn: .seconds(3600), refreshToken: "a-refresh-token")

/// Of a host, with no limit in the way but for the places.
func config(_ more: String = "") -> String {
    """
    {"authenticator": {"kind": "host"}, \(more)
     "limits": {"source": false, "client": false, "client_at_source": false}}
    """
}

func request(_ requestId: String? = nil, source: String? = "192.0.2.1") -> TokenRequest {
    let body = Data(#"{"appClientId":"appcl-1234","appSecret":"a-secret"}"#.utf8)
    return TokenRequest(
        body: body, contentType: "application/json", source: source, requestId: requestId)
}

/// A service whose authenticator and observer a test has in its hands. It runs in real time.
final class Scripted: Sendable {
    let service: TokenService
    let events: Locked<[TokenEvent]>
    let heard: Locked<[any Error]>

    init(
        _ config: String = config(),
        answer: @escaping @Sendable (AuthRequest) async throws -> TokenSet = { _ in tokens }
    ) async throws {
        let events = Locked<[TokenEvent]>([])
        let heard = Locked<[any Error]>([])
        (self.events, self.heard) = (events, heard)
        service = try await TokenService(
            config: config, authenticator: Host(answer: answer),
            observer: { event in events.with { $0.append(event) } },
            onAuthenticatorError: { error in heard.with { $0.append(error) } })
    }

    func issue() async throws -> TokenSet {
        try await service.issue(
            appClientId: "appcl-1234", appSecret: "a-secret", source: "192.0.2.1")
    }

    /// The terminal events, which come before the answer.
    var ends: [String] { events.with { $0.filter(\.isTerminal).map(\.name) } }
}

/// A service with the embedded issuer, whose store goes when the work is done.
func withIssuer(
    observer: Observer? = nil, _ work: (TokenService, Admin) async throws -> Void
) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "tokensmith-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "store.db").path(percentEncoded: false)
    let service = try await TokenService(
        config: """
            {"store": {"kind": "sqlite", "path": "\(path)"},
             "limits": {"source": false, "client": false, "client_at_source": false}}
            """, observer: observer)
    guard let admin = service.admin else { throw NoAdmin() }
    try await work(service, admin)
    service.shutdown()
}

struct NoAdmin: Error {}

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

/// Opens once; whoever waits goes on then, and not at the end of its task.
final class Gate: Sendable {
    private let state = Locked<(open: Bool, waiting: [UnsafeContinuation<Void, Never>])>((false, []))

    func open() {
        let waiting = state.with { state in
            defer { state = (true, []) }
            return state.waiting
        }
        for one in waiting { one.resume() }
    }

    func passed() async {
        await withUnsafeContinuation { continuation in
            let isOpen = state.with { state in
                if !state.open { state.waiting.append(continuation) }
                return state.open
            }
            if isOpen { continuation.resume() }
        }
    }
}

/// Until it holds. What never does is ended by the time limit of the test.
func until(_ holds: () -> Bool) async throws {
    while !holds() { try await Task.sleep(for: .milliseconds(1)) }
}

/// The error that it ends with, which must be of that type.
func thrown<E: Error>(_ type: E.Type, by call: () async throws -> Void) async throws -> E {
    do {
        try await call()
    } catch let error as E {
        return error
    }
    throw DidNotThrow()
}

struct DidNotThrow: Error {}
