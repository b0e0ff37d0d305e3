package dev.tokensmith

import java.io.File
import java.nio.file.FileSystems
import java.nio.file.Files
import java.nio.file.Path
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir

/** Which library the package loads, and what it says where there is none. */
class LoadingTest {
    private val classPath = System.getProperty("java.class.path").split(File.pathSeparator)
    private val jar = classPath.single { Regex("tokensmith-[0-9.]+\\.jar").matches(File(it).name) }

    /** Where JNA looks for the library of this platform in a jar. */
    private val inside = "${com.sun.jna.Platform.RESOURCE_PREFIX}/${System.mapLibraryName("tokensmith_uniffi")}"

    /** The class path with a jar in it that has no library. */
    private fun withoutLibrary(folder: Path): String {
        val bare = Files.copy(Path.of(jar), folder.resolve("bare.jar"))
        FileSystems.newFileSystem(bare).use { Files.delete(it.getPath(inside)) }
        return classPath.joinToString(File.pathSeparator) { if (it == jar) "$bare" else it }
    }

    /** A folder with the jar's library in it, as a file that JNA finds. */
    private fun library(folder: Path): Path =
        FileSystems.newFileSystem(Path.of(jar)).use {
            val found = Files.createDirectory(folder.resolve("found"))
            Files.copy(it.getPath(inside), found.resolve(System.mapLibraryName("tokensmith_uniffi")))
            found
        }

    private fun load(how: String, classPath: String = this.classPath.joinToString(File.pathSeparator), found: Path? = null): List<String> {
        val flags = listOf("-Djna.nosys=true") + listOfNotNull(found?.let { "-Djna.library.path=$it" })
        val (code, printed) = runProgram("Loading", how, flags = flags, classPath = classPath)
        assertEquals(0, code, printed)
        return printed.trim().lines()
    }

    @Test
    fun `a library that lies about on the machine is not taken for that of the jar`(@TempDir folder: Path) {
        Files.writeString(folder.resolve(System.mapLibraryName("tokensmith_uniffi")), "no library")
        assertTrue(load("twice", found = folder).all { it.startsWith("dev.tokensmith.") })
    }

    @Test
    fun `a jar without the library of this platform says so, each time`(@TempDir folder: Path) {
        val lines = load("twice", withoutLibrary(folder))
        assertEquals(4, lines.size, "$lines")
        val platform = com.sun.jna.Platform.RESOURCE_PREFIX
        assertTrue(lines.all { it.startsWith("UnsatisfiedLinkError: the library of tokensmith for $platform: none") }, "$lines")
    }

    @Test
    fun `no class loader is asked for what another one's service was asked`(@TempDir folder: Path) {
        val found = library(folder)
        // With a library of their own each has its own callbacks, also where there is another on the machine.
        assertEquals(listOf("one", "two", "one"), load("apart", found = found))
        val (first, refused, again) = load("apart", withoutLibrary(folder), found)
        assertEquals("one one", "$first $again")
        assertTrue(refused.endsWith("another class loader uses it: put it into the jar"), refused)
    }
}
