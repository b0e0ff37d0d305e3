package dev.tokensmith.programs

import dev.tokensmith.InvalidAccessTokenException
import dev.tokensmith.SigningAlgorithm
import dev.tokensmith.TokenService

suspend fun main() {
    TokenService.create("""{"store":{"kind":"sqlite","path":"tokensmith-data/tokensmith.db"}}""").use { service ->
        val admin = service.admin!!
        val app = admin.createApp("billing")
        val token = service.issue(app.id, app.secret).accessToken

        println(admin.verifyAccessToken(token).appClientId == app.id)
        try {
            admin.verifyAccessToken("${token}x")
        } catch (invalid: InvalidAccessTokenException) {
            println("${invalid.code} ${invalid.reason}") // a 401 with error="invalid_token" to whoever sent it
        }

        admin.rotateKey(SigningAlgorithm.EdDSA) // published now, signs in `key_lead_seconds`: a day
        println(admin.listKeys().map { "${it.algorithm} ${it.state}" })
    }
}
