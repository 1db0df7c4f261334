package dev.fieldpost

import kotlinx.coroutines.async
import kotlinx.coroutines.channels.Channel
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.io.File

// README begin
suspend fun documentTheRepair(folder: File, url: String, signIn: SignInScreen, screen: QueueScreen) {
    val outbox = Outbox.open(folder.resolve("outbox"))
    outbox.putAccount(CorrigoPro(id = "acme", baseUrl = url, performedBy = "Jo Field"))

    // No network needed. Once capture returns, the photo is safe; boiler.jpg itself is not touched.
    val job = WorkOrder(account = "acme", id = "10234")
    outbox.capture(Photo(folder.resolve("boiler.jpg"), caption = "Boiler plate", cap = 1.megabytes), job)
    outbox.capture(Signature(folder.resolve("signature.png")), job)

    // Delivers what can be delivered now. Tokens are asked for when they are needed, and never stored.
    outbox.deliver { account -> signIn.tokenFor(account) }

    // The list at once, then a new one at every change.
    outbox.items(job).collect { items -> screen.show(items.map(::describe)) }
}

fun describe(item: Item): String =
    when (val status = item.status) {
        is Status.Delivered -> "${item.name}: delivered at ${status.receipt.deliveredAt}"
        is Status.Blocked -> "${item.name}: needs you, ${status.why.reason}: ${status.why.action}"
        is Status.Waiting -> "${item.name}: waits, ${status.why.reason} until ${status.why.until ?: "that changes"}"
        else -> "${item.name}: ${item.state}"
    }
// README end

fun interface SignInScreen {
    suspend fun tokenFor(account: String): String?
}

fun interface QueueScreen {
    suspend fun show(lines: List<String>)
}

/** What the front pages show is compiled, works, and is what stands there. */
class ReadmeTest : StoryTest() {
    @Test
    fun `the example delivers a photo and a signature, and shows them delivered`() =
        story {
            picture("boiler.jpg")
            picture("signature.png")
            outbox.close()
            val shown = Channel<List<String>>()
            val example = async { documentTheRepair(folder, sandbox.url, { sandbox.token }, shown::send) }

            val lines = shown.receive()

            assertEquals(2, lines.size)
            assertTrue(lines.all { ": delivered at 20" in it }, "$lines")
            assertEquals(2, sandbox.accepted().size)
            example.cancel()
        }

    @Test
    fun `the example on the front pages is the one that is tested`() {
        val tested = block(File("src/test/kotlin/dev/fieldpost/ReadmeTest.kt"), "// README begin\n", "// README end\n")
        assertEquals(tested, block(File("README.md"), "```kotlin\n", "```\n"))
        val root = File("../../README.md")
        if ("```kotlin\n" in root.readText()) assertEquals(tested, block(root, "```kotlin\n", "```\n"))
    }

    private fun block(file: File, begin: String, end: String) =
        file.readText().substringAfter(begin).substringBefore(end)
}
