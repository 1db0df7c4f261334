package dev.fieldpost

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.launch
import kotlinx.coroutines.supervisorScope
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds

/** From a capture with no network to the receipt, and what comes between, against a simulated system. */
class DeliveryTest : StoryTest() {
    private fun Delivery.counts() = listOf(delivered, waiting, blocked)

    @Test
    fun `what was captured with no network waits for it, then is delivered once, with a receipt`() =
        story {
            outbox.setConditions(Conditions(Network.NONE, Power.BATTERY))
            val photo = outbox.capture(Photo(picture("boiler.jpg"), caption = "Boiler plate", cap = 1.megabytes), job)
            val signature = outbox.capture(Signature(picture("signature.png")), job)
            for (item in listOf(photo, signature)) {
                assertEquals(Reason.NO_NETWORK to Action.CONNECT, item.why?.reason to item.why?.action)
            }
            assertEquals(listOf(0, 2, 0), outbox.deliver { sandbox.token }.counts())
            assertTrue(sandbox.requests().isEmpty())

            outbox.setConditions(Conditions(Network.METERED, Power.BATTERY))
            val delivery = outbox.deliver { sandbox.token }

            assertEquals(Delivery(delivered = 2, waiting = 0, blocked = 0, next = null, emptyMap()), delivery)
            val arrived = sandbox.accepted().associate { it.text("name") to it.text("remote_id") }
            assertEquals(2, sandbox.accepted().size)
            for (captured in listOf(photo, signature)) {
                val item = outbox.item(captured.id)
                assertTrue("-${item.id.takeLast(8)}." in item.name, item.name)
                assertEquals(arrived.getValue(item.name), item.receipt?.remoteId)
                assertEquals(Proof.ANSWER, item.receipt?.proof)
                assertNull(item.why)
            }
        }

    @Test
    fun `photos are prepared on as many threads as the app allows, one at least`() =
        story {
            Outbox.open(folder.resolve("threads"), threads = 2).use { two ->
                two.putAccount(acme())
                two.setConditions(Conditions(Network.NONE, Power.BATTERY))
                val photos = List(3) { two.capture(Photo(picture("plate-$it.bmp"), maxEdge = 20), job) }
                assertEquals(listOf(0, 3, 0), two.deliver { error("no token is wanted") }.counts())
                assertEquals(listOf(20, 20, 20), photos.map { two.item(it.id).sent?.width })
            }
            val none = assertThrows<OutboxException.Invalid> { Outbox.open(folder.resolve("no"), threads = 0) }
            assertTrue("the number of threads cannot be below one" in none.message!!, none.message)
        }

    @Test
    fun `a second delivery has nothing to do, and a third delivers what came since`() =
        story {
            outbox.capture(Text("one"), job)
            assertEquals(listOf(1, 0, 0), outbox.deliver { sandbox.token }.counts())
            assertEquals(listOf(0, 0, 0), outbox.deliver { error("no token is wanted") }.counts())
            outbox.capture(Text("two"), job)
            assertEquals(listOf(1, 0, 0), outbox.deliver { sandbox.token }.counts())
            assertEquals(2, sandbox.accepted().size)
        }

    @Test
    fun `a system that asks to wait is waited for, and the item says until when`() =
        story {
            val item = outbox.capture(Text("one"), job)
            sandbox.faultOnUploads(""""fault": {"kind": "too_many_requests", "retry_after": {"seconds": 300}}""")

            val delivery = outbox.deliver { sandbox.token }

            assertEquals(listOf(0, 1, 0), delivery.counts())
            val waiting = outbox.item(item.id).status as Status.Waiting
            assertEquals(Reason.SERVER_ASKED_TO_WAIT to Action.NONE, waiting.why.reason to waiting.why.action)
            assertEquals(0, (delivery.next!! - waiting.why.until!!).inWholeSeconds) // each is told to the millisecond
            assertTrue(sandbox.accepted().isEmpty())
        }

    @Test
    fun `a host that cannot be reached is waited for, and a retry ends the wait`() =
        story {
            val item = outbox.capture(Text("one"), job)
            sandbox.network("refused")
            assertEquals(listOf(0, 1, 0), outbox.deliver { sandbox.token }.counts())
            val why = outbox.item(item.id).why
            assertEquals(Reason.UNREACHABLE, why?.reason)
            assertNotNull(why?.until)

            sandbox.network("up")
            outbox.retryAll(because = Reason.SERVER_BUSY)
            assertEquals(Reason.UNREACHABLE, outbox.item(item.id).why?.reason)
            outbox.retryAll(because = Reason.UNREACHABLE)
            assertEquals(Reason.NOT_STARTED, outbox.item(item.id).why?.reason)
            assertEquals(listOf(1, 0, 0), outbox.deliver { sandbox.token }.counts())
            assertEquals(1, sandbox.accepted().size)
        }

    @Test
    fun `a lost answer is settled by looking, and what was sent is there once`() =
        story {
            val item = outbox.capture(Text("one"), job)
            sandbox.faultOnUploads(""""fault": {"kind": "lose_answer"}""")

            assertEquals(listOf(1, 0, 0), outbox.deliver(patience = 30.seconds) { sandbox.token }.counts())

            assertEquals(Proof.FOUND, outbox.item(item.id).receipt?.proof)
            assertEquals(item.name, sandbox.accepted().single().text("name"))
        }

    @Test
    fun `a work order that takes no more blocks its item, and no other`() =
        story {
            val blocked = outbox.capture(Text("too late"), WorkOrder("acme", "10240"))
            outbox.capture(Text("in time"), job)

            assertEquals(listOf(1, 0, 1), outbox.deliver { sandbox.token }.counts())

            assertTrue(outbox.item(blocked.id).status is Status.Blocked)
            assertEquals(listOf(blocked.id), outbox.list(state = State.BLOCKED).map { it.id })
        }

    @Test
    fun `two outboxes deliver at once, each what it holds`() =
        story {
            outbox("other").use { other ->
                val outboxes = listOf(outbox, other)
                val names = outboxes.map { it.capture(Text("one"), job).name }
                // Each is asked for its token before either gets it: both deliver at this moment.
                val asked = outboxes.map { CompletableDeferred<Unit>() }
                val deliveries =
                    outboxes.mapIndexed { index, outbox ->
                        async {
                            outbox.deliver {
                                asked[index].complete(Unit)
                                asked.awaitAll()
                                sandbox.token
                            }
                        }
                    }
                assertEquals(listOf(listOf(1, 0, 0), listOf(1, 0, 0)), deliveries.awaitAll().map { it.counts() })
                assertEquals(names.toSet(), sandbox.accepted().map { it.text("name") }.toSet())
                assertEquals(2, sandbox.accepted().size)
            }
        }

    @Test
    fun `a second delivery of one outbox joins the first, that of another opening is refused`() =
        story {
            outbox.capture(Text("one"), job)
            val asked = CompletableDeferred<Unit>()
            val token = CompletableDeferred<String>()
            val first =
                async {
                    outbox.deliver {
                        asked.complete(Unit)
                        token.await()
                    }
                }
            asked.await()

            outbox("outbox").use { same ->
                val refused = assertThrows<OutboxException.AlreadyDelivering> { same.deliver { sandbox.token } }
                assertTrue("deliver" in refused.message!!, refused.message)
            }
            // Whether it joins before the token comes or begins after the first, what it captured before arrives.
            val two = outbox.capture(Text("two"), job)
            val second = async { outbox.deliver { sandbox.token } }
            listening()

            token.complete(sandbox.token)
            assertEquals(0, second.await().waiting)
            assertTrue(outbox.item(two.id).receipt != null)
            first.await()
            assertEquals(2, sandbox.accepted().size)
        }

    @Test
    fun `a collector that throws does not hold up delivery, and the next one hears of it`() =
        story {
            val item = outbox.capture(Text("one"), job)
            supervisorScope {
                val failing = async { outbox.events.collect { error("the screen is gone") } }
                val failingToo = async { outbox.items(job).collect { error("the list is gone") } }
                val heard = async { outbox.events.first { it is Event.Changed && it.item.receipt != null } }
                listening()
                assertEquals(1, outbox.deliver { sandbox.token }.delivered)
                assertEquals(item.id, (heard.await() as Event.Changed).item.id)
                assertEquals("the screen is gone", assertThrows<IllegalStateException> { failing.await() }.message)
                assertEquals("the list is gone", assertThrows<IllegalStateException> { failingToo.await() }.message)
            }
        }

    @Test
    fun `a watching delivery stays, and delivers what is captured meanwhile`() =
        story {
            val watching = launch { outbox.deliver(watch = true) { sandbox.token } }
            for (text in listOf("one", "two")) {
                val item = outbox.capture(Text(text), job)
                outbox.awaited(item.id) { it.receipt != null }
            }
            assertTrue(watching.isActive)
            watching.cancel()
        }

    @Test
    fun `limits that cannot be right are refused before anything is sent`() =
        story {
            outbox.capture(Text("one"), job)
            val http = Http(extraRoots = listOf("no certificate".toByteArray()))
            val error = assertThrows<OutboxException.Invalid> { outbox.deliver(http = http) { sandbox.token } }
            assertTrue("certificate" in error.message!!, error.message)
            assertThrows<IllegalArgumentException> { outbox.deliver(patience = -Duration.INFINITE) { sandbox.token } }
            assertTrue(sandbox.requests().isEmpty())
        }

    @Test
    fun `patience may be without end`() =
        story {
            outbox.capture(Text("one"), job)
            assertEquals(listOf(1, 0, 0), outbox.deliver(patience = Duration.INFINITE) { sandbox.token }.counts())
        }
}
