package dev.fieldpost.sample

import dev.fieldpost.Action
import dev.fieldpost.Delivery
import dev.fieldpost.Kind
import dev.fieldpost.Proof
import dev.fieldpost.Reason
import dev.fieldpost.Status
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner

@RunWith(RobolectricTestRunner::class) // the texts ask Android which way they run
class WordsTest {
    private val at = { _: kotlin.time.Instant -> "10:05" }

    @Test
    fun `every reason is a sentence of its own, in plain words`() {
        val said = Reason.entries.map { words(it) }
        assertEquals(31, said.toSet().size)
        for (sentence in said) {
            assertTrue(sentence, sentence.first().isUpperCase() && sentence.endsWith(".") && ' ' in sentence)
            assertTrue(sentence, sentence.length <= 60) // two lines on a small phone
            assertTrue(sentence, listOf("token", "HTTP", "certificate", "queue", "TLS").none { it in sentence })
        }
    }

    @Test
    fun `every action but none says what to do`() {
        for (action in Action.entries) {
            assertEquals(action.name, action == Action.NONE, words(action) == null)
        }
    }

    @Test
    fun `every state has its tone and its label`() {
        val why = why(Reason.NO_NETWORK, Action.CONNECT)
        val shown =
            listOf(
                Status.Captured(why),
                Status.Queued(why),
                Status.Sending,
                Status.Waiting(why),
                Status.Verifying(why),
                Status.Blocked(why),
                Status.Delivered(receipt()),
                Status.Cancelled,
            ).map { words(it, at) }.map { it.tone to it.label }
        val expected =
            listOf(
                Tone.KEPT to "Safe on this phone",
                Tone.KEPT to "Safe on this phone",
                Tone.MOVING to "Sending",
                Tone.WAITING to "Waiting",
                Tone.MOVING to "Checking",
                Tone.NEEDS_YOU to "Needs you",
                Tone.DONE to "Delivered",
                Tone.GONE to "Given up",
            )
        assertEquals(expected, shown)
    }

    @Test
    fun `what holds an item is said with the system's own words, its end and what helps`() {
        val status = Status.Waiting(why(Reason.SERVER_BUSY, Action.RETRY, detail = "503: tired", until = TEN))
        val expected =
            Words(
                Tone.WAITING,
                "Waiting",
                "The work-order system has trouble of its own. “503: tired”",
                "Not before 10:05. Try again.",
            )
        assertEquals(expected, words(status, at))
    }

    @Test
    fun `a receipt says how it is known`() {
        val said = Proof.entries.map { words(Status.Delivered(receipt("81423", it)), at).said }
        assertEquals(listOf("Received at 10:05.", "Found there at 10:05.", "Confirmed by a person at 10:05."), said)
        assertEquals("No. 81423", words(Status.Delivered(receipt("81423")), at).help)
        assertEquals(null, words(Status.Delivered(receipt(null, Proof.PERSON)), at).help)
    }

    @Test
    fun `an item without a caption is called by what it is and when it was captured`() {
        assertEquals("Boiler plate", title(item(1, Status.Sending, caption = "Boiler plate"), at))
        assertEquals("Signature, 10:05", title(item(1, Status.Sending, Kind.SIGNATURE, caption = " "), at))
    }

    @Test
    fun `a delivery's end says what is left`() {
        fun ended(delivered: Int, waiting: Int, blocked: Int, failed: Boolean = false) =
            words(
                News.Ended(
                    Delivery(
                        delivered,
                        waiting,
                        blocked,
                        next = TEN.takeIf { waiting > 0 },
                        tokenErrors = if (failed) mapOf("acme" to IllegalStateException()) else emptyMap(),
                    ),
                ),
                at,
            )
        assertEquals("There is nothing to deliver.", ended(0, 0, 0))
        assertEquals("All is delivered.", ended(2, 0, 0))
        assertEquals("1 still waiting. 2 need you. Not before 10:05.", ended(2, 1, 2))
        assertEquals("Your sign-in did not work. 1 still waiting. Not before 10:05.", ended(0, 1, 0, failed = true))
    }
}
