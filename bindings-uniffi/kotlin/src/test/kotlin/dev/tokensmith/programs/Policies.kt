package dev.tokensmith.programs

import dev.tokensmith.AppPolicy
import dev.tokensmith.TokenService
import java.time.Duration

suspend fun main() {
    TokenService.create("""{"store":{"kind":"sqlite","path":"tokensmith-data/tokensmith.db"}}""").use { service ->
        val admin = service.admin!!
        val app = admin.createApp("billing")
        val policy = AppPolicy(
            audience = listOf("https://invoices.example"),
            scope = "invoices:read",
            claims = """{"tenant":"acme"}""",
            tokenLife = Duration.ofMinutes(10),
        )
        admin.setAppPolicy(app.id, policy)
        val tokens = service.issue(app.id, app.secret)

        val said = admin.verifyAccessToken(tokens.accessToken, audience = "https://invoices.example")
        println("${said.scope} ${said.claims}")
        println(admin.introspect(app.id, tokens.refreshToken!!)?.kind) // null for a token that is not good
        println(admin.revokeToken(app.id, tokens.refreshToken!!))
    }
}
