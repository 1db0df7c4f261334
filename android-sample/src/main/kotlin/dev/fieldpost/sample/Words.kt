package dev.fieldpost.sample

import dev.fieldpost.Action
import dev.fieldpost.Delivery
import dev.fieldpost.Item
import dev.fieldpost.Kind
import dev.fieldpost.Proof
import dev.fieldpost.Reason
import dev.fieldpost.Receipt
import dev.fieldpost.Status
import dev.fieldpost.Why
import kotlin.time.Instant

/**
 * Where an item stands, in the words of the person who holds the phone.
 *
 * @property tone what it means for that person; decides colour and icon.
 * @property label one or two words: where it stands.
 * @property said a sentence: why, or with what proof. None where the label says it all.
 * @property help what happens next, or what would help; of what was delivered, the system's number.
 */
data class Words(val tone: Tone, val label: String, val said: String?, val help: String?)

/** What a status means for a technician: shown by an icon and a colour together, never by a colour alone. */
enum class Tone {
    /** Safe on the phone, its turn comes. */
    KEPT,

    /** On its way, or being looked for. */
    MOVING,

    /** Held up, goes on by itself or once something small is done. */
    WAITING,

    /** A person is needed. */
    NEEDS_YOU,

    /** The system has it. */
    DONE,

    /** Given up. */
    GONE,
}

/**
 * Turns a status into words: the one table of all states, reasons and actions. Both `when` are exhaustive: a reason that
 * is added to the library does not compile here until it has words.
 *
 * @param at shows a moment as this phone shows times.
 */
fun words(status: Status, at: (Instant) -> String): Words =
    when (status) {
        is Status.Captured -> held(Tone.KEPT, Texts.KEPT, status.why, at)
        is Status.Queued -> held(Tone.KEPT, Texts.KEPT, status.why, at)
        is Status.Sending -> Words(Tone.MOVING, Texts.SENDING, null, null)
        is Status.Waiting -> held(Tone.WAITING, Texts.WAITING, status.why, at)
        is Status.Verifying -> held(Tone.MOVING, Texts.CHECKING, status.why, at)
        is Status.Blocked -> held(Tone.NEEDS_YOU, Texts.NEEDS_YOU, status.why, at)
        is Status.Delivered -> delivered(status.receipt, at)
        is Status.Cancelled -> Words(Tone.GONE, Texts.GIVEN_UP, null, null)
    }

/** The reason as a sentence. */
fun words(reason: Reason): String =
    when (reason) {
        Reason.NOT_STARTED -> "Not sent yet."
        Reason.NO_NETWORK -> "There is no network here."
        Reason.UNMETERED_NETWORK_WANTED -> "It is kept for Wi-Fi."
        Reason.CHARGING_WANTED -> "It is kept until the phone is charging."
        Reason.PAUSED -> "Delivery is paused."
        Reason.TOKEN_WANTED -> "You are signed out of this account."
        Reason.SERVER_ASKED_TO_WAIT -> "The work-order system asked us to wait."
        Reason.SERVER_BUSY -> "The work-order system has trouble of its own."
        Reason.UNREACHABLE -> "The work-order system cannot be reached from here."
        Reason.CAPTIVE_PORTAL -> "This network wants you to sign in to it first."
        Reason.TLS_FAILED -> "The connection is not secure, so nothing was sent."
        Reason.AFTER_ANOTHER_ITEM -> "Another item goes first."
        Reason.HOLD -> "First we find out whether it arrived."
        Reason.LOOKING -> "The answer got lost. We look whether it arrived."
        Reason.OUTCOME_UNKNOWN -> "It may have arrived. The work-order system cannot tell."
        Reason.TOO_LARGE -> "It is larger than the work-order system takes."
        Reason.CAP_NOT_MET -> "It cannot be made as small as asked for."
        Reason.MEMORY_LIMIT -> "The picture is too big for this phone to make it smaller."
        Reason.NOT_DECODABLE -> "The file is not a picture that can be read."
        Reason.TYPE_NOT_ACCEPTED -> "The work-order system does not take this kind of file."
        Reason.NAME_NOT_ACCEPTED -> "The work-order system does not take its name."
        Reason.WORK_ORDER_NOT_VALID -> "No work order can have this number."
        Reason.WORK_ORDER_CLOSED -> "The work order takes no more files."
        Reason.WORK_ORDER_MISSING -> "The work-order system does not know this work order."
        Reason.FOLDER_MISSING -> "Its folder is not there."
        Reason.ATTACHMENT_MISSING -> "The file that it should change is gone."
        Reason.FORBIDDEN -> "This account may not add files here."
        Reason.REFUSED -> "The work-order system refused it."
        Reason.HASH_MISMATCH -> "What arrived is not what was sent."
        Reason.FILE_DAMAGED -> "The copy on this phone is damaged."
        Reason.DISK_FULL -> "The phone is full."
    }

/** What would help, as a sentence; none where nothing has to be done. */
fun words(action: Action): String? =
    when (action) {
        Action.NONE -> null
        Action.CONNECT -> "Deliver it where the connection is better."
        Action.SIGN_IN -> "Sign in again."
        Action.FREE_SPACE -> "Free some space, then try again."
        Action.REPAIR -> "The office can put it right."
        Action.RETRY -> "Try again."
        Action.REVIEW -> "Look at the work order, or ask the office, then try again."
        Action.ASK_OFFICE -> "Call the office, then try again."
    }

/** What came of what was asked for. */
fun words(news: News, at: (Instant) -> String): String =
    when (news) {
        is News.Ended -> ended(news.delivery, at)
        is News.Stopped -> Texts.STOPPED
        is News.Failed -> Texts.failed(news.message)
        is News.NotKept -> Texts.photoNotKept(news.message)
        is News.NoCamera -> Texts.NO_CAMERA
    }

private fun ended(delivery: Delivery, at: (Instant) -> String): String {
    val signIn = if (delivery.tokenErrors.isEmpty()) null else Texts.SIGN_IN_FAILED
    val left = Texts.leftOver(delivery.waiting, delivery.blocked, delivery.next?.let(at))
    val all = if (delivery.delivered > 0) Texts.ALL_DELIVERED else Texts.NOTHING_TO_DELIVER
    return listOfNotNull(signIn, left.ifEmpty { all }).joinToString(" ")
}

/** What kind of thing it is. */
fun words(kind: Kind): String =
    when (kind) {
        Kind.PHOTO -> "Photo"
        Kind.DOCUMENT -> "Document"
        Kind.TEXT -> "Text"
        Kind.SIGNATURE -> "Signature"
    }

/** What an item is called: by its caption, else by what it is and when it was captured. File names say nothing. */
fun title(item: Item, at: (Instant) -> String): String =
    item.caption?.takeIf { it.isNotBlank() } ?: Texts.untitled(words(item.kind), at(item.capturedAt))

private fun held(tone: Tone, label: String, why: Why, at: (Instant) -> String): Words {
    // What the system said stands behind our sentence: a person can read it out to the office.
    val said = listOfNotNull(words(why.reason), why.detail?.let(Texts::quoted)).joinToString(" ")
    val next = listOfNotNull(why.until?.let { Texts.goesOn(at(it)) }, words(why.action)).joinToString(" ")
    return Words(tone, label, said, next.ifEmpty { null })
}

private fun delivered(receipt: Receipt, at: (Instant) -> String): Words {
    val time = at(receipt.deliveredAt)
    val said =
        when (receipt.proof) {
            Proof.ANSWER -> Texts.received(time)
            Proof.FOUND -> Texts.found(time)
            Proof.PERSON -> Texts.confirmed(time)
        }
    return Words(Tone.DONE, Texts.DELIVERED, said, receipt.remoteId?.let(Texts::number))
}
