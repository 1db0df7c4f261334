package dev.fieldpost

import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.DisposableHandle
import kotlinx.coroutines.Job
import kotlinx.coroutines.channels.BufferOverflow
import kotlinx.coroutines.channels.awaitClose
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.callbackFlow
import kotlinx.coroutines.flow.conflate
import kotlinx.coroutines.flow.distinctUntilChanged
import kotlinx.coroutines.flow.flowOn
import kotlinx.coroutines.flow.transformWhile
import kotlinx.coroutines.withContext
import java.util.concurrent.ConcurrentHashMap

/**
 * The native outbox and its end: who may still enter, and what has to stop when it closes. Owns no thread and no state of
 * the queue; what it hands out is read from the core each time.
 */
internal class Door(private val native: NativeOutbox) {
    /** Completed by [close], once. */
    private val end = Job()

    /** The native deliveries that have not returned, and what stops each. */
    private val deliveries = ConcurrentHashMap<Job, StopSignal>()

    /** Keeps it until it ends. */
    fun running(delivery: Job, stop: StopSignal) {
        deliveries[delivery] = stop
        delivery.invokeOnCompletion { deliveries -= delivery }
    }

    suspend fun pause() {
        withContext(Dispatchers.IO) { enter { pause() } }
        deliveries.keys.toList().forEach { it.join() }
    }

    suspend fun stop() {
        // By their own signals: the native outbox's reaches none that is just about to begin there.
        val running = enter { deliveries.toMap() }
        running.values.forEach { it.stop() }
        running.keys.forEach { it.join() }
    }

    fun close() {
        end.complete()
        native.close()
    }

    /** The generated object lives on while a call is under way, so that it cannot be asked whether it is closed. */
    fun <T> enter(call: NativeOutbox.() -> T): T {
        if (end.isCompleted) throw Closed()
        return try {
            translated { native.call() }
        } catch (late: IllegalStateException) {
            throw if (end.isCompleted) Closed() else late
        }
    }

    /** Calls at the end, or now where that has been. The action must not throw, and may come while it is being disposed. */
    fun atEnd(action: () -> Unit): DisposableHandle = end.invokeOnCompletion { action() }

    fun events(): Flow<Event> = told { it }.newest()

    fun lists(concerns: Concerns, list: NativeOutbox.() -> List<Item>): Flow<List<Item>> =
        told(first = Unit) { event -> Unit.takeIf { event in concerns } }
            .conflate()
            .transformWhile {
                // Closed after it was told: the flow ends, as it would have without the news.
                val items = runCatching { enter(list) }
                if (items.exceptionOrNull() !is Closed) emit(items.getOrThrow())
                items.isSuccess
            }.conflate()
            .flowOn(Dispatchers.IO)
            // Behind the conflation, which may leave out what lay between two equal lists.
            .distinctUntilChanged()

    /**
     * What a listener is told, until the end. The first is sent when the listener is there, so that nothing is missed
     * between a first look and the listening.
     */
    private fun <T : Any> told(first: T? = null, take: (Event) -> T?): Flow<T> =
        callbackFlow {
            val listening =
                enter {
                    listen(
                        object : Listener {
                            override fun told(event: Event) {
                                take(event)?.let { trySend(it) }
                            }
                        },
                    )
                }
            first?.let { trySend(it) }
            val closing = atEnd { channel.close() }
            awaitClose {
                closing.dispose()
                listening.close()
            }
        }
}

/** What a slow collector of events misses: the oldest. */
internal fun Flow<Event>.newest(): Flow<Event> = buffer(Outbox.EVENTS_KEPT, BufferOverflow.DROP_OLDEST)

/** Which items a list is of, and so which events may change it. */
internal class Concerns(private val account: String?, private val workOrder: String? = null) {
    operator fun contains(event: Event): Boolean =
        when (event) {
            is Event.Changed -> isOf(account, event.item.account) && isOf(workOrder, event.item.workOrder)
            is Event.Forgotten -> isOf(account, event.account) && isOf(workOrder, event.workOrder)
            is Event.Reasons -> event.account == null || isOf(account, event.account)
            is Event.Progress -> false
        }

    private fun isOf(wanted: String?, actual: String?) = wanted == null || wanted == actual
}

/** Whoever comes after [Outbox.close]. */
internal class Closed : IllegalStateException("the outbox is closed")
