package dev.fieldpost.sample

import android.content.Context
import dev.fieldpost.Conditions
import dev.fieldpost.Delivery
import dev.fieldpost.Item
import dev.fieldpost.Outbox
import dev.fieldpost.OutboxException
import dev.fieldpost.Photo
import dev.fieldpost.WorkOrder
import dev.fieldpost.megabytes
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.Deferred
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.ExperimentalCoroutinesApi
import kotlinx.coroutines.Job
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.async
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import java.io.File
import java.io.IOException

/** What a person is told of what they asked for. */
sealed interface News {
    /** A delivery came to its end. */
    data class Ended(val delivery: Delivery) : News

    /** It was stopped. */
    data object Stopped : News

    /** It did not work; the message says why. */
    data class Failed(val message: String) : News

    /** A photo was taken and could not be captured. Its file stays, and is tried again at the next start. */
    data class NotKept(val message: String) : News

    /** The phone has no camera app. */
    data object NoCamera : News
}

/**
 * What lives as long as the process, and outlives any screen: the outbox, what the phone tells of itself, the capture of
 * what was photographed, a delivery that runs. A screen that turns or goes neither loses a photo nor stops a delivery.
 *
 * All of it is called on the main thread; nothing here blocks it. Opening the outbox begins at once.
 */
class Workplace(context: Context, val signIn: SignIn) : AutoCloseable {
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Main.immediate)
    private val phone = PhoneConditions(context)
    private val delivery = MutableStateFlow(Running.NO)
    private val told = MutableStateFlow<Conditions?>(null)
    private val lastNews = MutableStateFlow<News?>(null)
    private var deliveryJob: Job? = null

    /** Where photos lie between the camera and the outbox. */
    val shots = Shots(context.filesDir.resolve("camera"))

    /** Small pictures of the photos. */
    val thumbnails = Thumbnails(context.filesDir.resolve("thumbnails"), scope)

    /** The outbox, once it is open and knows the account. Not in a backup: it belongs to this phone. */
    val outbox: Deferred<Outbox> =
        scope.async {
            withContext(Dispatchers.IO) { Outbox.open(context.noBackupFilesDir.resolve("outbox")) }
                .also { it.putAccount(signIn.account) }
        }

    /** What the outbox was last told of the phone; none before. */
    val conditions: StateFlow<Conditions?> = told

    /** Whether a delivery runs. */
    val running: StateFlow<Running> = delivery

    /** What came of the last thing that was asked for. */
    val news: StateFlow<News?> = lastNews

    init {
        scope.launch {
            reported(News::Failed) {
                val outbox = outbox.await()
                for ((file, job) in withContext(Dispatchers.IO) { shots.left() }) capture(outbox, file, job)
                phone.watch().collect { now ->
                    outbox.setConditions(now)
                    told.value = now
                }
            }
        }
    }

    /** Captures a photo that the camera took into [shot]. */
    fun keep(shot: File, job: WorkOrder) {
        scope.launch {
            reported(News::NotKept) {
                val taken = withContext(Dispatchers.IO) { shots.taken(shot, job) }
                capture(outbox.await(), taken, job)
                lastNews.value = null
            }
        }
    }

    /** Delivers, unless a delivery runs. */
    fun deliver() {
        if (deliveryJob?.isActive == true) return
        delivery.value = Running.YES
        lastNews.value = null
        val job =
            // ATOMIC: one that is stopped before it began comes to its end as well.
            @OptIn(ExperimentalCoroutinesApi::class)
            scope.launch(start = CoroutineStart.ATOMIC) {
                try {
                    reported(News::Failed) { lastNews.value = News.Ended(outbox.await().deliver { signIn.token() }) }
                } catch (stopped: CancellationException) {
                    lastNews.value = News.Stopped
                    throw stopped
                } finally {
                    delivery.value = Running.NO
                }
            }
        deliveryJob = job.takeIf { it.isActive }
    }

    /** Stops a delivery that runs. It has ended when [running] says so. */
    fun stop() {
        val job = deliveryJob?.takeIf { it.isActive } ?: return
        delivery.value = Running.STOPPING
        job.cancel()
    }

    /** Tries an item once more, and delivers. */
    fun retry(item: Item) {
        scope.launch {
            reported(News::Failed) {
                outbox.await().retry(item.id)
                deliver()
            }
        }
    }

    /** There is no camera app to take a photo with. */
    fun noCamera() {
        lastNews.value = News.NoCamera
    }

    /** Ends all of it. For tests: a phone ends the process. */
    @OptIn(ExperimentalCoroutinesApi::class)
    override fun close() {
        scope.cancel()
        if (outbox.isCompleted && outbox.getCompletionExceptionOrNull() == null) outbox.getCompleted().close()
    }

    /** The key makes it safe to come here again with the same file, after a capture whose end the app did not live to see. */
    private suspend fun capture(outbox: Outbox, photo: File, job: WorkOrder) {
        val item =
            outbox.capture(
                Photo(photo, name = "photo.jpg", cap = 1.megabytes, maxEdge = LONG_EDGE, key = photo.name),
                job,
            )
        thumbnails.make(photo, item.id)
        withContext(Dispatchers.IO) { photo.delete() }
    }

    private suspend fun reported(asNews: (String) -> News, block: suspend () -> Unit) =
        try {
            block()
        } catch (error: OutboxException) {
            lastNews.value = asNews(error.message.orEmpty())
        } catch (error: IOException) {
            lastNews.value = asNews(error.message.orEmpty())
        }

    private companion object {
        /** Pixels: enough to read a type plate, and what the library takes where no cap is given. */
        const val LONG_EDGE = 2560
    }
}
