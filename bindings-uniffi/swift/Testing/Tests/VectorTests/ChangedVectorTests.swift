import Foundation
import Testing
import Tokensmith

extension OneAfterTheOther {
    /// The driver of the vectors sees what it is for: each change of a case, and of a transcript, is found.
    @Suite(.timeLimit(.minutes(2))) struct ChangedVectorTests {
        struct Change: Sendable, CustomTestStringConvertible {
            let name, from, to, said: String
            var testDescription: String { "\(name): \(from) -> \(to)" }

            init(_ name: String, _ from: String, _ to: String, _ said: String) {
                (self.name, self.from, self.to, self.said) = (name, from, to, said)
            }
        }

        // The members of a case are in the order of their names.
        static let changes = [
            Change("the sixth quick request", #""status":429"#, #""status":200"#, "429, and not 200"),
            Change("the sixth quick request", #""retry-after":"6""#, #""retry-after":"5""#, "the headers"),
            Change("the sixth quick request", #""retry_after_s":6"#, #""retry_after_s":5"#, "the events"),
            Change("the sixth quick request", #""too many requests""#, #""too many requestt""#, "the body"),
            Change("four members in order", #"\"ExpiresIn\":3600"#, #"\"ExpiresIn\":3601"#, "the body"),
            Change("four members in order", #""pragma":"no-cache","#, "", "the headers"),
            Change("four members in order", #""expires_in_s":3600"#, #""expires_in_s":1"#, "the events"),
            Change("four members in order", #""event":"issued""#, #""event":"rejected""#, "the events"),
            Change("just in time", #""answer_at_ms":4999"#, #""answer_at_ms":4998"#, "an end at 4998 ms: not within"),
            Change("just in time", #""answer_at_ms":4999"#, #""answer_at_ms":5000"#, "it ended at 4999 ms"),
            Change(
                "an authenticator that hangs", #""answer_at_ms":5000"#, #""answer_at_ms":5001"#,
                "it ended at 5000 ms"),
            Change(
                "an authenticator that hangs", #""answer_at_ms":5000"#, #""answer_at_ms":4999"#,
                "an end at 4999 ms: not within"),
            Change("a caller that goes away", #""event":"cancelled""#, #""event":"timed_out""#, "the events"),
            Change("a caller that goes away", #""drop_at_ms":"#, #""answer_at_ms":"#, "not within"),
            Change(
                "byte for byte: spaces around the id", #""app_client_id":" appcl"#, #""app_client_id":"appcl"#,
                "it was given"),
            Change("request id: a UUID", #""authenticator":{"after"#, #""authenticator":null,"was":{"after"#, "it was called"),
            Change("source: none, said once", #""event":"source_unknown""#, #""event":"source""#, "the events"),
            Change("refresh: one answer on both paths", "not valid", "not vaIid", "the body"),
            Change(
                "refresh: one answer on both paths", #""reason":"unknown_client""#, #""reason":"wrong_secret""#,
                "the events"),
            Change("refresh: each path has its cap", #""path":"/token/refresh","#, "", "422, and not 401"),
            Change("redemption: one after another", #"<refresh-2>\"}"}"#, #"<refresh-1>\"}"}"#, "the body"),
            Change("redemption: one after another", #""app":"<app>""#, #""app":"<secret>""#, "the events"),
            Change("redemption: a lost answer, inside the grace", #""at_ms":9000"#, #""at_ms":11000"#, "the body"),
            Change("bucket: an exact wait", #""granted":5"#, #""granted":4"#, "5, and not 4"),
            Change("bucket: an exact wait", #""wait_us":6000000"#, #""wait_us":5000000"#, "the wait"),
            Change("bucket: an exact wait", #""at_us":5999999"#, #""at_us":6000000"#, "granted"),
            Change("bucket: an exact wait", #""steps":"#, #""refused":true,"steps":"#, "it was made"),
        ]

        @Test(arguments: changes) func isSeen(_ change: Change) async throws {
            let (vector, subject) = try Corpus.find(change.name)
            let text = vector.description
            try #require(text.contains(change.from), "the case has what is changed")
            _ = try await subject.perform(vector)
            let range = text.range(of: change.from)!
            let changed = try JSON(text.replacingCharacters(in: range, with: change.to))
            // Some are seen by what does not come, and this is how long it is waited for.
            let patience: Duration = change.said.hasSuffix("not within") ? .seconds(1) : .seconds(10)
            let mismatch = await mismatch { try await subject.perform(changed, patience: patience) }
            #expect(mismatch?.description.contains(change.said) == true, "\(String(describing: mismatch))")
        }

        private func mismatch(_ work: () async throws -> [String]) async -> Mismatch? {
            do {
                _ = try await work()
                return nil
            } catch {
                return error as? Mismatch
            }
        }

        /// Its steps, changed.
        private func changed(_ change: (inout [JSON]) -> Void) async throws -> Mismatch? {
            let (vector, subject) = try Corpus.find("the sixth quick request")
            var (members, steps) = (vector.object, vector["steps"].array)
            change(&steps)
            members["steps"] = .array(steps)
            return await mismatch { try await subject.perform(.object(members)) }
        }

        @Test func aCallThatIsNotMade() async throws {
            let seen = try await changed { $0.removeFirst() }
            #expect(seen?.description.contains("step 5: the authenticator: it was called") == true)
        }

        @Test func aCallTooMany() async throws {
            let seen = try await changed { $0.insert($0[0], at: 0) }
            #expect(seen?.description.contains("step 6: the authenticator: it was not called") == true)
        }

        @Test func aNeedThatNobodyHasJudged() throws {
            #expect(try Corpus.isOutOfReach(JSON(#"{"needs":["panic"]}"#)))
            #expect(throws: Mismatch.self) { try Corpus.isOutOfReach(JSON(#"{"needs":["wings"]}"#)) }
        }

        @Test func aLineThatDiffersOrIsMissing() async throws {
            let (vector, subject) = try Corpus.find("the sixth quick request")
            let lines = try await subject.perform(vector)
            let bytes = Data((lines.joined(separator: "\n") + "\n").utf8)
            try Transcript.compare(lines, Transcript.lines(bytes, without: []))
            let changes = [
                (#""status":429"#, #""status":503"#), ("requests", "requestt"),
                (#"["retry-after","6"]"#, #"["retry-after","7"]"#),
                (
                    #"["cache-control","no-store"],["pragma","no-cache"]"#,
                    #"["pragma","no-cache"],["cache-control","no-store"]"#
                ),
                (#""event":"issued""#, #""event":"rejected""#),
            ]
            var others = changes.map { from, to in lines.map { $0.replacing(from, with: to) } }
            others += [Array(lines.dropFirst()), lines.dropLast(), lines + [lines[0]]]
            for other in others {
                #expect(throws: Unlike.self) { try Transcript.compare(lines, other) }
                #expect(throws: Unlike.self) { try Transcript.compare(other, lines) }
            }
        }

        @Test func aTranscriptIsOfUTF8AndWhole() throws {
            let lines = ["one", "another"].map { Transcript.refused($0) }
            let both = Data((lines.joined(separator: "\n") + "\n").utf8)
            #expect(try Transcript.lines(both, without: ["one"]) == [lines[1]])
            #expect(throws: Unlike.self) { try Transcript.lines(both.dropLast(), without: []) }
            #expect(throws: Unlike.self) { try Transcript.lines(Data([0xff, 0x0a]), without: []) }
            #expect(Transcript.shown(Data("caf\u{e9}".utf8)) == "{\"text\":\"caf\u{e9}\"}")
            #expect(Transcript.shown(Data([0x63, 0xe9])) == #"{"base64":"Y+k="}"#)
        }

        /// Swift's own strings would be the same.
        @Test func aTextInAnotherForm() throws {
            #expect("e\u{301}" == "\u{e9}")
            #expect(JSON.text("e\u{301}") != JSON.text("\u{e9}"))
            #expect(throws: Unlike.self) { try Transcript.compare(["e\u{301}"], ["\u{e9}"]) }
        }
    }
}
