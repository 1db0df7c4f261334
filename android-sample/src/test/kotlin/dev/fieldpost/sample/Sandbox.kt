package dev.fieldpost.sample

import org.json.JSONArray
import org.json.JSONObject
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse

/** CorrigoPro Direct, simulated, in a process of its own that ends with this one. `tests/sandbox/README.md` has its control. */
class Sandbox : AutoCloseable {
    // The shell's input is ours: it ends when this process does, however it does, and takes the command with it.
    private val process =
        ProcessBuilder("sh", "-c", """"${'$'}0" --json sandbox --port 0 & cat; kill ${'$'}!""", COMMAND)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start()
    private val http = HttpClient.newHttpClient()
    private val listening = JSONObject(process.inputReader().readLine() ?: error("$COMMAND did not start"))
    private val system =
        listening.getJSONArray("accounts").objects().single { it.getString("provider") == "corrigopro" }

    /** The base address of the system. */
    val url: String = system.getString("url")

    /** A token that it takes. */
    val token: String = system.getString("token")

    /** The uploads that it accepted for a work order, in the order of arrival. */
    fun accepted(workOrder: String): List<JSONObject> =
        JSONArray(ask(request("/ledger?work_order=$workOrder")))
            .objects()
            .filter { it.getString("operation") == "upload" }

    /** `up`, `gone`, `refused` or `silent`. */
    fun network(state: String) = post("/network", """{"network": "$state"}""")

    /** `open` again, or whatever the office makes of it. */
    fun workOrder(id: String, state: String) =
        post("/work_orders", """{"system": "corrigopro", "work_order": "$id", "state": "$state"}""")

    override fun close() {
        process.outputStream.close()
        process.waitFor()
    }

    private fun post(path: String, body: String) {
        ask(request(path).POST(HttpRequest.BodyPublishers.ofString(body)))
    }

    private fun request(path: String) =
        HttpRequest.newBuilder(URI(listening.getString("control") + path)).header("content-type", "application/json")

    private fun ask(request: HttpRequest.Builder): String {
        val answer = http.send(request.build(), HttpResponse.BodyHandlers.ofString())
        check(answer.statusCode() == 200) { "${answer.uri()}: ${answer.statusCode()} ${answer.body()}" }
        return answer.body()
    }

    private companion object {
        val COMMAND: String = System.getProperty("fieldpost.command")
    }
}

private fun JSONArray.objects(): List<JSONObject> = (0 until length()).map(::getJSONObject)
