import io.jsonwebtoken.Jwts;
import io.jsonwebtoken.security.Jwks;
import io.jsonwebtoken.security.SignatureAlgorithm;
import java.security.KeyPair;
import java.util.Set;

/** What the server signs by, under the names that its configuration has for it. */
enum Algorithm {
    ES256(Jwts.SIG.ES256, "EC", "crv", "x", "y"),
    EdDSA(Jwts.SIG.EdDSA, "OKP", "crv", "x"),
    RS256(Jwts.SIG.RS256, "RSA", "e", "n");

    final SignatureAlgorithm verifier;
    final String keyType;
    /** The members of a public key of its, besides those that every key has. */
    final Set<String> members;

    Algorithm(SignatureAlgorithm verifier, String keyType, String... members) {
        this.verifier = verifier;
        this.keyType = keyType;
        this.members = Set.of(members);
    }

    /** A key that the server has never had. The curve is that of the server: by itself the library takes Ed448. */
    KeyPair another() {
        return this == EdDSA ? Jwks.CRV.Ed25519.keyPair().build() : verifier.keyPair().build();
    }
}
