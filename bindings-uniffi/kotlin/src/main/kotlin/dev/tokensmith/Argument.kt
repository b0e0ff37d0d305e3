package dev.tokensmith

// What the bridge says of an argument that it cannot carry may quote it, so each is looked at here,
// and an exception names the parameter alone.

internal fun wrong(name: String, expected: String): IllegalArgumentException =
    IllegalArgumentException("`$name` must be $expected")

/** A text that is whole Unicode: another cannot be written as UTF-8. */
internal fun text(name: String, value: String): String {
    if (!value.isWellFormed()) throw wrong(name, "well-formed Unicode")
    return value
}

internal fun optionalText(name: String, value: String?): String? = value?.let { text(name, it) }

/** Whether every surrogate has its other half. */
internal fun String.isWellFormed(): Boolean {
    var at = 0
    while (at < length) {
        val unit = this[at]
        if (unit.isSurrogate()) {
            if (!unit.isHighSurrogate() || at + 1 == length || !this[at + 1].isLowSurrogate()) return false
            at += 1
        }
        at += 1
    }
    return true
}
