import Foundation
internal import TokensmithBridge

extension Admin {
    /// Sets what the tokens of an app say, in place of what was set before. Those that were issued stay as
    /// they are; those that are made from now on, at a refresh too, are by this.
    ///
    /// - Throws: ``AdminError`` with the code `notFound` where there is no such app, and `invalid` where a
    ///   part of the policy is none; ``ArgumentError`` for a negative life.
    public func setAppPolicy(id: String, _ policy: AppPolicy) async throws {
        let parts = try policy.bridged
        do { try await bridge.setAppPolicy(id: id, policy: parts) } catch { throw told(error) }
    }

    /// What was set.
    ///
    /// - Throws: ``AdminError`` with the code `notFound` where there is no such app.
    public func appPolicy(id: String) async throws -> AppPolicy {
        do { return AppPolicy(try await bridge.appPolicy(id: id)) } catch { throw told(error) }
    }
}

/// What the tokens of one app say, and how long they live. What is nil is as the configuration has it.
public struct AppPolicy: Sendable, Hashable {
    /// `aud`: whom access tokens are for, one or several different names of 1 to 512 visible ASCII
    /// characters.
    public var audience: [String]?
    /// `scope`: what access tokens allow, in words with one space between two (RFC 6749 section 3.3).
    public var scope: String?
    /// Claims besides, as a JSON object of at most 4 KiB and up to 8 deep. Those that the issuer writes
    /// itself are not among them, nor is `scope`.
    public var claims: String?
    /// How long access tokens are good for: a minute to `max_token_seconds`, in whole seconds.
    public var tokenLife: Duration?
    /// The claims of an id token besides, with the bounds of ``claims``. Nil is no id token.
    public var idClaims: String?

    public init(
        audience: [String]? = nil, scope: String? = nil, claims: String? = nil, tokenLife: Duration? = nil,
        idClaims: String? = nil
    ) {
        self.audience = audience
        self.scope = scope
        self.claims = claims
        self.tokenLife = tokenLife
        self.idClaims = idClaims
    }

    init(_ bridged: TokensmithBridge.AppPolicy) {
        self.init(
            audience: bridged.audience, scope: bridged.scope, claims: bridged.claims,
            tokenLife: bridged.tokenLife.map(Duration.init(life:)), idClaims: bridged.idClaims)
    }

    var bridged: TokensmithBridge.AppPolicy {
        get throws {
            let life = tokenLife?.bridged
            if tokenLife != nil && life == nil {
                throw ArgumentError(detail: "`tokenLife` must not be negative")
            }
            return TokensmithBridge.AppPolicy(
                audience: audience, scope: scope, claims: claims, tokenLife: life, idClaims: idClaims)
        }
    }
}
