package dev.fieldpost.sample

import android.text.BidiFormatter

/**
 * The screen's texts, in one place; those of states and reasons are in the table of `Words.kt`.
 *
 * In Kotlin, and not in `res/values/strings.xml`: the Maven build has no `aapt`, and without a compiled resource table
 * there is no `R.string` to read. English only for the same reason. An app built by Gradle would move them there.
 */
object Texts {
    const val KEPT = "Safe on this phone"
    const val SENDING = "Sending"
    const val WAITING = "Waiting"
    const val CHECKING = "Checking"
    const val NEEDS_YOU = "Needs you"
    const val DELIVERED = "Delivered"
    const val GIVEN_UP = "Given up"

    const val TAKE_PHOTO = "Take photo"
    const val DELIVER = "Deliver"
    const val STOP = "Stop"
    const val TRY_AGAIN = "Try again"

    const val ONLINE = "Online"
    const val MOBILE_DATA = "Mobile data"
    const val OFFLINE = "Offline"

    const val OPENING = "Opening…"
    const val EMPTY = "Nothing here yet"
    const val EMPTY_HELP = "Take a photo. It is safe on this phone at once, with or without a network."
    const val NO_CAMERA = "This phone has no camera app that can take a photo."
    const val DELIVERING = "Delivering…"
    const val STOPPING = "Stopping…"
    const val STOPPED = "Stopped. Nothing is lost."
    const val ALL_DELIVERED = "All is delivered."
    const val NOTHING_TO_DELIVER = "There is nothing to deliver."
    const val SIGN_IN_FAILED = "Your sign-in did not work."

    fun workOrder(id: String) = "Work order ${isolated(id)}"

    // With spaces that do not break: a number stays beside what it counts.
    fun items(count: Int) = if (count == 1) "1\u00A0item" else "$count\u00A0items"

    fun delivered(count: Int) = "$count\u00A0delivered"

    fun underWay(count: Int) = "$count\u00A0to\u00A0go"

    fun needYou(count: Int) = if (count == 1) "1\u00A0needs\u00A0you" else "$count\u00A0need\u00A0you"

    fun percent(part: Int) = "$part %"

    fun sent(done: Int, all: Int) = "$done of $all delivered"

    fun leftOver(waiting: Int, blocked: Int, next: String?) =
        listOfNotNull(
            if (waiting > 0) "$waiting still waiting." else null,
            if (blocked > 0) (if (blocked == 1) "1 needs you." else "$blocked need you.") else null,
            next?.let(::goesOn),
        ).joinToString(" ")

    fun goesOn(at: String) = "Not before ${isolated(at)}."

    fun received(at: String) = "Received at ${isolated(at)}."

    fun found(at: String) = "Found there at ${isolated(at)}."

    fun confirmed(at: String) = "Confirmed by a person at ${isolated(at)}."

    fun untitled(kind: String, at: String) = "$kind, ${isolated(at)}"

    fun number(remoteId: String) = "No. ${isolated(remoteId)}"

    fun quoted(said: String) = "“${isolated(said)}”"

    fun photoNotKept(why: String) = "The photo could not be kept. ${isolated(why)}"

    fun failed(why: String) = "It did not work. ${isolated(why)}"

    fun tryAgain(title: String) = "Try again: ${isolated(title)}"

    /** What comes from elsewhere keeps its own direction, so that a number in a right-to-left sentence stays readable. */
    private fun isolated(text: String): String = BidiFormatter.getInstance().unicodeWrap(text)
}
