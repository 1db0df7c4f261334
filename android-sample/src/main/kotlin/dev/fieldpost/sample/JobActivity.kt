package dev.fieldpost.sample

import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.Context
import android.content.Intent
import android.os.Build
import android.os.Bundle
import android.text.format.DateFormat
import android.view.Window
import android.view.WindowInsetsController
import dev.fieldpost.Event
import dev.fieldpost.Item
import dev.fieldpost.ItemId
import dev.fieldpost.Outbox
import dev.fieldpost.OutboxException
import dev.fieldpost.Status
import dev.fieldpost.WorkOrder
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.cancel
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.combine
import kotlinx.coroutines.flow.distinctUntilChanged
import kotlinx.coroutines.flow.runningFold
import kotlinx.coroutines.launch
import java.io.File
import java.util.Date
import kotlin.time.Instant

/**
 * The screen of a job. Owns the way between Android and the [JobScreen]: its life, the camera app's answer, the window.
 * What must outlive it is the [Workplace]'s.
 */
class JobActivity :
    Activity(),
    JobActions {
    private val work get() = (application as HasWorkplace).workplace
    private lateinit var job: WorkOrder
    private lateinit var screen: JobScreen
    private var watching: CoroutineScope? = null

    /** What the camera app was asked to write. Kept over the end of the process: cameras are large, and we are not. */
    private var shot: File? = null

    override fun onCreate(state: Bundle?) {
        val palette = Palette.of(this)
        prepareWindow(palette)
        super.onCreate(state)
        job = jobOf(intent) ?: work.signIn.job
        shot = state?.getString(SHOT)?.let(::File)
        screen = JobScreen(this, palette, this, ::time) { work.thumbnails.of(it.id) }
        screen.show(JobState(job.id, job.account))
        setContentView(screen)
        edgeToEdge(palette)
    }

    override fun onStart() {
        super.onStart()
        val scope = MainScope().also { watching = it }
        scope.launch {
            try {
                states(work.outbox.await()).collect(screen::show)
            } catch (error: OutboxException) {
                screen.show(JobState(job.id, job.account, message = Texts.failed(error.message.orEmpty())))
            }
        }
        scope.launch { work.thumbnails.loaded.collect { screen.redraw() } }
    }

    override fun onStop() {
        watching?.cancel()
        super.onStop()
    }

    override fun onSaveInstanceState(state: Bundle) {
        super.onSaveInstanceState(state)
        state.putString(SHOT, shot?.path)
    }

    override fun takePhoto() {
        val file = work.shots.begin()
        shot = file
        try {
            startActivityForResult(photoIntent(this, file), TAKE_PHOTO)
        } catch (_: ActivityNotFoundException) {
            shot = null
            work.noCamera()
        }
    }

    @Deprecated("Its successor is part of androidx, which this sample does without")
    override fun onActivityResult(request: Int, result: Int, data: Intent?) {
        val file = shot
        if (request != TAKE_PHOTO || file == null) return
        shot = null
        if (result == RESULT_OK) work.keep(file, job) else work.shots.discard(file)
    }

    override fun deliver() = work.deliver()

    override fun stop() = work.stop()

    override fun retry(item: Item) = work.retry(item)

    private fun states(outbox: Outbox): Flow<JobState> =
        combine(
            outbox.items(job),
            parts(outbox),
            work.conditions,
            work.running,
            work.news,
        ) { items, parts, now, running, news ->
            JobState(job.id, job.account, items, parts, now?.network, running, news?.let { words(it, ::time) })
        }

    /** How much of each item that is on its way was sent, in percent. */
    private fun parts(outbox: Outbox): Flow<Map<ItemId, Int>> =
        outbox.events
            .runningFold(emptyMap<ItemId, Int>()) { parts, event ->
                when (event) {
                    is Event.Progress -> parts + (event.id to percent(event.sent, event.total))
                    is Event.Changed -> if (event.item.status is Status.Sending) parts else parts - event.item.id
                    is Event.Forgotten -> parts - event.id
                    is Event.Reasons -> parts
                }
            }.distinctUntilChanged()

    private fun time(at: Instant): String = DateFormat.getTimeFormat(this).format(Date(at.toEpochMilliseconds()))

    private fun prepareWindow(palette: Palette) {
        // Before super.onCreate, which reads it. DayNight came with API 29.
        setTheme(
            when {
                Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q -> android.R.style.Theme_DeviceDefault_DayNight
                palette.night -> android.R.style.Theme_Material
                else -> android.R.style.Theme_Material_Light
            },
        )
        requestWindowFeature(Window.FEATURE_NO_TITLE)
    }

    /** From API 35 on the window reaches below the bars whether it wants or not: then the same from 30 on. */
    private fun edgeToEdge(palette: Palette) {
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) {
            window.setDecorFitsSystemWindows(false)
            val darkIcons = WindowInsetsController.APPEARANCE_LIGHT_NAVIGATION_BARS
            val below = if (palette.night) 0 else darkIcons
            // The status bar lies on the header, which is dark by day as well.
            val both = darkIcons or WindowInsetsController.APPEARANCE_LIGHT_STATUS_BARS
            window.insetsController?.setSystemBarsAppearance(below, both)
        } else {
            @Suppress("DEPRECATION") // before, the bars have grounds of their own
            window.statusBarColor = palette.header
        }
    }

    companion object {
        private const val TAKE_PHOTO = 1
        private const val SHOT = "shot"
        private const val ACCOUNT = "dev.fieldpost.sample.ACCOUNT"
        private const val WORK_ORDER = "dev.fieldpost.sample.WORK_ORDER"

        /** Shows that job. */
        fun intent(context: Context, job: WorkOrder): Intent =
            Intent(context, JobActivity::class.java).putExtra(ACCOUNT, job.account).putExtra(WORK_ORDER, job.id)

        private fun jobOf(intent: Intent): WorkOrder? {
            val account = intent.getStringExtra(ACCOUNT) ?: return null
            return intent.getStringExtra(WORK_ORDER)?.let { WorkOrder(account, it) }
        }

        private fun percent(sent: Long, total: Long): Int =
            if (total > 0) (sent * 100 / total).toInt().coerceIn(0, 100) else 0
    }
}
