package dev.fieldpost

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.NonCancellable
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.currentCoroutineContext
import kotlinx.coroutines.ensureActive
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import java.util.concurrent.ConcurrentHashMap
import kotlin.concurrent.thread
import kotlin.time.Duration
import kotlin.time.Instant

/**
 * How a delivery ended.
 *
 * @property delivered items that it delivered.
 * @property waiting items that are still to be delivered.
 * @property blocked items that need a person.
 * @property next when the next of them goes on by itself, where that is known: a good time for the next delivery.
 * @property tokenErrors what the app's sign-in threw, by account; for a token that cannot be one,
 *   [OutboxException.Invalid].
 */
public data class Delivery(
    val delivered: Int,
    val waiting: Int,
    val blocked: Int,
    val next: Instant?,
    val tokenErrors: Map<String, Throwable>,
)

/**
 * Runs the native delivery, which blocks, on a thread of its own, and answers its questions in the caller's context.
 * Returns or throws only when that thread is done.
 */
internal suspend fun Door.deliver(patience: Duration, watch: Boolean, http: Http, tokens: Tokens): Delivery {
    require(!patience.isNegative()) { "the patience cannot be below zero" }
    return coroutineScope {
        ensureActive()
        val questions = Channel<String>(Channel.UNLIMITED) // one an account at a time
        val signIn = SignIn(this@deliver, tokens)
        val answering = launch { for (account in questions) launch { signIn.answer(account) } }

        // Never closed by hand, but by its cleaner: the end of the outbox may still give it while we leave.
        val stop = StopSignal()
        val closing = atEnd { stop.stop() }
        val how = Deliver(patience, watch, http)
        val ended = CompletableDeferred<Summary>()
        running(ended, stop)
        // A daemon: what dies with the process is looked up by the next delivery, so nothing is worth waiting for.
        thread(name = "fieldpost-delivery", isDaemon = true) {
            val asker = Asker(questions)
            runCatching { enter { deliver(how, asker, stop) } }
                .fold(ended::complete, ended::completeExceptionally)
        }
        try {
            val summary = ended.await()
            answering.cancelAndJoin()
            signIn.conclude(summary)
        } catch (cancelled: CancellationException) {
            stop.stop()
            withContext(NonCancellable) { ended.join() }
            throw cancelled
        } finally {
            closing.dispose()
            answering.cancel()
        }
    }
}

/** Hands each question on, and returns at once. */
private class Asker(private val questions: Channel<String>) : TokenListener {
    override fun tokenWanted(account: String) {
        questions.trySend(account)
    }
}

/** The app's sign-in, and what it threw. */
private class SignIn(private val door: Door, private val tokens: Tokens) {
    private val errors = ConcurrentHashMap<String, Throwable>()

    suspend fun answer(account: String) {
        val token = asked(account)
        // To its end, for the delivery that it may end has to say what was wrong with it.
        withContext(NonCancellable + Dispatchers.IO) {
            try {
                door.enter {
                    if (token == null) noToken(account) else putToken(account, token.value, token.person)
                }
            } catch (refused: OutboxException) {
                errors[account] = refused // and taken as none
            } catch (_: Closed) {
                // Meanwhile: nobody waits for it any more.
            }
        }
    }

    /** A cancellation that is not ours, such as a time limit of the app's own, is a failure like any other. */
    private suspend fun asked(account: String): Token? =
        try {
            tokens.token(account)
        } catch (thrown: Throwable) {
            currentCoroutineContext().ensureActive()
            errors[account] = thrown
            null
        }

    fun conclude(summary: Summary) =
        Delivery(
            delivered = summary.delivered,
            waiting = summary.waiting,
            blocked = summary.blocked,
            next = summary.next,
            tokenErrors = errors.toMap(),
        )
}
