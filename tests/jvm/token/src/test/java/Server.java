import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The server as it is shipped, on a free port, whose data lie in a folder of its own. */
final class Server implements AutoCloseable {
    /** The line that it prints for a newcomer: the body, and where it goes. */
    private static final Pattern CURL = Pattern.compile("curl -sS (http://\\S+)/token -H '([^:]+): (.*)' -d '(.*)'");

    private final HttpClient client = HttpClient.newHttpClient();
    private final Process process;
    private final String url;
    private final String type;
    private final JsonObject credentials;

    Server(String algorithm, Path folder) throws IOException {
        process = new ProcessBuilder(command(algorithm, folder))
                .directory(folder.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try {
            String said = untilItListens(process.inputReader());
            Matcher line = CURL.matcher(said);
            assertTrue(line.find(), "the server did not start");
            url = line.group(1);
            type = line.group(3);
            credentials = JsonParser.parseString(line.group(4)).getAsJsonObject();
        } catch (IOException | RuntimeException | Error error) {
            process.destroyForcibly();
            throw error;
        }
    }

    private static List<String> command(String algorithm, Path folder) throws IOException {
        Path binary = Path.of(System.getProperty("tokensmith.server", "")).toAbsolutePath();
        assertTrue(Files.isRegularFile(binary), "-Dtokensmith.server=… is no program: " + binary);
        List<String> command = new ArrayList<>(List.of(
                binary.toString(), "--listen", "127.0.0.1:0", "--log", "error", "--refresh-route"));
        // ES256 is what a server without a configuration takes.
        if (!algorithm.equals("ES256")) {
            Files.writeString(folder.resolve("server.toml"), "[authenticator]\nalgorithm = \"" + algorithm + "\"\n");
            command.addAll(List.of("--config", "server.toml"));
        }
        return command;
    }

    private static String untilItListens(BufferedReader out) throws IOException {
        StringBuilder said = new StringBuilder();
        for (String line = out.readLine(); line != null; line = out.readLine()) {
            said.append(line).append('\n');
            if (line.startsWith("listening on ")) return said.toString();
        }
        return "";
    }

    String client() {
        return credentials.get("appClientId").getAsString();
    }

    JsonObject token() throws IOException, InterruptedException {
        return good(post("/token", credentials));
    }

    HttpResponse<String> redeem(String refreshToken) throws IOException, InterruptedException {
        JsonObject body = credentials.deepCopy();
        body.addProperty("refreshToken", refreshToken);
        return post("/token/refresh", body);
    }

    JsonObject jwks() throws IOException, InterruptedException {
        return good(send(HttpRequest.newBuilder(URI.create(url + "/.well-known/jwks.json"))));
    }

    static JsonObject good(HttpResponse<String> answer) {
        assertEquals(200, answer.statusCode(), answer.uri().getPath());
        return JsonParser.parseString(answer.body()).getAsJsonObject();
    }

    private HttpResponse<String> post(String path, JsonObject body) throws IOException, InterruptedException {
        return send(HttpRequest.newBuilder(URI.create(url + path))
                .header("content-type", type)
                .POST(BodyPublishers.ofString(body.toString())));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return client.send(request.build(), BodyHandlers.ofString());
    }

    @Override
    public void close() throws IOException {
        process.destroy();
        try {
            assertTrue(process.waitFor(20, TimeUnit.SECONDS), "the server does not stop");
            assertEquals(0, process.exitValue());
        } catch (InterruptedException interrupted) {
            throw new IOException(interrupted);
        } finally {
            process.destroyForcibly();
        }
    }
}
