package dev.fieldpost.sample

import android.content.BroadcastReceiver
import android.content.Context
import android.content.Intent
import android.content.IntentFilter
import android.net.ConnectivityManager
import android.net.NetworkCapabilities
import android.os.BatteryManager
import dev.fieldpost.Conditions
import dev.fieldpost.Network
import dev.fieldpost.Power
import kotlinx.coroutines.channels.awaitClose
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.callbackFlow
import kotlinx.coroutines.flow.conflate
import kotlinx.coroutines.flow.distinctUntilChanged

/**
 * What the phone can do now, in the library's words: it reads no sensor itself. Owns the meaning of what Android tells;
 * decides nothing.
 */
class PhoneConditions(private val context: Context) {
    private val connectivity =
        checkNotNull(context.getSystemService(ConnectivityManager::class.java)) { "every Android has one" }

    /** As it is now. */
    fun now(): Conditions =
        Conditions(
            network(connectivity.getNetworkCapabilities(connectivity.activeNetwork)),
            power(context.registerReceiver(null, BATTERY)), // the last broadcast stays to be asked for
        )

    /** As it is now, and again whenever it changed, while it is collected. A slow collector sees the newest. */
    fun watch(): Flow<Conditions> =
        callbackFlow {
            var network = now().network
            var power = now().power

            fun tell() {
                trySend(Conditions(network, power))
            }
            val networks =
                object : ConnectivityManager.NetworkCallback() {
                    // What it is handed is newer than what can be asked for at that moment.
                    override fun onCapabilitiesChanged(changed: android.net.Network, can: NetworkCapabilities) {
                        network = network(can)
                        tell()
                    }

                    override fun onLost(lost: android.net.Network) {
                        network = Network.NONE
                        tell()
                    }
                }
            val battery =
                object : BroadcastReceiver() {
                    override fun onReceive(from: Context, said: Intent) {
                        power = power(said)
                        tell()
                    }
                }
            tell()
            // Both on the main thread, so that neither writes while the other reads.
            connectivity.registerDefaultNetworkCallback(networks, android.os.Handler(context.mainLooper))
            context.registerReceiver(battery, BATTERY) // only the system sends it: no flag is asked for
            awaitClose {
                connectivity.unregisterNetworkCallback(networks)
                context.unregisterReceiver(battery)
            }
        }.conflate().distinctUntilChanged()

    companion object {
        private val BATTERY = IntentFilter(Intent.ACTION_BATTERY_CHANGED)

        /** Percent, at and below which the phone should keep what it has for its owner. Android warns there too. */
        const val LOW = 15

        /**
         * One that was not validated counts: a customer's own network may reach the work-order system and not the rest of
         * the world. Whether something else answers in the system's place, the library finds out.
         */
        fun network(can: NetworkCapabilities?): Network =
            when {
                can == null || !can.hasCapability(NetworkCapabilities.NET_CAPABILITY_INTERNET) -> Network.NONE
                can.hasCapability(NetworkCapabilities.NET_CAPABILITY_NOT_METERED) -> Network.UNMETERED
                else -> Network.METERED
            }

        /** From the broadcast `ACTION_BATTERY_CHANGED`. A device that has none hangs on the mains. */
        fun power(battery: Intent?): Power {
            if (battery == null || battery.getIntExtra(BatteryManager.EXTRA_PLUGGED, 0) != 0) return Power.CHARGING
            val level = battery.getIntExtra(BatteryManager.EXTRA_LEVEL, -1)
            val full = battery.getIntExtra(BatteryManager.EXTRA_SCALE, -1)
            val known = level >= 0 && full > 0
            return if (known && level * 100 <= full * LOW) Power.LOW else Power.BATTERY
        }
    }
}
