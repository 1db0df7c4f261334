package dev.fieldpost

import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonArray
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse

/** The simulated systems, in a process of their own that ends with this one. `tests/sandbox/README.md` has its control. */
class Sandbox : AutoCloseable {
    // The shell's input is ours: it ends when this process does, however it does, and takes the command with it.
    private val process =
        ProcessBuilder("sh", "-c", """"${'$'}0" --json sandbox --port 0 & cat; kill ${'$'}!""", command)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start()
    private val http = HttpClient.newHttpClient()
    private val listening =
        Json.parseToJsonElement(process.inputReader().readLine() ?: error("$command did not start")).jsonObject
    private val control = listening.text("control")
    private val corrigo = system("corrigopro")

    /** The base address of CorrigoPro Direct. */
    val url: String = corrigo.url

    /** A token that it takes, until [rotate]. */
    var token: String = corrigo.token
        private set

    /** A simulated system: its base address, a token that it takes at the start, a work order that takes files. */
    class Simulated(val url: String, val token: String, val workOrder: String)

    /** The system of that name. */
    fun system(provider: String): Simulated {
        val accounts = listening.getValue("accounts").jsonArray.map { it.jsonObject }
        val account = accounts.single { it.text("provider") == provider }
        val workOrder = account.getValue("work_orders").jsonArray.first()
        return Simulated(account.text("url"), account.text("token"), workOrder.jsonPrimitive.content)
    }

    /** The uploads, or other operations, that were accepted for a work order, in the order of arrival. */
    fun accepted(workOrder: String = "10234", operation: String = "upload"): List<JsonObject> =
        get("/ledger?work_order=$workOrder").items().filter { it.text("operation") == operation }

    /** The requests to the systems so far. */
    fun requests(): List<JsonObject> = get("/requests").items()

    /** The names of the folders that Field Nation has for a work order. */
    fun folders(workOrder: String): List<String> =
        get("/folders?system=fieldnation&work_order=$workOrder").items().map { it.text("name") }

    fun network(state: String) = post("/network", """{"network": "$state"}""")

    /** A rule for uploads to CorrigoPro Direct, as JSON: `"fault": {...}` and what is to be said beside it. */
    fun faultOnUploads(rule: String) = post("/faults", """{"system": "corrigopro", "operation": "upload", $rule}""")

    fun fault(rule: String) = post("/faults", "{$rule}")

    /** Puts a work order of CorrigoPro Direct into a state: `open`, `rejected`, ... */
    fun workOrder(id: String, state: String) =
        post("/work_orders", """{"system": "corrigopro", "work_order": "$id", "state": "$state"}""")

    /** From now on only a new token is taken. */
    fun rotate() {
        token = post("/tokens/rotate", """{"system": "corrigopro"}""").jsonObject.text("token")
    }

    override fun close() {
        process.outputStream.close()
        process.waitFor()
    }

    private fun get(path: String) = ask(HttpRequest.newBuilder(URI(control + path)))

    private fun post(path: String, body: String) =
        ask(
            HttpRequest
                .newBuilder(URI(control + path))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body)),
        )

    private fun ask(request: HttpRequest.Builder): JsonElement {
        val answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString())
        check(answer.statusCode() == 200) { "${answer.uri()}: ${answer.statusCode()} ${answer.body()}" }
        return Json.parseToJsonElement(answer.body())
    }

    private companion object {
        val command: String = System.getProperty("fieldpost.command")
    }
}

/** The text of a value, whatever it is. */
fun JsonObject.text(name: String): String = getValue(name).jsonPrimitive.content

private fun JsonElement.items() = (this as JsonArray).map { it.jsonObject }
