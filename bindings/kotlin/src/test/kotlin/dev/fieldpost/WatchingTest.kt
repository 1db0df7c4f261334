package dev.fieldpost

import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.async
import kotlinx.coroutines.channels.ReceiveChannel
import kotlinx.coroutines.channels.awaitClose
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.callbackFlow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.onEach
import kotlinx.coroutines.flow.produceIn
import kotlinx.coroutines.flow.takeWhile
import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.flow.transformWhile
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** Lists that follow what happens, and the events beneath them. */
class WatchingTest : StoryTest() {
    /** The lists that come, until one is as it should be. */
    private suspend fun ReceiveChannel<List<Item>>.until(isAsItShould: (List<Item>) -> Boolean): List<Item> {
        while (true) receive().let { if (isAsItShould(it)) return it }
    }

    private fun List<Item>.reasons() = map { it.why?.reason }

    @Test
    fun `the list comes at once, and follows captures, conditions, deliveries and what is forgotten`() =
        story {
            outbox.setConditions(Conditions(Network.UNMETERED, Power.CHARGING))
            val lists = outbox.items(job).produceIn(this)
            assertEquals(emptyList<Item>(), lists.receive())

            val one = outbox.capture(Text("one"), job)
            assertEquals(listOf(one), lists.receive())

            outbox.setConditions(Conditions(Network.NONE, Power.BATTERY))
            lists.until { it.reasons() == listOf(Reason.NO_NETWORK) }
            outbox.setConditions(Conditions(Network.UNMETERED, Power.CHARGING))
            lists.until { it.reasons() == listOf(Reason.NOT_STARTED) }

            outbox.deliver { sandbox.token }
            val delivered = lists.until { it.single().receipt != null }
            assertEquals(listOf(outbox.item(one.id)), delivered)

            outbox.forget(one.id)
            assertEquals(emptyList<Item>(), lists.until { it.isEmpty() })
            lists.cancel()
        }

    @Test
    fun `a list is of those asked for, and an item that leaves its state leaves the list`() =
        story {
            val other = WorkOrder("acme", "10235")
            val mine = outbox.capture(Text("mine"), job)
            val theirs = outbox.capture(Text("theirs"), other)

            assertEquals(listOf(mine), outbox.items(job).first())
            assertEquals(listOf(mine, theirs), outbox.items().first())
            assertEquals(listOf(mine, theirs), outbox.items(account = "acme").first())
            assertEquals(emptyList<Item>(), outbox.items(account = "none").first())
            assertEquals(listOf(theirs), outbox.items(other, State.QUEUED).first())

            val queued = outbox.items(state = State.QUEUED).produceIn(this)
            assertEquals(listOf(mine, theirs), queued.receive())
            outbox.cancel(theirs.id)
            assertEquals(listOf(mine), queued.until { it.size == 1 })
            queued.cancel()
        }

    @Test
    fun `a list that stays as it was is not told again`() =
        story {
            val other = WorkOrder("acme", "10235")
            val theirs = outbox.capture(Text("theirs"), other)
            val lists = outbox.items(job).produceIn(this)
            val otherLists = outbox.items(other).produceIn(this)
            assertEquals(emptyList<Item>(), lists.receive())

            // Whose it was is not told, so both lists are read again; ours is as it was.
            outbox.forget(theirs.id)
            otherLists.until { it.isEmpty() }

            val one = outbox.capture(Text("one"), job)
            assertEquals(listOf(one), lists.receive())
            lists.cancel()
            otherLists.cancel()
        }

    @Test
    fun `a slow collector sees the newest list, not every one`() =
        story {
            val begun = CompletableDeferred<Unit>()
            val open = CompletableDeferred<Unit>()
            val lists =
                async {
                    outbox
                        .items(job)
                        .onEach {
                            begun.complete(Unit)
                            open.await()
                        }.takeWhile { it.size < 20 }
                        .toList()
                }
            begun.await()
            repeat(20) { outbox.capture(Text("text $it"), job) }
            outbox.items(job).first { it.size == 20 }
            open.complete(Unit)
            // The first, and what was ready before the newest was: events are told one after another, on a thread of their own.
            assertTrue(lists.await().size <= 5, "${lists.await().map { it.size }}")
        }

    @Test
    fun `only events that may change a list have it read again`() =
        story {
            val item = outbox.capture(Text("one"), job)
            val changed = Event.Changed(item)
            val other = Event.Changed(item.copy(account = "other"))
            val sameIdElsewhere = Concerns("other", "10234")

            assertTrue(changed in Concerns(null) && changed in Concerns("acme") && changed in Concerns("acme", "10234"))
            assertFalse(changed in Concerns("acme", "10235") || changed in sameIdElsewhere || other in Concerns("acme"))
            val forgotten = Event.Forgotten(item.id, "acme", "10234")
            assertTrue(forgotten in Concerns(null) && forgotten in Concerns("acme", "10234"))
            assertFalse(forgotten in sameIdElsewhere || forgotten in Concerns("acme", "10235"))
            assertTrue(Event.Reasons(null) in sameIdElsewhere && Event.Reasons("other") in sameIdElsewhere)
            assertTrue(Event.Reasons("acme") in Concerns(null))
            assertFalse(Event.Reasons("acme") in sameIdElsewhere)
            assertFalse(Event.Progress(item.id, 1, 2) in Concerns(null))
        }

    @Test
    fun `events tell a delivery as it happens`() =
        story {
            val heard = outbox.events.buffer(1).produceIn(this)
            listening()
            val item = outbox.capture(Text("one"), job)
            val delivering = launch { outbox.deliver { sandbox.token } }
            val states = mutableListOf<State>()
            var progress: Event.Progress? = null
            while (State.DELIVERED !in states) {
                when (val event = heard.receive()) {
                    is Event.Changed -> states += event.item.state
                    is Event.Progress -> progress = event
                    is Event.Forgotten, is Event.Reasons -> Unit
                }
            }
            assertEquals(State.QUEUED, states.first())
            assertTrue(State.SENDING in states, "$states")
            assertEquals(item.id to progress?.total, progress?.id to progress?.sent)
            delivering.join()
            heard.cancel()
        }

    @Test
    fun `a slow collector of events loses the oldest, never the newest`() =
        story {
            val item = outbox.capture(Text("one"), job)
            val (first, last) = Event.Progress(item.id, 0, 1_000) to Event.Forgotten(item.id, "acme", "10234")
            val begun = CompletableDeferred<Unit>()
            val told = CompletableDeferred<Unit>()
            // As the outbox tells it, but at a known time: a listener's thread does so when it gets round to it.
            val events =
                callbackFlow {
                    trySend(first)
                    begun.await()
                    repeat(Outbox.EVENTS_KEPT + 50) { trySend(Event.Progress(item.id, it + 1L, 1_000)) }
                    trySend(last)
                    told.complete(Unit)
                    awaitClose()
                }
            val heard =
                events
                    .newest()
                    .onEach {
                        begun.complete(Unit)
                        told.await()
                    }.transformWhile {
                        emit(it)
                        it != last
                    }.toList()
            val kept = (52..Outbox.EVENTS_KEPT + 50L).map { Event.Progress(item.id, it, 1_000) }
            assertEquals(listOf(first) + kept + last, heard)
        }

    @Test
    fun `events come in order, and the last is told`() =
        story {
            val item = outbox.capture(Text("one"), job)
            val heard = async { outbox.events.takeWhile { it !is Event.Forgotten }.toList() }
            listening()
            outbox.cancel(item.id)
            outbox.forget(item.id)
            assertEquals(listOf(State.CANCELLED), heard.await().map { (it as Event.Changed).item.state })
        }
}
