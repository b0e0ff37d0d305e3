import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example as a reader runs it, each time in a JVM of its own. */
class IssueTokenTest {
    private record Ended(int code, String printed) {}

    private static Ended run(File folder, String input, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                System.getProperty("java.home") + "/bin/java", "-cp", System.getProperty("java.class.path"), "IssueToken"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).directory(folder).redirectErrorStream(true).start();
        process.getOutputStream().write(input.getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().close();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Ended(process.waitFor(), printed);
    }

    @Test
    void anAppThatIsMadeHasATokenAndNoOtherSecretDoes(@TempDir File folder) throws Exception {
        Ended made = run(folder, "", "create", "billing");
        assertEquals(0, made.code(), made.printed());
        String[] app = made.printed().split("\\R");
        Ended issued = run(folder, app[1] + "\n", app[0]);
        assertEquals(0, issued.code(), issued.printed());
        assertEquals(3, issued.printed().strip().split("\\.").length, issued.printed());
        Ended refused = run(folder, "wrong\n", app[0]);
        assertEquals(1, refused.code());
        assertTrue(refused.printed().startsWith("ERR_TOKEN_UNAUTHORIZED: "), refused.printed());
        assertEquals(2, run(folder, "").code());
    }
}
