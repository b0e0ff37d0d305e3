package dev.tokensmith

import java.nio.file.Path
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Refresh tokens: redeemed, revoked, and where nothing redeems them. */
class RefreshTest {
    @TempDir
    lateinit var folder: Path

    private fun Issuer.token(): String = issue().refreshToken!!

    private fun Issuer.assertRefused(token: String) {
        assertThrows(TokenException.Unauthorized::class.java) { refresh(token) }
    }

    @Test
    fun `a token gives its successor, and all are revoked once it comes again`(): Unit = Issuer(folder).use { issuer ->
        assertTrue(issuer.service.canRefresh)
        val first = issuer.token()
        val second = issuer.refresh(first).refreshToken!!
        assertNotEquals(first, second)
        val third = issuer.refresh(second).refreshToken!!
        issuer.assertRefused(first)
        issuer.assertRefused(third)
    }

    @Test
    fun `every form of the call redeems, and fills the bytes of a secret with zeros`(): Unit = Issuer(folder).use { issuer ->
        val (id, secret) = issuer.app.run { id to secret }
        val given = mutableListOf<ByteArray>()
        val bytes = { secret.toByteArray().also(given::add) }
        val forms = listOf<suspend (TokenService, String) -> TokenSet>(
            { service, token -> service.refresh(id, secret, token, SOURCE) },
            { service, token -> service.refresh(id, bytes(), token, SOURCE) },
            { service, token -> service.refreshBlocking(id, secret, token, SOURCE) },
            { service, token -> service.refreshBlocking(id, bytes(), token, SOURCE) },
            { service, token -> service.refreshAsync(id, secret, token, SOURCE).get() },
            { service, token -> service.refreshAsync(id, bytes(), token, SOURCE).get() },
        )
        val last = forms.fold(issuer.token()) { token, form ->
            issuer.events.clear()
            runBlocking { form(issuer.service, token) }.refreshToken!!.also {
                assertEquals(SOURCE, issuer.events.single { it.isTerminal }.source)
            }
        }
        val rejected = bytes()
        assertThrows(TokenException.Unauthorized::class.java) { issuer.service.refreshBlocking(id, rejected, "none") }
        for (wiped in given) assertArrayEquals(ByteArray(secret.length), wiped)
        issuer.refresh(last)
    }

    @Test
    fun `what is no token of the app's is refused`(): Unit = Issuer(folder).use { issuer ->
        val token = issuer.token()
        for (wrong in listOf("", "none", "x".repeat(16_385), "x".repeat(1_000_000), "$token\n")) issuer.assertRefused(wrong)
        val other = issuer.admin.createAppBlocking("shipping")
        assertThrows(TokenException.Unauthorized::class.java) { issuer.service.refreshBlocking(other.id, other.secret, token) }
        assertThrows(TokenException.Unauthorized::class.java) { issuer.service.refreshBlocking(issuer.app.id, "x", token) }
        issuer.refresh(token)
        issuer.events.clear()
        val service = issuer.service
        val wrong = mapOf<String, () -> Any>(
            "appClientId" to { service.refreshBlocking("\uD800", "s", "t") },
            "appSecret" to { service.refreshBlocking("a", "\uD800", "t") },
            "refreshToken" to { service.refreshBlocking("a", "s", "\uD800") },
            "source" to { service.refreshBlocking("a", "s", "t", "") },
            "appId" to { issuer.admin.revokeRefreshTokenBlocking("\uD800", "t") },
            "token" to { issuer.admin.revokeRefreshTokenBlocking("a", "\uD800") },
        )
        for ((name, call) in wrong) {
            val thrown = assertThrows(IllegalArgumentException::class.java) { call() }
            assertTrue(thrown.message!!.startsWith("`$name` must be"), thrown.message)
        }
        assertTrue(issuer.events.isEmpty())
    }

    @Test
    fun `what has begun ends, though whoever asked is gone`(): Unit = Issuer(folder).use { issuer ->
        val token = issuer.token()
        val calls = listOf<suspend (TokenService) -> Any>(
            { it.refresh(issuer.app.id, issuer.app.secret, token, SOURCE) },
            { it.handleRefresh(issuer.request(token)) },
        )
        for (call in calls) {
            issuer.events.clear()
            var rounds = 0
            runBlocking {
                // One may be answered at once: until one is cancelled in its midst.
                do {
                    rounds += 1
                    val begun = async(start = CoroutineStart.UNDISPATCHED) { call(issuer.service) }
                    begun.cancelAndJoin()
                } while (!begun.isCancelled)
            }
            fun ends() = issuer.events.filter { it.isTerminal }.map { it.name }
            until("the end of all") { ends().size == rounds }
            assertEquals(setOf("issued"), ends().toSet())
        }
    }

    @Test
    fun `handleRefresh gives the whole answer, to a body of 24576 bytes`(): Unit = Issuer(folder).use { issuer ->
        val service = issuer.service
        val answer = service.handleRefreshBlocking(issuer.request(issuer.token(), 24_576))
        assertEquals(listOf(200, "no-store"), answer.run { listOf(status, headers["cache-control"]) })
        val successor = answer.text.substringAfter("\"RefreshToken\":\"").substringBefore('"')
        for (size in listOf(24_577, 100_000)) {
            assertEquals(422, service.handleRefreshBlocking(issuer.request(successor, size)).status)
        }
        assertEquals(422, service.handleRefreshBlocking(request()).status)
        assertEquals(401, service.handleRefreshAsync(issuer.request("none")).get().status)
        assertThrows(IllegalArgumentException::class.java) {
            service.handleRefreshBlocking(TokenRequest(ByteArray(0), source = ""))
        }
        issuer.refresh(successor)
        service.close()
        assertEquals(502, service.handleRefreshBlocking(issuer.request(successor)).status)
        assertThrows(IllegalStateException::class.java) { issuer.refresh(successor) }
        assertThrows(IllegalStateException::class.java) { issuer.admin.revokeAllRefreshTokensBlocking() }
    }

    @Test
    fun `tokens are revoked one by one`(): Unit = Issuer(folder).use { issuer ->
        val (one, other) = List(2) { issuer.token() }
        issuer.admin.revokeRefreshTokenBlocking(issuer.app.id, one)
        issuer.assertRefused(one)
        // What is none of the app's is revoked already.
        issuer.admin.revokeRefreshTokenBlocking(issuer.app.id, "none")
        issuer.refresh(other)
        assertEquals(0, issuer.admin.purgeRefreshTokensBlocking())
    }

    @Test
    fun `tokens are revoked all at once`() {
        val ways = listOf<Issuer.() -> Unit>(
            { admin.revokeRefreshTokensOfBlocking(app.id) },
            { admin.revokeAllRefreshTokensBlocking() },
            { admin.resetRefreshClockBlocking() },
        )
        for ((index, way) in ways.withIndex()) {
            Issuer(folder.resolve("$index").also { it.toFile().mkdir() }).use { issuer ->
                val token = issuer.token()
                issuer.way()
                issuer.assertRefused(token)
            }
        }
    }

    @Test
    fun `a host that judges itself redeems nothing`(): Unit = Scripted().use { script ->
        assertFalse(script.service.canRefresh)
        for (call in listOf<() -> Any>(
            { script.service.refreshBlocking(APP, SECRET, "token") },
            { script.service.handleRefreshBlocking(request()) },
        )) {
            assertNull(assertThrows(TokenException.Config::class.java) { call() }.key)
        }
        assertEquals(0, script.asked.get())
        assertTrue(script.events.isEmpty())
    }
}
