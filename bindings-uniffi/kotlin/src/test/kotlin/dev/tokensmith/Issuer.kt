package dev.tokensmith

import java.nio.file.Path
import java.util.concurrent.CopyOnWriteArrayList

/** A service with its embedded issuer, and an app in it. It runs in real time. */
internal class Issuer(folder: Path) : AutoCloseable {
    val events = CopyOnWriteArrayList<TokenEvent>()

    val service: TokenService = TokenService.createBlocking(
        """{"store":{"kind":"sqlite","path":"$folder/tokensmith.db"},$UNLIMITED}""",
        observer = events::add,
    )
    val admin: Admin = service.admin!!
    val app: CreatedApp = admin.createAppBlocking("billing")

    fun issue(secret: String = app.secret): TokenSet = service.issueBlocking(app.id, secret, SOURCE)

    fun refresh(token: String): TokenSet = service.refreshBlocking(app.id, app.secret, token, SOURCE)

    /** A request to redeem a token, with so long a body. */
    fun request(token: String, size: Int = 0): TokenRequest {
        val body = """{"appClientId":"${app.id}","appSecret":"${app.secret}","refreshToken":"$token"}"""
        return TokenRequest(body.padEnd(size).toByteArray(), "application/json", SOURCE)
    }

    override fun close() = service.close()
}
