/// The headers of an answer, in their order. Names are in lower case, each once.
///
///     for (name, value) in answer.headers { … }
///     let wait = answer.headers["retry-after"]
public struct Headers: Sendable, Equatable, RandomAccessCollection {
    /// Names and values in turn.
    private let inTurn: [String]

    init(inTurn: [String]) { self.inTurn = inTurn }

    public var startIndex: Int { 0 }
    public var endIndex: Int { inTurn.count / 2 }

    public subscript(position: Int) -> (name: String, value: String) {
        (inTurn[2 * position], inTurn[2 * position + 1])
    }

    /// The value of the header with this name, in lower case.
    public subscript(name: String) -> String? { first { $0.name == name }?.value }
}
