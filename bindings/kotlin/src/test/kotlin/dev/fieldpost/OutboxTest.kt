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

/** Capturing with no network at all, as an app in Kotlin does it: the generated bindings over the real core. */
class OutboxTest {
    @TempDir
    lateinit var folder: File

    private lateinit var outbox: Outbox
    private val job = WorkOrder(account = "acme", id = "10234")
    private val acme =
        Account(
            id = "acme",
            provider = ProviderKind.CORRIGO_PRO,
            url = "https://api.example.com/direct",
            settings = mapOf("performed_by" to "Jo Field"),
        )

    @BeforeEach
    fun open() {
        outbox = Outbox.open(folder.resolve("outbox"))
        outbox.putAccount(acme)
    }

    @AfterEach
    fun close() = outbox.close()

    private fun file(name: String, bytes: ByteArray) = folder.resolve(name).apply { writeBytes(bytes) }

    @Test
    fun `an account comes back with what its system can do`() {
        val told = outbox.accounts().single()
        assertEquals(acme, told.account)
        assertTrue("upload" in told.capabilities.operations, "${told.capabilities}")
    }

    @Test
    fun `a captured text waits in the queue and says why`() {
        val item = outbox.capture(Capture(Source.Text("Valve 3 replaced"), name = "note", tags = listOf("valve")), job)

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
    fun `a captured document keeps its bytes and its caption, and the caller keeps the file`() {
        val report = file("Bericht für Jo.pdf", "%PDF-1.7".toByteArray())
        val item = outbox.capture(Capture(Source.Document(report), caption = "Prüfbericht ✓"), job)

        assertEquals("Prüfbericht ✓", item.caption)
        assertEquals(8L, item.original?.bytes)
        assertEquals("86edbaa24831badfa0a8b04bb410141e2ee4182b6d0014493fe262a7a331c20b", item.original?.sha256)
        assertEquals("%PDF-1.7", report.readText())
    }

    @Test
    fun `a file that is to be moved is gone once the capture is durable`() {
        val report = file("report.pdf", "%PDF-1.7".toByteArray())
        outbox.capture(Capture(Source.Document(report, moveSource = true)), job)
        assertFalse(report.exists())
    }

    @Test
    fun `the time of a capture is the instant at which it was made`() {
        // To the millisecond, which is what crosses.
        val before = Instant.fromEpochMilliseconds(Clock.System.now().toEpochMilliseconds())
        val item = outbox.capture(Capture(Source.Text("now")), job)
        assertTrue(item.capturedAt in before..Clock.System.now(), "${item.capturedAt}")
    }

    @Test
    fun `the same key twice is the same item`() {
        val note = Capture(Source.Text("Valve 3 replaced"), key = "job-10234-note")
        assertEquals(outbox.capture(note, job).id, outbox.capture(note, job).id)
        assertEquals(1, outbox.items().size)
    }

    @Test
    fun `items are listed in the order of capture, all or those asked for`() {
        val first = outbox.capture(Capture(Source.Text("one")), job)
        val second = outbox.capture(Capture(Source.Text("two")), WorkOrder("acme", "20000"))

        assertEquals(listOf(first, second), outbox.items())
        assertEquals(listOf(second), outbox.items(account = "acme", workOrder = "20000"))
        assertEquals(listOf(first, second), outbox.items(state = State.QUEUED))
        assertEquals(emptyList<Item>(), outbox.items(state = State.DELIVERED))
        assertEquals(emptyList<Item>(), outbox.items(account = "other"))
    }

    @Test
    fun `evidence that the system cannot take is kept, blocked with its reason`() {
        val item = outbox.capture(Capture(Source.Text("kept")), WorkOrder("acme", "no number"))
        assertEquals(State.BLOCKED, item.state)
        assertEquals(Reason.WORK_ORDER_NOT_VALID, item.why?.reason)
        assertEquals(Action.REPAIR, item.why?.action)
    }

    @Test
    fun `an unknown account is an error that an app can tell and read`() {
        val error =
            assertThrows<OutboxException.UnknownAccount> {
                outbox.capture(Capture(Source.Text("lost?")), WorkOrder("other", "1"))
            }
        assertEquals("there is no account 'other': add it first, or check its id", error.message)
        assertEquals(emptyList<Item>(), outbox.items())
    }

    @Test
    fun `a missing file is an error that names it`() {
        val missing = folder.resolve("missing.jpg")
        val error = assertThrows<OutboxException.CannotRead> { outbox.capture(Capture(Source.Photo(missing)), job) }
        assertEquals("there is no file at $missing: give an existing, readable file", error.message)
        assertEquals(emptyList<Item>(), outbox.items())
    }

    @Test
    fun `an item that is not here is unknown, whatever its id looks like`() {
        assertThrows<OutboxException.UnknownItem> { outbox.item("01990000-0000-7000-8000-00007f3a9c1e") }
        val error = assertThrows<OutboxException.UnknownItem> { outbox.item("17") }
        assertTrue("'17'" in error.message!!, error.message)
        assertThrows<OutboxException.UnknownItem> { outbox.capture(Capture(Source.Text("x"), after = "17"), job) }
    }

    @Test
    fun `what cannot be right is refused with what is wrong`() {
        val account = assertThrows<OutboxException.Invalid> { outbox.putAccount(acme.copy(settings = emptyMap())) }
        assertTrue("performed_by" in account.message!!, account.message)

        val photo = file("photo.jpg", byteArrayOf(1))
        val cap = Cap.AtMost(bytes = -1)
        assertThrows<OutboxException.Invalid> { outbox.capture(Capture(Source.Photo(photo, cap = cap)), job) }
        assertThrows<OutboxException.Invalid> { outbox.capture(Capture(Source.Photo(photo, maxEdge = -1)), job) }
        assertEquals(emptyList<Item>(), outbox.items())
    }

    @Test
    fun `what was captured is there when the outbox is opened again, and whole`() {
        val item = outbox.capture(Capture(Source.Text("Valve 3 replaced")), job)
        outbox.close()
        outbox = Outbox.open(folder.resolve("outbox"))

        assertEquals(item, outbox.items().single())
        assertEquals(CheckReport(items = 1, findings = emptyList()), outbox.check())
    }

    @Test
    fun `a check finds an original that was altered`() {
        val item = outbox.capture(Capture(Source.Text("Valve 3 replaced")), job)
        folder.resolve("outbox/items/${item.id}/original").writeText("Valve 4 replaced")

        val finding = outbox.check().findings.single()
        assertEquals(FindingKind.ORIGINAL_DAMAGED to item.id, finding.finding to finding.id)
    }

    @Test
    fun `two outboxes hold items of their own`() {
        Outbox.open(folder.resolve("other")).use { other ->
            other.putAccount(acme)
            val here = outbox.capture(Capture(Source.Text("here")), job)
            val there = other.capture(Capture(Source.Text("there")), job)
            assertNotEquals(here.id, there.id)
            assertEquals(listOf(here), outbox.items())
            assertEquals(listOf(there), other.items())
        }
    }
}
