package dev.fieldpost

import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CompletableDeferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.Job
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

/**
 * Makes a native call that blocks and asks for tokens, on a thread of its own, and answers its questions in the caller's
 * context. Returns or throws only when that thread is done, and no question is being answered any more. Cancelling it, and
 * the end of the outbox, give the call its signal to stop.
 *
 * @param begins what is done with the call, before it begins, and with what stops it.
 */
internal suspend fun <T> Door.asking(
    name: String,
    signIn: SignIn,
    begins: (call: Job, stop: StopSignal) -> Unit = { _, _ -> },
    call: NativeOutbox.(TokenListener, StopSignal) -> T,
): T =
    coroutineScope {
        ensureActive()
        val questions = Channel<Question>(Channel.UNLIMITED) // one an account at a time
        val answering = launch { for (question in questions) launch { signIn.answer(this@asking, question) } }

        // Never closed by hand, but by its cleaner: the end of the outbox may still give it while we leave.
        val stop = StopSignal()
        val closing = atEnd { stop.stop() }
        val ended = CompletableDeferred<T>()
        begins(ended, stop)
        // A daemon: what dies with the process is looked up by the next delivery, so nothing is worth waiting for.
        thread(name = name, isDaemon = true) {
            val asker = Asker(questions)
            runCatching { enter { call(asker, stop) } }
                .fold(ended::complete, ended::completeExceptionally)
        }
        try {
            ended.join()
            answering.cancelAndJoin()
            ended.await()
        } catch (cancelled: CancellationException) {
            stop.stop()
            withContext(NonCancellable) { ended.join() }
            throw cancelled
        } finally {
            closing.dispose()
            answering.cancel()
        }
    }

/** A token that is wanted for an account; the number is what the answer goes to. */
internal class Question(val account: String, val number: Long)

/** Hands each question on, and returns at once. */
private class Asker(private val questions: Channel<Question>) : TokenListener {
    override fun tokenWanted(account: String, question: Long) {
        questions.trySend(Question(account, question))
    }
}

/** The app's sign-in for one call, and what it threw, by account. */
internal class SignIn(private val tokens: Tokens) {
    private val thrown = ConcurrentHashMap<String, Throwable>()

    val errors: Map<String, Throwable> get() = thrown.toMap()

    suspend fun answer(door: Door, question: Question) {
        val account = question.account
        val token = asked(account)
        // To its end, for the call that it may end has to say what was wrong with it.
        withContext(NonCancellable + Dispatchers.IO) {
            try {
                door.enter { answerToken(question.number, token?.value, token?.person) }
            } catch (refused: OutboxException) {
                thrown[account] = refused // and taken as none
            } catch (_: Closed) {
                // Meanwhile: nobody waits for it any more.
            }
        }
    }

    /** A cancellation that is not ours, such as a time limit of the app's own, is a failure like any other. */
    private suspend fun asked(account: String): Token? =
        try {
            tokens.token(account)
        } catch (failure: Throwable) {
            currentCoroutineContext().ensureActive()
            thrown[account] = failure
            null
        }
}
