package dev.tokensmith.testing

/** Something else came of a case than it says. Step 0 is the case as a whole. */
internal class Mismatch(name: String, step: Int, what: String?) : Exception("case \"$name\", step $step: $what")

internal fun assertSame(expected: Any?, found: Any?, what: String) {
    if (expected != found) throw AssertionError("$what: $expected !== $found")
}
