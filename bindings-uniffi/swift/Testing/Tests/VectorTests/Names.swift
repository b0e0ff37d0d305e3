import Foundation
import Tokensmith

/// What is random in a case with an app, by the names that the vectors have for it.
struct Names {
    /// Without an app there are none.
    private var names: [(value: String, name: String)] = []

    mutating func ofApp(_ app: CreatedApp) {
        names = [(app.id, "<app>"), (app.secret, "<secret>")]
    }

    /// Names the tokens of an answer, those that have no name yet.
    mutating func learn(_ step: Int, _ body: Data) {
        guard !names.isEmpty, let members = try? JSON(String(decoding: body, as: UTF8.self)).object else { return }
        for (member, value) in members {
            guard let token = value.text, !names.contains(where: { $0.value == token }) else { continue }
            switch member.lowercased() {
            case "accesstoken": names.append((token, "<access-\(step)>"))
            case "refreshtoken": names.append((token, "<refresh-\(step)>"))
            default: continue
            }
        }
    }

    /// The text with what the names stand for.
    func filled(_ text: String) -> String {
        names.reduce(text) { $0.replacing($1.name, with: $1.value) }
    }

    /// The text with the names.
    func named(_ text: String) -> String {
        names.reduce(text) { $0.replacing($1.value, with: $1.name) }
    }
}
