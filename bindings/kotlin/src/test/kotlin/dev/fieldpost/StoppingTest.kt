package dev.fieldpost

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.awaitCancellation
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.filterIsInstance
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.job
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.assertThrows
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds

/** Cancelled deliveries, closed outboxes: nothing is lost, nothing hangs, nothing is sent twice. */
class StoppingTest : StoryTest() {
    @Test
    fun `a cancelled delivery ends while a transfer hangs, and the next one delivers once`() =
        story {
            // What was broken off may have arrived. That it has not is believed at once instead of after 20 s: nothing
            // that this system was sent can still be on its way when it is asked.
            outbox.putAccount(acme("settle" to "0"))
            val item = outbox.capture(Text("one"), job)
            sandbox.network("silent")
            val delivering = async { outbox.deliver { sandbox.token } }
            outbox.awaited(item.id) { it.status == Status.Sending }

            delivering.cancelAndJoin()

            assertFalse(isDelivering())
            assertThrows<CancellationException> { delivering.await() }
            assertTrue(sandbox.accepted().isEmpty())
            sandbox.network("up")
            val delivery = outbox.deliver(patience = 30.seconds) { sandbox.token }
            assertEquals(listOf(1, 0, 0), listOf(delivery.delivered, delivery.waiting, delivery.blocked))
            assertEquals(item.name, sandbox.accepted().single().text("name"))
        }

    /** Whether any thread is in the native call. */
    private fun isDelivering() =
        Thread.getAllStackTraces().values.any { stack ->
            stack.any { it.className == NativeOutbox::class.java.name && it.methodName == "deliver" }
        }

    @Test
    fun `a delivery that is cancelled after its upload arrived finds it there`() =
        story {
            val item = outbox.capture(Text("one"), job)
            sandbox.faultOnUploads(""""fault": {"kind": "silence"}""")
            val progress = outbox.events.filterIsInstance<Event.Progress>()
            val sent = async { progress.first { it.sent == it.total } }
            listening()
            val delivering = launch { outbox.deliver { sandbox.token } }
            sent.await() // all of it has left the phone, and no answer will come
            delivering.cancelAndJoin()

            val delivery = outbox.deliver(patience = 30.seconds) { sandbox.token }

            assertEquals(1, delivery.delivered)
            assertEquals(Proof.FOUND, outbox.item(item.id).receipt?.proof)
            assertEquals(1, sandbox.accepted().size)
        }

    @Test
    fun `a stop ends a delivery that hangs, which returns what it did, and the next one delivers once`() =
        story {
            outbox.putAccount(acme("settle" to "0")) // as above
            outbox.stop() // nothing runs
            val item = outbox.capture(Text("one"), job)
            sandbox.network("silent")
            val delivering = async { outbox.deliver(watch = true) { sandbox.token } }
            outbox.awaited(item.id) { it.status == Status.Sending }

            outbox.stop()

            assertFalse(isDelivering())
            assertEquals(0 to 1, delivering.await().let { it.delivered to it.waiting })
            sandbox.network("up")
            assertEquals(1, outbox.deliver(patience = 30.seconds) { sandbox.token }.delivered)
            assertEquals(1, sandbox.accepted().size)
        }

    @Test
    fun `where the running delivery is cancelled, the one that joined takes over`() =
        story {
            val item = outbox.capture(Text("one"), job)
            val asked = CompletableDeferred<Unit>()
            val first =
                launch {
                    outbox.deliver {
                        asked.complete(Unit)
                        awaitCancellation()
                    }
                }
            asked.await()
            val second = async { outbox.deliver { sandbox.token } }
            listening()

            first.cancelAndJoin()

            assertEquals(1, second.await().delivered)
            assertEquals(Proof.ANSWER, outbox.item(item.id).receipt?.proof)
        }

    @Test
    fun `a pause ends a delivery that hangs, and lasts until it is resumed, also over a restart`() =
        story {
            outbox.putAccount(acme("settle" to "0")) // as above
            val item = outbox.capture(Text("one"), job)
            sandbox.network("silent")
            val delivering = async { outbox.deliver(watch = true) { sandbox.token } }
            outbox.awaited(item.id) { it.status == Status.Sending }

            outbox.pause()

            assertFalse(isDelivering())
            assertEquals(1, delivering.await().waiting)
            assertFalse(folder.resolve("outbox/outbox.db-wal").exists()) // the database is closed
            outbox.close()
            outbox = outbox("outbox")
            assertTrue(outbox.isPaused())
            assertEquals(Reason.PAUSED, outbox.item(item.id).why?.reason)
            assertEquals(1, outbox.deliver(watch = true) { sandbox.token }.waiting)

            sandbox.network("up")
            outbox.resume()
            assertFalse(outbox.isPaused())
            assertEquals(1, outbox.deliver(patience = 30.seconds) { sandbox.token }.delivered)
            assertEquals(1, sandbox.accepted().size)
        }

    @Test
    fun `cancelling also cancels the sign-in that is asked`() =
        story {
            outbox.capture(Text("one"), job)
            val asked = CompletableDeferred<Unit>()
            val told = CompletableDeferred<Throwable>()
            val delivering =
                launch {
                    outbox.deliver {
                        currentCoroutineContext().job.invokeOnCompletion { told.complete(it!!) }
                        asked.complete(Unit)
                        awaitCancellation()
                    }
                }
            asked.await()
            assertTrue(isDelivering())

            delivering.cancelAndJoin()

            assertFalse(isDelivering())
            assertTrue(told.await() is CancellationException)
            assertEquals(1, outbox.deliver { sandbox.token }.delivered)
        }

    @Test
    fun `a delivery that is cancelled before it begins sends nothing`() =
        story {
            outbox.capture(Text("one"), job)
            val delivering =
                async {
                    currentCoroutineContext().job.cancel()
                    outbox.deliver { sandbox.token }
                }
            assertThrows<CancellationException> { delivering.await() }
            assertTrue(sandbox.requests().isEmpty())
        }

    @Test
    fun `closing ends a delivery that hangs, which returns what it did`() =
        story {
            val item = outbox.capture(Text("one"), job)
            sandbox.network("silent")
            val delivering = async { outbox.deliver(patience = Duration.INFINITE) { sandbox.token } }
            outbox.awaited(item.id) { it.status == Status.Sending }

            outbox.close()

            assertEquals(0 to 1, delivering.await().let { it.delivered to it.waiting })
            outbox("outbox").use { assertEquals(listOf(item.id), it.list().map { item -> item.id }) }
        }

    @Test
    fun `closing ends a delivery that waits for its sign-in`() =
        story {
            outbox.capture(Text("one"), job)
            val asked = CompletableDeferred<Unit>()
            val delivering =
                async {
                    outbox.deliver {
                        asked.complete(Unit)
                        awaitCancellation()
                    }
                }
            asked.await()

            outbox.close()

            assertEquals(Delivery(0, 1, 0, null, emptyMap()), delivering.await().copy(next = null))
        }

    @Test
    fun `after closing every call says that the outbox is closed`() =
        story {
            val item = outbox.capture(Text("one"), job)
            outbox.close()
            val calls: List<suspend Outbox.() -> Any?> =
                listOf(
                    { putAccount(acme()) },
                    { accounts() },
                    { removeAccount("acme") },
                    { capture(Text("two"), job) },
                    { item(item.id) },
                    { list() },
                    { list(job) },
                    { items(job).first() },
                    { items().first() },
                    { events.first() },
                    { deliver { sandbox.token } },
                    { stop() },
                    { remote(job) { sandbox.token }.list() },
                    { deleteFolder(job, "1") },
                    { putToken("acme", sandbox.token) },
                    { retry(item.id) },
                    { retryAll() },
                    { cancel(item.id) },
                    { settle(item.id, Settlement.Absent) },
                    { forget(item.id) },
                    { conditions() },
                    { setConditions(Conditions(Network.NONE, Power.LOW)) },
                    { check() },
                )
            for (call in calls) {
                assertEquals("the outbox is closed", assertThrows<IllegalStateException> { outbox.call() }.message)
            }
        }

    @Test
    fun `closing twice is fine, and every use of it sees the outbox closed`() =
        story {
            outbox.close()
            outbox.close()
            outbox.use { assertThrows<IllegalStateException> { it.list() } }
        }

    @Test
    fun `closing ends the flows, and they complete`() =
        story {
            val item = outbox.capture(Text("one"), job)
            val begun = CompletableDeferred<Unit>()
            val lists = async { outbox.items(job).toList { begun.complete(Unit) } }
            val events = async { outbox.events.toList() }
            begun.await()
            listening()

            outbox.close()

            assertEquals(listOf(listOf(item)), lists.await())
            assertEquals(emptyList<Event>(), events.await())
        }

    @Test
    fun `a call that meets the closing is whole or refused`() =
        story {
            val captures =
                List(40) { number ->
                    async(Dispatchers.IO) {
                        if (number == 20) outbox.close()
                        runCatching { outbox.capture(Text("text $number"), job).id }
                    }
                }.awaitAll()
            captures.mapNotNull { it.exceptionOrNull() }.forEach { assertEquals("the outbox is closed", it.message) }

            outbox("outbox").use { again ->
                assertEquals(captures.mapNotNull { it.getOrNull() }.sorted(), again.list().map { it.id }.sorted())
                assertEquals(emptyList<Finding>(), again.check().findings)
            }
        }
}

private suspend fun <T> Flow<T>.toList(each: (T) -> Unit): List<T> =
    buildList {
        collect {
            add(it)
            each(it)
        }
    }
