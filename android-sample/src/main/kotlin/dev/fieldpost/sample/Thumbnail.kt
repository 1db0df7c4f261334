package dev.fieldpost.sample

import android.annotation.SuppressLint
import android.graphics.Bitmap
import android.graphics.BitmapShader
import android.graphics.Canvas
import android.graphics.Matrix
import android.graphics.Paint
import android.graphics.Shader
import android.graphics.drawable.Drawable
import android.view.View

/** A small picture with round corners, filled from the middle; where there is none, an icon on a ground. */
@SuppressLint("ViewConstructor") // never inflated
internal class Thumbnail(private val look: Look) : View(look.context) {
    private val paint = Paint(Paint.ANTI_ALIAS_FLAG or Paint.FILTER_BITMAP_FLAG)
    private var picture: Bitmap? = null
    private var instead: Drawable? = null

    fun show(icon: Icon, thumbnail: Bitmap?) {
        picture = thumbnail
        instead = if (thumbnail == null) IconDrawable(icon, look.palette.onSecond, look.dp(ICON)) else null
        invalidate()
    }

    override fun onDraw(canvas: Canvas) {
        paint.shader = picture?.let(::filled)
        paint.color = look.palette.second
        val radius = look.dp(CORNER).toFloat()
        canvas.drawRoundRect(0f, 0f, width.toFloat(), height.toFloat(), radius, radius, paint)
        instead?.let {
            val (left, top) = (width - it.intrinsicWidth) / 2 to (height - it.intrinsicHeight) / 2
            it.setBounds(left, top, left + it.intrinsicWidth, top + it.intrinsicHeight)
            it.draw(canvas)
        }
    }

    private fun filled(bitmap: Bitmap) =
        BitmapShader(bitmap, Shader.TileMode.CLAMP, Shader.TileMode.CLAMP).apply {
            val scale = maxOf(width / bitmap.width.toFloat(), height / bitmap.height.toFloat())
            val matrix = Matrix()
            matrix.setScale(scale, scale)
            matrix.postTranslate((width - bitmap.width * scale) / 2, (height - bitmap.height * scale) / 2)
            setLocalMatrix(matrix)
        }

    private companion object {
        const val CORNER = 12
        const val ICON = 32
    }
}
