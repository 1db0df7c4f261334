package dev.fieldpost

import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.coroutines.yield
import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.io.TempDir
import java.awt.image.BufferedImage
import java.io.File
import javax.imageio.ImageIO
import kotlin.time.Duration.Companion.seconds

/** A test that suspends. The limit ends one that hangs; none waits for it. */
fun story(tell: suspend CoroutineScope.() -> Unit): Unit = runBlocking { withTimeout(60.seconds, tell) }

/**
 * Returns when the collectors that were started before have begun to listen: [story] has one thread, on which they go in
 * turn.
 */
suspend fun listening() = repeat(3) { yield() }

/** An outbox with an account at a simulated system, which is up. */
abstract class StoryTest {
    @TempDir
    lateinit var folder: File

    val sandbox = Sandbox()
    val job = WorkOrder(account = "acme", id = "10234")
    lateinit var outbox: Outbox

    @BeforeEach
    fun open() = story { outbox = outbox("outbox") }

    @AfterEach
    fun close() {
        outbox.close()
        sandbox.close()
    }

    /** One more outbox, or the same once more, where its folder is the same. */
    suspend fun outbox(name: String) = Outbox.open(folder.resolve(name)).also { it.putAccount(acme()) }

    fun acme(vararg settings: Pair<String, String>) =
        CorrigoPro(id = "acme", baseUrl = sandbox.url, performedBy = "Jo Field", settings = mapOf(*settings))

    /** A picture in the format that the name ends with. */
    fun picture(name: String): File {
        val file = folder.resolve(name)
        check(ImageIO.write(BufferedImage(64, 48, BufferedImage.TYPE_INT_RGB), file.extension, file))
        return file
    }

    /** Waits until the item stands as it should. */
    suspend fun Outbox.awaited(id: ItemId, isAsItShould: (Item) -> Boolean): Item = items().awaited(id, isAsItShould)

    suspend fun Flow<List<Item>>.awaited(id: ItemId, isAsItShould: (Item) -> Boolean): Item =
        first { items -> items.any { it.id == id && isAsItShould(it) } }.single { it.id == id }
}
