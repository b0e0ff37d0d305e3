package dev.tokensmith.consumer;

import dev.tokensmith.AuthenticateException;
import dev.tokensmith.Authenticator;
import dev.tokensmith.TokenException;
import dev.tokensmith.TokenService;
import dev.tokensmith.TokenSet;
import java.time.Duration;

final class QuickStart {
    public static void main(String[] arguments) throws InterruptedException {
        Authenticator directory = Authenticator.fromBlocking(request -> {
            if (!request.getAppSecret().equals("34wegskgheaorht359ynklbnv")) {
                throw new AuthenticateException.Rejected();
            }
            return new TokenSet("an-access-token", Duration.ofHours(1), "a-refresh-token");
        });
        try (TokenService service = TokenService.createBlocking("{\"authenticator\":{\"kind\":\"host\"}}", directory)) {
            TokenSet tokens = service.issueBlocking("appcl-1234", "34wegskgheaorht359ynklbnv");
            System.out.println(tokens.getAccessToken());
            service.issueBlocking("appcl-1234", "wrong");
        } catch (TokenException e) {
            System.out.println(e.getCode() + ": " + e.getMessage());
        }
    }
}
