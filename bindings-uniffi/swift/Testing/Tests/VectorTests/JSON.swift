import Foundation

/// A value of JSON. Texts are the same if their bytes are: Swift's own `==` is laxer.
enum JSON: Sendable, Decodable, Equatable {
    case null
    case bool(Bool)
    case number(Int)
    case text(String)
    case array([JSON])
    case object([String: JSON])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Int.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([JSON].self) {
            self = .array(value)
        } else {
            self = .object(try container.decode([String: JSON].self))
        }
    }

    init(_ text: String) throws { self = try JSONDecoder().decode(JSON.self, from: Data(text.utf8)) }

    init(_ text: String?) { self = text.map(JSON.text) ?? .null }

    static func == (one: JSON, other: JSON) -> Bool { one.written == other.written }

    /// The value of a member; null where there is none.
    subscript(name: String) -> JSON { if case .object(let members) = self { members[name] ?? .null } else { .null } }

    /// Whether there is such a member, null or not.
    func has(_ name: String) -> Bool { if case .object(let members) = self { members[name] != nil } else { false } }

    var isNull: Bool { if case .null = self { true } else { false } }
    var text: String? { if case .text(let text) = self { text } else { nil } }
    var number: Int? { if case .number(let number) = self { number } else { nil } }
    var array: [JSON] { if case .array(let array) = self { array } else { [] } }
    var object: [String: JSON] { if case .object(let members) = self { members } else { [:] } }

    /// As bytes, members in the order of their names.
    var written: [UInt8] { Array(description.utf8) }

    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\u{8}": quoted += "\\b"
            case "\u{c}": quoted += "\\f"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case "\0"..<" ": quoted += "\\u" + String(format: "%04x", scalar.value)
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

extension JSON: CustomStringConvertible {
    /// JSON without spaces.
    var description: String {
        switch self {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(let value): "\(value)"
        case .text(let value): JSON.quoted(value)
        case .array(let values): "[\(values.map(\.description).joined(separator: ","))]"
        case .object(let members):
            JSON.written(members.sorted { Array($0.key.utf8).lexicographicallyPrecedes($1.key.utf8) })
        }
    }

    /// Members in this order.
    static func written(_ members: [(key: String, value: JSON)]) -> String {
        "{\(members.map { "\(quoted($0.key)):\($0.value)" }.joined(separator: ","))}"
    }
}
