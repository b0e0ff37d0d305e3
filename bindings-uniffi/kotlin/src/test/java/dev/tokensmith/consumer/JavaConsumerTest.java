package dev.tokensmith.consumer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.tokensmith.AccessClaims;
import dev.tokensmith.Admin;
import dev.tokensmith.AdminException;
import dev.tokensmith.AppPolicy;
import dev.tokensmith.AuthRequest;
import dev.tokensmith.AuthenticateException;
import dev.tokensmith.Authenticator;
import dev.tokensmith.BlockingAuthenticator;
import dev.tokensmith.CreatedApp;
import dev.tokensmith.CreatedSecret;
import dev.tokensmith.InvalidAccessTokenException;
import dev.tokensmith.KeyState;
import dev.tokensmith.KeySummary;
import dev.tokensmith.Limiter;
import dev.tokensmith.Revocation;
import dev.tokensmith.SecretSummary;
import dev.tokensmith.SigningAlgorithm;
import dev.tokensmith.TokenEvent;
import dev.tokensmith.TokenException;
import dev.tokensmith.TokenRequest;
import dev.tokensmith.TokenResponse;
import dev.tokensmith.TokenService;
import dev.tokensmith.TokenSet;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** All that a host in Java does, against the jar. */
class JavaConsumerTest {
    private static final String CONFIG = """
            {
              "authenticator": {"kind": "host"},
              "deadline_ms": 60000,
              "limits": {"source": false, "client": false, "client_at_source": false}
            }
            """;
    private static final TokenSet TOKENS = new TokenSet("a", Duration.ofHours(1), "r");

    private static TokenRequest request() {
        String body = "{\"appClientId\":\"app\",\"appSecret\":\"secret\"}";
        return new TokenRequest(body.getBytes(StandardCharsets.UTF_8), "application/json");
    }

    @Test
    void aLambdaThatBlocksIsAnAuthenticator() throws Exception {
        List<TokenEvent> events = new CopyOnWriteArrayList<>();
        List<Throwable> heard = new CopyOnWriteArrayList<>();
        Authenticator authenticator = Authenticator.fromBlocking(asked -> switch (asked.getAppSecret()) {
            case "secret" -> TOKENS;
            case "slow" -> throw new AuthenticateException.Throttled(Duration.ofSeconds(9));
            case "broken" -> throw new IOException("planted"); // checked
            default -> throw new AuthenticateException.Rejected();
        });
        try (TokenService service = TokenService.createBlocking(CONFIG, authenticator, events::add, heard::add)) {
            assertNull(service.getAdmin());
            TokenResponse answer = service.handleBlocking(request());
            assertEquals(200, answer.getStatus());
            assertEquals("application/json", answer.getHeaders().get("content-type"));
            assertEquals("issued", events.get(events.size() - 1).getName());

            byte[] secret = "secret".getBytes(StandardCharsets.UTF_8);
            assertEquals("a", service.issueBlocking("app", secret).getAccessToken());
            assertArrayEquals(new byte[6], secret);
            assertEquals("TokenSet([REDACTED])", service.issueBlocking("app", "secret", "192.0.2.1").toString());

            TokenException rejected = assertThrows(
                    TokenException.Unauthorized.class, () -> service.issueBlocking("app", "wrong"));
            assertEquals("ERR_TOKEN_UNAUTHORIZED", rejected.getCode());
            assertEquals(401, rejected.getStatus());
            ExecutionException throttled = assertThrows(
                    ExecutionException.class, () -> service.issueAsync("app", "slow").get());
            TokenException.RateLimited limited =
                    assertInstanceOf(TokenException.RateLimited.class, throttled.getCause());
            assertEquals(Duration.ofSeconds(9), limited.getRetryAfter());
            assertThrows(TokenException.Downstream.class, () -> service.issueBlocking("app", "broken"));
            assertEquals("planted", heard.get(0).getMessage());
            assertThrows(IllegalArgumentException.class, () -> service.issueBlocking("app", "secret", ""));
        }
    }

    @Test
    void anAuthenticatorCanBeTestedByItself() throws Exception {
        AuthRequest request = new AuthRequest("app", "secret", "192.0.2.1", "r-1", Duration.ofSeconds(1));
        assertEquals("AuthRequest([REDACTED])", request.toString());
        BlockingAuthenticator directory = asked -> asked.getAppSecret().equals("secret") ? TOKENS : null;
        assertEquals(TOKENS, directory.authenticate(request));
        assertNull(directory.authenticate(new AuthRequest("app", "wrong")));
    }

    @Test
    void aFutureIsAnAuthenticatorAndBothAreCancelled() throws Exception {
        CompletableFuture<TokenSet> given = new CompletableFuture<>();
        CountDownLatch asked = new CountDownLatch(1);
        Authenticator authenticator = Authenticator.fromFuture(request -> {
            asked.countDown();
            return given;
        });
        TokenService service = TokenService.createBlocking(CONFIG, authenticator);
        CompletableFuture<TokenResponse> cancelled = service.handleAsync(request());
        asked.await();
        cancelled.cancel(true);
        while (!given.isCancelled()) {
            Thread.onSpinWait();
        }
        service.close();
        assertThrows(IllegalStateException.class, () -> service.issueBlocking("app", "secret"));
        assertEquals(502, service.handleBlocking(request()).getStatus());
    }

    @Test
    void nullIsABreachOfTheContract() throws Exception {
        List<Authenticator> givers = List.of(
                Authenticator.fromFuture(request -> null),
                Authenticator.fromFuture(request -> CompletableFuture.completedFuture(null)),
                Authenticator.fromBlocking(request -> null));
        for (Authenticator giver : givers) {
            List<TokenEvent> events = new CopyOnWriteArrayList<>();
            List<Throwable> heard = new CopyOnWriteArrayList<>();
            try (TokenService service = TokenService.createBlocking(CONFIG, giver, events::add, heard::add)) {
                assertEquals(502, service.handleBlocking(request()).getStatus());
            }
            assertEquals("contract", events.get(events.size() - 1).getKind());
            assertTrue(heard.get(0).getMessage().startsWith("the authenticator must give"));
        }
    }

    @Test
    void anInterruptEndsACallThatWaits() throws Exception {
        CountDownLatch asked = new CountDownLatch(1);
        Authenticator authenticator = Authenticator.fromFuture(request -> {
            asked.countDown();
            return new CompletableFuture<>();
        });
        try (TokenService service = TokenService.createBlocking(CONFIG, authenticator)) {
            AtomicReference<Throwable> thrown = new AtomicReference<>();
            Thread caller = new Thread(() -> {
                try {
                    service.issueBlocking("app", "secret");
                } catch (TokenException | InterruptedException e) {
                    thrown.set(e);
                }
            });
            caller.start();
            asked.await();
            caller.interrupt();
            caller.join();
            assertInstanceOf(InterruptedException.class, thrown.get());
        }
    }

    private static void keysAndPolicies(Path folder) throws Exception {
        String config = "{\"store\":{\"path\":\"" + folder.resolve("y.db") + "\"}}";
        try (TokenService service = TokenService.createBlocking(config)) {
            Admin admin = service.getAdmin();
            CreatedApp app = admin.createAppBlocking("billing");
            admin.setAppPolicyBlocking(app.getId(), new AppPolicy(List.of("api"), "read", "{\"a\":1}"));
            assertEquals("read", admin.appPolicyBlocking(app.getId()).getScope());
            TokenSet tokens = service.issueBlocking(app.getId(), app.getSecret());
            AccessClaims claims = admin.verifyAccessToken(tokens.getAccessToken(), "api");
            assertEquals("{\"a\":1}", claims.getClaims());
            InvalidAccessTokenException invalid = assertThrows(
                    InvalidAccessTokenException.class, () -> admin.verifyAccessToken(tokens.getAccessToken()));
            assertEquals("issuer", invalid.getReason().getWord());
            KeySummary pending = admin.rotateKeyBlocking(SigningAlgorithm.EdDSA);
            assertEquals(KeyState.PENDING, pending.getState());
            admin.revokeKeyBlocking(pending.getKid());
            assertEquals(1, admin.listKeysBlocking().size());
            assertEquals(SigningAlgorithm.ES256, admin.rotateKeyBlocking().getAlgorithm());
            assertEquals(Revocation.DONE, admin.revokeTokenBlocking(app.getId(), tokens.getRefreshToken()));
            assertNull(admin.introspectBlocking(app.getId(), tokens.getRefreshToken()));
        }
    }

    @Test
    void theEmbeddedIssuerAndALimiter(@TempDir Path folder) throws Exception {
        String config = "{\"store\":{\"kind\":\"sqlite\",\"path\":\"" + folder.resolve("x.db") + "\"}}";
        try (TokenService service = TokenService.createBlocking(config)) {
            Admin admin = service.getAdmin();
            CreatedApp app = admin.createAppBlocking("billing");
            assertEquals("Bearer", service.issueBlocking(app.getId(), app.getSecret()).getTokenType());
            assertTrue(admin.listAppsBlocking().get(0).isEnabled());
            AdminException refused =
                    assertThrows(AdminException.NotFound.class, () -> admin.disableAppBlocking("nobody"));
            assertEquals("ERR_ADMIN_NOT_FOUND", refused.getCode());
            CreatedSecret second = admin.rotateSecretBlocking(app.getId());
            assertThrows(AdminException.Limit.class, () -> admin.rotateSecretBlocking(app.getId(), Duration.ofHours(1)));
            admin.revokeSecretBlocking(second.getId());
            SecretSummary first = admin.listSecretsBlocking(app.getId()).stream()
                    .filter(secret -> !secret.isRevoked()).findAny().orElseThrow();
            assertTrue(first.getExpires().isAfter(first.getCreated()));
            assertTrue(service.canRefresh());
            String token = service.issueBlocking(app.getId(), app.getSecret()).getRefreshToken();
            TokenSet tokens = service.refreshBlocking(app.getId(), app.getSecret(), token);
            assertEquals("Bearer", tokens.getTokenType());
            admin.revokeRefreshTokenBlocking(app.getId(), tokens.getRefreshToken());
            assertEquals(422, service.handleRefreshBlocking(request()).getStatus());
        }
        keysAndPolicies(folder);
        TokenException.Config wrong =
                assertThrows(TokenException.Config.class, () -> TokenService.createBlocking("{\"sauce\":1}"));
        assertEquals("sauce", wrong.getKey());
        Limiter limiter = new Limiter(60, 1);
        assertTrue(limiter.tryAcquire("key").isAllowed());
        assertEquals(Duration.ofSeconds(1), limiter.tryAcquire("key").getRetryAfter());
    }
}
