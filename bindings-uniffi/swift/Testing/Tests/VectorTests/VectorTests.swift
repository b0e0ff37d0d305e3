import Foundation
import Testing

extension OneAfterTheOther {
    /// The conformance vectors, all that a host can ask for, through the facade and the bridge: see
    /// tests/vectors/README.md.
    @Suite(.timeLimit(.minutes(5))) struct VectorTests {
        /// So many cases are performed at least, and so many left out at most.
        private static let fewest = 600
        private static let mostLeftOut = 60

        @Test func whatComesOfEveryCallIsWhatComesOfItInRust() async throws {
            var (lines, performed) = ([String](), 0)
            var leftOut: [String: [JSON]] = [:]
            for subject in Corpus.subjects {
                for vector in subject.cases {
                    if try Corpus.isOutOfReach(vector) {
                        leftOut[vector["name"].text!] = vector["needs"].array
                        continue
                    }
                    do {
                        lines += try await subject.perform(vector)
                        performed += 1
                    } catch {
                        Issue.record("\(error)")
                    }
                }
            }
            print("\(performed) cases performed, with \(lines.count) calls; \(leftOut.count) left out")
            for (need, why) in Corpus.outOfReach.sorted(by: { $0.key < $1.key }) {
                let count = leftOut.values.filter { $0.contains(.text(need)) }.count
                #expect(count > 0, "no case needs \(need) any more")
                print("\(count) left out for \(need): \(why)")
            }
            #expect(performed >= Self.fewest && leftOut.count <= Self.mostLeftOut)

            let file = Corpus.setting("TOKENSMITH_TRANSCRIPT")
            let ofRust = try Data(contentsOf: URL(filePath: file))
            try Transcript.compare(lines, Transcript.lines(ofRust, without: Set(leftOut.keys)))
            print("\(lines.count) of \(try Transcript.lines(ofRust, without: []).count) lines of Rust compared")
        }
    }
}
