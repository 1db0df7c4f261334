package dev.fieldpost.sample

import android.annotation.SuppressLint
import android.content.Context
import android.content.res.ColorStateList
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Typeface
import android.graphics.drawable.Drawable
import android.graphics.drawable.GradientDrawable
import android.graphics.drawable.RippleDrawable
import android.util.TypedValue
import android.view.Gravity
import android.view.View
import android.widget.Button
import android.widget.TextView
import kotlin.math.roundToInt

/** The pieces that the screen is built of: sizes, texts, buttons, grounds. */
internal class Look(val context: Context, val palette: Palette) {
    /** Density-independent pixels as pixels. */
    fun dp(size: Int): Int =
        TypedValue
            .applyDimension(TypedValue.COMPLEX_UNIT_DIP, size.toFloat(), context.resources.displayMetrics)
            .roundToInt()

    private fun sp(size: Int): Int = (dp(size) * context.resources.configuration.fontScale).roundToInt()

    /** A text; its size follows the font size that the phone is set to. */
    fun text(size: Int, colour: Int, bold: Boolean = false) =
        TextView(context).apply {
            setTextSize(TypedValue.COMPLEX_UNIT_SP, size.toFloat())
            setTextColor(colour)
            textAlignment = View.TEXT_ALIGNMENT_VIEW_START
            if (bold) typeface = STRONG
        }

    /** A button to be hit with a glove: never lower than [height]. */
    fun button(label: String, icon: Icon, fill: Int, ink: Int, height: Int = TOUCH) =
        IconButton(context).apply {
            text = label
            isAllCaps = false
            gravity = Gravity.CENTER_VERTICAL
            textAlignment = View.TEXT_ALIGNMENT_VIEW_START // beside the icon, whichever way the language runs
            typeface = STRONG
            setTextSize(TypedValue.COMPLEX_UNIT_SP, BUTTON_TEXT)
            setTextColor(states(ink))
            compoundDrawablePadding = dp(10)
            minHeight = dp(height)
            minimumHeight = dp(height)
            setPadding(dp(16), dp(8), dp(16), dp(8))
            background =
                RippleDrawable(ColorStateList.valueOf(faded(ink, PRESSED)), rounded(fill, 16), rounded(fill, 16))
            isFocusable = true
            isClickable = true
            icon(this, icon, ink)
        }

    /** Puts an icon before a text; it grows with the text. */
    fun icon(view: TextView, icon: Icon, colour: Int, size: Int = 24) =
        view.setCompoundDrawablesRelativeWithIntrinsicBounds(IconDrawable(icon, colour, sp(size)), null, null, null)

    /** A ground with round corners, with a line around it where an [edge] is given. */
    fun rounded(fill: Int, radius: Int, edge: Int? = null): Drawable =
        GradientDrawable().apply {
            setColor(fill)
            cornerRadius = dp(radius).toFloat()
            edge?.let { setStroke(dp(1), it) }
        }

    private fun states(ink: Int) =
        ColorStateList(
            arrayOf(intArrayOf(-android.R.attr.state_enabled), intArrayOf()),
            intArrayOf(faded(ink, DISABLED), ink),
        )

    private fun faded(colour: Int, alpha: Int) =
        Color.argb(alpha, Color.red(colour), Color.green(colour), Color.blue(colour))

    companion object {
        /** The least height of a button, in dp. Android asks for 48; gloves ask for more. */
        const val TOUCH = 64

        private const val BUTTON_TEXT = 18f
        private const val PRESSED = 0x40
        private const val DISABLED = 0x99
        private val STRONG: Typeface = Typeface.create("sans-serif-medium", Typeface.NORMAL)
    }
}

/** A button whose icon stands beside its text, both in the middle: Android puts the icon at the edge. */
@SuppressLint("ViewConstructor") // never inflated
internal class IconButton(context: Context) : Button(context, null, 0) {
    override fun onDraw(canvas: Canvas) {
        val text = layout
        val widest = (0 until (text?.lineCount ?: 0)).maxOfOrNull { text.getLineWidth(it) } ?: 0f
        val free = width - compoundPaddingLeft - compoundPaddingRight - widest
        canvas.save()
        canvas.translate((if (layoutDirection == LAYOUT_DIRECTION_RTL) -free else free) / 2, 0f)
        super.onDraw(canvas)
        canvas.restore()
    }
}
