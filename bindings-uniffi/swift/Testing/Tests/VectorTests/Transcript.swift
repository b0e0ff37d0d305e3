import Foundation
import Tokensmith

/// What came of the calls, as the text that every driver writes: see tests/vectors/README.md.
enum Transcript {
    /// What came of a call. One that was dropped has no response.
    static func call(
        _ name: String, _ step: Int, _ response: TokenResponse?, _ events: [[(key: String, value: JSON)]]
    ) -> String {
        let status = response.map { "\($0.status)" } ?? "null"
        let headers = response?.headers.map { "[\(JSON.quoted($0.name)),\(JSON.quoted($0.value))]" } ?? []
        let body = response.map { shown($0.body) } ?? "null"
        let heard = events.map(JSON.written).joined(separator: ",")
        return "{\"case\":\(JSON.quoted(name)),\"step\":\(step),\"status\":\(status),"
            + "\"headers\":[\(headers.joined(separator: ","))],\"body\":\(body),\"events\":[\(heard)]}"
    }

    /// What came of attempts on a bucket.
    static func taken(_ name: String, _ step: Int, _ granted: Int, _ wait: Duration?) -> String {
        "{\"case\":\(JSON.quoted(name)),\"step\":\(step),\"granted\":\(granted),"
            + "\"retry_after_s\":\(seconds(wait))}"
    }

    /// That there can be no such limiter.
    static func refused(_ name: String) -> String {
        "{\"case\":\(JSON.quoted(name)),\"step\":0,\"refused\":true}"
    }

    /// A text where they are one, as the vectors write bytes.
    static func shown(_ bytes: Data) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        return Data(text.utf8) == bytes
            ? "{\"text\":\(JSON.quoted(text))}" : "{\"base64\":\"\(bytes.base64EncodedString())\"}"
    }

    /// The lines of a transcript without those of some cases.
    static func lines(_ bytes: Data, without leftOut: Set<String>) throws -> [String] {
        let text = String(decoding: bytes, as: UTF8.self)
        guard Data(text.utf8) == bytes else { throw Unlike("a transcript is of UTF-8") }
        guard text.hasSuffix("\n") else { throw Unlike("a transcript ends with its last line") }
        let lines = text.dropLast().split(separator: "\n", omittingEmptySubsequences: false)
        return try lines.map(String.init).filter { line in
            !leftOut.contains(try JSON(line)["case"].text ?? "")
        }
    }

    /// Throws at the first line of ours that is not the other's, or is not there.
    static func compare(_ ours: [String], _ theirs: [String]) throws {
        for index in 0..<max(ours.count, theirs.count) {
            let line = { (lines: [String]) in index < lines.count ? lines[index] : "no line" }
            if Array(line(ours).utf8) != Array(line(theirs).utf8) {
                throw Unlike("line \(index + 1): \(line(ours)), and not \(line(theirs))")
            }
        }
    }
}
