package dev.fieldpost.sample

import android.app.Activity
import android.content.pm.ApplicationInfo
import android.graphics.Insets
import android.os.Bundle
import android.view.View
import android.view.ViewGroup
import android.view.Window
import android.view.WindowInsets
import android.widget.ListView
import dev.fieldpost.Item
import dev.fieldpost.Kind
import dev.fieldpost.Network
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowLooper.idleMainLooper

/** The screen alone, with items that are made up: what it shows, and its pictures for people to look at. */
@RunWith(RobolectricTestRunner::class)
class JobScreenTest {
    private val asked = mutableListOf<String>()

    @Test
    fun `by day`() {
        picture(host(), "job-light")
    }

    @Test
    @Config(qualifiers = "+night")
    fun `by night`() {
        picture(host(), "job-dark")
    }

    @Test
    @Config(qualifiers = "w731dp-h411dp-land-xhdpi")
    fun lying() {
        val activity = host()
        picture(activity, "job-landscape")
        assertTouchable(activity)
    }

    @Test
    fun `with large text`() {
        RuntimeEnvironment.setFontScale(1.5f)
        val activity = host()
        picture(activity, "job-large-font")
        assertTouchable(activity)
    }

    @Test
    @Config(qualifiers = "ar-ldrtl-w411dp-h731dp-xhdpi")
    fun `from right to left`() {
        val activity = host()
        picture(activity, "job-right-to-left")
        val row = rows(activity).first()
        val picture = all(row).first { it is Thumbnail }
        assertTrue("the picture is on the right", picture.left > row.width / 2)
    }

    @Test
    fun `what can be touched is large enough for a glove`() {
        assertTouchable(host())
    }

    @Test
    fun `what needs the person comes first, then the newest`() {
        val said = rows(host(screenHeight = 4000)).map { row -> all(row).mapNotNull { it.contentDescription }.first() }
        assertEquals(BAD_DAY.size, said.size)
        val expected =
            "Photo. Pressure gauge after the repair, left of the door in the second basement. Needs you. " +
                "The work-order system refused it. “409: Work order is rejected”. " +
                "Look at the work order, or ask the office, then try again"
        assertEquals(expected, said[0])
        assertEquals("Photo. Photo, 10:05. Safe on this phone. Not sent yet", said[1])
        assertEquals("Photo. Serial number. Sending · 45 %", said[3])
        assertEquals("Photo. Boiler plate. Delivered. Received at 10:05. No. 81423", said.last())
    }

    @Test
    fun `only what is held up can be tried again, and it says which`() {
        val buttons =
            rows(host(screenHeight = 4000)).map { row -> row.part<View>(Ids.RETRY) }.filter { it.isShown }
        assertEquals(
            listOf("Try again: ${BAD_DAY[2].caption}", "Try again: ${BAD_DAY[3].caption}"),
            buttons.map { it.contentDescription },
        )
        buttons[0].performClick()
        assertEquals(listOf("retry ${BAD_DAY[2].id}"), asked)
    }

    @Test
    fun `the buttons ask for what they say`() {
        val activity = host(Running.YES)
        activity.part<View>(Ids.TAKE_PHOTO).performClick()
        activity.part<View>(Ids.STOP).performClick()
        assertTrue(!activity.part<View>(Ids.DELIVER).isShown)
        host(Running.NO).part<View>(Ids.DELIVER).performClick()
        assertEquals(listOf("photo", "stop", "deliver"), asked)
    }

    @Test
    fun `nothing that is read or touched lies below the bars`() {
        val activity = host()
        val bars = Insets.of(0, 100, 0, 140)
        dispatch(activity, bars)
        val height = activity.window.decorView.height
        val title = place(all(screen(activity)).filterIsInstance<android.widget.TextView>().first { it.isShown })
        assertTrue("the title is below the status bar", title >= bars.top)
        val button = activity.part<View>(Ids.TAKE_PHOTO)
        assertTrue("the buttons are above the navigation", place(button) + button.height <= height - bars.bottom)
    }

    @Test
    @Config(qualifiers = "w731dp-h411dp-land-xhdpi")
    fun `lying it keeps clear of the camera's cutout`() {
        val activity = host()
        dispatch(activity, Insets.of(90, 60, 0, 40))
        val list = activity.part<ListView>(Ids.LIST)
        assertEquals(90, list.paddingLeft)
        assertTrue("the list begins below the status bar", place(list) >= 60)
    }

    private fun dispatch(activity: Activity, bars: Insets) {
        val insets = WindowInsets.Builder().setInsets(WindowInsets.Type.systemBars(), bars).build()
        screen(activity).dispatchApplyWindowInsets(insets)
        idleMainLooper()
    }

    private fun place(view: View): Int = IntArray(2).also(view::getLocationInWindow)[1]

    private fun assertTouchable(activity: Activity) {
        val least = 48 * activity.resources.displayMetrics.density
        val touched = all(activity.window.decorView).filter { it.isShown && it.isClickable }
        assertTrue("there are some", touched.size >= 3)
        for (view in touched) {
            assertTrue("${view.contentDescription ?: view}", view.height >= least && view.width >= least)
        }
    }

    private fun <T : View> Activity.part(id: Int): T = window.decorView.part(id)

    private fun <T : View> View.part(id: Int): T = checkNotNull(findViewById(id)) { "there is no view $id" }

    private fun rows(activity: Activity): List<View> {
        val list = activity.part<ListView>(Ids.LIST)
        return (0 until list.childCount).map(list::getChildAt)
    }

    private fun screen(activity: Activity) = all(activity.window.decorView).first { it is JobScreen }

    private fun all(view: View): List<View> =
        listOf(view) +
            (0 until ((view as? ViewGroup)?.childCount ?: 0)).flatMap { all((view as ViewGroup).getChildAt(it)) }

    private fun host(running: Running = Running.YES, screenHeight: Int? = null): Activity {
        // What the manifest says; there is none here.
        RuntimeEnvironment.getApplication().applicationInfo.flags =
            RuntimeEnvironment.getApplication().applicationInfo.flags or ApplicationInfo.FLAG_SUPPORTS_RTL
        val controller = Robolectric.buildActivity(Host::class.java).setup()
        val activity = controller.get()
        val screen =
            JobScreen(activity, Palette.of(activity), Noting(), { "10:05" }) { item ->
                if (item.kind == Kind.PHOTO) gauge(300, 400, item.id.takeLast(1).toFloat() * 40) else null
            }
        activity.setContentView(screen, ViewGroup.LayoutParams(-1, screenHeight ?: -1))
        val parts = mapOf(BAD_DAY[4].id to 45)
        screen.show(JobState("10234", "Acme Property Care", BAD_DAY, parts, Network.METERED, running))
        idleMainLooper()
        return activity
    }

    private inner class Noting : JobActions {
        override fun takePhoto() {
            asked += "photo"
        }

        override fun deliver() {
            asked += "deliver"
        }

        override fun stop() {
            asked += "stop"
        }

        override fun retry(item: Item) {
            asked += "retry ${item.id}"
        }
    }

    class Host : Activity() {
        override fun onCreate(state: Bundle?) {
            setTheme(android.R.style.Theme_DeviceDefault_DayNight)
            requestWindowFeature(Window.FEATURE_NO_TITLE)
            super.onCreate(state)
        }
    }
}
