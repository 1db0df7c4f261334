package dev.fieldpost.sample

import android.annotation.SuppressLint
import android.content.Context
import android.content.res.Configuration
import android.graphics.Bitmap
import android.graphics.Insets
import android.os.Build
import android.view.Gravity
import android.view.View
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.view.ViewGroup.LayoutParams.WRAP_CONTENT
import android.widget.FrameLayout
import android.widget.LinearLayout
import android.widget.ListView
import android.widget.ScrollView
import android.widget.TextView
import dev.fieldpost.Item
import dev.fieldpost.ItemId
import dev.fieldpost.Network
import dev.fieldpost.Status
import kotlin.time.Instant

/**
 * All that the screen shows of a job.
 *
 * @property items in the order of capture; none until the outbox is open.
 * @property parts how much of an item was sent, in percent, of those that are on their way.
 * @property message what came of the last thing that was asked for.
 */
data class JobState(
    val workOrder: String,
    val account: String,
    val items: List<Item>? = null,
    val parts: Map<ItemId, Int> = emptyMap(),
    val network: Network? = null,
    val running: Running = Running.NO,
    val message: String? = null,
)

/** Whether a delivery runs. */
enum class Running { NO, YES, STOPPING }

/** What a person can ask for. */
interface JobActions {
    fun takePhoto()

    fun deliver()

    fun stop()

    fun retry(item: Item)
}

/**
 * The job: its number, its items and their reasons, and two large buttons. Upright the buttons are below, in the thumb's
 * reach; lying they stand beside the list. Owns what is where; knows neither outbox nor phone: it shows a [JobState] and
 * tells [JobActions].
 */
@SuppressLint("ViewConstructor") // never inflated
class JobScreen(
    context: Context,
    palette: Palette,
    actions: JobActions,
    at: (Instant) -> String,
    thumbnail: (Item) -> Bitmap?,
) : LinearLayout(context) {
    private val look = Look(context, palette)
    private val lying = resources.configuration.orientation == Configuration.ORIENTATION_LANDSCAPE
    private val largeText = resources.configuration.fontScale >= STACKED_FROM
    private val header = JobHeader(look)
    private val panel = JobPanel(look, actions, stacked = lying || largeText)
    private val rows = ItemList(look, actions::retry, at, thumbnail)
    private val list = PlaceKeepingList(context)
    private val empty = Notice(look)

    init {
        orientation = if (lying) HORIZONTAL else VERTICAL
        setBackgroundColor(palette.header) // shows below the status bar, whose icons are made for it
        val middle = FrameLayout(context)
        middle.setBackgroundColor(palette.ground)
        middle.addView(list.prepared(), FrameLayout.LayoutParams(MATCH_PARENT, MATCH_PARENT))
        middle.addView(empty, FrameLayout.LayoutParams(MATCH_PARENT, MATCH_PARENT))
        if (lying) {
            addView(middle, LayoutParams(0, MATCH_PARENT, 1f))
            addView(side(), LayoutParams(look.dp(SIDE), MATCH_PARENT))
        } else {
            addView(header, LayoutParams(MATCH_PARENT, WRAP_CONTENT))
            addView(middle, LayoutParams(MATCH_PARENT, 0, 1f))
            addView(panel, LayoutParams(MATCH_PARENT, WRAP_CONTENT))
        }
        setOnApplyWindowInsetsListener { _, insets ->
            if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) {
                keepClear(insets.getInsets(BARS))
            } // before, the window itself stays clear of the bars
            insets
        }
    }

    /** Shows a job as it stands now. */
    fun show(state: JobState) {
        header.show(state)
        panel.show(state)
        empty.visibility = if (state.items.isNullOrEmpty()) View.VISIBLE else View.GONE
        if (state.items == null) empty.show(Texts.OPENING, null) else empty.show(Texts.EMPTY, Texts.EMPTY_HELP)
        if (state.items != null) {
            rows.show(state.items, state.parts)
            // Only now: the first rows are those of the place that it is to come back to.
            if (list.adapter == null) list.adapter = rows
        }
    }

    /** Draws the rows again, when a thumbnail has come. */
    fun redraw() = rows.notifyDataSetChanged()

    private fun ListView.prepared() =
        apply {
            id = Ids.LIST // a view without an id does not keep its position
            divider = null
            itemsCanFocus = true
            clipToPadding = false
            setSelector(android.R.color.transparent)
            setPadding(0, look.dp(7), 0, look.dp(7))
        }

    private fun side() =
        LinearLayout(context).apply {
            orientation = VERTICAL
            val scroll = ScrollView(context)
            scroll.isFillViewport = true
            scroll.addView(header)
            addView(scroll, LayoutParams(MATCH_PARENT, 0, 1f))
            addView(panel, LayoutParams(MATCH_PARENT, WRAP_CONTENT))
        }

    /** The grounds reach below the bars, what stands on them does not. */
    private fun keepClear(bars: Insets) {
        val gap = look.dp(7)
        if (!lying) {
            header.keepClear(bars.left, bars.top, bars.right)
            list.setPadding(bars.left, gap, bars.right, gap)
            panel.keepClear(bars.left, bars.right, bars.bottom)
            return
        }
        val toRight = layoutDirection == View.LAYOUT_DIRECTION_LTR
        val (sideLeft, sideRight) = if (toRight) 0 to bars.right else bars.left to 0
        val (listLeft, listRight) = if (toRight) bars.left to 0 else 0 to bars.right
        setPadding(0, bars.top, 0, 0)
        list.setPadding(listLeft, gap, listRight, bars.bottom + gap)
        header.keepClear(sideLeft, 0, sideRight)
        panel.keepClear(sideLeft, sideRight, bars.bottom)
    }

    private companion object {
        /** From this font size on two buttons have no room beside each other. */
        const val STACKED_FROM = 1.3f
        const val SIDE = 304

        val BARS: Int
            get() =
                android.view.WindowInsets.Type
                    .systemBars() or
                    android.view.WindowInsets.Type
                        .displayCutout()
    }
}

/** Which job this is, how much of it is done, and whether there is a network. */
@SuppressLint("ViewConstructor")
private class JobHeader(private val look: Look) : LinearLayout(look.context) {
    private val palette = look.palette
    private val title = look.text(26, palette.onHeader, bold = true)
    private val account = look.text(16, palette.quietOnHeader)
    private val summary = look.text(16, palette.onHeader).apply { id = Ids.SUMMARY }
    private val network = look.text(15, palette.onHeader, bold = true).apply { id = Ids.NETWORK }

    init {
        orientation = VERTICAL
        setBackgroundColor(palette.header)
        keepClear(0, 0, 0)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.P) title.isAccessibilityHeading = true
        network.compoundDrawablePadding = look.dp(8)
        network.gravity = Gravity.CENTER_VERTICAL
        addView(title, LayoutParams(MATCH_PARENT, WRAP_CONTENT))
        addView(account, LayoutParams(MATCH_PARENT, WRAP_CONTENT).apply { topMargin = look.dp(2) })
        addView(summary, LayoutParams(MATCH_PARENT, WRAP_CONTENT).apply { topMargin = look.dp(10) })
        addView(network, LayoutParams(MATCH_PARENT, WRAP_CONTENT).apply { topMargin = look.dp(6) })
    }

    fun show(state: JobState) {
        title.text = Texts.workOrder(state.workOrder)
        account.text = state.account
        summary.text = state.items?.let(::summary) ?: Texts.OPENING
        val (icon, words) =
            when (state.network) {
                Network.NONE -> Icon.OFFLINE to Texts.OFFLINE
                Network.METERED -> Icon.MOBILE to Texts.MOBILE_DATA
                Network.UNMETERED -> Icon.ONLINE to Texts.ONLINE
                null -> null to null
            }
        network.showOrHide(words)
        icon?.let { look.icon(network, it, palette.onHeader, size = 20) }
    }

    fun keepClear(left: Int, top: Int, right: Int) =
        setPadding(left + look.dp(20), top + look.dp(14), right + look.dp(20), look.dp(14))

    private fun summary(items: List<Item>): String {
        val delivered = items.count { it.status is Status.Delivered }
        val needYou = items.count { it.status is Status.Blocked }
        val gone = items.count { it.status is Status.Cancelled }
        val underWay = items.size - delivered - needYou - gone
        return listOfNotNull(
            Texts.items(items.size),
            Texts.delivered(delivered).takeIf { delivered > 0 },
            Texts.underWay(underWay).takeIf { underWay > 0 },
            Texts.needYou(needYou).takeIf { needYou > 0 },
        ).joinToString(" · ")
    }
}

/** The two buttons, and what came of them. */
@SuppressLint("ViewConstructor")
private class JobPanel(private val look: Look, actions: JobActions, stacked: Boolean) : LinearLayout(look.context) {
    private val palette = look.palette
    private val message = look.text(16, palette.ink).apply { id = Ids.MESSAGE }
    private val photo =
        look.button(Texts.TAKE_PHOTO, Icon.CAMERA, palette.second, palette.onSecond).apply { id = Ids.TAKE_PHOTO }
    private val deliver =
        look.button(Texts.DELIVER, Icon.MOVING, palette.primary, palette.onPrimary).apply { id = Ids.DELIVER }
    private val stop =
        look
            .button(Texts.STOP, Icon.STOP, palette.ground(Tone.NEEDS_YOU), palette.tone(Tone.NEEDS_YOU))
            .apply { id = Ids.STOP }

    init {
        orientation = VERTICAL
        setBackgroundColor(palette.card)
        keepClear(0, 0, 0)
        message.accessibilityLiveRegion = View.ACCESSIBILITY_LIVE_REGION_POLITE
        addView(message, LayoutParams(MATCH_PARENT, WRAP_CONTENT).apply { bottomMargin = look.dp(10) })
        addView(buttons(stacked), LayoutParams(MATCH_PARENT, WRAP_CONTENT))
        photo.setOnClickListener { actions.takePhoto() }
        deliver.setOnClickListener { actions.deliver() }
        stop.setOnClickListener { actions.stop() }
    }

    fun show(state: JobState) {
        message.showOrHide(message(state))
        photo.isEnabled = state.items != null
        when (state.running) {
            Running.NO -> deliver.isEnabled = state.items != null
            Running.YES -> stop.text = Texts.STOP
            Running.STOPPING -> stop.text = Texts.STOPPING
        }
        stop.isEnabled = state.running == Running.YES
        val runs = state.running != Running.NO
        stop.visibility = if (runs) View.VISIBLE else View.GONE
        deliver.visibility = if (runs) View.GONE else View.VISIBLE
    }

    fun keepClear(left: Int, right: Int, bottom: Int) =
        setPadding(left + look.dp(16), look.dp(12), right + look.dp(16), bottom + look.dp(12))

    private fun message(state: JobState): String? {
        if (state.running == Running.NO) return state.message
        val items = state.items.orEmpty().filter { it.status != Status.Cancelled }
        return "${Texts.DELIVERING} ${Texts.sent(items.count { it.status is Status.Delivered }, items.size)}"
    }

    private fun buttons(stacked: Boolean) =
        LinearLayout(context).apply {
            orientation = if (stacked) VERTICAL else HORIZONTAL
            if (stacked) {
                addView(photo, LayoutParams(MATCH_PARENT, WRAP_CONTENT))
                for (button in listOf(deliver, stop)) {
                    addView(button, LayoutParams(MATCH_PARENT, WRAP_CONTENT).apply { topMargin = look.dp(12) })
                }
            } else {
                addView(photo, LayoutParams(0, MATCH_PARENT, 1f))
                for (button in listOf(deliver, stop)) {
                    addView(button, LayoutParams(0, MATCH_PARENT, 1f).apply { marginStart = look.dp(12) })
                }
            }
        }
}

/** What stands where the rows will be. */
@SuppressLint("ViewConstructor")
private class Notice(look: Look) : LinearLayout(look.context) {
    private val title = look.text(20, look.palette.ink, bold = true)
    private val help = look.text(16, look.palette.quiet)

    init {
        orientation = VERTICAL
        gravity = Gravity.CENTER
        setPadding(look.dp(32), look.dp(16), look.dp(32), look.dp(16))
        for (text in listOf(title, help)) {
            text.textAlignment = View.TEXT_ALIGNMENT_CENTER
            addView(text, LayoutParams(MATCH_PARENT, WRAP_CONTENT).apply { topMargin = look.dp(8) })
        }
    }

    fun show(said: String, helps: String?) {
        title.text = said
        help.showOrHide(helps)
    }
}

/** Shows a text, or takes no room where there is none. */
internal fun TextView.showOrHide(said: String?) {
    if (text?.toString() != said) text = said // setting the same again would be read out again
    visibility = if (said.isNullOrEmpty()) View.GONE else View.VISIBLE
}
