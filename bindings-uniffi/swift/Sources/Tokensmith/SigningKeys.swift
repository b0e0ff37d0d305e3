import Foundation
internal import TokensmithBridge

extension Admin {
    /// The signing keys, the one that signs first before the others. Those whose last token has expired
    /// are gone.
    public func listKeys() async throws -> [KeySummary] {
        do { return try await bridge.listKeys().map(KeySummary.init) } catch { throw told(error) }
    }

    /// Makes a signing key. It is published at once and signs after `key_lead_seconds`, when every verifier
    /// has it; the former stays published as long as its tokens live.
    ///
    /// - Parameter algorithm: what the new key is for; as the former if none is named.
    /// - Throws: ``AdminError`` with the code `limit` while one is pending.
    @discardableResult public func rotateKey(algorithm: SigningAlgorithm? = nil) async throws -> KeySummary {
        do {
            return try KeySummary(try await bridge.rotateKey(algorithm: algorithm?.rawValue))
        } catch { throw told(error) }
    }

    /// Drops a key at once: for one whose private half is known to others. If it is the one that signs, the
    /// pending one does from now on, or a new one. Verifiers accept its tokens until they fetch the keys
    /// again, and refuse those of a key that they have not fetched yet.
    ///
    /// - Throws: ``AdminError`` with the code `notFound` where there is no such key.
    public func revokeKey(kid: String) async throws {
        do { try await bridge.revokeKey(kid: kid) } catch { throw told(error) }
    }
}

/// A signing key, as it is listed.
public struct KeySummary: Sendable, Hashable, Identifiable {
    /// Its thumbprint (RFC 7638), which the tokens name that it signs.
    public let kid: String
    /// What it signs by.
    public let algorithm: SigningAlgorithm
    /// Where it is in its life.
    public let state: KeyState
    /// When it was made.
    public let created: Date
    /// From when it signs, or signed.
    public let active: Date
    /// Its `kid`.
    public var id: String { kid }

    init(_ bridged: TokensmithBridge.KeySummary) throws {
        kid = bridged.kid
        algorithm = try word(bridged.algorithm)
        state = try word(bridged.state)
        created = bridged.created
        active = bridged.active
    }
}

/// What a signing key signs by (RFC 7518 section 3.1, RFC 8037 section 3.1).
public enum SigningAlgorithm: String, Sendable, CaseIterable {
    /// ECDSA on P-256.
    case es256 = "ES256"
    /// Ed25519: the fastest; some verifiers do not know it.
    case edDSA = "EdDSA"
    /// RSA of 2,048 bits: for verifiers that know nothing else.
    case rs256 = "RS256"
}

/// Where a signing key is in its life.
public enum KeyState: String, Sendable, CaseIterable {
    /// It is published, so that verifiers know it before it signs.
    case pending
    /// It signs.
    case active
    /// It is published, for the tokens that it has signed.
    case retired
}

/// One that the bridge has and the facade has not, which cannot be: they are of one version.
struct UnknownWord: Error {}

func word<Word: RawRepresentable<String>>(_ bridged: String) throws -> Word {
    guard let word = Word(rawValue: bridged) else { throw UnknownWord() }
    return word
}
