package dev.tokensmith.programs

import dev.tokensmith.TokenRequest
import dev.tokensmith.TokenService

suspend fun main() {
    TokenService.create("""{"store":{"kind":"sqlite","path":"tokensmith-data/tokensmith.db"}}""").use { service ->
        val app = service.admin!!.createApp("billing") // the secret is shown this once

        val tokens = service.issue(app.id, app.secret, source = "192.0.2.7")
        println("a token for ${tokens.expiresIn.toMinutes()} minutes")

        // What came by HTTP goes in, and what goes out comes back: exact, also where it failed.
        val body = """{"appClientId":"${app.id}","appSecret":"wrong"}""".toByteArray()
        val response = service.handle(TokenRequest(body, contentType = "application/json", source = "192.0.2.7"))
        println("${response.status} ${response.headers["www-authenticate"]}")
    }
}
