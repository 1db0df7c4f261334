package dev.fieldpost.sample

import android.net.NetworkCapabilities.NET_CAPABILITY_INTERNET
import android.net.NetworkCapabilities.NET_CAPABILITY_NOT_METERED
import android.net.NetworkCapabilities.NET_CAPABILITY_VALIDATED
import dev.fieldpost.Conditions
import dev.fieldpost.Network
import dev.fieldpost.Power
import kotlinx.coroutines.MainScope
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf

@RunWith(RobolectricTestRunner::class)
class PhoneConditionsTest {
    private val app = RuntimeEnvironment.getApplication()
    private val phone = Phone(app)

    @Test
    fun `a network is one that leads out, and costs unless it says that it does not`() {
        assertEquals(Network.NONE, PhoneConditions.network(null))
        for ((can, expected) in listOf(
            intArrayOf() to Network.NONE,
            intArrayOf(NET_CAPABILITY_NOT_METERED) to Network.NONE,
            intArrayOf(NET_CAPABILITY_INTERNET) to Network.METERED,
            intArrayOf(NET_CAPABILITY_INTERNET, NET_CAPABILITY_VALIDATED) to Network.METERED,
            // Not validated: a customer's network that knows the system and not the rest of the world.
            intArrayOf(NET_CAPABILITY_INTERNET, NET_CAPABILITY_NOT_METERED) to Network.UNMETERED,
        )) {
            assertEquals(can.toList().toString(), expected, PhoneConditions.network(Phone.can(*can)))
        }
    }

    @Test
    fun `the battery is low from fifteen percent on, unless it is charged`() {
        assertEquals(Power.CHARGING, PhoneConditions.power(null))
        assertEquals(Power.BATTERY, PhoneConditions.power(Phone.charge(16, plugged = false)))
        assertEquals(Power.LOW, PhoneConditions.power(Phone.charge(15, plugged = false)))
        assertEquals(Power.CHARGING, PhoneConditions.power(Phone.charge(5, plugged = true)))
    }

    @Test
    fun `what changes is told, what does not is not, and nothing is listened to afterwards`() {
        phone.offline()
        phone.battery(80, plugged = false)
        val told = mutableListOf<Conditions>()
        val scope = MainScope()
        scope.launch { PhoneConditions(app).watch().collect(told::add) }
        await("the first") { told.size == 1 }
        phone.online(NET_CAPABILITY_INTERNET)
        await("mobile data") { told.size == 2 }
        phone.online(NET_CAPABILITY_INTERNET, NET_CAPABILITY_VALIDATED) // no news
        phone.battery(79, plugged = false) // neither
        phone.battery(10, plugged = false)
        await("the low battery") { told.size == 3 }
        phone.offline()
        await("the end of the network") { told.size == 4 }
        val expected =
            listOf(
                Conditions(Network.NONE, Power.BATTERY),
                Conditions(Network.METERED, Power.BATTERY),
                Conditions(Network.METERED, Power.LOW),
                Conditions(Network.NONE, Power.LOW),
            )
        assertEquals(expected, told)

        scope.cancel()
        await("the end of listening") {
            shadowOf(app.getSystemService(android.net.ConnectivityManager::class.java)).networkCallbacks.isEmpty()
        }
        assertTrue(
            shadowOf(app).registeredReceivers.none {
                it.intentFilter.hasAction("android.intent.action.BATTERY_CHANGED")
            },
        )
    }
}
