package dev.fieldpost.sample

import android.content.ClipData
import android.content.ContentProvider
import android.content.ContentValues
import android.content.Context
import android.content.Intent
import android.database.Cursor
import android.net.Uri
import android.os.ParcelFileDescriptor
import android.provider.MediaStore
import dev.fieldpost.WorkOrder
import java.io.File
import java.io.FileNotFoundException
import java.io.IOException
import java.net.URLDecoder
import java.net.URLEncoder
import java.util.UUID

/**
 * Where a photo lies between the camera and the outbox: in `open/` while the camera app has it, then in `taken/JOB/` until
 * it is captured. What is found in `taken/` at the start was photographed, and not yet known to be captured when the app
 * was killed.
 */
class Shots(private val folder: File) {
    /** A file that is not there yet, for the camera app to write. */
    fun begin(): File = openFolder(folder).apply { mkdirs() }.resolve("${UUID.randomUUID()}.jpg")

    /** Marks a shot as taken for a job, by one rename. Twice is fine. */
    fun taken(shot: File, job: WorkOrder): File {
        val taken =
            folder
                .resolve("taken")
                .resolve(name(job))
                .apply { mkdirs() }
                .resolve(shot.name)
        if (!taken.exists() && !shot.renameTo(taken)) throw IOException("the camera left no photo")
        return taken
    }

    /** Removes a shot that was not taken after all. */
    fun discard(shot: File) {
        shot.delete()
    }

    /** The photos that were taken and may not be captured. */
    fun left(): List<Pair<File, WorkOrder>> =
        folder.resolve("taken").listFiles().orEmpty().flatMap { jobFolder ->
            val job = job(jobFolder.name)
            jobFolder.listFiles().orEmpty().map { it to job }
        }

    // The comma is encoded inside of the ids, so that it parts them.
    private fun name(job: WorkOrder) = listOf(job.account, job.id).joinToString(",") { URLEncoder.encode(it, UTF_8) }

    private fun job(name: String): WorkOrder {
        val (account, id) = name.split(",").map { URLDecoder.decode(it, UTF_8) }
        return WorkOrder(account, id)
    }

    internal companion object {
        /** As text: the form with a charset came with API 33. */
        private const val UTF_8 = "UTF-8"

        fun openFolder(folder: File): File = folder.resolve("open")
    }
}

/** The intent by which the phone's camera app takes a photo into a file of ours. */
fun photoIntent(context: Context, shot: File): Intent {
    val uri =
        Uri
            .Builder()
            .scheme("content")
            .authority("${context.packageName}.photos")
            .appendPath(shot.name)
            .build()
    return Intent(MediaStore.ACTION_IMAGE_CAPTURE)
        .putExtra(MediaStore.EXTRA_OUTPUT, uri)
        .addFlags(Intent.FLAG_GRANT_WRITE_URI_PERMISSION or Intent.FLAG_GRANT_READ_URI_PERMISSION)
        // The grant goes to what an intent carries as data or clip, not to its extras.
        .apply { clipData = ClipData.newRawUri(null, uri) }
}

/** Lets the camera app write a shot, and nothing else: a file of that one folder, by its name, for who was granted it. */
class PhotoProvider : ContentProvider() {
    override fun onCreate() = true

    override fun openFile(uri: Uri, mode: String): ParcelFileDescriptor {
        val context = context ?: throw FileNotFoundException("not attached")
        val name = uri.pathSegments.singleOrNull()
        // A segment may hold an encoded slash.
        if (name == null || !NAME.matches(name)) throw FileNotFoundException("no such photo")
        val file = Shots.openFolder(context.filesDir.resolve("camera")).resolve(name)
        return ParcelFileDescriptor.open(file, ParcelFileDescriptor.parseMode(mode))
    }

    override fun getType(uri: Uri) = "image/jpeg"

    override fun query(
        uri: Uri,
        projection: Array<String>?,
        selection: String?,
        selectionArgs: Array<String>?,
        sortOrder: String?,
    ): Cursor? = null

    override fun insert(uri: Uri, values: ContentValues?): Uri? = null

    override fun update(uri: Uri, values: ContentValues?, selection: String?, selectionArgs: Array<String>?) = 0

    override fun delete(uri: Uri, selection: String?, selectionArgs: Array<String>?) = 0

    private companion object {
        val NAME = Regex("[0-9a-f-]{36}\\.jpg")
    }
}
