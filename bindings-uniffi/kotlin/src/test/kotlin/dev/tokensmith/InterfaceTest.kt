package dev.tokensmith

import java.nio.file.Files
import java.time.Duration
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertArrayEquals
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.nio.file.Path

class InterfaceTest {
    @Test
    fun `handle gives the whole answer`() = Scripted().use { script ->
        val answer = script.handle()
        assertEquals(200, answer.status)
        assertEquals(listOf("content-type", "cache-control"), answer.headers.keys.take(2))
        assertEquals(
            """{"AccessToken":"an-access-token","ExpiresIn":3600,"TokenType":"Bearer","RefreshToken":"a-refresh-token"}""",
            answer.text,
        )
        val headers = answer.headers as MutableMap<String, String>
        assertTrue(runCatching { headers.clear() }.exceptionOrNull() is UnsupportedOperationException)
    }

    @Test
    fun `issue gives the tokens, from a text and from bytes, which are filled with zeros`() = Scripted().use { script ->
        val full = TokenSet("a", Duration.ofMillis(1_999), "r", "i", "bearer")
        script.answer = { full }
        val secret = SECRET.toByteArray()
        for (tokens in listOf(
            script.service.issueBlocking(APP, SECRET),
            script.service.issueBlocking(APP, secret, "opaque"),
            script.service.issueAsync(APP, SECRET.toByteArray()).get(),
        )) {
            assertEquals(listOf("a", "r", "i", "Bearer"), tokens.run { listOf(accessToken, refreshToken, idToken, tokenType) })
            assertEquals(Duration.ofSeconds(1), tokens.expiresIn)
        }
        assertArrayEquals(ByteArray(SECRET.length), secret)
        script.answer = { throw AuthenticateException.Rejected() }
        val rejected = SECRET.toByteArray()
        assertThrows(TokenException.Unauthorized::class.java) { script.service.issueBlocking(APP, rejected) }
        assertArrayEquals(ByteArray(SECRET.length), rejected)
        assertNull(script.service.admin)
    }

    @Test
    fun `wrong arguments are told by their names`() = Scripted().use { script ->
        val calls: Map<String, suspend () -> Any> = mapOf(
            "`appClientId` must be well-formed Unicode" to { script.service.issue("\uD800planted", SECRET) },
            "`appSecret` must be well-formed Unicode" to { script.service.issue(APP, "planted\uDC00") },
            "`appSecret` must be UTF-8" to { script.service.issue(APP, byteArrayOf(-1, 112)) },
            "`source` must be an address, or 1 to 128 bytes of text" to { script.service.issue(APP, SECRET, "") },
            "`contentType` must be well-formed Unicode" to { script.service.handle(TokenRequest(ByteArray(0), "\uD800")) },
            "`requestId` must be well-formed Unicode" to
                { script.service.handle(TokenRequest(ByteArray(0), requestId = "\uD800")) },
            "`source` must be well-formed Unicode" to { script.service.handle(TokenRequest(ByteArray(0), source = "a\uD800b")) },
        )
        for ((message, call) in calls) {
            assertEquals(message, assertThrows(IllegalArgumentException::class.java) { runBlocking { call() } }.message)
        }
        assertThrows(IllegalArgumentException::class.java) { AuthenticateException.Throttled(Duration.ofMillis(-1)) }
        assertThrows(IllegalArgumentException::class.java) { TokenService.createBlocking("{\"\uD800\":1}") }
        assertEquals(0, script.asked.get())
    }

    @Test
    fun `every form of a call says where it came from`() = Scripted().use { script ->
        val sources = mutableListOf<String?>()
        script.answer = { TOKENS.also { _ -> sources.add(it.source) } }
        val bytes = { SECRET.toByteArray() }
        val forms = listOf<suspend (TokenService, String) -> Any>(
            { service, source -> service.issue(APP, SECRET, source) },
            { service, source -> service.issue(APP, bytes(), source) },
            { service, source -> service.issueBlocking(APP, SECRET, source) },
            { service, source -> service.issueBlocking(APP, bytes(), source) },
            { service, source -> service.issueAsync(APP, SECRET, source).get() },
            { service, source -> service.issueAsync(APP, bytes(), source).get() },
        )
        forms.forEachIndexed { index, form -> runBlocking { form(script.service, "192.0.2.$index") } }
        assertEquals(forms.indices.map { "192.0.2.$it" }, sources)
    }

    @Test
    fun `text beyond the first plane arrives as it is`() = Scripted().use { script ->
        val text = "\uD83D\uDD11 \u00E9 \uD834\uDD1E"
        script.answer = { if (it.appSecret == text && it.source == text) TOKENS else throw AuthenticateException.Rejected() }
        assertEquals(TOKENS.accessToken, script.service.issueBlocking(APP, text, text).accessToken)
    }

    @Test
    fun `a body may have 8192 bytes and no more`() = Scripted().use { script ->
        for ((size, status) in listOf(8_192 to 200, 8_193 to 422, 8_194 to 422, 20_000 to 422)) {
            assertEquals(status, script.service.handleBlocking(request(body = BODY.padEnd(size))).status, "$size")
        }
    }

    @Test
    fun `an event prints on one line, whatever the host calls its request`() = Scripted().use { script ->
        script.handle("one\nTokenEvent(forged)\r\t\u0000\u001b[2K\u2028\u202e, two")
        val event = script.events.single()
        assertTrue("$event".none { it.isISOControl() || it == '\u2028' || it == '\u202e' }, "$event")
        assertTrue("requestId=one\\u{a}TokenEvent(forged)\\u{d}" in "$event", "$event")
        assertTrue(event.requestId!!.startsWith("one\n"))
    }

    @Test
    fun `a Kotlin that is older can read the package`() {
        val version = TokenService::class.java.getAnnotation(Metadata::class.java).metadataVersion
        assertEquals(listOf(2, 2), version.take(2))
    }

    @Test
    fun `a source is an address or an opaque text, and one address is one bucket`() {
        val limits = """"limits":{"source":{"per_minute":60,"burst":1},"client":false,"client_at_source":false}"""
        val pairs = listOf("192.0.2.1" to "::ffff:192.0.2.1", "fe80::1%eth0" to "FE80:0::1", "a".repeat(128) to "a".repeat(128))
        for ((one, same) in pairs) {
            Scripted(limits = limits).use { script ->
                fun status(source: String) =
                    script.service.handleBlocking(TokenRequest(BODY.toByteArray(), "application/json", source)).status
                assertEquals(listOf(200, 429, 200), listOf(status(one), status(same), status("another")))
            }
        }
        Scripted().use { script ->
            val long = TokenRequest(BODY.toByteArray(), "application/json", "a".repeat(129))
            assertThrows(IllegalArgumentException::class.java) { script.service.handleBlocking(long) }
        }
    }

    @Test
    fun `a limiter grants its burst, and says for how long to wait`() {
        val limiter = Limiter(perMinute = 1, burst = 2)
        assertTrue(limiter.tryAcquire("a").isAllowed)
        assertNull(limiter.tryAcquire("a").retryAfter)
        val refused = limiter.tryAcquire("a")
        assertTrue(!refused.isAllowed && refused.retryAfter!! > Duration.ofSeconds(50), "$refused")
        assertTrue(limiter.tryAcquire("b", 2).isAllowed)
        fun key(call: () -> Any) = assertThrows(TokenException.Config::class.java) { call() }.key
        assertEquals("cost", key { limiter.tryAcquire("a", 3) })
        assertEquals("cost", key { limiter.tryAcquire("a", 0) })
        assertEquals("perMinute", key { Limiter(0, 1) })
        assertTrue(assertThrows(TokenException.Config::class.java) { Limiter(0, 1, 16) }.message!!.startsWith("`perMinute` must"))
        assertEquals("burst", key { Limiter(1, -1) })
        assertEquals("slots", key { Limiter(1, 1, 0) })
        assertTrue(Limiter(1, 1, 16).tryAcquire("a").isAllowed)
        assertThrows(IllegalArgumentException::class.java) { limiter.tryAcquire("planted\uD800") }
    }

    @Test
    fun `the embedded issuer and its administration`(@TempDir folder: Path) {
        val service = TokenService.createBlocking("""{"store":{"kind":"sqlite","path":"$folder/tokensmith.db"},$UNLIMITED}""")
        val admin = service.admin!!
        service.use {
            val app = admin.createAppBlocking("billing")
            val tokens = service.issueBlocking(app.id, app.secret)
            assertEquals(3, tokens.accessToken.split('.').size)
            assertNotNull(tokens.refreshToken)
            val listed = admin.listAppsBlocking().single()
            assertEquals(listOf(app.id, "billing", true, false), listed.run { listOf(id, name, isEnabled, isDamaged) })
            admin.disableAppBlocking(app.id)
            assertThrows(TokenException.Unauthorized::class.java) { service.issueBlocking(app.id, app.secret) }
            assertTrue(!admin.listAppsBlocking().single().isEnabled)
            admin.enableAppBlocking(app.id)
            assertEquals("Bearer", service.issueBlocking(app.id, app.secret).tokenType)
            assertTrue(admin.jwks().contains("\"keys\""))
            fun code(call: () -> Unit) = assertThrows(AdminException::class.java) { call() }.code
            assertEquals("ERR_ADMIN_INVALID", code { admin.createAppBlocking("") })
            assertEquals("ERR_ADMIN_NOT_FOUND", code { admin.disableAppBlocking("planted") })
            assertEquals("ERR_ADMIN_STORE", AdminException.unexpected().code)
            assertThrows(IllegalArgumentException::class.java) { admin.createAppBlocking("\uD800") }
            assertThrows(IllegalArgumentException::class.java) { admin.enableAppBlocking("\uD800") }
        }
        assertThrows(IllegalStateException::class.java) { admin.jwks() }
        assertThrows(IllegalStateException::class.java) { admin.listAppsBlocking() }
        assertTrue(Files.exists(folder.resolve("tokensmith.db")))
    }

    @Test
    fun `an observer that throws is warned of once, and changes nothing`() {
        val warnings = mutableListOf<String>()
        val logger = java.util.logging.Logger.getLogger("dev.tokensmith")
        val handler = object : java.util.logging.Handler() {
            override fun publish(record: java.util.logging.LogRecord) { warnings.add(record.message) }
            override fun flush() = Unit
            override fun close() = Unit
        }
        logger.addHandler(handler)
        logger.useParentHandlers = false
        try {
            val config = """{"authenticator":{"kind":"host"}}"""
            TokenService.createBlocking(config, { TOKENS }, { throw StackOverflowError("planted") }).use { service ->
                repeat(3) { assertEquals(200, service.handleAsync(request()).get(10, TimeUnit.SECONDS).status) }
            }
        } finally {
            logger.removeHandler(handler)
            logger.useParentHandlers = true
        }
        assertEquals(1, warnings.size)
        assertTrue("planted" !in warnings.single())
    }
}
