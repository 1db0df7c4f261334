package dev.fieldpost.sample

import android.app.Activity
import android.content.ContentProvider
import android.content.Intent
import android.graphics.Bitmap
import android.net.Uri
import android.os.ParcelFileDescriptor
import android.provider.MediaStore
import android.view.View
import android.view.ViewGroup
import android.widget.ListView
import android.widget.TextView
import dev.fieldpost.CorrigoPro
import dev.fieldpost.WorkOrder
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowActivity
import java.io.File

/**
 * The story, as a technician lives it: by the buttons of the real screen, with the real native library, against the
 * simulated system. Only the phone around it is played: its network, its camera app.
 */
@RunWith(RobolectricTestRunner::class)
@Config(application = TestApp::class)
class StoryTest {
    private val sandbox = Sandbox()
    private val app = RuntimeEnvironment.getApplication() as TestApp
    private val phone = Phone(app)
    private lateinit var provider: ContentProvider
    private lateinit var screen: ActivityController<JobActivity>

    @Before
    fun `open the job`() {
        phone.offline()
        provider = Robolectric.setupContentProvider(PhotoProvider::class.java, "${app.packageName}.photos")
        app.workplace = workplace()
        open("10234")
    }

    @After
    fun `leave it`() {
        screen.close()
        app.workplace.close()
        sandbox.close()
    }

    @Test
    fun `a photo taken with no network says so, and is there once when there is one`() {
        takePhoto()
        awaitText("There is no network here.")
        await("its picture") { app.filesDir.resolve("thumbnails").walk().any { it.extension == "jpg" } }
        await("the camera's file to go") { photosLeft().isEmpty() }
        click(Ids.DELIVER)
        awaitText("1 still waiting.")
        assertTrue(sandbox.accepted("10234").isEmpty())

        phone.wifi()
        awaitText(Texts.ONLINE)
        click(Ids.DELIVER)
        awaitText(Texts.ALL_DELIVERED)
        awaitText("1\u00A0item · 1\u00A0delivered")
        val arrived = sandbox.accepted("10234").single()
        awaitText("No. ${arrived.getString("remote_id")}")
        picture(screen.get(), "story-delivered")
    }

    @Test
    fun `what the system refuses needs a person, and goes once the office has put it right`() {
        sandbox.workOrder("10236", "rejected")
        open("10236")
        phone.wifi()
        takePhoto()
        awaitText(Texts.KEPT)
        click(Ids.DELIVER)
        awaitText(Texts.NEEDS_YOU)
        awaitText("The work order takes no more files.")
        awaitText("Call the office, then try again.")
        awaitText("1 needs you.")
        picture(screen.get(), "story-blocked")

        sandbox.workOrder("10236", "open")
        click(Ids.RETRY)
        awaitText("1\u00A0item · 1\u00A0delivered")
        assertEquals(1, sandbox.accepted("10236").size)
    }

    @Test
    fun `a delivery goes on while the screen turns, and is stopped by its button, and nothing is there twice`() {
        // The system keeps nothing late here, so that the look after the stop may believe at once that nothing arrived.
        app.workplace.close()
        app.workplace = workplace(settings = mapOf("settle" to "0"))
        open("10234")
        phone.wifi()
        takePhoto()
        awaitText(Texts.KEPT)
        sandbox.network("silent") // what is sent now hangs
        click(Ids.DELIVER)
        awaitText(Texts.SENDING)

        screen.recreate()
        awaitText(Texts.SENDING)
        click(Ids.STOP)
        awaitText(Texts.STOPPED)
        assertFalse(isVisible(Ids.STOP))

        sandbox.network("up")
        click(Ids.DELIVER)
        awaitText(Texts.ALL_DELIVERED)
        assertEquals(1, sandbox.accepted("10234").size)
    }

    @Test
    fun `the screen may be made anew while the camera is open, and keeps its place in the list`() {
        repeat(8) {
            takePhoto()
            awaitText("${it + 1}\u00A0item")
        }
        val list = view<ListView>(Ids.LIST)
        await("the rows") { list.childCount > 2 }
        list.scrollListBy(list.getChildAt(2).top + 1)
        assertEquals(2, list.firstVisiblePosition)

        click(Ids.TAKE_PHOTO)
        val asked = shadowOf(screen.get()).nextStartedActivityForResult
        shoot(asked)
        screen.recreate()
        shadowOf(screen.get()).callOnActivityResult(asked.requestCode, Activity.RESULT_OK, null)
        awaitText("9\u00A0items")
        await("the rows") { view<ListView>(Ids.LIST).childCount > 0 }
        assertEquals(2, view<ListView>(Ids.LIST).firstVisiblePosition)
    }

    @Test
    fun `a photo that is not taken leaves nothing`() {
        awaitText(Texts.EMPTY)
        click(Ids.TAKE_PHOTO)
        val asked = shadowOf(screen.get()).nextStartedActivityForResult
        shoot(asked)
        shadowOf(screen.get()).receiveResult(asked.intent, Activity.RESULT_CANCELED, null)
        awaitText(Texts.EMPTY)
        assertTrue(photosLeft().isEmpty())
    }

    @Test
    fun `a camera that says yes and leaves no photo is told to the person`() {
        awaitText(Texts.EMPTY)
        click(Ids.TAKE_PHOTO)
        val asked = shadowOf(screen.get()).nextStartedActivityForResult
        shadowOf(screen.get()).receiveResult(asked.intent, Activity.RESULT_OK, null)
        awaitText("The photo could not be kept.")
    }

    @Test
    fun `a phone without a camera app says so`() {
        awaitText(Texts.EMPTY)
        shadowOf(app).checkActivities(true)
        click(Ids.TAKE_PHOTO)
        awaitText(Texts.NO_CAMERA)
    }

    @Test
    fun `a photo that was taken when the app was killed is captured at the next start, once`() {
        takePhoto()
        awaitText("1\u00A0item")
        app.workplace.close()
        val shot = app.workplace.shots.begin()
        shot.outputStream().use { gauge(800, 600, 120f).compress(Bitmap.CompressFormat.JPEG, 90, it) }
        val copy = shot.readBytes()
        val taken = app.workplace.shots.taken(shot, JOB)

        app.workplace = workplace()
        open("10234")
        awaitText("2\u00A0items")
        await("the camera's file to go") { photosLeft().isEmpty() }
        // Killed once more, after the capture and before the file was removed.
        app.workplace.close()
        taken.writeBytes(copy)
        app.workplace = workplace()
        open("10234")
        await("the camera's file to go") { photosLeft().isEmpty() }
        awaitText("2\u00A0items")
    }

    @Test
    fun `the camera app may write the shot that it was asked for, and no other file`() {
        // There, but none of the shots.
        val folder =
            app.workplace.shots
                .begin()
                .parentFile!!
        folder.resolve("outbox.db").writeText("private")
        folder.resolveSibling("private.jpg").writeText("private")
        for (name in listOf("..%2Fprivate.jpg", "outbox.db", "a/b.jpg", "")) {
            val uri = Uri.parse("content://${app.packageName}.photos/$name")
            val refused = runCatching { provider.openFile(uri, "rw") }.exceptionOrNull()
            assertTrue("$name: $refused", refused is java.io.FileNotFoundException)
        }
        assertNull(provider.query(Uri.parse("content://${app.packageName}.photos/"), null, null, null, null))
    }

    private fun workplace(settings: Map<String, String> = emptyMap()) =
        Workplace(app, SignIn(CorrigoPro("acme", sandbox.url, "Jo Field", settings = settings), JOB) { sandbox.token })

    private fun open(workOrder: String) {
        if (::screen.isInitialized) screen.close()
        screen =
            Robolectric.buildActivity(JobActivity::class.java, JobActivity.intent(app, WorkOrder("acme", workOrder)))
        screen.setup()
        await("the outbox to open") { view<View>(Ids.TAKE_PHOTO).isEnabled }
    }

    private fun takePhoto() {
        click(Ids.TAKE_PHOTO)
        val asked = shadowOf(screen.get()).nextStartedActivityForResult
        shoot(asked)
        shadowOf(screen.get()).receiveResult(asked.intent, Activity.RESULT_OK, null)
    }

    /** What the phone's camera app does: it writes a JPEG to where it was asked to. */
    private fun shoot(asked: ShadowActivity.IntentForResult) {
        assertEquals(MediaStore.ACTION_IMAGE_CAPTURE, asked.intent.action)
        assertTrue(asked.intent.flags and Intent.FLAG_GRANT_WRITE_URI_PERMISSION != 0)
        val uri = asked.intent.getParcelableExtra(MediaStore.EXTRA_OUTPUT, Uri::class.java)!!
        val file = provider.openFile(uri, "rwt")!!
        ParcelFileDescriptor.AutoCloseOutputStream(file).use {
            gauge(1600, 1200, 200f).compress(Bitmap.CompressFormat.JPEG, 90, it)
        }
    }

    private fun photosLeft(): List<File> =
        app.filesDir
            .resolve("camera")
            .walk()
            .filter { it.isFile }
            .toList()

    private fun <T : View> view(id: Int): T = checkNotNull(screen.get().findViewById(id)) { "there is no view $id" }

    private fun isVisible(id: Int) = screen.get().findViewById<View>(id)?.isShown == true

    private fun click(id: Int) {
        await("the button $id") { isVisible(id) && view<View>(id).isEnabled }
        view<View>(id).performClick()
    }

    private fun awaitText(text: String) = await("“$text” on the screen", ::texts) { texts().any { text in it } }

    /** All texts that can be seen. */
    private fun texts(): List<String> = texts(screen.get().window.decorView)

    private fun texts(view: View): List<String> =
        when {
            !view.isShown -> emptyList()
            view is ViewGroup -> (0 until view.childCount).flatMap { texts(view.getChildAt(it)) }
            view is TextView -> listOf(view.text.toString())
            else -> emptyList()
        }

    private companion object {
        val JOB = WorkOrder("acme", "10234")
    }
}
