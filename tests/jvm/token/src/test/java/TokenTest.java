import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrowsExactly;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.jsonwebtoken.Claims;
import io.jsonwebtoken.ExpiredJwtException;
import io.jsonwebtoken.IncorrectClaimException;
import io.jsonwebtoken.Jws;
import io.jsonwebtoken.JwtParserBuilder;
import io.jsonwebtoken.Jwts;
import io.jsonwebtoken.Locator;
import io.jsonwebtoken.MalformedJwtException;
import io.jsonwebtoken.ProtectedHeader;
import io.jsonwebtoken.UnsupportedJwtException;
import io.jsonwebtoken.security.Jwk;
import io.jsonwebtoken.security.Jwks;
import io.jsonwebtoken.security.PublicJwk;
import io.jsonwebtoken.security.SignatureException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A token of the server is good to a JWT library that knows nothing of Tokensmith, whatever it is signed by: the one
 * that the printed line gets, and the one that its refresh token gets.
 */
@ParameterizedClass
@EnumSource
class TokenTest {
    /** The issuer and the audience, unless a configuration says otherwise. */
    private static final String HERE = "http://127.0.0.1:8080";

    private static final String ELSEWHERE = "https://elsewhere.test";

    @TempDir
    private static Path folder;

    private static Server server;
    private static JsonObject answer;
    private static JsonObject refreshed;
    private static JsonObject published;
    private static Map<String, Key> keys;

    @Parameter
    private Algorithm algorithm;

    @BeforeParameterizedClassInvocation
    static void ask(Algorithm algorithm) throws IOException, InterruptedException {
        server = new Server(algorithm.name(), Files.createDirectory(folder.resolve(algorithm.name())));
        answer = server.token();
        refreshed = Server.good(server.redeem(answer.get("RefreshToken").getAsString()));
        published = server.jwks();
        keys = new HashMap<>();
        for (Jwk<?> key : Jwks.setParser().build().parse(published.toString())) {
            assertInstanceOf(PublicJwk.class, key);
            keys.put(key.getId(), key.toKey());
        }
    }

    @AfterParameterizedClassInvocation
    static void stop() throws IOException {
        if (server != null) server.close();
        server = null;
    }

    private static List<String> tokens() {
        return List.of(answer.get("AccessToken").getAsString(), refreshed.get("AccessToken").getAsString());
    }

    private static Locator<Key> byName(Map<String, Key> keys) {
        return header -> keys.get(((ProtectedHeader) header).getKeyId());
    }

    private JwtParserBuilder expected(Algorithm by, String issuer, String audience) {
        return Jwts.parser()
                .keyLocator(byName(keys))
                .sig().clear().add(by.verifier).and()
                .requireIssuer(issuer)
                .requireAudience(audience);
    }

    private JwtParserBuilder expected() {
        return expected(algorithm, HERE, HERE);
    }

    private Jws<Claims> verified(String token) {
        return expected().build().parseSignedClaims(token);
    }

    private static <E extends Exception> E refuses(Class<E> error, JwtParserBuilder by, String token) {
        return assertThrowsExactly(error, () -> by.build().parseSignedClaims(token));
    }

    @Test
    void thePrintedLineGetsATokenAndItsRefreshTokenAnother() {
        for (JsonObject each : List.of(answer, refreshed)) {
            assertEquals(Set.of("AccessToken", "ExpiresIn", "TokenType", "RefreshToken"), each.keySet());
            assertEquals(3600, each.get("ExpiresIn").getAsInt());
            assertEquals("Bearer", each.get("TokenType").getAsString());
        }
        assertNotEquals(answer.get("RefreshToken"), refreshed.get("RefreshToken"));
    }

    @Test
    void anAccessTokenRedeemsNothing() throws IOException, InterruptedException {
        assertEquals(401, server.redeem(answer.get("AccessToken").getAsString()).statusCode());
    }

    @Test
    void jjwtVerifiesBoth() {
        Set<String> names = new HashSet<>();
        for (String token : tokens()) {
            Jws<Claims> verified = verified(token);
            assertEquals("at+jwt", verified.getHeader().getType());
            assertEquals(algorithm.name(), verified.getHeader().getAlgorithm());
            Claims claims = verified.getPayload();
            assertEquals(Set.of("iss", "aud", "sub", "client_id", "iat", "exp", "jti"), claims.keySet());
            assertEquals(Set.of(HERE), claims.getAudience());
            assertEquals(server.client(), claims.get("client_id"));
            assertEquals("app:" + server.client(), claims.getSubject());
            assertEquals(3_600_000, claims.getExpiration().getTime() - claims.getIssuedAt().getTime());
            names.add(claims.getId());
        }
        assertEquals(2, names.size(), "two tokens have one name");
    }

    @Test
    void theKeyIsFoundByItsThumbprintAndNothingOfItIsPrivate() {
        assertEquals(1, published.getAsJsonArray("keys").size());
        JsonObject key = published.getAsJsonArray("keys").get(0).getAsJsonObject();
        Set<String> members = new HashSet<>(algorithm.members);
        members.addAll(Set.of("kty", "kid", "use", "alg"));
        assertEquals(members, key.keySet());
        assertEquals(algorithm.keyType, key.get("kty").getAsString());
        assertEquals(algorithm.name(), key.get("alg").getAsString());
        assertEquals("sig", key.get("use").getAsString());
        String thumbprint = Jwks.parser().build().parse(key.toString()).thumbprint().toString();
        assertEquals(thumbprint, key.get("kid").getAsString());
        for (String token : tokens()) assertEquals(thumbprint, verified(token).getHeader().getKeyId());
    }

    @Test
    void anotherKeyRefusesItByThatNameToo() {
        Key another = algorithm.another().getPublic();
        for (String token : tokens()) {
            refuses(SignatureException.class, expected().keyLocator(header -> another), token);
            refuses(UnsupportedJwtException.class, expected().keyLocator(byName(Map.of("other", another))), token);
        }
    }

    @Test
    void changedClaimsAndAChangedSignatureAreRefused() {
        for (String token : tokens()) {
            String[] parts = token.split("\\.");
            JsonObject longer = JsonParser.parseString(
                    new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8)).getAsJsonObject();
            longer.addProperty("exp", longer.get("exp").getAsLong() + 1);
            String changed = Base64.getUrlEncoder().withoutPadding()
                    .encodeToString(longer.toString().getBytes(StandardCharsets.UTF_8));
            String zeros = "A".repeat(parts[2].length());
            refuses(SignatureException.class, expected(), String.join(".", parts[0], changed, parts[2]));
            refuses(SignatureException.class, expected(), String.join(".", parts[0], parts[1], zeros));
            refuses(MalformedJwtException.class, expected(), String.join(".", parts[0], parts[1], ""));
        }
    }

    @Test
    void itIsNoTokenOfAnotherIssuerAudienceOrAlgorithm() {
        for (String token : tokens()) {
            var issuer = refuses(IncorrectClaimException.class, expected(algorithm, ELSEWHERE, HERE), token);
            assertEquals("iss", issuer.getClaimName());
            var audience = refuses(IncorrectClaimException.class, expected(algorithm, HERE, ELSEWHERE), token);
            assertEquals("aud", audience.getClaimName());
            for (Algorithm other : Algorithm.values()) {
                if (other == algorithm) continue;
                var unknown = refuses(SignatureException.class, expected(other, HERE, HERE), token);
                assertInstanceOf(UnsupportedJwtException.class, unknown.getCause());
            }
        }
    }

    @Test
    void itIsGoodUntilItExpires() {
        for (String token : tokens()) {
            Instant end = verified(token).getPayload().getExpiration().toInstant();
            expected().clock(() -> Date.from(end.minusSeconds(1))).build().parseSignedClaims(token);
            refuses(ExpiredJwtException.class, expected().clock(() -> Date.from(end.plusSeconds(1))), token);
        }
    }
}
