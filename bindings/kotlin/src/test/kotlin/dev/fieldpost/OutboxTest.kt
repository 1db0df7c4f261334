package dev.fieldpost

import org.junit.jupiter.api.AfterEach
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import org.junit.jupiter.api.io.TempDir
import java.io.File
import kotlin.time.Clock
import kotlin.time.Instant

/** Capturing with no network at all, as an app in Kotlin does it, over the real core. */
class OutboxTest {
    @TempDir
    lateinit var folder: File

    private lateinit var outbox: Outbox
    private val job = WorkOrder(account = "acme", id = "10234")
    private val acme =
        CorrigoPro(id = "acme", baseUrl = "https://api.example.com/direct", performedBy = "Jo Field")

    @BeforeEach
    fun open() =
        story {
            outbox = Outbox.open(folder.resolve("outbox"))
            outbox.putAccount(acme)
        }

    @AfterEach
    fun close() = outbox.close()

    private fun file(name: String, bytes: ByteArray) = folder.resolve(name).apply { writeBytes(bytes) }

    @Test
    fun `an account comes back with what its system can do`() =
        story {
            val told = outbox.accounts().single()
            assertEquals(acme, told.account)
            assertTrue("upload" in told.capabilities.operations, "${told.capabilities}")
        }

    @Test
    fun `a captured text waits in the queue and says why`() =
        story {
            val item = outbox.capture(Text("Valve 3 replaced", name = "note", tags = listOf("valve")), job)

            assertEquals(Kind.TEXT, item.kind)
            assertEquals(Operation.UPLOAD, item.operation)
            assertEquals("acme" to "10234", item.account to item.workOrder)
            assertEquals("note-${item.id.takeLast(8)}.txt", item.name)
            assertEquals(listOf("valve"), item.tags)
            assertEquals(State.QUEUED, item.state)
            assertEquals(Why(Reason.NOT_STARTED, detail = null, until = null, action = Action.NONE), item.why)
            assertEquals(0, item.attempts)
            assertNull(item.receipt)
            assertEquals(item, outbox.item(item.id))
        }

    @Test
    fun `a captured document keeps its bytes and its caption, and the caller keeps the file`() =
        story {
            val report = file("Bericht für Jo.pdf", "%PDF-1.7".toByteArray())
            val item = outbox.capture(Document(report, caption = "Prüfbericht ✓"), job)

            assertEquals("Prüfbericht ✓", item.caption)
            assertEquals(8L, item.original?.bytes)
            assertEquals("86edbaa24831badfa0a8b04bb410141e2ee4182b6d0014493fe262a7a331c20b", item.original?.sha256)
            assertEquals("%PDF-1.7", report.readText())
        }

    @Test
    fun `a file that is to be moved is gone once the capture is durable`() =
        story {
            val report = file("report.pdf", "%PDF-1.7".toByteArray())
            outbox.capture(Document(report, moveSource = true), job)
            assertFalse(report.exists())
        }

    @Test
    fun `the time of a capture is the instant at which it was made`() =
        story {
            // To the millisecond, which is what crosses.
            val before = Instant.fromEpochMilliseconds(Clock.System.now().toEpochMilliseconds())
            val item = outbox.capture(Text("now"), job)
            assertTrue(item.capturedAt in before..Clock.System.now(), "${item.capturedAt}")
        }

    @Test
    fun `the same key twice is the same item`() =
        story {
            val note = Text("Valve 3 replaced", key = "job-10234-note")
            assertEquals(outbox.capture(note, job).id, outbox.capture(note, job).id)
            assertEquals(1, outbox.list().size)
        }

    @Test
    fun `items are listed in the order of capture, all or those asked for`() =
        story {
            val first = outbox.capture(Text("one"), job)
            val second = outbox.capture(Text("two"), WorkOrder("acme", "20000"))

            assertEquals(listOf(first, second), outbox.list())
            assertEquals(listOf(second), outbox.list(WorkOrder("acme", "20000")))
            assertEquals(listOf(first, second), outbox.list(state = State.QUEUED))
            assertEquals(emptyList<Item>(), outbox.list(state = State.DELIVERED))
            assertEquals(emptyList<Item>(), outbox.list(account = "other"))
            assertEquals(listOf(first), outbox.list(job, State.QUEUED))
            assertEquals(emptyList<Item>(), outbox.list(job, State.BLOCKED))
        }

    @Test
    fun `evidence that the system cannot take is kept, blocked with its reason`() =
        story {
            val item = outbox.capture(Text("kept"), WorkOrder("acme", "no number"))
            assertEquals(State.BLOCKED, item.state)
            assertEquals(Reason.WORK_ORDER_NOT_VALID, item.why?.reason)
            assertEquals(Action.REPAIR, item.why?.action)
        }

    @Test
    fun `an unknown account is an error that an app can tell and read`() =
        story {
            val error =
                assertThrows<OutboxException.UnknownAccount> {
                    outbox.capture(Text("lost?"), WorkOrder("other", "1"))
                }
            assertEquals("there is no account 'other': add it first, or check its id", error.message)
            assertEquals(emptyList<Item>(), outbox.list())
        }

    @Test
    fun `a missing file is an error that names it`() =
        story {
            val missing = folder.resolve("missing.jpg")
            val error = assertThrows<OutboxException.CannotRead> { outbox.capture(Photo(missing), job) }
            assertEquals("there is no file at $missing: give an existing, readable file", error.message)
            assertEquals(emptyList<Item>(), outbox.list())
        }

    @Test
    fun `an item that is not here is unknown, whatever its id looks like`() =
        story {
            assertThrows<OutboxException.UnknownItem> { outbox.item("01990000-0000-7000-8000-00007f3a9c1e") }
            val error = assertThrows<OutboxException.UnknownItem> { outbox.item("17") }
            assertTrue("'17'" in error.message!!, error.message)
            assertThrows<OutboxException.UnknownItem> { outbox.capture(Text("x", after = "17"), job) }
        }

    @Test
    fun `what cannot be right is refused with what is wrong`() =
        story {
            val account = assertThrows<OutboxException.Invalid> { outbox.putAccount(acme.copy(settings = emptyMap())) }
            assertTrue("performed_by" in account.message!!, account.message)

            val photo = file("photo.jpg", byteArrayOf(1))
            val cap = Cap.AtMost(bytes = -1)
            assertThrows<OutboxException.Invalid> { outbox.capture(Photo(photo, cap = cap), job) }
            assertThrows<OutboxException.Invalid> { outbox.capture(Photo(photo, maxEdge = -1), job) }
            assertEquals(emptyList<Item>(), outbox.list())
        }

    @Test
    fun `what was captured is there when the outbox is opened again, and whole`() =
        story {
            val item = outbox.capture(Text("Valve 3 replaced"), job)
            outbox.close()
            outbox = Outbox.open(folder.resolve("outbox"))

            assertEquals(item, outbox.list().single())
            assertEquals(CheckReport(items = 1, findings = emptyList()), outbox.check())
        }

    @Test
    fun `a check finds an original that was altered`() =
        story {
            val item = outbox.capture(Text("Valve 3 replaced"), job)
            folder.resolve("outbox/items/${item.id}/original").writeText("Valve 4 replaced")

            val finding = outbox.check().findings.single()
            assertEquals(FindingKind.ORIGINAL_DAMAGED to item.id, finding.finding to finding.id)
        }

    @Test
    fun `a capture beyond the quota is refused, and says how much it takes`() =
        story {
            Outbox.open(folder.resolve("small"), keep = Keep.ForDays(7), quota = 100).use { small ->
                small.putAccount(acme)
                val kept = small.capture(Text("x".repeat(60)), job)
                val refused = assertThrows<OutboxException.QuotaFull> { small.capture(Text("x".repeat(50)), job) }
                assertTrue("50 B are needed" in refused.message!!, refused.message)
                assertEquals(listOf(kept), small.list())
            }
            assertThrows<OutboxException.Invalid> { Outbox.open(folder.resolve("no"), keep = Keep.ForDays(-1)) }
        }

    @Test
    fun `what waits is exported from an outbox whose database is lost`() =
        story {
            val item = outbox.capture(Text("Valve 3 replaced"), job)
            outbox.close()
            folder.resolve("outbox/outbox.db").writeText("no database")

            val export = Outbox.export(folder.resolve("outbox"), folder.resolve("rescued"))
            assertEquals(emptyList<Finding>(), export.findings)
            val exported = export.items.single()
            assertEquals(item.id, exported.id)
            assertEquals("Valve 3 replaced", exported.file!!.readText())
            assertTrue(item.id in exported.details.readText())
        }

    @Test
    fun `two outboxes hold items of their own`() =
        story {
            Outbox.open(folder.resolve("other")).use { other ->
                other.putAccount(acme)
                val here = outbox.capture(Text("here"), job)
                val there = other.capture(Text("there"), job)
                assertNotEquals(here.id, there.id)
                assertEquals(listOf(here), outbox.list())
                assertEquals(listOf(there), other.list())
            }
        }
}
