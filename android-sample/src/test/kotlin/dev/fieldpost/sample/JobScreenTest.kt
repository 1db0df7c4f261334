package dev.fieldpost.sample

import android.app.Activity
import android.os.Bundle
import android.view.Window
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config

/** The screen alone, with items that are made up: what it shows, and its pictures for people to look at. */
@RunWith(RobolectricTestRunner::class)
class JobScreenTest {
    @Test
    fun `by day`() {
        picture(show(), "job-light")
    }

    @Test
    @Config(qualifiers = "+night")
    fun `by night`() {
        picture(show(), "job-dark")
    }

    @Test
    @Config(qualifiers = "w731dp-h411dp-land-xhdpi")
    fun lying() {
        picture(show(), "job-landscape")
    }

    @Test
    fun `with large text`() {
        RuntimeEnvironment.setFontScale(1.5f)
        picture(show(), "job-large-font")
    }

    private fun show(): Activity {
        val activity = Robolectric.buildActivity(Host::class.java).setup().get()
        val screen =
            JobScreen(activity, Palette.of(activity), Deaf, { "10:05" }) { item ->
                if (item.kind == dev.fieldpost.Kind.PHOTO) gauge(300, 400, item.id.takeLast(1).toFloat() * 40) else null
            }
        activity.setContentView(screen)
        screen.show(
            JobState(
                workOrder = "10234",
                account = "Acme Property Care",
                items = BAD_DAY,
                parts = mapOf(BAD_DAY[4].id to 45),
                network = dev.fieldpost.Network.METERED,
                running = Running.YES,
            ),
        )
        org.robolectric.shadows.ShadowLooper.idleMainLooper()
        return activity
    }

    class Host : Activity() {
        override fun onCreate(state: Bundle?) {
            setTheme(android.R.style.Theme_DeviceDefault_DayNight)
            requestWindowFeature(Window.FEATURE_NO_TITLE)
            super.onCreate(state)
        }
    }

    private object Deaf : JobActions {
        override fun takePhoto() = Unit

        override fun deliver() = Unit

        override fun stop() = Unit

        override fun retry(item: dev.fieldpost.Item) = Unit
    }
}
