import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertThrowsExactly;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.jsonwebtoken.Claims;
import io.jsonwebtoken.Jws;
import io.jsonwebtoken.JwtException;
import io.jsonwebtoken.Jwts;
import io.jsonwebtoken.ProtectedHeader;
import io.jsonwebtoken.UnsupportedJwtException;
import io.jsonwebtoken.security.Jwk;
import io.jsonwebtoken.security.Jwks;
import io.jsonwebtoken.security.SignatureException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Tokens by three keys that have followed one another, each of another algorithm, are good to a JWT library that knows
 * nothing of Tokensmith, by one set of keys: what {@code cargo xtask tokens FILE} has written.
 */
class SuccessionTest {
    private static final Map<String, Key> KEYS = new LinkedHashMap<>();
    private static final Map<Algorithm, String> TOKENS = new LinkedHashMap<>();
    private static JsonObject made;

    @BeforeAll
    static void read() throws IOException {
        Path file = Path.of(System.getProperty("tokensmith.succession"));
        made = JsonParser.parseString(Files.readString(file)).getAsJsonObject();
        for (Jwk<?> key : Jwks.setParser().build().parse(made.get("jwks").toString())) {
            KEYS.put(key.getId(), key.toKey());
        }
        for (JsonElement token : made.getAsJsonArray("tokens")) {
            JsonObject members = token.getAsJsonObject();
            TOKENS.put(Algorithm.valueOf(members.get("algorithm").getAsString()), members.get("accessToken").getAsString());
        }
    }

    private static Jws<Claims> verified(String token, Map<String, Key> keys) {
        return Jwts.parser()
                .keyLocator(header -> keys.get(((ProtectedHeader) header).getKeyId()))
                .requireIssuer(made.get("issuer").getAsString())
                .requireAudience(made.get("audience").getAsString())
                .build()
                .parseSignedClaims(token);
    }

    @Test
    void thereAreAsManyTokensAsKeysOfThreeAlgorithms() {
        assertEquals(List.of(Algorithm.values()), List.copyOf(TOKENS.keySet()));
        List<String> kids = new ArrayList<>();
        for (String token : TOKENS.values()) kids.add(verified(token, KEYS).getHeader().getKeyId());
        assertEquals(List.copyOf(KEYS.keySet()), kids);
    }

    @Test
    void jjwtFindsTheKeyAmongTheOthersAndVerifiesTheToken() {
        TOKENS.forEach((algorithm, token) -> {
            Jws<Claims> verified = verified(token, KEYS);
            assertEquals(algorithm.name(), verified.getHeader().getAlgorithm());
            assertEquals(made.get("appClientId").getAsString(), verified.getPayload().get("client_id"));
        });
    }

    @Test
    void notWithoutThatKeyNorByAnotherUnderItsName() {
        for (String token : TOKENS.values()) {
            String own = verified(token, KEYS).getHeader().getKeyId();
            Map<String, Key> others = new LinkedHashMap<>(KEYS);
            others.remove(own);
            assertThrowsExactly(UnsupportedJwtException.class, () -> verified(token, others));
            for (Key other : others.values()) {
                assertThrows(JwtException.class, () -> verified(token, Map.of(own, other)));
            }
        }
    }

    @Test
    void noOtherTokensSignatureWillDo() {
        for (String token : TOKENS.values()) {
            String signed = token.substring(0, token.lastIndexOf('.'));
            for (String other : TOKENS.values()) {
                if (other.equals(token)) continue;
                String forged = signed + other.substring(other.lastIndexOf('.'));
                assertThrowsExactly(SignatureException.class, () -> verified(forged, KEYS));
            }
        }
    }
}
