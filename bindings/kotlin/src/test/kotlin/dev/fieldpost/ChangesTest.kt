package dev.fieldpost

import kotlinx.coroutines.flow.produceIn
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import java.io.File

/** What goes otherwise than it was captured, what changes at the system, and what comes back on another phone. */
class ChangesTest : StoryTest() {
    @Test
    fun `a repair lets a refused item go to another work order under another name`() =
        story {
            val item = outbox.capture(Text("one"), WorkOrder("acme", "10240"))
            assertEquals(1, outbox.deliver { sandbox.token }.blocked)
            assertEquals(Action.REPAIR, outbox.capture(Text("x"), WorkOrder("acme", "cellar")).why?.action)

            val repaired = outbox.repair(item.id, name = "valve", workOrder = "10235")

            assertEquals("valve-${item.id.takeLast(8)}.txt" to "10235", repaired.name to repaired.workOrder)
            assertEquals(1, outbox.deliver { sandbox.token }.delivered)
            assertEquals(listOf(repaired.name), sandbox.accepted("10235").map { it.text("name") })
        }

    @Test
    fun `an item that goes to another work order leaves the list of the one before`() =
        story {
            val item = outbox.capture(Text("one"), job)
            val lists = outbox.items(job).produceIn(this)
            assertEquals(listOf(item), lists.receive())
            outbox.repair(item.id, workOrder = "10235")
            assertEquals(emptyList<Item>(), lists.receive())
            lists.cancel()
        }

    @Test
    fun `a photo of a type that is not taken goes as what the phone made of it`() =
        story {
            val nation = sandbox.system("fieldnation")
            outbox.putAccount(FieldNation("fn", nation.url))
            val heic = folder.resolve("boiler.heic")
            heic.writeText("\u0000\u0000\u0000\u0018ftypheic\u0000\u0000\u0000\u0000mif1heic")
            val photo = outbox.capture(Photo(heic, maxEdge = 20), WorkOrder("fn", nation.workOrder))
            assertEquals(Reason.TYPE_NOT_ACCEPTED, photo.why?.reason)

            assertThrows<OutboxException.Invalid> { outbox.convert(photo.id, heic) }
            assertThrows<OutboxException.CannotRead> { outbox.convert(photo.id, folder.resolve("missing.jpg")) }
            val converted = outbox.convert(photo.id, picture("converted.bmp"))
            assertEquals(photo.original to 20, converted.original to converted.sent?.width)
            assertEquals(1, outbox.deliver { nation.token }.delivered)
            assertThrows<OutboxException.NotNow> { outbox.convert(photo.id, picture("again.bmp")) }
        }

    @Test
    fun `another cap prepares a photo again`() =
        story {
            outbox.setConditions(Conditions(Network.NONE, Power.BATTERY))
            val photo = outbox.capture(Photo(picture("plate.bmp"), maxEdge = 20), job)
            outbox.deliver { error("no token is wanted") }
            assertEquals(20, outbox.item(photo.id).sent?.width)

            assertEquals(null, outbox.repair(photo.id, cap = Cap.Original).sent)
            outbox.setConditions(Conditions(Network.UNMETERED, Power.BATTERY))
            outbox.deliver { sandbox.token }
            assertEquals(photo.original?.sha256, sandbox.accepted().single().text("sha256"))
        }

    @Test
    fun `what gets a higher rank goes first`() =
        story {
            outbox.putAccount(acme("max_concurrent" to "1"))
            val (first, second) = listOf("one", "two").map { outbox.capture(Text(it), job) }
            outbox.repair(second.id, priority = 1)
            outbox.deliver { sandbox.token }
            assertEquals(listOf(second.name, first.name), sandbox.accepted().map { it.text("name") })
        }

    @Test
    fun `what the system holds of an item is changed, then deleted`() =
        story {
            val item = outbox.capture(Text("one"), job)
            outbox.deliver { sandbox.token }
            val remoteId = outbox.item(item.id).receipt?.remoteId

            val update = outbox.update(item.id, "visibility" to "CruOnly", "name" to "valve.txt")
            assertEquals(Operation.UPDATE to null, update.operation to update.original)
            assertNotEquals(item.id, update.id)
            outbox.deliver { sandbox.token }
            assertEquals(remoteId, outbox.item(update.id).receipt?.remoteId)
            assertEquals(listOf(update.name), sandbox.accepted(operation = "update").map { it.text("name") })

            val deletion = outbox.delete(item.id)
            assertEquals(Operation.DELETE, deletion.operation)
            assertEquals(deletion.id, outbox.delete(Attachment.Remote(job, remoteId!!)).id)
            outbox.deliver { sandbox.token }
            assertEquals(listOf(remoteId), sandbox.accepted(operation = "delete").map { it.text("remote_id") })
        }

    @Test
    fun `what somebody else sent is changed and deleted by its id at the system`() =
        story {
            val theirs =
                outbox("theirs").use { other ->
                    val item = other.capture(Text("theirs"), job)
                    other.deliver { sandbox.token }
                    Attachment.Remote(job, other.item(item.id).receipt?.remoteId!!)
                }

            outbox.update(theirs, "name" to "plan.txt")
            outbox.deliver { sandbox.token }
            assertEquals(theirs.id, outbox.delete(theirs).name)
            outbox.deliver { sandbox.token }

            val deleted = sandbox.accepted(operation = "delete").single()
            assertEquals(theirs.id to "plan.txt", deleted.text("remote_id") to deleted.text("name"))
        }

    @Test
    fun `what has not left is changed itself, or given up`() =
        story {
            val item = outbox.capture(Text("one"), job)
            assertEquals(item.id, outbox.update(item.id, "visibility" to "CruOnly").id)
            assertEquals(item.id to Status.Cancelled, outbox.delete(item.id).let { it.id to it.status })
        }

    @Test
    fun `what cannot be changed is refused by its kind`() =
        story {
            val item = outbox.capture(Text("one"), job)
            assertThrows<OutboxException.Invalid> { outbox.repair(item.id, cap = 1.megabytes) }
            val unknown = assertThrows<OutboxException.Invalid> { outbox.update(item.id, "colour" to "red") }
            assertTrue("colour" in unknown.message!!, unknown.message)
            assertThrows<OutboxException.UnknownAccount> {
                outbox.delete(Attachment.Remote(WorkOrder("nobody", "1"), "4711"))
            }
            outbox.cancel(item.id)
            assertThrows<OutboxException.NotNow> { outbox.repair(item.id, priority = 1) }
            assertThrows<OutboxException.NotNow> { outbox.update(item.id, "visibility" to "None") }
        }

    @Test
    fun `what a backup brings to another phone is looked for, and not sent twice`() =
        story {
            fun phone(name: String, folder: File) = Outbox.open(folder, install = this@ChangesTest.folder.resolve(name))
            val (old, new) = folder.resolve("old") to folder.resolve("new")
            val item =
                phone("old phone", old).use {
                    it.putAccount(acme())
                    it.capture(Text("once"), job)
                }
            old.copyRecursively(new)
            phone("old phone", old).use { assertEquals(1, it.deliver { sandbox.token }.delivered) }

            phone("new phone", new).use {
                it.deliver { sandbox.token }
                assertEquals(Proof.FOUND, it.item(item.id).receipt?.proof)
            }
            assertEquals(1, sandbox.accepted().size)
        }
}
