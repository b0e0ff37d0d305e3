package dev.tokensmith

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import java.util.concurrent.TimeUnit

/** What only a process of its own shows: its end, all that it prints, its memory. */
class ProgramsTest {
    @Test
    fun `a JVM ends by itself, also with a service that is open and calls under way`() {
        for (how in listOf("idle", "called", "pending", "closed")) {
            val (code, printed) = runProgram("Ending", how)
            assertEquals("0 last line of $how\n", "$code $printed")
        }
    }

    @Test
    fun `an exit during a call keeps its code, and calls in a shutdown hook have their answers`() {
        for (how in listOf("exit", "halt", "hook")) {
            val (code, printed) = runProgram("Ending", how)
            assertEquals("7 last line of $how\n", "$code $printed")
        }
    }

    @Test
    fun `exits at moments of work never end in a crash`() {
        for (moment in listOf(0, 3, 20, 60)) {
            val (code, printed) = runProgram("Ending", "work", "$moment")
            assertEquals("7 last line of work\n", "$code $printed")
        }
    }

    @Test
    fun `a body of a hundred megabytes is a 422, and not copied`() = assertNotCopied("body", 422)

    @Test
    fun `a token of a hundred megabytes is a 502, and not copied`() = assertNotCopied("token", 502)

    private fun assertNotCopied(what: String, status: Int) {
        val flags = listOf("-Xms400m", "-Xmx400m", "-XX:+AlwaysPreTouch")
        val (code, printed) = runProgram("Large", what, flags = flags)
        assertEquals(0, code, printed)
        val (told, grown) = printed.trim().split(' ').map { it.toInt() }
        assertEquals(status, told)
        assertTrue(grown < 40, "$grown megabytes")
    }

    @Test
    fun `nothing that is planted is printed, whatever is printed`() {
        val (code, printed) = runProgram("Printing")
        assertEquals(0, code, printed)
        assertTrue(printed.endsWith("all printed\n"), printed)
        assertTrue(printed.contains("TokenSet([REDACTED])"), printed)
        assertTrue(!printed.contains("planted"), printed)
    }

    @Test
    fun `what a call costs is printed, in a few rounds`() {
        val (code, printed) = runProgram("Calls", "3")
        assertEquals(0, code, printed)
        assertEquals(6, printed.lines().count { it.startsWith("| ") }, printed)
    }

    @Test
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    fun `calls with every fault leave nothing behind`() {
        val calls = System.getProperty("tokensmith.calls")
        // A heap that does not grow, so that what grows is not in it, and the compiler that is done soon.
        val flags = listOf("-Xms64m", "-Xmx64m", "-XX:+AlwaysPreTouch", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
        val (code, printed) = runProgram("Leaking", calls, flags = flags)
        println(printed)
        assertEquals(0, code, printed)
        val outcomes = printed.lineSequence().first { it.startsWith("outcomes ") }
        for (outcome in listOf("200", "401", "429", "502", "cancelled")) assertTrue("$outcome=" in outcomes, printed)
        assertTrue("handles 0" in printed, printed)
    }
}
