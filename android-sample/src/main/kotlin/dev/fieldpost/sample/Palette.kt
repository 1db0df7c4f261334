package dev.fieldpost.sample

import android.content.Context
import android.content.res.Configuration

/**
 * The colours of the screen, for day and for night. Every text colour has a contrast of at least 4.5 to 1 against what
 * it stands on, which a test computes: the screen is read in boiler rooms and in the sun.
 */
class Palette private constructor(
    val night: Boolean,
    val ground: Int,
    val card: Int,
    val edge: Int,
    val ink: Int,
    val quiet: Int,
    val header: Int,
    val onHeader: Int,
    val quietOnHeader: Int,
    val primary: Int,
    val onPrimary: Int,
    val second: Int,
    val onSecond: Int,
    private val tones: Map<Tone, Int>,
    private val grounds: Map<Tone, Int>,
) {
    /** The colour of a tone's icon and label, on [card] or on its own [ground]. */
    fun tone(tone: Tone): Int = tones.getValue(tone)

    /** The faint ground behind a tone's icon and label. */
    fun ground(tone: Tone): Int = grounds.getValue(tone)

    companion object {
        /** The palette for the mode that the phone is in. */
        fun of(context: Context): Palette {
            val mode = context.resources.configuration.uiMode and Configuration.UI_MODE_NIGHT_MASK
            return if (mode == Configuration.UI_MODE_NIGHT_YES) NIGHT else DAY
        }

        val DAY =
            Palette(
                night = false,
                ground = rgb(0xF1F4F6),
                card = rgb(0xFFFFFF),
                edge = rgb(0xD5DDE2),
                ink = rgb(0x15212A),
                quiet = rgb(0x4A5A66),
                header = rgb(0x0B3A53),
                onHeader = rgb(0xFFFFFF),
                quietOnHeader = rgb(0xC9DCE6),
                primary = rgb(0x0A6B4F),
                onPrimary = rgb(0xFFFFFF),
                second = rgb(0xDCE8EE),
                onSecond = rgb(0x0B3A53),
                tones =
                    mapOf(
                        Tone.KEPT to rgb(0x3B4E5A),
                        Tone.MOVING to rgb(0x0B5C94),
                        Tone.WAITING to rgb(0x7A4B00),
                        Tone.NEEDS_YOU to rgb(0xB3261E),
                        Tone.DONE to rgb(0x0A6B3C),
                        Tone.GONE to rgb(0x5A6670),
                    ),
                grounds =
                    mapOf(
                        Tone.KEPT to rgb(0xE6ECEF),
                        Tone.MOVING to rgb(0xDCEDF9),
                        Tone.WAITING to rgb(0xFFEFD2),
                        Tone.NEEDS_YOU to rgb(0xFDE4E1),
                        Tone.DONE to rgb(0xDBF2E4),
                        Tone.GONE to rgb(0xECEFF1),
                    ),
            )

        val NIGHT =
            Palette(
                night = true,
                ground = rgb(0x0D1317),
                card = rgb(0x182127),
                edge = rgb(0x2C3A43),
                ink = rgb(0xEEF3F6),
                quiet = rgb(0xAFBFC9),
                header = rgb(0x0F2A3A),
                onHeader = rgb(0xFFFFFF),
                quietOnHeader = rgb(0xB9CFDB),
                primary = rgb(0x7FE0B8),
                onPrimary = rgb(0x00301F),
                second = rgb(0x263944),
                onSecond = rgb(0xDCEBF3),
                tones =
                    mapOf(
                        Tone.KEPT to rgb(0xC3D0D8),
                        Tone.MOVING to rgb(0x8CC8F5),
                        Tone.WAITING to rgb(0xFFC766),
                        Tone.NEEDS_YOU to rgb(0xFFA79E),
                        Tone.DONE to rgb(0x7FDCA4),
                        Tone.GONE to rgb(0xA7B3BB),
                    ),
                grounds =
                    mapOf(
                        Tone.KEPT to rgb(0x27333B),
                        Tone.MOVING to rgb(0x12324A),
                        Tone.WAITING to rgb(0x3D2C0C),
                        Tone.NEEDS_YOU to rgb(0x4A1A17),
                        Tone.DONE to rgb(0x12351F),
                        Tone.GONE to rgb(0x262D32),
                    ),
            )

        private fun rgb(colour: Int): Int = OPAQUE or colour

        private const val OPAQUE = 0xFF shl 24
    }
}
