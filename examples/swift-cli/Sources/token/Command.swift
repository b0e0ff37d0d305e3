import Foundation
import Tokensmith

/// What is asked for on the command line.
enum Command {
    case createApp(name: String)
    case list
    case issue(appClientId: String)
    case keys

    static let usage = """
        usage: token create-app NAME    makes an app, and prints its id and its secret, this once
               token list               the apps
               token issue ID           reads the secret from stdin, and prints the tokens as JSON
               token keys               the keys that verify them, as a JWK set
        The apps and keys are in TOKENSMITH_STORE, by default tokensmith-data/tokensmith.db.
        """

    init?(_ arguments: [String]) {
        switch (arguments.first, arguments.count) {
        case ("create-app", 2): self = .createApp(name: arguments[1])
        case ("list", 1): self = .list
        case ("issue", 2): self = .issue(appClientId: arguments[1])
        case ("keys", 1): self = .keys
        default: return nil
        }
    }

    func run(_ service: TokenService, _ admin: Admin) async throws {
        switch self {
        case .createApp(let name):
            let app = try await admin.createApp(name: name)
            print(app.id, app.secret)
        case .list:
            for app in try await admin.listApps() {
                print(app.id, app.isEnabled ? "enabled" : "disabled", app.name)
            }
        case .issue(let appClientId):
            // A secret on the command line is seen by all who see the processes.
            guard var secret = readLine().map({ Data($0.utf8) }) else { throw NoSecret() }
            let tokens = try await service.issue(
                appClientId: appClientId, appSecret: &secret, source: "command line")
            print(try json(tokens))
        case .keys:
            print(try admin.jwks())
        }
    }

    private func json(_ tokens: TokenSet) throws -> String {
        struct Answer: Encodable { let accessToken, tokenType: String, expiresIn: Int64, refreshToken: String? }
        let answer = Answer(
            accessToken: tokens.accessToken, tokenType: tokens.tokenType,
            expiresIn: tokens.expiresIn.components.seconds, refreshToken: tokens.refreshToken)
        return String(decoding: try JSONEncoder().encode(answer), as: UTF8.self)
    }
}

struct NoSecret: Error, LocalizedError {
    var errorDescription: String? { "there is no secret on stdin" }
}
