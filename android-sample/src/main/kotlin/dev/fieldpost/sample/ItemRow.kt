package dev.fieldpost.sample

import android.annotation.SuppressLint
import android.content.res.ColorStateList
import android.graphics.Bitmap
import android.text.TextUtils
import android.view.Gravity
import android.view.View
import android.view.ViewGroup.LayoutParams.MATCH_PARENT
import android.view.ViewGroup.LayoutParams.WRAP_CONTENT
import android.widget.LinearLayout
import android.widget.ProgressBar
import dev.fieldpost.Item
import dev.fieldpost.Kind
import dev.fieldpost.Status

/** One item: its picture, what it is called, where it stands and why, and what can be done. Shows; decides nothing. */
@SuppressLint("ViewConstructor") // never inflated
internal class ItemRow(private val look: Look, private val onRetry: (Item) -> Unit) : LinearLayout(look.context) {
    private val palette = look.palette
    private val picture = Thumbnail(look)
    private val title = look.text(TITLE_TEXT, palette.ink, bold = true)
    private val label = look.text(BODY_TEXT, palette.ink, bold = true)
    private val said = look.text(BODY_TEXT, palette.ink)
    private val help = look.text(BODY_TEXT, palette.quiet)
    private val progress = ProgressBar(context, null, android.R.attr.progressBarStyleHorizontal)
    private val retry =
        look.button(Texts.TRY_AGAIN, Icon.AGAIN, palette.second, palette.onSecond, height = 56).apply { id = Ids.RETRY }
    private val card = LinearLayout(context)

    init {
        orientation = VERTICAL
        setPadding(look.dp(12), look.dp(5), look.dp(12), look.dp(5))
        addView(card, LayoutParams(MATCH_PARENT, WRAP_CONTENT))
        progress.progressTintList = ColorStateList.valueOf(palette.tone(Tone.MOVING))
        card.orientation = VERTICAL
        card.setPadding(look.dp(12), look.dp(12), look.dp(12), look.dp(12))
        card.addView(head(), LayoutParams(MATCH_PARENT, WRAP_CONTENT))
        card.addView(progress, below(10, look.dp(8)))
        card.addView(retry, below(12, WRAP_CONTENT))
        // The whole row is read as one sentence; its button stays a stop of its own.
        card.importantForAccessibility = View.IMPORTANT_FOR_ACCESSIBILITY_YES
    }

    /** Shows an item. [part] is how much of it was sent, in percent; none where that is not known. */
    fun show(item: Item, name: String, words: Words, thumbnail: Bitmap?, part: Int?) {
        val colour = palette.tone(words.tone)
        title.text = name
        label.text = if (part == null) words.label else "${words.label} · ${Texts.percent(part)}"
        label.setTextColor(colour)
        label.background = look.rounded(palette.ground(words.tone), 8)
        look.icon(label, icon(words.tone), colour, size = 18)
        said.showOrHide(words.said)
        help.showOrHide(words.help)
        val urgent = words.tone == Tone.NEEDS_YOU
        card.background = look.rounded(palette.card, 16, if (urgent) colour else palette.edge)
        picture.show(icon(item.kind), thumbnail)
        progress.visibility = if (part == null) View.GONE else View.VISIBLE
        part?.let { progress.progress = it }
        retry.visibility = if (canRetry(item.status)) View.VISIBLE else View.GONE
        retry.contentDescription = Texts.tryAgain(name)
        retry.setOnClickListener { onRetry(item) }
        card.contentDescription =
            listOfNotNull(words(item.kind), name, label.text, words.said, words.help)
                .joinToString(". ") { it.trimEnd('.') }
    }

    private fun head() =
        LinearLayout(context).apply {
            gravity = Gravity.TOP
            val side = look.dp(THUMBNAIL)
            addView(picture, LayoutParams(side, side).apply { marginEnd = look.dp(14) })
            addView(lines(), LayoutParams(0, WRAP_CONTENT, 1f))
            importantForAccessibility = View.IMPORTANT_FOR_ACCESSIBILITY_NO_HIDE_DESCENDANTS // the card says it all
        }

    private fun lines() =
        LinearLayout(context).apply {
            orientation = VERTICAL
            title.maxLines = 2
            title.ellipsize = TextUtils.TruncateAt.END
            label.gravity = Gravity.CENTER_VERTICAL
            label.compoundDrawablePadding = look.dp(6)
            label.setPadding(look.dp(8), look.dp(4), look.dp(10), look.dp(4))
            addView(title, LayoutParams(MATCH_PARENT, WRAP_CONTENT))
            addView(label, LayoutParams(WRAP_CONTENT, WRAP_CONTENT).apply { topMargin = look.dp(6) })
            addView(said, below(6, WRAP_CONTENT))
            addView(help, below(2, WRAP_CONTENT))
        }

    private fun below(margin: Int, height: Int) =
        LayoutParams(MATCH_PARENT, height).apply { topMargin = look.dp(margin) }

    private companion object {
        const val THUMBNAIL = 72
        const val TITLE_TEXT = 18
        const val BODY_TEXT = 15
    }
}

/** Whether a person can send it on its way: what is blocked, and what sits out a wait that may be cut short. */
internal fun canRetry(status: Status): Boolean =
    when (status) {
        is Status.Blocked -> true
        is Status.Waiting -> status.why.until != null
        is Status.Captured, is Status.Queued, Status.Sending, is Status.Verifying -> false
        is Status.Delivered, Status.Cancelled -> false
    }

private fun icon(kind: Kind): Icon =
    when (kind) {
        Kind.PHOTO -> Icon.CAMERA
        Kind.DOCUMENT -> Icon.DOCUMENT
        Kind.TEXT -> Icon.TEXT
        Kind.SIGNATURE -> Icon.SIGNATURE
    }
