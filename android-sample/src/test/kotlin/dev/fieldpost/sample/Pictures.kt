package dev.fieldpost.sample

import android.app.Activity
import android.graphics.Bitmap
import android.graphics.Canvas
import android.graphics.Color
import android.graphics.Paint
import org.junit.Assert.assertTrue
import java.io.File

/** Draws what the activity shows into `target/shots/NAME.png`, to be looked at, and fails where it is blank. */
fun picture(activity: Activity, name: String): File {
    val screen = activity.window.decorView
    assertTrue("the screen was laid out", screen.width > 0 && screen.height > 0)
    val bitmap = Bitmap.createBitmap(screen.width, screen.height, Bitmap.Config.ARGB_8888)
    screen.draw(Canvas(bitmap))
    val file = File(System.getProperty("shots.dir"), "$name.png")
    file.parentFile?.mkdirs()
    file.outputStream().use { bitmap.compress(Bitmap.CompressFormat.PNG, 100, it) }
    // A screen with text and pictures has many colours; one that was not drawn has one, or a few from its grounds.
    assertTrue("$name.png is blank", colours(bitmap) > 50)
    return file
}

private fun colours(bitmap: Bitmap): Int {
    val pixels = IntArray(bitmap.width * bitmap.height)
    bitmap.getPixels(pixels, 0, bitmap.width, 0, 0, bitmap.width, bitmap.height)
    return pixels.toHashSet().size
}

/** A picture of a gauge on a wall, as large as it is asked for; `hue` makes it one of several. */
fun gauge(width: Int, height: Int, hue: Float): Bitmap {
    val bitmap = Bitmap.createBitmap(width, height, Bitmap.Config.ARGB_8888)
    val canvas = Canvas(bitmap)
    val paint = Paint(Paint.ANTI_ALIAS_FLAG)
    val size = minOf(width, height).toFloat()
    canvas.drawColor(Color.HSVToColor(floatArrayOf(hue, 0.25f, 0.62f)))
    paint.color = Color.HSVToColor(floatArrayOf(hue, 0.45f, 0.35f))
    for (x in 0 until width step maxOf(width / 6, 1)) {
        canvas.drawRect(x.toFloat(), 0f, x + width / 18f, height.toFloat(), paint)
    }
    val (x, y) = width / 2f to height / 2f
    paint.color = Color.rgb(0x22, 0x2A, 0x30)
    canvas.drawCircle(x, y, size * 0.38f, paint)
    paint.color = Color.rgb(0xF4, 0xF6, 0xF2)
    canvas.drawCircle(x, y, size * 0.33f, paint)
    paint.strokeWidth = size * 0.03f
    paint.color = Color.rgb(0xB3, 0x26, 0x1E)
    canvas.drawLine(x, y, x + size * 0.2f, y - size * 0.18f, paint)
    return bitmap
}
