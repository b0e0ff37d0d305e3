import dev.tokensmith.CreatedApp;
import dev.tokensmith.TokenException;
import dev.tokensmith.TokenService;
import dev.tokensmith.TokenSet;
import java.io.Console;
import java.io.IOException;
import java.nio.charset.StandardCharsets;

/**
 * Issues a token from the command line.
 *
 * <p>{@code IssueToken create NAME} makes an app and prints its id and its secret; {@code IssueToken ID} reads
 * the secret from the standard input, where no list of processes shows it, and prints an access token.
 */
final class IssueToken {
    private static final String CONFIG = """
            {"store": {"kind": "sqlite", "path": "tokensmith-data/tokensmith.db"}}
            """;

    private IssueToken() {}

    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 0) {
            System.err.println("usage: IssueToken create NAME, or IssueToken ID with the secret on the standard input");
            System.exit(2);
        }
        try (TokenService service = TokenService.createBlocking(CONFIG)) {
            if (arguments.length == 2 && arguments[0].equals("create")) {
                CreatedApp app = service.getAdmin().createAppBlocking(arguments[1]);
                System.out.println(app.getId());
                System.out.println(app.getSecret());
                return;
            }
            TokenSet tokens = service.issueBlocking(arguments[0], secret(), "command-line");
            System.out.println(tokens.getAccessToken());
        } catch (TokenException e) {
            // Its sentence holds nothing that is secret.
            System.err.println(e.getCode() + ": " + e.getMessage());
            System.exit(1);
        }
    }

    /** As bytes, which the service fills with zeros. */
    private static byte[] secret() throws IOException {
        Console console = System.console();
        if (console != null) {
            return new String(console.readPassword("secret: ")).getBytes(StandardCharsets.UTF_8);
        }
        String line = new String(System.in.readAllBytes(), StandardCharsets.UTF_8);
        return line.strip().getBytes(StandardCharsets.UTF_8);
    }
}
