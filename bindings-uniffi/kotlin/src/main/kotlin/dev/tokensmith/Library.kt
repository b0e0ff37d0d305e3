package dev.tokensmith

import com.sun.jna.Native
import com.sun.jna.Platform
import dev.tokensmith.bridge.uniffiEnsureInitialized
import java.io.File
import java.io.IOException

/**
 * The library of the bridge. Left alone, JNA takes one that it finds on the machine before that of the jar: it
 * may be of another version, or one that another application in this JVM has set its own callbacks in.
 */
internal object Library {
    private const val NAME = "tokensmith_uniffi"

    /** What the bridge asks for the path of its library. */
    private const val PATH = "uniffi.component._bridge.libraryOverride"

    /** That of whoever has a library in the JVM that is not a copy of its own. */
    private const val TAKEN = "dev.tokensmith.library.taken"

    private val trouble: Throwable? = runCatching(::load).exceptionOrNull()

    /** Before anything is asked of the bridge, or a second call would fail in what was not initialised. */
    fun ensureLoaded() {
        if (trouble == null) return
        val reason = (trouble as? IllegalStateException)?.message ?: "none for this platform is in the jar, or it cannot be loaded"
        throw UnsatisfiedLinkError("the library of tokensmith for ${Platform.RESOURCE_PREFIX}: $reason").apply { initCause(trouble) }
    }

    private fun load() {
        // JNA is begun here and outside of the lock, or whoever else begins it could wait for us, and we for it.
        val copy = copied()
        // What the bridge reads is one property of the JVM, and so is this text, which no other class locks.
        synchronized(TAKEN) {
            if (copy == null || System.getProperty(PATH) != null) {
                copy?.delete()
                take()
                return uniffiEnsureInitialized()
            }
            System.setProperty(PATH, copy.path)
            try {
                uniffiEnsureInitialized()
            } finally {
                System.clearProperty(PATH)
                // Where an open file cannot be deleted, the end of the JVM does it.
                copy.delete()
            }
        }
    }

    /** A copy of the jar's library: null where there is none, as in an Android package. */
    private fun copied(): File? {
        val file = try {
            Native.extractFromResourcePath(NAME, Library::class.java.classLoader)
        } catch (_: IOException) {
            return null
        }
        // From a folder of classes it comes as it is.
        return if (file.name.startsWith("jna")) file.absoluteFile else null
    }

    /** The library calls back whoever loaded it last: of two, one would have the other's credentials. */
    private fun take() {
        check(System.getProperties().putIfAbsent(TAKEN, NAME) == null) {
            "it is outside of the jar, and another class loader uses it: put it into the jar"
        }
    }
}
