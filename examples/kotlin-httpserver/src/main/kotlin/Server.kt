// A server of the JDK that answers `POST /token` from the embedded issuer.

import com.sun.net.httpserver.HttpExchange
import com.sun.net.httpserver.HttpServer
import dev.tokensmith.TokenRequest
import dev.tokensmith.TokenService
import java.net.InetAddress
import java.net.InetSocketAddress
import java.util.concurrent.Executors

/** What conforms is shorter; of anything longer this much is enough to see it. */
private const val MOST = 8_193

fun main() {
    val service = TokenService.createBlocking("""{"store":{"kind":"sqlite","path":"tokensmith-data/tokensmith.db"}}""")
    val admin = service.admin!!
    val app = admin.createAppBlocking("billing") // the secret is shown this once

    val port = System.getenv("PORT")?.toInt() ?: 8080
    val server = HttpServer.create(InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0)
    server.executor = Executors.newFixedThreadPool(16)
    server.createContext("/token") { exchange -> exchange.use { answer(service, it) } }
    server.createContext("/.well-known/jwks.json") { exchange ->
        exchange.use { it.send(200, mapOf("content-type" to "application/jwk-set+json"), admin.jwks().toByteArray()) }
    }
    server.start()

    val body = """{"appClientId":"${app.id}","appSecret":"${app.secret}"}"""
    val url = "http://127.0.0.1:${server.address.port}/token"
    println("curl -s -H 'content-type: application/json' -d '$body' $url")
}

/** Every failure is an answer, so nothing is caught here. */
private fun answer(service: TokenService, exchange: HttpExchange) {
    // A context has what lies below its path, too.
    if (exchange.requestURI.path != "/token") return exchange.send(404)
    if (exchange.requestMethod != "POST") return exchange.send(405, mapOf("allow" to "POST"))
    val response = service.handleBlocking(
        TokenRequest(
            exchange.requestBody.readNBytes(MOST),
            contentType = exchange.requestHeaders.getFirst("content-type"),
            // Behind a proxy this is the proxy's: then take what it says of its client.
            source = exchange.remoteAddress.address.hostAddress,
        ),
    )
    exchange.send(response.status, response.headers, response.body)
}

private fun HttpExchange.send(status: Int, headers: Map<String, String> = emptyMap(), body: ByteArray = ByteArray(0)) {
    headers.forEach { (name, value) -> responseHeaders.set(name, value) }
    sendResponseHeaders(status, if (body.isEmpty()) -1 else body.size.toLong())
    if (body.isNotEmpty()) responseBody.write(body)
}

private inline fun HttpExchange.use(block: (HttpExchange) -> Unit) = try { block(this) } finally { close() }
