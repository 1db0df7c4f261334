package dev.fieldpost.sample

import android.app.Application
import android.content.Context
import android.content.Intent
import android.net.ConnectivityManager
import android.net.NetworkCapabilities
import android.os.BatteryManager
import android.os.Looper
import org.robolectric.Shadows.shadowOf
import org.robolectric.shadows.ShadowNetworkCapabilities
import org.robolectric.shadows.ShadowPausedLooper
import java.util.concurrent.TimeUnit

/** The application of the tests: each brings its own workplace. */
class TestApp :
    Application(),
    HasWorkplace {
    override lateinit var workplace: Workplace
}

/** The phone around the app: its network and its battery, as Robolectric's shadows play them. */
class Phone(private val context: Context) {
    private val connectivity = checkNotNull(context.getSystemService(ConnectivityManager::class.java))
    private val shadow = shadowOf(connectivity)

    /** The phone is where there is no network. */
    fun offline() {
        val lost = connectivity.activeNetwork ?: return
        shadow.setDefaultNetworkActive(false)
        shadow.networkCallbacks.forEach { it.onLost(lost) }
    }

    /** The phone has a network that can do that much. */
    fun online(vararg capabilities: Int) {
        shadow.setDefaultNetworkActive(true)
        val network = checkNotNull(connectivity.activeNetwork)
        val can = can(*capabilities)
        shadow.setNetworkCapabilities(network, can)
        shadow.networkCallbacks.forEach { it.onCapabilitiesChanged(network, can) }
    }

    fun wifi() = online(NetworkCapabilities.NET_CAPABILITY_INTERNET, NetworkCapabilities.NET_CAPABILITY_NOT_METERED)

    /** The battery's broadcast, which stays to be asked for. */
    @Suppress("DEPRECATION") // only the system may: here, that is us
    fun battery(level: Int, plugged: Boolean) = context.sendStickyBroadcast(charge(level, plugged))

    companion object {
        fun can(vararg capabilities: Int): NetworkCapabilities =
            ShadowNetworkCapabilities.newInstance().also { can ->
                capabilities.forEach { shadowOf(can).addCapability(it) }
            }

        fun charge(level: Int, plugged: Boolean): Intent =
            Intent(Intent.ACTION_BATTERY_CHANGED)
                .putExtra(BatteryManager.EXTRA_LEVEL, level)
                .putExtra(BatteryManager.EXTRA_SCALE, 100)
                .putExtra(BatteryManager.EXTRA_PLUGGED, if (plugged) BatteryManager.BATTERY_PLUGGED_AC else 0)
    }
}

/**
 * Runs what is posted to the main thread until something is so, and between two posts waits for the next one: whatever
 * other threads do for the screen ends in such a post. No time is waited out; the limit ends a test that hangs.
 */
fun await(what: String, seen: () -> Any? = { null }, isSo: () -> Boolean) {
    val main = shadowOf(Looper.getMainLooper()) as ShadowPausedLooper
    val end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS)
    main.idle()
    while (!isSo()) {
        val left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime())
        if (left <= 0) throw AssertionError("waited in vain for: $what; what is there: ${seen()}")
        main.poll(left)
        main.idle()
    }
}

/** Far more than anything here takes on a machine that does three other things. */
private const val LIMIT_SECONDS = 60L
