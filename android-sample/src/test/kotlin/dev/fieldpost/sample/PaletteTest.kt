package dev.fieldpost.sample

import android.graphics.Color
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner

@RunWith(RobolectricTestRunner::class)
class PaletteTest {
    @Test
    fun `every text can be read on its ground, by day and by night`() {
        for ((mode, palette) in listOf("day" to Palette.DAY, "night" to Palette.NIGHT)) {
            val pairs =
                listOf(
                    Triple("ink", palette.ink, palette.card),
                    Triple("ink on the ground", palette.ink, palette.ground),
                    Triple("quiet", palette.quiet, palette.card),
                    Triple("quiet on the ground", palette.quiet, palette.ground),
                    Triple("header", palette.onHeader, palette.header),
                    Triple("quiet in the header", palette.quietOnHeader, palette.header),
                    Triple("first button", palette.onPrimary, palette.primary),
                    Triple("second button", palette.onSecond, palette.second),
                ) + Tone.entries.map { Triple(it.name, palette.tone(it), palette.ground(it)) } +
                    Tone.entries.map { Triple("${it.name} on the card", palette.tone(it), palette.card) }
            for ((what, ink, ground) in pairs) {
                val contrast = contrast(ink, ground)
                assertTrue("$what by $mode: $contrast", contrast >= LEAST)
            }
        }
    }

    /** As WCAG 2.2 defines it. */
    private fun contrast(one: Int, other: Int): Float {
        val (darker, lighter) = listOf(Color.luminance(one), Color.luminance(other)).sorted()
        return (lighter + 0.05f) / (darker + 0.05f)
    }

    private companion object {
        /** WCAG 2.2, 1.4.3, level AA. */
        const val LEAST = 4.5f
    }
}
