import Foundation
import Tokensmith

func end(_ code: Int32, _ text: String) -> Never {
    FileHandle.standardError.write(Data("\(text)\n".utf8))
    exit(code)
}

/// The configuration, in JSON.
func config() throws -> String {
    let path = ProcessInfo.processInfo.environment["TOKENSMITH_STORE"] ?? "tokensmith-data/tokensmith.db"
    let object = ["store": ["kind": "sqlite", "path": path]]
    return String(decoding: try JSONEncoder().encode(object), as: UTF8.self)
}

guard let command = Command(Array(CommandLine.arguments.dropFirst())) else { end(2, Command.usage) }
do {
    let service = try await TokenService(config: config())
    guard let admin = service.admin else { end(1, "there is no issuer") }
    try await command.run(service, admin)
    service.shutdown()
} catch let error as TokenError {
    end(1, "\(error.code): \(error.localizedDescription)")
} catch let error as AdminError {
    end(1, "\(error.code.rawValue): \(error.localizedDescription)")
} catch {
    end(1, error.localizedDescription)
}
