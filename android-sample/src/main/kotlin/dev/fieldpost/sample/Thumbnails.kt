package dev.fieldpost.sample

import android.graphics.Bitmap
import android.graphics.BitmapFactory
import android.graphics.Matrix
import android.media.ExifInterface
import android.util.LruCache
import dev.fieldpost.ItemId
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.flow.MutableStateFlow
import kotlinx.coroutines.flow.StateFlow
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext
import java.io.File
import java.io.IOException

/**
 * Small pictures of captured photos, for lists. The library keeps the photo itself and hands no picture out, so that the
 * app makes its own while it still has the file. Called on the main thread; the disk is read elsewhere.
 */
class Thumbnails(private val folder: File, private val scope: CoroutineScope) {
    private val cached = LruCache<ItemId, Bitmap>(KEPT)
    private val asked = HashSet<ItemId>()
    private val count = MutableStateFlow(0)

    /** Counts up when one has come: time to draw again. */
    val loaded: StateFlow<Int> = count

    /** One that is at hand; else it is loaded, where there is one, and [loaded] tells. */
    fun of(id: ItemId): Bitmap? {
        cached[id]?.let { return it }
        if (asked.add(id)) {
            scope.launch {
                val bitmap = withContext(Dispatchers.IO) { BitmapFactory.decodeFile(file(id).path) }
                if (bitmap != null) {
                    cached.put(id, bitmap)
                    asked.remove(id) // it may fall out of the cache, and be asked for again
                    count.value++
                }
            }
        }
        return null
    }

    /** Makes one of a photo. A file that is no picture has none: the row shows an icon. */
    suspend fun make(photo: File, id: ItemId) {
        withContext(Dispatchers.IO) {
            try {
                val small = small(photo) ?: return@withContext
                folder.mkdirs()
                // Whole or not there: a row may ask for it at any moment.
                val begun = folder.resolve("$id.part")
                begun.outputStream().use { small.compress(Bitmap.CompressFormat.JPEG, QUALITY, it) }
                begun.renameTo(file(id))
            } catch (_: IOException) {
                // The photo is safe; only its small picture is missing.
            }
        }
        asked.remove(id) // a row may have asked for it before it was there
        count.value++
    }

    private fun file(id: ItemId) = folder.resolve("$id.jpg")

    private fun small(photo: File): Bitmap? {
        val size = BitmapFactory.Options().apply { inJustDecodeBounds = true }
        BitmapFactory.decodeFile(photo.path, size)
        val shorter = minOf(size.outWidth, size.outHeight)
        if (shorter <= 0) return null
        val coarse = BitmapFactory.Options().apply { inSampleSize = maxOf(1, shorter / EDGE) }
        val bitmap = BitmapFactory.decodeFile(photo.path, coarse) ?: return null
        val turn = turn(photo)
        if (turn == 0f) return bitmap
        return Bitmap.createBitmap(bitmap, 0, 0, bitmap.width, bitmap.height, Matrix().apply { setRotate(turn) }, true)
    }

    private fun turn(photo: File): Float =
        when (ExifInterface(photo.path).getAttributeInt(ExifInterface.TAG_ORIENTATION, 0)) {
            ExifInterface.ORIENTATION_ROTATE_90 -> 90f
            ExifInterface.ORIENTATION_ROTATE_180 -> 180f
            ExifInterface.ORIENTATION_ROTATE_270 -> 270f
            else -> 0f
        }

    private companion object {
        /** Pixels of the shorter edge, at least: what a row shows on a dense screen. */
        const val EDGE = 256
        const val QUALITY = 85

        /** How many stay in memory: some screens full, about 16 MB. */
        const val KEPT = 48
    }
}
