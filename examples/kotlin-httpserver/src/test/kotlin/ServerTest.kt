import java.io.File
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpRequest.BodyPublishers
import java.net.http.HttpResponse
import java.net.http.HttpResponse.BodyHandlers
import java.nio.file.Path
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** The example as a reader starts it, asked over HTTP: 200, 401, 422 and 429, as the contract says. */
class ServerTest {
    private val client = HttpClient.newHttpClient()

    private fun ask(url: String, body: String?, type: String = "application/json"): HttpResponse<String> {
        val request = HttpRequest.newBuilder(URI(url))
        if (body != null) request.header("content-type", type).POST(BodyPublishers.ofString(body))
        return client.send(request.build(), BodyHandlers.ofString())
    }

    @Test
    fun `it answers as the contract says`(@TempDir folder: Path) {
        val java = "${System.getProperty("java.home")}/bin/java"
        val builder = ProcessBuilder(java, "-cp", System.getProperty("java.class.path"), "ServerKt").directory(folder.toFile())
        builder.environment()["PORT"] = "0"
        val server = builder.redirectError(File("/dev/stderr")).start()
        try {
            val line = server.inputStream.bufferedReader().readLine()
            val (body, url) = Regex("-d '(.*)' (http:\\S+)$").find(line)!!.destructured
            keepsTheContract(url, body)
        } finally {
            server.destroy()
            server.waitFor()
        }
    }

    private fun keepsTheContract(url: String, body: String) {
        val granted = ask(url, body)
        assertEquals(200, granted.statusCode())
        assertEquals("application/json", granted.headers().firstValue("content-type").get())
        assertEquals("no-store", granted.headers().firstValue("cache-control").get())
        val members = Regex("\"(\\w+)\":").findAll(granted.body()).map { it.groupValues[1] }.toList()
        assertEquals(listOf("AccessToken", "ExpiresIn", "TokenType", "RefreshToken"), members)

        val wrong = body.replace(Regex("\"appSecret\":\".*\""), "\"appSecret\":\"wrong\"")
        val rejected = ask(url, wrong)
        assertEquals(401, rejected.statusCode())
        assertEquals("AppSecret realm=\"token\"", rejected.headers().firstValue("www-authenticate").get())
        for (broken in listOf("", "{}", "[]", "{\"appClientId\":1,\"appSecret\":\"x\"}", "\"${"x".repeat(9_000)}\"")) {
            assertEquals(422, ask(url, broken).statusCode(), broken)
        }
        assertEquals(422, ask(url, body, "text/plain").statusCode())
        assertEquals(405, ask(url, null).statusCode())
        assertEquals(404, ask("$url/more", body).statusCode())
        assertTrue("\"keys\"" in ask(url.replace("/token", "/.well-known/jwks.json"), null).body())

        // Wrong secrets drain the bucket of the app at this address.
        val limited = generateSequence { ask(url, wrong) }.take(10).first { it.statusCode() == 429 }
        assertTrue(limited.headers().firstValue("retry-after").get().toInt() >= 1)
        assertEquals(429, ask(url, body).statusCode())
    }
}
