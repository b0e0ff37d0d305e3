import Tokensmith

/// An observer that keeps what it heard, in the words of the vectors.
final class Recorder: Sendable {
    private let heard = Locked<[TokenEvent]>([])

    @Sendable func observe(_ event: TokenEvent) { heard.with { $0.append(event) } }

    /// Whether the terminal event of that request id is there.
    func hasEnd(of requestId: String?) -> Bool {
        heard.with { $0.contains { $0.requestId == requestId && $0.isTerminal } }
    }

    /// The events of that request id, which are taken away.
    func take(_ requestId: String?) -> [TokenEvent] {
        heard.with { heard in
            defer { heard.removeAll { $0.requestId == requestId } }
            return heard.filter { $0.requestId == requestId }
        }
    }

    /// What was heard and not taken.
    var rest: [TokenEvent] { heard.with { $0 } }
}

/// The event as a line of the transcript has it: its members, in their order.
func inWords(_ event: TokenEvent) -> [(key: String, value: JSON)] {
    var words: [(key: String, value: JSON)] = [
        ("event", .text(event.name)), ("request_id", JSON(event.requestId)),
        ("source", JSON(event.source)),
    ]
    let some: [(String, JSON)] = [
        ("app", JSON(event.appClientId)), ("expires_in_s", seconds(event.expiresIn)),
        ("reason", JSON(event.reason)), ("by", JSON(event.by)),
        ("retry_after_s", seconds(event.retryAfter)), ("kind", JSON(event.kind)),
    ]
    for (word, value) in some where !value.isNull { words.append((word, value)) }
    return words
}

/// The event as a vector has it, where no app is the same as an app that is null.
func expected(_ event: JSON) -> JSON {
    .object(event.object.filter { $0.key != "app" || !$0.value.isNull })
}

/// Only whole ones are told; a fraction would be seen as what is negative.
func seconds(_ duration: Duration?) -> JSON {
    guard let (seconds, fraction) = duration?.components else { return .null }
    return .number(fraction == 0 ? Int(seconds) : -1)
}
