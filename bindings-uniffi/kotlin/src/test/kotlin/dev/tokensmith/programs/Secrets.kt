package dev.tokensmith.programs

import dev.tokensmith.AdminException
import dev.tokensmith.TokenException
import dev.tokensmith.TokenService
import java.time.Duration

suspend fun main() {
    TokenService.create("""{"store":{"kind":"sqlite","path":"tokensmith-data/tokensmith.db"}}""").use { service ->
        val admin = service.admin!!
        val app = admin.createApp("billing")
        val fresh = admin.rotateSecret(app.id, overlap = Duration.ofHours(1))
        try {
            admin.rotateSecret(app.id)
        } catch (refused: AdminException.Limit) {
            println("${refused.code} ${admin.listSecrets(app.id).size}")
        }

        val first = service.issue(app.id, app.secret) // still good, for an hour
        val second = service.refresh(app.id, fresh.secret, first.refreshToken!!)
        service.refresh(app.id, fresh.secret, second.refreshToken!!)
        try {
            service.refresh(app.id, fresh.secret, first.refreshToken!!)
        } catch (_: TokenException.Unauthorized) {
            println("redeemed twice, so somebody else has it: all that came of it are revoked")
        }
    }
}
