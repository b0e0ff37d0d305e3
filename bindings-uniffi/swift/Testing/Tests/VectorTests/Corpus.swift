import Foundation

/// The vectors of the contract, and which of them a host in Swift can ask for.
enum Corpus {
    /// What a case may need that this driver cannot do, since no host could ask for it, and why not.
    static let outOfReach = [
        "panic": "nothing that a function in Swift does is a panic of Rust",
        "issuer_reasons": "a host says that it rejects: the reasons are of the embedded issuer",
        "upstream_reasons": "a host throws what it likes: its reasons and waits are of an authenticator in Rust",
        "operations": "the `Limiter` of the package has attempts alone",
        "quotas": "the `Limiter` of the package counts whole tokens a minute",
    ]

    struct Subject: Sendable, CustomStringConvertible {
        let description: String
        let cases: [JSON]
        let clockStart: Int?

        /// What came of each call of one of its cases, or the first `Mismatch`.
        func perform(_ vector: JSON, patience: Duration = .seconds(10)) async throws -> [String] {
            guard let clockStart else { return try Bucket.perform(vector) }
            return try await Performance.perform(vector, clockStart, patience)
        }
    }

    static let subjects: [Subject] = {
        let folder = URL(filePath: setting("TOKENSMITH_VECTORS"))
        let names = try! FileManager.default.contentsOfDirectory(atPath: folder.path())
            .filter { $0.hasSuffix(".json") && $0 != "schema.json" }.sorted()
        return (names + ["limiter/bucket.json"]).map { name in
            let read = try! JSON(String(contentsOf: folder.appending(path: name), encoding: .utf8))
            return Subject(
                description: name, cases: read["cases"].array, clockStart: read["clock_start_s"].number)
        }
    }()

    /// `tests/swift-testing` sets them.
    static func setting(_ name: String) -> String {
        guard let value = ProcessInfo.processInfo.environment[name] else { fatalError("set \(name)") }
        return value
    }

    /// A case by its name, and what performs it.
    static func find(_ name: String) throws -> (JSON, Subject) {
        for subject in subjects {
            if let vector = subject.cases.first(where: { $0["name"].text == name }) {
                return (vector, subject)
            }
        }
        throw Mismatch(name, 0, "there is no such case")
    }

    /// Whether it is left out. A need that nobody has judged is an error.
    static func isOutOfReach(_ vector: JSON) throws -> Bool {
        let needs = vector["needs"].array.compactMap(\.text)
        for need in needs where outOfReach[need] == nil {
            throw Mismatch(vector["name"].text ?? "", 0, "it needs \(need): can a host do that?")
        }
        return !needs.isEmpty
    }
}

/// Something else came of a case than it says. Step 0 is the case as a whole.
struct Mismatch: Error, CustomStringConvertible {
    let description: String

    init(_ name: String, _ step: Int, _ what: Any) {
        description = "case \"\(name)\", step \(step): \(what)"
    }
}

/// What is not as it should be, somewhere in a case.
struct Unlike: Error, CustomStringConvertible {
    let description: String

    init(_ what: String) { description = what }
}

func check<T: Equatable>(_ got: T, _ expected: T, _ what: String) throws {
    if got != expected { throw Unlike("\(what): \(got), and not \(expected)") }
}
