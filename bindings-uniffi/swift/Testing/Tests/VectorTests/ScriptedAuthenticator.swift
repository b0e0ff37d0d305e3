import Tokensmith

/// An authenticator in Swift whose answers are written down beforehand.
final class ScriptedAuthenticator: Authenticator {
    private struct State {
        var script: JSON?
        var deviation: String?
        var called = false
    }

    struct NotInTheScript: Error {}

    private let clock: Clock
    private let state = Locked(State())

    init(_ clock: Clock) { self.clock = clock }

    /// The next call must be given that, and has that answer after that time.
    func expect(_ script: JSON) {
        state.with { $0 = State(script: script.isNull ? nil : script, deviation: $0.deviation) }
    }

    /// Whether a call came since then.
    var called: Bool { state.with { $0.called } }

    /// How the call differed from the script, if it did. The script is empty afterwards.
    func deviation() -> String? {
        state.with { state in
            defer { state = State() }
            return state.deviation ?? (state.script == nil ? nil : "it was not called")
        }
    }

    func authenticate(_ request: AuthRequest) async throws -> TokenSet {
        let given = JSON.object([
            "app_client_id": .text(request.appClientId), "app_secret": .text(request.appSecret),
        ])
        let script: JSON = try state.with { state in
            defer { (state.script, state.called) = (nil, true) }
            guard let script = state.script, script["receives"] == given else {
                state.deviation = state.deviation ?? (state.script == nil ? "it was called" : "it was given \(given)")
                throw NotInTheScript()
            }
            return script
        }
        if let wait = script["after_ms"].number, wait > 0 { await clock.sleep(wait) }
        return try await answer(script["answer"])
    }

    /// What the answer of a script is, in the words of a host.
    private func answer(_ answer: JSON) async throws -> TokenSet {
        switch answer["kind"].text {
        case "issued":
            return TokenSet(
                accessToken: answer["access_token"].text!,
                expiresIn: .milliseconds(answer["expires_in_ms"].number!),
                tokenType: answer["token_type"].text!,
                refreshToken: answer["refresh_token"].text, idToken: answer["id_token"].text)
        case "rejected": throw AuthenticateError.rejected
        case "throttled":
            let wait = answer["retry_after_ms"].number
            throw AuthenticateError.throttled(retryAfter: wait.map { .milliseconds($0) })
        // A host says `contract` by what it gives, and all else by what it throws.
        case "upstream_failed" where answer["reason"].text == "contract":
            return TokenSet(accessToken: "a", expiresIn: .seconds(-1))
        case "upstream_failed": throw NotInTheScript()
        // Until the call ends: it is told of that.
        case "hang":
            try await Task.sleep(for: .seconds(86_400))
            throw NotInTheScript()
        default: throw Unlike("no host says \(answer)")
        }
    }
}
