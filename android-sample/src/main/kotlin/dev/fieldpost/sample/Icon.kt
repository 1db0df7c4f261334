package dev.fieldpost.sample

import android.graphics.Canvas
import android.graphics.ColorFilter
import android.graphics.Paint
import android.graphics.Path
import android.graphics.PixelFormat
import android.graphics.drawable.Drawable

/**
 * The screen's icons, as lines on a square of 24 units. Drawn here and not read from resources: there are none without
 * `aapt`. Each has a shape of its own, so that it is told apart without its colour.
 */
enum class Icon(internal val lines: Path.() -> Unit) {
    CAMERA({
        rounded(3f, 7f, 21f, 19f, 2f)
        moveTo(8f, 7f)
        lineTo(9.5f, 4.5f)
        lineTo(14.5f, 4.5f)
        lineTo(16f, 7f)
        addCircle(12f, 13f, 3.4f, Path.Direction.CW)
    }),
    DOCUMENT({
        moveTo(14f, 3f)
        lineTo(6f, 3f)
        lineTo(6f, 21f)
        lineTo(18f, 21f)
        lineTo(18f, 7f)
        close()
        moveTo(14f, 3f)
        lineTo(14f, 7f)
        lineTo(18f, 7f)
    }),
    TEXT({
        line(4f, 6f, 20f, 6f)
        line(4f, 11f, 20f, 11f)
        line(4f, 16f, 13f, 16f)
    }),
    SIGNATURE({
        moveTo(4f, 14f)
        cubicTo(7f, 3f, 11f, 4f, 8.5f, 11f)
        cubicTo(7f, 16f, 10f, 16f, 12f, 12f)
        cubicTo(13.5f, 9.5f, 14f, 15f, 16f, 13.5f)
        cubicTo(17.5f, 12f, 18.5f, 14f, 20f, 13f)
        line(4f, 20f, 20f, 20f)
    }),
    KEPT({
        rounded(6f, 2.5f, 18f, 21.5f, 2f)
        line(10.5f, 18.5f, 13.5f, 18.5f)
    }),
    MOVING({
        line(12f, 20f, 12f, 5f)
        moveTo(5.5f, 11f)
        lineTo(12f, 4.5f)
        lineTo(18.5f, 11f)
    }),
    WAITING({
        addCircle(12f, 12f, 9f, Path.Direction.CW)
        moveTo(12f, 6.5f)
        lineTo(12f, 12f)
        lineTo(16f, 14.5f)
    }),
    NEEDS_YOU({
        moveTo(12f, 3f)
        lineTo(22f, 20.5f)
        lineTo(2f, 20.5f)
        close()
        line(12f, 9.5f, 12f, 14f)
        line(12f, 17f, 12f, 17.2f)
    }),
    DONE({
        addCircle(12f, 12f, 9f, Path.Direction.CW)
        moveTo(7.5f, 12.5f)
        lineTo(10.8f, 15.8f)
        lineTo(16.5f, 9f)
    }),
    GONE({
        addCircle(12f, 12f, 9f, Path.Direction.CW)
        line(8.5f, 8.5f, 15.5f, 15.5f)
        line(15.5f, 8.5f, 8.5f, 15.5f)
    }),
    STOP({ rounded(6f, 6f, 18f, 18f, 2f) }),
    AGAIN({
        arcTo(4f, 4f, 20f, 20f, -20f, 290f, true)
        moveTo(20.5f, 4f)
        lineTo(20f, 9.5f)
        lineTo(14.8f, 8.6f)
    }),
    ONLINE({
        arcTo(2f, 6f, 22f, 26f, 225f, 90f, true)
        arcTo(6f, 10.5f, 18f, 22.5f, 225f, 90f, true)
        addCircle(12f, 18.5f, 1f, Path.Direction.CW)
    }),
    MOBILE({
        line(5f, 20f, 5f, 16f)
        line(10f, 20f, 10f, 12.5f)
        line(15f, 20f, 15f, 8.5f)
        line(20f, 20f, 20f, 4f)
    }),
    OFFLINE({
        arcTo(2f, 6f, 22f, 26f, 225f, 90f, true)
        arcTo(6f, 10.5f, 18f, 22.5f, 225f, 90f, true)
        addCircle(12f, 18.5f, 1f, Path.Direction.CW)
        line(4f, 3f, 20f, 21.5f)
    }),
}

/** The icon that stands for a tone. */
fun icon(tone: Tone): Icon =
    when (tone) {
        Tone.KEPT -> Icon.KEPT
        Tone.MOVING -> Icon.MOVING
        Tone.WAITING -> Icon.WAITING
        Tone.NEEDS_YOU -> Icon.NEEDS_YOU
        Tone.DONE -> Icon.DONE
        Tone.GONE -> Icon.GONE
    }

/** Draws an icon in one colour, at [size] pixels, or as large as it is told to. */
class IconDrawable(icon: Icon, colour: Int, private val size: Int) : Drawable() {
    private val lines = Path().apply(icon.lines)
    private val paint =
        Paint(Paint.ANTI_ALIAS_FLAG).apply {
            color = colour
            style = Paint.Style.STROKE
            strokeWidth = STROKE
            strokeCap = Paint.Cap.ROUND
            strokeJoin = Paint.Join.ROUND
        }

    override fun draw(canvas: Canvas) {
        val scale = minOf(bounds.width(), bounds.height()) / GRID
        canvas.save()
        canvas.translate(bounds.exactCenterX() - scale * GRID / 2, bounds.exactCenterY() - scale * GRID / 2)
        canvas.scale(scale, scale)
        canvas.drawPath(lines, paint)
        canvas.restore()
    }

    override fun getIntrinsicWidth() = size

    override fun getIntrinsicHeight() = size

    override fun setAlpha(alpha: Int) {
        paint.alpha = alpha
    }

    override fun setColorFilter(filter: ColorFilter?) {
        paint.colorFilter = filter
    }

    @Deprecated("Deprecated in Android, abstract all the same", ReplaceWith("PixelFormat.TRANSLUCENT"))
    override fun getOpacity() = PixelFormat.TRANSLUCENT

    private companion object {
        const val GRID = 24f
        const val STROKE = 2.1f
    }
}

private fun Path.line(fromX: Float, fromY: Float, toX: Float, toY: Float) {
    moveTo(fromX, fromY)
    lineTo(toX, toY)
}

private fun Path.rounded(left: Float, top: Float, right: Float, bottom: Float, radius: Float) =
    addRoundRect(left, top, right, bottom, radius, radius, Path.Direction.CW)
