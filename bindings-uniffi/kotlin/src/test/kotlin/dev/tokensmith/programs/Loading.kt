package dev.tokensmith.programs

import dev.tokensmith.Limiter
import dev.tokensmith.TokenService
import dev.tokensmith.TokenSet
import java.io.File
import java.net.URLClassLoader
import java.time.Duration
import java.util.concurrent.Callable

/** Loads the library, and prints what became of it: once more, or once in each of two class loaders. */
object Loading {
    @JvmStatic
    fun main(arguments: Array<String>) {
        when (arguments.single()) {
            "twice" -> repeat(2) {
                told { TokenService.createBlocking("""{"authenticator":{"kind":"host"}}""", { TokenSet("a", Duration.ofHours(1), "r") }) }
                told { Limiter(1, 1) }
            }
            // Each has classes, and so a bridge, of its own, as applications in a server have.
            "apart" -> {
                val one = Apart("one")
                val two = Apart("two")
                listOf(one, two, one).forEach { told { it.ask() } }
            }
        }
    }

    private fun told(call: () -> Any) {
        val thrown = runCatching { println(call()) }.exceptionOrNull() ?: return
        val root = generateSequence(thrown) { (it as? java.lang.reflect.InvocationTargetException)?.targetException }.last()
        println("${root.javaClass.simpleName}: ${root.message}")
    }

    private class Apart(private val name: String) {
        private val urls = System.getProperty("java.class.path").split(File.pathSeparator).map { File(it).toURI().toURL() }
        private val loader = URLClassLoader(urls.toTypedArray(), ClassLoader.getPlatformClassLoader())
        private var asking: Callable<*>? = null

        fun ask(): Any {
            if (asking == null) {
                val maker = loader.loadClass(Asking::class.java.name).getDeclaredConstructor(String::class.java)
                asking = maker.newInstance(name) as Callable<*>
            }
            return asking!!.call()
        }
    }
}

/** Asks a service whose tokens have the name of whoever gave them. */
class Asking(name: String) : Callable<String> {
    private val service = TokenService.createBlocking(
        """{"authenticator":{"kind":"host"},"deadline_ms":5000}""",
        { TokenSet(name, Duration.ofHours(1), "r") },
    )

    override fun call(): String = service.issueBlocking("app", "secret").accessToken
}
