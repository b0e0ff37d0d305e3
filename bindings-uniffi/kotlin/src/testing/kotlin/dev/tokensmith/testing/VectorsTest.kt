package dev.tokensmith.testing

import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.TimeUnit
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout

/** So many cases are performed at least, and so many left out at most. */
private const val FEWEST = 600
private const val MOST_LEFT_OUT = 60

/** The conformance vectors, all that a host can ask for, through the facade and the bridge. */
class VectorsTest {
    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    fun `what came of every call is what the vectors say, and what came of it in Rust, byte for byte`() {
        val performed = LinkedHashMap<String, List<String>>()
        val leftOut = LinkedHashMap<String, List<String>>()
        val mismatches = mutableListOf<String>()
        for (subject in Corpus.subjects) {
            for (vector in subject.cases) {
                val name = vector["name"].asString
                val needs = needs(vector)
                if (needs.isNotEmpty()) {
                    leftOut[name] = needs
                    continue
                }
                try {
                    performed[name] = runBlocking { subject.perform(vector, null) }
                } catch (mismatch: Mismatch) {
                    mismatches.add("${mismatch.message}")
                }
            }
            println("$subject: ${subject.cases.count { it["name"].asString in performed }} of ${subject.cases.size} performed")
        }
        assertEquals("", mismatches.joinToString("\n"))
        isWhole(performed, leftOut)
        compareWithRust(performed.values.flatten(), leftOut.keys)
    }

    private fun isWhole(performed: Map<String, List<String>>, leftOut: Map<String, List<String>>) {
        println("${performed.size} cases performed, with ${performed.values.sumOf { it.size }} calls; ${leftOut.size} left out")
        for ((need, why) in OUT_OF_REACH) {
            val count = leftOut.values.count { need in it }
            assertTrue(count > 0, "no case needs $need any more")
            println("$count left out for $need: $why")
        }
        val names = Corpus.subjects.flatMap { it.cases }.map { it["name"].asString }
        assertEquals(names.toSet(), performed.keys + leftOut.keys)
        assertTrue(performed.size >= FEWEST, "${performed.size} cases performed")
        assertTrue(leftOut.size <= MOST_LEFT_OUT, "${leftOut.size} cases left out")
    }

    /** `cargo xtask vectors --transcript FILE` writes it; `tests/run kotlin` has it written, and names it. */
    private fun compareWithRust(ours: List<String>, leftOut: Set<String>) {
        val file = Path.of(checkNotNull(System.getProperty("tokensmith.transcript")) { "names the transcript of Rust" })
        Files.writeString(Path.of("$file.kotlin"), ours.joinToString("\n", postfix = "\n"))
        val ofRust = Files.readAllBytes(file)
        val count = compareLines(ours, linesWithout(ofRust, leftOut))
        println("$count of ${linesWithout(ofRust, emptySet()).size} lines of Rust compared")
    }
}
