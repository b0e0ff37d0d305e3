import Foundation
import TokensmithBridge

@testable import Tokensmith

/// Performs a case on the facade, on a clock that stands still until it is moved.
final class Performance {
    private let name: String
    private let clock: Clock
    private let authenticator: ScriptedAuthenticator
    private let recorder = Recorder()
    private let service: Tokensmith.TokenService
    private let folder: URL?
    private var names = Names()
    private let patience: Duration
    private var calls: [Call] = []
    private var underWay: [Call] = []
    private var lines: [Int: String] = [:]

    /// What came of each call, or the first `Mismatch`.
    static func perform(_ vector: JSON, _ clockStart: Int, _ patience: Duration) async throws -> [String] {
        let name = vector["name"].text!
        let steps = vector["steps"].array
        var number = 0
        do {
            let performance = try await Performance(name, vector["config"], Clock(clockStart), patience)
            defer { performance.close() }
            if let app = vector["app"].text {
                performance.names.ofApp(try await performance.service.admin!.createApp(name: app))
            }
            for step in steps {
                number += 1
                try await performance.perform(number, step)
            }
            number = 0
            try await performance.end()
            // Calls may end in another order than they began in.
            return (1...steps.count).map { performance.lines[$0]! }
        } catch {
            throw error is Mismatch ? error : Mismatch(name, number, error)
        }
    }

    private init(_ name: String, _ config: JSON, _ clock: Clock, _ patience: Duration) async throws {
        (self.name, self.clock, self.patience) = (name, clock, patience)
        authenticator = ScriptedAuthenticator(clock)
        let issues = config["authenticator"]["kind"].text == "issuer"
        folder = issues ? try Self.newFolder() : nil
        var members = config.object
        if let folder {
            members["store"] = .object(["path": .text(folder.appending(path: "store.db").path())])
        }
        let stored = JSON.object(members).description
        service = try await Tokensmith.TokenService(
            authenticator: issues ? nil : authenticator, observer: recorder.observe,
            onAuthenticatorError: nil
        ) { asked, told in
            try await clock.host.createService(config: stored, authenticator: asked, observer: told)
        }
    }

    private static func newFolder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "tokensmith-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    /// A call that is still under way, after a mismatch, would wait for ever.
    private func close() {
        for call in calls { call.drop() }
        service.shutdown()
        clock.moveTo(1_000_000_000_000_000)
        if let folder { try? FileManager.default.removeItem(at: folder) }
    }

    /// Begins a step at its time, and compares it at its end: at once, or as the clock passes it.
    private func perform(_ number: Int, _ step: JSON) async throws {
        let at = step["at_ms"].number!
        try await advance(to: at)
        authenticator.expect(step["authenticator"])
        let call = Call(service, number, step, names)
        calls.append(call)
        if call.ends == at {
            try await soon(patience, "an answer at once") { call.answer != nil }
            try keepsToTheScript()
            try await compare(call)
            return
        }
        let asked = { self.authenticator.called && !step["authenticator"].isNull }
        try await soon(patience, "a call of the authenticator") { asked() || call.answer != nil }
        await settled()
        try keepsToTheScript()
        if call.answer != nil { throw Unlike("answered at once") }
        underWay.append(call)
    }

    private func end() async throws {
        try await advance(to: nil)
        await settled()
        if let event = recorder.rest.first { throw Unlike("an event of no step: \(event)") }
        try check(service.inFlight, 0, "authentications under way")
    }

    private func keepsToTheScript() throws {
        if let deviation = authenticator.deviation() { throw Unlike("the authenticator: \(deviation)") }
    }

    /// Moves the clock, and ends what ends on the way: one millisecond earlier it is under way.
    private func advance(to: Int?) async throws {
        while let end = underWay.map(\.ends).min(), end <= to ?? .max {
            clock.advanceTo(end - 1)
            try await areUnderWay(underWay)
            clock.advanceTo(end)
            let due = underWay.filter { $0.ends == end }
            try await areUnderWay(underWay.filter { $0.ends > end || $0.isDropped })
            for call in due { try await finish(call) }
        }
        guard let to else { return }
        clock.advanceTo(to)
        try await areUnderWay(underWay)
    }

    private func areUnderWay(_ calls: [Call]) async throws {
        if calls.isEmpty { return }
        await settled()
        for call in calls {
            guard let answer = call.answer else { continue }
            throw Mismatch(name, call.number, "it ended at \(clock.now) ms: \(answer)")
        }
    }

    private func finish(_ call: Call) async throws {
        underWay.removeAll { $0.number == call.number }
        if call.isDropped { call.drop() }
        do {
            try await soon(patience, "an end at \(clock.now) ms") { call.answer != nil }
            try await compare(call)
        } catch {
            throw Mismatch(name, call.number, error)
        }
    }

    private func compare(_ call: Call) async throws {
        let expect = call.step["expect"]
        let answer = call.isDropped ? nil : try call.answer?.get()
        if let answer {
            try check(JSON.number(answer.status), expect["status"], "the status")
            let headers = answer.headers.map { ($0.name, JSON.text($0.value)) }
            let listed = JSON.object(Dictionary(headers) { _, _ in .text("twice") })
            try check(listed, expect["headers"], "the headers")
            names.learn(call.number, answer.body)
            // Byte for byte, but for what is random.
            let told = names.named(Transcript.shown(answer.body))
            try check(Array(told.utf8), Array(Transcript.shown(bytes(expect["body"])).utf8), "the body")
        } else if case .failure(let error) = call.answer, error is CancellationError {
        } else {
            throw Unlike("it was not cancelled")
        }
        let requestId = call.step["request"]["request_id"].text
        try await soon(patience, "the last event") { recorder.hasEnd(of: requestId) }
        let events = recorder.take(requestId)
        try check(
            events.map(\.isTerminal), events.map { _ in false }.dropLast() + [true], "one end, the last")
        let heard = events.map(inWords).map { $0.map { (key: $0.key, value: named($0.value)) } }
        let told = heard.map { JSON.object(Dictionary(uniqueKeysWithValues: $0.map { ($0.key, $0.value) })) }
        try check(JSON.array(told), .array(expect["events"].array.map(expected)), "the events")
        lines[call.number] = names.named(Transcript.call(name, call.number, answer, heard))
    }

    private func named(_ value: JSON) -> JSON { value.text.map { .text(names.named($0)) } ?? value }
}

/// A call under way, and what came of it.
private final class Call: Sendable {
    let number: Int
    let step: JSON
    let isDropped: Bool
    /// When, in milliseconds.
    let ends: Int
    private let outcome: Locked<Result<Tokensmith.TokenResponse, any Error>?>
    private let task: Task<Void, Never>

    init(_ service: Tokensmith.TokenService, _ number: Int, _ step: JSON, _ names: Names) {
        let asked = step["request"]
        let request = Tokensmith.TokenRequest(
            body: bytes(asked["body"], names), contentType: asked["content_type"].text,
            source: asked["source"].text, requestId: asked["request_id"].text)
        let outcome = Locked<Result<Tokensmith.TokenResponse, any Error>?>(nil)
        (self.number, self.step, self.outcome) = (number, step, outcome)
        isDropped = step.has("drop_at_ms")
        ends = step["drop_at_ms"].number ?? step["answer_at_ms"].number ?? step["at_ms"].number!
        task = Task {
            do {
                let refreshes = asked["path"].text == "/token/refresh"
                let answer = try await refreshes ? service.handleRefresh(request) : service.handle(request)
                outcome.with { $0 = .success(answer) }
            } catch {
                outcome.with { $0 = .failure(error) }
            }
        }
    }

    var answer: Result<Tokensmith.TokenResponse, any Error>? { outcome.with { $0 } }

    func drop() { task.cancel() }
}

private func bytes(_ body: JSON, _ names: Names = Names()) -> Data {
    body["base64"].text.flatMap { Data(base64Encoded: $0) } ?? Data(names.filled(body["text"].text ?? "").utf8)
}
