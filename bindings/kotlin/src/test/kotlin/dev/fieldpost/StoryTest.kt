package dev.fieldpost

import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.io.TempDir
import java.io.File

class StoryTest {
    @TempDir
    lateinit var folder: File
    private val sandbox = Sandbox()
    private lateinit var outbox: Outbox
    private val job = WorkOrder("acme", "10234")

    @BeforeEach
    fun open() =
        story {
            outbox = Outbox.open(folder.resolve("outbox"))
            outbox.putAccount(CorrigoPro("acme", sandbox.url, performedBy = "Jo Field"))
        }

    @AfterEach
    fun close() {
        outbox.close()
        sandbox.close()
    }

    @Test
    fun `what was captured with no network waits for it, then is delivered once, with a receipt`() =
        story {
            outbox.setConditions(Conditions(Network.NONE, Power.BATTERY))
            val note = outbox.capture(Text("Valve 3 replaced", name = "note"), job)
            assertEquals(Reason.NO_NETWORK to Action.CONNECT, note.why?.reason to note.why?.action)

            outbox.setConditions(Conditions(Network.METERED, Power.BATTERY))
            val delivery = outbox.deliver { sandbox.token }
            assertEquals(Delivery(delivered = 1, waiting = 0, blocked = 0, next = null, tokenErrors = emptyMap()), delivery)

            val arrived = sandbox.accepted().single()
            assertEquals(note.name, arrived.text("name"))
            val delivered = outbox.item(note.id)
            assertEquals(arrived.text("remote_id"), delivered.receipt?.remoteId)
            assertEquals(Proof.ANSWER, delivered.receipt?.proof)
        }
}
