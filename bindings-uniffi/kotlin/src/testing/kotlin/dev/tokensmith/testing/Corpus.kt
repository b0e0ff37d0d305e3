package dev.tokensmith.testing

import com.google.gson.JsonObject
import com.google.gson.JsonParser
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.isRegularFile
import kotlin.io.path.listDirectoryEntries
import kotlin.io.path.name

/** What a case may need that this driver cannot do, since no host could ask for it, and why not. */
internal val OUT_OF_REACH = mapOf(
    "panic" to "nothing that an authenticator in Kotlin does is a panic of Rust",
    "issuer_reasons" to "a host says that it rejects: the reasons are of the embedded issuer",
    "upstream_reasons" to "a host throws what it likes: its reasons and waits are of an authenticator in Rust",
    "operations" to "the `Limiter` of the package has attempts alone",
    "quotas" to "the `Limiter` of the package counts whole tokens a minute",
    // No word of the vectors: counted here.
    "attempts" to "more than $MOST_ATTEMPTS attempts, of which each is two calls of the bridge, take minutes",
)

private const val MOST_ATTEMPTS = 100_000

/** The cases of one file, and what gives the lines of one of them. */
internal class Subject(val json: JsonObject, val perform: suspend (JsonObject, Long?) -> List<String>) {
    val cases: List<JsonObject> = json.getAsJsonArray("cases").map { it.asJsonObject }
    override fun toString(): String = "${json["subject"].asString}: ${json["what"].asString}"
}

/** The vectors of the contract. */
internal object Corpus {
    private val folder = Path.of(checkNotNull(System.getProperty("tokensmith.vectors")) { "names the folder" })

    val subjects: List<Subject> = services() + bucket()

    private fun services(): List<Subject> =
        folder.listDirectoryEntries("*.json").filter { it.isRegularFile() && it.name != "schema.json" }.sorted().map {
            val json = read(it)
            val start = json["clock_start_s"].asLong
            Subject(json) { vector, patience ->
                if (patience == null) perform(vector, start) else perform(vector, start, patience)
            }
        }

    private fun bucket() = Subject(read(folder.resolve("limiter/bucket.json"))) { vector, _ -> performBucket(vector) }

    private fun read(path: Path): JsonObject = JsonParser.parseString(Files.readString(path)).asJsonObject

    /** A case by its name, as a copy that may be changed, and its subject. */
    fun find(name: String): Pair<JsonObject, Subject> {
        for (subject in subjects) {
            val found = subject.cases.find { it["name"].asString == name } ?: continue
            return found.deepCopy() to subject
        }
        error("no case is named $name")
    }
}

/** The needs of a case; one that nobody has judged is an error. It is left out if it has one. */
internal fun needs(vector: JsonObject): List<String> {
    val needs = vector["needs"]?.asJsonArray?.map { it.asString }.orEmpty()
    for (need in needs) check(need in OUT_OF_REACH) { "${vector["name"]} needs $need: can a host do that?" }
    val attempts = vector["steps"]?.asJsonArray?.sumOf { it.asJsonObject["times"].long() ?: 0 } ?: 0
    return if (attempts > MOST_ATTEMPTS) needs + "attempts" else needs
}
